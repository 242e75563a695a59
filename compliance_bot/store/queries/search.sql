-- document_frequencies: In how many readable chunks each of these terms occurs
SELECT term, sum(df)::bigint FROM term_stat
WHERE tenant = %(tenant)s AND term = ANY(%(terms)s) AND acl_id = ANY(%(classes)s)
GROUP BY term

-- lexical: Readable chunks by BM25 (Robertson and Zaragoza 2009); OFFSET 0 keeps the path through the index, ties stay
-- Summed as integers: a sum of floats depends on the order of its terms, and that on the random ids of the chunks.
SELECT p.chunk_id,
       sum((1e7 * q.idf * p.tf * (%(k1)s + 1) / (p.tf + %(k1)s * (1 - %(b)s + %(b)s * p.length / %(average)s)))::integer)
         ::float8 / 1e7 AS score
FROM unnest(%(terms)s::bigint[], %(idfs)s::float8[]) AS q(term, idf)
CROSS JOIN LATERAL (
  SELECT chunk_id, tf, length FROM posting
  WHERE tenant = %(tenant)s AND term = q.term AND acl_id = ANY(%(classes)s)
  OFFSET 0) AS p
GROUP BY p.chunk_id
ORDER BY score DESC
FETCH FIRST %(limit)s ROWS WITH TIES

-- nearest_exact: Readable chunks by cosine distance, all of them compared; the sum keeps the planner off the HNSW index
SELECT chunk_id, 1 - (vector <=> %(vector)s) FROM embedding
WHERE tenant = %(tenant)s AND model_id = %(model)s AND acl_id = ANY(%(classes)s)
ORDER BY (vector <=> %(vector)s) + 0
FETCH FIRST %(limit)s ROWS WITH TIES

-- nearest_approximate: Readable chunks by cosine distance through the model's HNSW index, nearly in order
-- The model and its dimension are written in: with parameters the planner could not tell that the index fits.
SELECT chunk_id, 1 - (vector::halfvec({dim}) <=> %(vector)s) FROM embedding
WHERE tenant = %(tenant)s AND model_id = {model} AND acl_id = ANY(%(classes)s)
ORDER BY vector::halfvec({dim}) <=> %(vector)s
LIMIT %(limit)s

-- iterate_hnsw: Let the HNSW scan go on until enough readable chunks were found (pgvector 0.8)
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', %(ef_search)s, true)

-- cosines: How near these readable chunks are
SELECT chunk_id, 1 - (vector <=> %(vector)s) FROM embedding
WHERE tenant = %(tenant)s AND model_id = %(model)s AND acl_id = ANY(%(classes)s) AND chunk_id = ANY(%(chunks)s)

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
