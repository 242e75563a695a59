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
  WHERE tenant = %(tenant)s AND chunk_id >= d.id AND model_id = %(model)s
  ORDER BY chunk_id LIMIT 1) AS e
