-- document_frequencies: In how many readable chunks each of these terms occurs
SELECT term, sum(df)::bigint FROM term_stat
WHERE tenant = %(tenant)s AND term = ANY(%(terms)s) AND acl_id = ANY(%(classes)s)
GROUP BY term

-- lexical: Readable chunks by BM25 (Robertson and Zaragoza 2009); OFFSET 0 keeps the path through the index
-- Each weight is 1e7 * idf * (k1 + 1); b and the average length are folded into the two sums of the denominator.
-- Summed as integers: a sum of floats depends on the order of its terms, and that on the random ids of the chunks.
SELECT chunk_id, score::float8 / 1e7 FROM (
  SELECT p.chunk_id, sum((q.weight * p.tf / (p.tf + %(fixed)s::float8 + %(per_term)s::float8 * p.length))::integer) AS score
  FROM unnest(%(terms)s::bigint[], %(weights)s::float8[]) AS q(term, weight)
  CROSS JOIN LATERAL (
    SELECT chunk_id, tf, length FROM posting
    WHERE tenant = %(tenant)s AND term = q.term AND acl_id = ANY(%(classes)s)
    OFFSET 0) AS p
  GROUP BY p.chunk_id) AS scored
ORDER BY score DESC
FETCH FIRST %(limit)s ROWS {ties}

-- lexical_of: What further terms add to the BM25 scores of these readable chunks
SELECT c.id, sum((q.weight * p.tf / (p.tf + %(fixed)s::float8 + %(per_term)s::float8 * p.length))::integer)::float8 / 1e7
FROM chunk c
CROSS JOIN unnest(%(terms)s::bigint[], %(weights)s::float8[]) AS q(term, weight)
CROSS JOIN LATERAL (
  SELECT tf, length FROM posting
  WHERE tenant = %(tenant)s AND term = q.term AND acl_id = c.acl_id AND chunk_id = c.id
  OFFSET 0) AS p
WHERE c.tenant = %(tenant)s AND c.acl_id = ANY(%(classes)s) AND c.id = ANY(%(chunks)s)
GROUP BY c.id

-- nearest_exact: Readable chunks by the inner product of unit vectors, all of them compared: OFFSET 0 keeps the planner
-- off the HNSW index
SELECT chunk_id, distance FROM (
  SELECT chunk_id, vector <#> %(vector)s AS distance FROM embedding
  WHERE tenant = %(tenant)s AND model_id = %(model)s AND acl_id = ANY(%(classes)s)
  OFFSET 0) AS compared
ORDER BY distance
FETCH FIRST %(limit)s ROWS {ties}

-- nearest_approximate: Readable chunks by cosine distance through the model's HNSW index, nearly in order
-- The model and its dimension are written in: with parameters the planner could not tell that the index fits.
SELECT chunk_id, -(vector <#> %(vector)s) FROM embedding
WHERE tenant = %(tenant)s AND model_id = {model} AND acl_id = ANY(%(classes)s)
ORDER BY vector::halfvec({dim}) <=> %(vector)s
LIMIT %(limit)s

-- walk_hnsw: Let the HNSW scan go on until enough readable chunks were found, but not for ever (pgvector 0.8)
-- Memory would end it first, at some 22,000 entries for work_mem = 4MB, so it gets more: the number of entries decides.
-- Without sorting there is no other way to the order that is asked for: whatever the planner guesses of the classes.
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', %(ef_search)s, true),
       set_config('hnsw.max_scan_tuples', %(longest)s, true), set_config('hnsw.scan_mem_multiplier', '16', true),
       set_config('enable_sort', 'off', true)

-- stop_walking: Let the rest of the transaction sort again
SELECT set_config('enable_sort', 'on', true)

-- cosines: How near these readable chunks are, each looked up: with many classes the planner went through all of theirs
SELECT e.chunk_id, -(e.vector <#> %(vector)s)
FROM unnest(%(chunks)s::bigint[]) AS asked(id)
CROSS JOIN LATERAL (
  SELECT chunk_id, vector FROM embedding
  WHERE tenant = %(tenant)s AND chunk_id = asked.id AND model_id = %(model)s AND acl_id = ANY(%(classes)s)
  OFFSET 0) AS e

-- content_order: What orders readable chunks of equal score
SELECT c.id, encode(c.sha256, 'hex') || ' ' || COALESCE(v.ref, '') || ' ' || (a.attributes->>'collection')
FROM chunk c
JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
JOIN access_class a ON a.tenant = c.tenant AND a.id = c.acl_id
WHERE c.tenant = %(tenant)s AND c.acl_id = ANY(%(classes)s) AND c.id = ANY(%(chunks)s)

-- passages: Readable chunks with what is needed to quote them
SELECT c.id, c.document_id, v.title, a.attributes->>'collection', v.number, v.id, encode(v.sha256, 'hex'), v.valid_from,
       encode(c.sha256, 'hex'), v.ref, c.page, v.page_starts, c.heading, c.start_at, c.end_at, c.text, c.lead_starts, c.lead_texts, c.acl_id
FROM chunk c
JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
JOIN access_class a ON a.tenant = c.tenant AND a.id = c.acl_id
WHERE c.tenant = %(tenant)s AND c.acl_id = ANY(%(classes)s) AND c.id = ANY(%(chunks)s)
