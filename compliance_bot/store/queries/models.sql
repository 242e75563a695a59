-- serving: The model whose vectors serve this tenant
SELECT m.id, m.hash, m.name, m.dim, u.state FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s AND u.state = 'serving'

-- used: Every model that this tenant has vectors of
SELECT m.id, m.hash, m.name, m.dim, u.state FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s ORDER BY u.state = 'serving' DESC, m.name, m.id

-- find_model: A model by its identity
SELECT id, hash, name, dim FROM embedding_model WHERE hash = %(hash)s

-- add_model: A model that no tenant has used yet
INSERT INTO embedding_model (hash, name, dim) VALUES (%(hash)s, %(name)s, %(dim)s)
ON CONFLICT (hash) DO NOTHING RETURNING id

-- index_model: Make the index for approximate search among the vectors of a new model
SELECT index_model(%(model)s)

-- use_model: Say what the vectors of a model are for
INSERT INTO model_use (tenant, model_id, state) VALUES (%(tenant)s, %(model)s, %(state)s)
ON CONFLICT (tenant, model_id) DO UPDATE SET state = EXCLUDED.state

-- forget_use: Say that there are no vectors of a model any more
DELETE FROM model_use WHERE tenant = %(tenant)s AND model_id = %(model)s

-- count_vectors: How many vectors of each model there are in the open classes
SELECT model_id, count(*) FROM (
  SELECT model_id FROM embedding WHERE tenant = %(tenant)s
  UNION ALL SELECT model_id FROM history_embedding WHERE tenant = %(tenant)s) AS v
GROUP BY model_id

-- count_chunks: How many chunks there are in the open classes, superseded ones included
SELECT (SELECT count(*) FROM chunk WHERE tenant = %(tenant)s)
     + (SELECT count(*) FROM chunk_history WHERE tenant = %(tenant)s)

-- live_without: Chunks that lack a vector of this model, in the order of their ids
SELECT c.id, v.title, c.heading, c.lead_texts, c.text, c.sha256
FROM chunk c JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
WHERE c.tenant = %(tenant)s AND c.id > %(after)s AND NOT EXISTS (
  SELECT FROM embedding e WHERE e.tenant = c.tenant AND e.chunk_id = c.id AND e.model_id = %(model)s)
ORDER BY c.id LIMIT %(limit)s

-- past_without: Superseded chunks that lack a vector of this model, in the order of their ids
SELECT c.id, v.title, c.heading, c.lead_texts, c.text, c.sha256
FROM chunk_history c JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
WHERE c.tenant = %(tenant)s AND c.id > %(after)s AND NOT EXISTS (
  SELECT FROM history_embedding e WHERE e.tenant = c.tenant AND e.chunk_id = c.id AND e.model_id = %(model)s)
ORDER BY c.id LIMIT %(limit)s

-- add_live: A vector of a chunk, unless the chunk went away meanwhile
INSERT INTO embedding (tenant, chunk_id, acl_id, model_id, vector)
SELECT tenant, id, acl_id, %(model)s, %(vector)s FROM chunk WHERE tenant = %(tenant)s AND id = %(chunk)s
ON CONFLICT DO NOTHING

-- add_past: A vector of a chunk that is, or meanwhile became, a superseded one
INSERT INTO history_embedding (tenant, chunk_id, acl_id, model_id, vector)
SELECT tenant, id, acl_id, %(model)s, %(vector)s FROM chunk_history WHERE tenant = %(tenant)s AND id = %(chunk)s
ON CONFLICT DO NOTHING

-- drop_live: Take the vectors of a model away
DELETE FROM embedding WHERE tenant = %(tenant)s AND model_id = %(model)s

-- drop_past: Take the vectors of a model away from superseded chunks
DELETE FROM history_embedding WHERE tenant = %(tenant)s AND model_id = %(model)s
