-- serving: The model whose vectors serve this tenant
SELECT m.id, m.hash, u.name, m.dim, u.state FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s AND u.state = 'serving'

-- used: Every model that this tenant has vectors of
SELECT m.id, m.hash, u.name, m.dim, u.state FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s ORDER BY u.state = 'serving' DESC, u.name, m.id

-- model_number: The number of a model, made known with an index of its own where it is new
SELECT model_number(%(hash)s, %(dim)s)

-- use_model: Say what the vectors of a model are for, and what opens it here
INSERT INTO model_use (tenant, model_id, state, name) VALUES (%(tenant)s, %(model)s, %(state)s, %(name)s)
ON CONFLICT (tenant, model_id) DO UPDATE SET state = EXCLUDED.state, name = EXCLUDED.name

-- find_model: A model that this tenant uses, by its identity
SELECT m.id, m.hash, u.name, m.dim, u.state FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s AND m.hash = %(hash)s

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
