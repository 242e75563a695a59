-- tuning: What was measured for the search among the vectors of a model
SELECT threshold, ef_search, fetch_base, fetch_slope, fetch_least, fetch_most, recall, chunks, at
FROM search_tuning WHERE tenant = %(tenant)s AND model_id = %(model)s

-- tune: Let the search among the vectors of a model follow what was measured
INSERT INTO search_tuning (tenant, model_id, threshold, ef_search, fetch_base, fetch_slope, fetch_least, fetch_most,
                           recall, chunks, at)
VALUES (%(tenant)s, %(model)s, %(threshold)s, %(ef_search)s, %(fetch_base)s, %(fetch_slope)s, %(fetch_least)s,
        %(fetch_most)s, %(recall)s, %(chunks)s, %(at)s)
ON CONFLICT (tenant, model_id) DO UPDATE SET
  threshold = EXCLUDED.threshold, ef_search = EXCLUDED.ef_search, fetch_base = EXCLUDED.fetch_base,
  fetch_slope = EXCLUDED.fetch_slope, fetch_least = EXCLUDED.fetch_least, fetch_most = EXCLUDED.fetch_most,
  recall = EXCLUDED.recall, chunks = EXCLUDED.chunks, at = EXCLUDED.at

-- sample: Vectors from all over what is open: the first one behind each of these drawn ids, which are as random
SELECT e.vector FROM unnest(%(drawn)s::bigint[]) AS d(id)
CROSS JOIN LATERAL (
  SELECT vector FROM embedding
  WHERE tenant = %(tenant)s AND model_id = %(model)s AND chunk_id >= d.id
  ORDER BY tenant, chunk_id LIMIT 1) AS e

-- anywhere: As if the readable chunks lay anywhere: their ids are random
chunk_id <= %(last)s

-- topic: As if the readable chunks were those that are near to one of them
(vector <#> %(centre)s) <= %(radius)s

-- everything: As if all chunks were readable
true

-- nearest_within: The cosines of the nearest chunks that would be readable, all of them compared
SELECT -distance FROM (
  SELECT vector <#> %(vector)s AS distance FROM embedding
  WHERE tenant = %(tenant)s AND model_id = %(model)s AND acl_id = ANY(%(classes)s) AND {within}
  OFFSET 0) AS compared
ORDER BY distance
LIMIT %(limit)s

-- walk_within: The cosines of chunks that would be readable, as a search through the index finds them
SELECT -(vector <#> %(vector)s) FROM embedding
WHERE tenant = %(tenant)s AND model_id = {model} AND acl_id = ANY(%(classes)s) AND {within}
ORDER BY vector::halfvec({dim}) <=> %(vector)s
LIMIT %(limit)s
