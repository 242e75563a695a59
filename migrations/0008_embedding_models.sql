-- Vectors of several embedding models stand side by side: one model serves a tenant while another is being made.
-- depends: 0007_places

DROP INDEX embedding_hnsw;
DROP INDEX embedding_acl;
ALTER TABLE embedding DROP CONSTRAINT embedding_pkey;
ALTER TABLE embedding ALTER COLUMN vector TYPE halfvec; -- dimensions differ between models
ALTER TABLE embedding ADD PRIMARY KEY (tenant, chunk_id, model_id);
CREATE INDEX embedding_acl ON embedding (tenant, model_id, acl_id);

-- Row-level security holds for the owner too; what follows moves rows of all tenants.
ALTER TABLE chunk_history NO FORCE ROW LEVEL SECURITY;
ALTER TABLE class_count NO FORCE ROW LEVEL SECURITY;

CREATE TABLE history_embedding (
  tenant integer NOT NULL,
  chunk_id bigint NOT NULL,
  acl_id integer NOT NULL,
  model_id smallint NOT NULL REFERENCES embedding_model,
  vector halfvec NOT NULL,
  PRIMARY KEY (tenant, chunk_id, model_id),
  FOREIGN KEY (tenant, chunk_id) REFERENCES chunk_history ON DELETE CASCADE
);

INSERT INTO history_embedding SELECT tenant, id, acl_id, model_id, vector FROM chunk_history;
CREATE INDEX history_embedding_acl ON history_embedding (tenant, model_id, acl_id);
ALTER TABLE chunk_history DROP COLUMN vector, DROP COLUMN model_id;

-- What a tenant has of each model.
CREATE TABLE model_use (
  tenant integer NOT NULL,
  model_id smallint NOT NULL REFERENCES embedding_model,
  state text NOT NULL CHECK (state IN ('serving', 'making', 'kept')),
  PRIMARY KEY (tenant, model_id)
);

CREATE UNIQUE INDEX model_use_serving ON model_use (tenant) WHERE state = 'serving';

INSERT INTO model_use
SELECT DISTINCT c.tenant, m.id, 'serving' FROM class_count c CROSS JOIN embedding_model m WHERE m.active;

ALTER TABLE chunk_history FORCE ROW LEVEL SECURITY;
ALTER TABLE class_count FORCE ROW LEVEL SECURITY;

DROP INDEX embedding_model_active;
ALTER TABLE embedding_model DROP COLUMN active;
UPDATE embedding_model SET name = 'all-minilm-l6-v2-int8' WHERE name = 'embedder'; -- the only one there was

ALTER TABLE history_embedding ENABLE ROW LEVEL SECURITY;
ALTER TABLE history_embedding FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON history_embedding
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE model_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_use FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON model_use
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

-- An index of its own for each model, of its dimension. Only the owner of a table can make one, and the application
-- account owns nothing: this function does it for a model that is listed, and can do nothing else.
CREATE FUNCTION index_model(model smallint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, public, pg_temp
AS $$
DECLARE
  size integer;
BEGIN
  SELECT dim INTO STRICT size FROM embedding_model WHERE id = model;
  EXECUTE format(
    'CREATE INDEX IF NOT EXISTS %I ON embedding USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops) WHERE model_id = %s',
    'embedding_hnsw_' || model, size, model);
END
$$;

REVOKE ALL ON FUNCTION index_model(smallint) FROM PUBLIC;

-- Not a plain SELECT, whose rows would be printed.
DO $$ BEGIN PERFORM index_model(id) FROM embedding_model; END $$;
