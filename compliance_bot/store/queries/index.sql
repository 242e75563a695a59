-- add_chunks: Chunks of new versions
INSERT INTO chunk (tenant, id, acl_id, document_id, version_id, ordinal, page, heading, start_at, end_at, text, sha256,
                   lead_starts, lead_texts, length, terms)
SELECT %(tenant)s, %(id)s, %(acl_id)s, %(document_id)s, %(version_id)s, %(ordinal)s, %(page)s, %(heading)s, %(start)s,
       %(end)s, %(text)s, %(sha256)s, %(lead_starts)s, %(lead_texts)s, %(length)s, %(terms)s::bigint[]

-- add_embeddings: The vectors of new chunks
INSERT INTO embedding (tenant, chunk_id, acl_id, model_id, vector)
VALUES (%(tenant)s, %(id)s, %(acl_id)s, %(model)s, %(vector)s)

-- add_postings: The terms of new chunks
INSERT INTO posting (tenant, term, acl_id, chunk_id, tf, length)
SELECT %(tenant)s, * FROM unnest(%(terms)s::bigint[], %(classes)s::integer[], %(chunks)s::bigint[],
                                 %(tfs)s::smallint[], %(lengths)s::integer[])

-- count_terms: Add to document frequencies, in the order of the terms
INSERT INTO term_stat (tenant, term, acl_id, df)
SELECT %(tenant)s, term, acl_id, count(*)
FROM unnest(%(terms)s::bigint[], %(classes)s::integer[]) AS n(term, acl_id)
GROUP BY term, acl_id
ORDER BY term, acl_id
ON CONFLICT (tenant, term, acl_id) DO UPDATE SET df = term_stat.df + EXCLUDED.df

-- count_chunks: Add to what there is to search in each class
INSERT INTO class_count (tenant, acl_id, chunks, terms)
SELECT %(tenant)s, acl_id, count(*), sum(length)
FROM unnest(%(classes)s::integer[], %(lengths)s::integer[]) AS n(acl_id, length)
GROUP BY acl_id
ORDER BY acl_id
ON CONFLICT (tenant, acl_id) DO UPDATE
SET chunks = class_count.chunks + EXCLUDED.chunks, terms = class_count.terms + EXCLUDED.terms

-- uncount_terms: Take the chunks of these versions out of the document frequencies
UPDATE term_stat s SET df = s.df - n.df
FROM (SELECT term, acl_id, count(*) AS df
      FROM chunk c, unnest(c.terms) AS term
      WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s)
      GROUP BY term, acl_id) AS n
WHERE s.tenant = %(tenant)s AND s.term = n.term AND s.acl_id = n.acl_id

-- uncount_chunks: Take the chunks of these versions out of what there is to search
UPDATE class_count s SET chunks = s.chunks - n.chunks, terms = s.terms - n.terms
FROM (SELECT acl_id, count(*) AS chunks, sum(length) AS terms
      FROM chunk
      WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s)
      GROUP BY acl_id) AS n
WHERE s.tenant = %(tenant)s AND s.acl_id = n.acl_id

-- delete_postings: Take the chunks of these versions out of the lexical index
DELETE FROM posting p
USING (SELECT c.id, c.acl_id, term FROM chunk c, unnest(c.terms) AS term
       WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s)) AS n
WHERE p.tenant = %(tenant)s AND p.term = n.term AND p.acl_id = n.acl_id AND p.chunk_id = n.id

-- keep_history: Keep the chunks of these versions for questions about the past
INSERT INTO chunk_history (tenant, id, acl_id, document_id, version_id, ordinal, page, heading, start_at, end_at, text,
                           sha256, lead_starts, lead_texts)
SELECT tenant, id, acl_id, document_id, version_id, ordinal, page, heading, start_at, end_at, text,
       sha256, lead_starts, lead_texts
FROM chunk
WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s)

-- keep_vectors: Keep their vectors, of every model
INSERT INTO history_embedding (tenant, chunk_id, acl_id, model_id, vector)
SELECT e.tenant, e.chunk_id, e.acl_id, e.model_id, e.vector
FROM chunk c
JOIN embedding e ON e.tenant = c.tenant AND e.chunk_id = c.id
WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s)

-- delete_chunks: Take the chunks of these versions away, with their vectors
DELETE FROM chunk WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s)

-- reclassify_postings: Move the postings of the chunks of these versions to another class; before the chunks
-- The terms are listed first: with statistics from before a large ingest the planner would begin with all postings.
WITH n AS MATERIALIZED (
  SELECT c.id, c.acl_id, term FROM chunk c, unnest(c.terms) AS term
  WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s::uuid[]))
UPDATE posting p SET acl_id = %(to)s FROM n
WHERE p.tenant = %(tenant)s AND p.term = n.term AND p.acl_id = n.acl_id AND p.chunk_id = n.id

-- reclassify_embeddings: Move their vectors, of every model
UPDATE embedding SET acl_id = %(to)s
WHERE tenant = %(tenant)s AND chunk_id = ANY(ARRAY(
  SELECT id FROM chunk WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])))

-- reclassify_chunks: Move the chunks of these versions
UPDATE chunk SET acl_id = %(to)s WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])

-- recount_terms: Add the chunks of these versions to the document frequencies of the class that they have now
INSERT INTO term_stat (tenant, term, acl_id, df)
SELECT %(tenant)s, term, c.acl_id, count(*)
FROM chunk c, unnest(c.terms) AS term
WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s::uuid[])
GROUP BY term, c.acl_id
ORDER BY term, c.acl_id
ON CONFLICT (tenant, term, acl_id) DO UPDATE SET df = term_stat.df + EXCLUDED.df

-- recount_chunks: Add them to what there is to search in it
INSERT INTO class_count (tenant, acl_id, chunks, terms)
SELECT %(tenant)s, acl_id, count(*), sum(length)
FROM chunk
WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])
GROUP BY acl_id
ORDER BY acl_id
ON CONFLICT (tenant, acl_id) DO UPDATE
SET chunks = class_count.chunks + EXCLUDED.chunks, terms = class_count.terms + EXCLUDED.terms
