-- epoch: The epoch in which values are sealed now, and what tells its key from others
SELECT epoch, check_value FROM vault_epoch WHERE tenant = %(tenant)s ORDER BY epoch DESC LIMIT 1

-- epochs: All epochs, how many values each still wraps
SELECT e.epoch, e.check_value, e.began_at, e.discarded_at,
       (SELECT count(*) FROM vault_binding b WHERE b.tenant = e.tenant AND b.epoch = e.epoch)
       + (SELECT count(*) FROM vault_correction c WHERE c.tenant = e.tenant AND c.epoch = e.epoch)
FROM vault_epoch e
WHERE e.tenant = %(tenant)s
ORDER BY e.epoch

-- from_before: How many documents were stored before there was a vault, and not since
SELECT count(*) FROM document_version v
WHERE v.tenant = %(tenant)s AND v.valid_to IS NULL
  AND v.valid_from < (SELECT applied_at_utc AT TIME ZONE 'UTC' FROM _yoyo_migration WHERE migration_id = '0019_vault')

-- begin_epoch: A new epoch; nothing where it has begun
INSERT INTO vault_epoch (tenant, epoch, check_value, began_at) VALUES (%(tenant)s, %(epoch)s, %(check)s, %(now)s)
ON CONFLICT DO NOTHING

-- discard_epoch: The key of an epoch was destroyed
UPDATE vault_epoch SET discarded_at = COALESCE(discarded_at, %(now)s) WHERE tenant = %(tenant)s AND epoch = %(epoch)s

-- tokens: The tokens of these values
SELECT mac, token FROM vault_value WHERE tenant = %(tenant)s AND mac = ANY(%(macs)s)

-- macs: The keyed hashes of the values with these tokens
SELECT mac FROM vault_value WHERE tenant = %(tenant)s AND token = ANY(%(tokens)s::bigint[]) ORDER BY mac

-- add_values: Values that are new
INSERT INTO vault_value (tenant, token, mac)
SELECT %(tenant)s, * FROM unnest(%(tokens)s::bigint[], %(macs)s::bytea[])
ON CONFLICT (tenant, mac) DO NOTHING

-- add_parts: By which parts values are known
INSERT INTO vault_part (tenant, value, part)
SELECT %(tenant)s, * FROM unnest(%(values)s::bigint[], %(parts)s::bigint[])
ON CONFLICT DO NOTHING

-- bind: What placeholders stand for
INSERT INTO vault_binding (tenant, version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token,
                           epoch, wrapped_key, ciphertext)
SELECT %(tenant)s, n.version_id, n.in_title, n.start_at, n.end_at, n.document_id, n.acl_id, n.type, n.number, n.token,
       %(epoch)s, n.wrapped_key, n.ciphertext
FROM unnest(%(versions)s::uuid[], %(in_titles)s::boolean[], %(starts)s::integer[], %(ends)s::integer[],
            %(documents)s::uuid[], %(classes)s::integer[], %(types)s::text[], %(numbers)s::integer[], %(tokens)s::bigint[],
            %(wrapped)s::bytea[], %(ciphertexts)s::bytea[])
  AS n(version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, wrapped_key, ciphertext)

-- bindings: What the placeholders of these readable versions stand for, sealed, in reading order
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[]) AND acl_id = ANY(%(classes)s) AND NOT is_restricted
ORDER BY version_id, in_title DESC, start_at

-- named: The placeholders of these readable versions that stand for one of these values
SELECT DISTINCT b.version_id, b.type, b.number
FROM vault_binding b
WHERE b.tenant = %(tenant)s AND b.version_id = ANY(%(versions)s::uuid[]) AND b.acl_id = ANY(%(classes)s)
  AND b.token = ANY(%(tokens)s::bigint[]) AND NOT b.is_restricted

-- in_titles: What the placeholders in the titles of these readable versions stand for, sealed
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[]) AND acl_id = ANY(%(classes)s) AND NOT is_restricted
  AND in_title
ORDER BY version_id, start_at

-- known_by: The values that are known by all of these parts
SELECT value FROM vault_part
WHERE tenant = %(tenant)s AND part = ANY(%(parts)s::bigint[])
GROUP BY value
HAVING count(*) = %(count)s

-- sharing: The values that are known by one of these parts
SELECT DISTINCT value FROM vault_part WHERE tenant = %(tenant)s AND part = ANY(%(parts)s::bigint[])

-- wrapped_before: Values whose keys are wrapped in an earlier epoch, some of them, for changing
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND epoch < %(epoch)s
ORDER BY version_id, in_title, start_at
LIMIT %(limit)s
FOR UPDATE

-- some_of_epoch: Some values of one epoch; ids of versions are random, so which they are is as well
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND epoch = %(epoch)s
ORDER BY version_id, in_title, start_at
LIMIT %(limit)s

-- rewrap: Other wrapped keys for the same values
UPDATE vault_binding b SET epoch = %(epoch)s, wrapped_key = n.wrapped_key
FROM unnest(%(versions)s::uuid[], %(in_titles)s::boolean[], %(starts)s::integer[], %(wrapped)s::bytea[])
  AS n(version_id, in_title, start_at, wrapped_key)
WHERE b.tenant = %(tenant)s AND b.version_id = n.version_id AND b.in_title = n.in_title AND b.start_at = n.start_at

-- tokens_of_document: The values that a document holds
SELECT DISTINCT token FROM vault_binding
WHERE tenant = %(tenant)s AND document_id = %(document)s AND token IS NOT NULL

