-- holding: Versions in whose text or title some of these words stand, and their classes
SELECT v.id, v.acl_id FROM document_version v
WHERE v.tenant = %(tenant)s
  AND EXISTS (SELECT FROM unnest(%(words)s::text[]) AS w WHERE strpos(v.text, w) > 0 OR strpos(v.title, w) > 0)
ORDER BY v.id

-- versions: Versions with their texts, for making them anew
SELECT v.id, v.document_id, v.acl_id, v.number, v.title, v.text, encode(v.sha256, 'hex'), v.page_starts,
       v.valid_to IS NULL,
       (SELECT count(*) FROM version_revision r WHERE r.tenant = v.tenant AND r.version_id = v.id)
FROM document_version v
WHERE v.tenant = %(tenant)s AND v.id = ANY(%(versions)s::uuid[])
ORDER BY v.id
FOR UPDATE OF v

-- chunks: The chunks of a version, live or superseded
SELECT id, start_at, end_at, heading, text, sha256, lead_starts, lead_texts
FROM chunk WHERE tenant = %(tenant)s AND version_id = %(version)s
UNION ALL
SELECT id, start_at, end_at, heading, text, sha256, lead_starts, lead_texts
FROM chunk_history WHERE tenant = %(tenant)s AND version_id = %(version)s
ORDER BY start_at, id

-- rewrite: Another text for a version
UPDATE document_version SET title = %(title)s, text = %(text)s, sha256 = %(sha256)s, page_starts = %(page_starts)s::integer[]
WHERE tenant = %(tenant)s AND id = %(version)s

-- retitle: Its document's title, where it is the current version
UPDATE document SET title = %(title)s WHERE tenant = %(tenant)s AND id = %(document)s

-- add_revision: What a text was before
INSERT INTO version_revision (tenant, version_id, revision, acl_id, replaced_sha256, record, at)
VALUES (%(tenant)s, %(version)s, %(revision)s, %(acl_id)s, %(replaced)s, %(record)s, %(now)s)

-- move_live: The places and words of live chunks in the text that their version has now
UPDATE chunk c
SET start_at = n.start_at, end_at = n.end_at, heading = n.heading, text = n.text,
    lead_starts = n.lead_starts::integer[], lead_texts = ARRAY(SELECT jsonb_array_elements_text(n.lead_texts::jsonb))
FROM unnest(%(ids)s::bigint[], %(starts)s::integer[], %(ends)s::integer[], %(headings)s::text[], %(texts)s::text[],
            %(lead_starts)s::text[], %(lead_texts)s::text[])
  AS n(id, start_at, end_at, heading, text, lead_starts, lead_texts)
WHERE c.tenant = %(tenant)s AND c.id = n.id

-- move_past: The same for superseded ones
UPDATE chunk_history c
SET start_at = n.start_at, end_at = n.end_at, heading = n.heading, text = n.text,
    lead_starts = n.lead_starts::integer[], lead_texts = ARRAY(SELECT jsonb_array_elements_text(n.lead_texts::jsonb))
FROM unnest(%(ids)s::bigint[], %(starts)s::integer[], %(ends)s::integer[], %(headings)s::text[], %(texts)s::text[],
            %(lead_starts)s::text[], %(lead_texts)s::text[])
  AS n(id, start_at, end_at, heading, text, lead_starts, lead_texts)
WHERE c.tenant = %(tenant)s AND c.id = n.id

-- uncount_terms: Take these chunks out of the document frequencies
UPDATE term_stat s SET df = s.df - n.df
FROM (SELECT term, acl_id, count(*) AS df
      FROM chunk c, unnest(c.terms) AS term
      WHERE c.tenant = %(tenant)s AND c.id = ANY(%(ids)s::bigint[])
      GROUP BY term, acl_id) AS n
WHERE s.tenant = %(tenant)s AND s.term = n.term AND s.acl_id = n.acl_id

-- uncount_chunks: Take them out of what there is to search
UPDATE class_count s SET chunks = s.chunks - n.chunks, terms = s.terms - n.terms
FROM (SELECT acl_id, count(*) AS chunks, sum(length) AS terms
      FROM chunk
      WHERE tenant = %(tenant)s AND id = ANY(%(ids)s::bigint[])
      GROUP BY acl_id) AS n
WHERE s.tenant = %(tenant)s AND s.acl_id = n.acl_id

-- delete_postings: Take them out of the lexical index
DELETE FROM posting p
USING (SELECT c.id, c.acl_id, term FROM chunk c, unnest(c.terms) AS term
       WHERE c.tenant = %(tenant)s AND c.id = ANY(%(ids)s::bigint[])) AS n
WHERE p.tenant = %(tenant)s AND p.term = n.term AND p.acl_id = n.acl_id AND p.chunk_id = n.id

-- set_terms: What these chunks have in the index now
UPDATE chunk c SET sha256 = n.sha256, length = n.length, terms = n.terms::bigint[]
FROM unnest(%(ids)s::bigint[], %(sha256s)s::bytea[], %(lengths)s::integer[], %(chunk_terms)s::text[])
  AS n(id, sha256, length, terms)
WHERE c.tenant = %(tenant)s AND c.id = n.id

-- set_past: What superseded chunks were embedded as
UPDATE chunk_history c SET sha256 = n.sha256
FROM unnest(%(ids)s::bigint[], %(sha256s)s::bytea[]) AS n(id, sha256)
WHERE c.tenant = %(tenant)s AND c.id = n.id

-- delete_vectors: Take the vectors of these live chunks away, of every model
DELETE FROM embedding WHERE tenant = %(tenant)s AND chunk_id = ANY(%(ids)s::bigint[])

-- delete_past_vectors: And of superseded ones
DELETE FROM history_embedding WHERE tenant = %(tenant)s AND chunk_id = ANY(%(ids)s::bigint[])

-- tokens: By which tokens the values of a version are known that may be found
SELECT DISTINCT type, number, token FROM vault_binding
WHERE tenant = %(tenant)s AND version_id = %(version)s AND number > 0 AND NOT is_restricted AND token IS NOT NULL

-- drop_bindings: Unbind everything of a version, which is bound anew
DELETE FROM vault_binding WHERE tenant = %(tenant)s AND version_id = %(version)s

-- restrict_again: What was restricted stays so
UPDATE vault_binding b SET is_restricted = true
FROM unnest(%(in_titles)s::boolean[], %(starts)s::integer[]) AS n(in_title, start_at)
WHERE b.tenant = %(tenant)s AND b.version_id = %(version)s AND b.in_title = n.in_title AND b.start_at = n.start_at

-- all_bindings: Everything that is bound in a version, restricted or not, title first, in order
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND version_id = %(version)s
ORDER BY in_title DESC, start_at