-- forget_values: Take away those of these values that no placeholder stands for any more; every class must be open
DELETE FROM vault_value v
WHERE v.tenant = %(tenant)s AND v.token = ANY(%(tokens)s::bigint[])
  AND NOT EXISTS (SELECT FROM vault_binding b WHERE b.tenant = v.tenant AND b.token = v.token)
  AND NOT EXISTS (SELECT FROM vault_part p WHERE p.tenant = v.tenant AND p.part = v.token)

-- parts_of: The parts of these values
SELECT DISTINCT part FROM vault_part WHERE tenant = %(tenant)s AND value = ANY(%(tokens)s::bigint[])

-- count: How many placeholders are bound, in how many documents, and how many values and parts are known
SELECT (SELECT count(*) FROM vault_binding WHERE tenant = %(tenant)s AND number > 0),
       (SELECT count(DISTINCT document_id) FROM vault_binding WHERE tenant = %(tenant)s AND number > 0),
       (SELECT count(*) FROM vault_value WHERE tenant = %(tenant)s)

-- bindings_of: What is bound to these values, of whole documents that are open
SELECT version_id, in_title, start_at, end_at, document_id, acl_id, type, number, token, epoch, wrapped_key, ciphertext, is_restricted
FROM vault_binding
WHERE tenant = %(tenant)s AND token = ANY(%(tokens)s::bigint[])
ORDER BY type, number, start_at, document_id, version_id

-- beside: Values in the readable documents that hold some of these, and in how many of those; the rarer ones first
WITH holding AS (
  SELECT DISTINCT document_id FROM vault_binding
  WHERE tenant = %(tenant)s AND token = ANY(%(tokens)s::bigint[]) AND acl_id = ANY(%(classes)s)
)
SELECT b.token, count(DISTINCT b.document_id) FILTER (WHERE b.document_id IN (SELECT document_id FROM holding))
FROM vault_binding b
WHERE b.tenant = %(tenant)s AND b.acl_id = ANY(%(classes)s) AND NOT b.token = ANY(%(tokens)s::bigint[])
  AND b.token IN (SELECT o.token FROM vault_binding o JOIN holding h USING (document_id) WHERE o.tenant = %(tenant)s)
GROUP BY b.token
ORDER BY 2 DESC, count(DISTINCT b.document_id), b.token
LIMIT %(limit)s

-- restrict: Show these to nobody
UPDATE vault_binding SET is_restricted = true
WHERE tenant = %(tenant)s AND token = ANY(%(tokens)s::bigint[]) AND acl_id = ANY(%(held)s::integer[]) AND NOT is_restricted

-- unbind: Let placeholders stand for nothing any more, where nothing holds them
DELETE FROM vault_binding
WHERE tenant = %(tenant)s AND token = ANY(%(tokens)s::bigint[]) AND NOT acl_id = ANY(%(held)s::integer[])

-- placeholders: Which placeholders of these versions still stand for a value that may be seen
SELECT version_id, type, number, token FROM vault_binding
WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[]) AND number > 0 AND NOT is_restricted
GROUP BY version_id, type, number, token

-- all_parts: The parts of these values
SELECT value, part FROM vault_part WHERE tenant = %(tenant)s AND value = ANY(%(tokens)s::bigint[])

-- named_chunks: The live chunks of these versions in which some of these tokens are terms
SELECT c.id, c.acl_id, c.version_id, c.terms, v.title, c.heading, c.lead_texts, c.text
FROM chunk c JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
WHERE c.tenant = %(tenant)s AND c.version_id = ANY(%(versions)s::uuid[]) AND c.terms && %(tokens)s::bigint[]

-- forget_postings: Take tokens out of the lexical index
DELETE FROM posting p
USING unnest(%(terms)s::bigint[], %(classes)s::integer[], %(chunks)s::bigint[]) AS n(term, acl_id, chunk_id)
WHERE p.tenant = %(tenant)s AND p.term = n.term AND p.acl_id = n.acl_id AND p.chunk_id = n.chunk_id

-- recount_postings: How often tokens stand in chunks now
UPDATE posting p SET tf = n.tf
FROM unnest(%(terms)s::bigint[], %(classes)s::integer[], %(chunks)s::bigint[], %(tfs)s::smallint[])
  AS n(term, acl_id, chunk_id, tf)
WHERE p.tenant = %(tenant)s AND p.term = n.term AND p.acl_id = n.acl_id AND p.chunk_id = n.chunk_id

-- forget_terms: Take tokens out of what a chunk says it has in the index
UPDATE chunk c SET terms = ARRAY(SELECT t FROM unnest(c.terms) AS t WHERE NOT t = ANY(n.gone))
FROM (SELECT chunk_id, array_agg(term) AS gone
      FROM unnest(%(terms)s::bigint[], %(chunks)s::bigint[]) AS g(term, chunk_id) GROUP BY chunk_id) AS n
WHERE c.tenant = %(tenant)s AND c.id = n.chunk_id

-- uncount_names: Take them out of the document frequencies
UPDATE term_stat s SET df = s.df - n.df
FROM (SELECT term, acl_id, count(*) AS df
      FROM unnest(%(terms)s::bigint[], %(classes)s::integer[]) AS g(term, acl_id) GROUP BY term, acl_id) AS n
WHERE s.tenant = %(tenant)s AND s.term = n.term AND s.acl_id = n.acl_id

-- add_erasure: An erasure, by its record
INSERT INTO vault_erasure (tenant, record, at) VALUES (%(tenant)s, %(record)s, %(now)s)

-- erasures: How many there were
SELECT count(*) FROM vault_erasure WHERE tenant = %(tenant)s
