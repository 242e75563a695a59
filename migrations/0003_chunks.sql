-- Chunks of current versions and their embeddings; chunks of superseded versions are kept apart, without an index for
-- approximate search.
-- depends: 0002_documents

CREATE TABLE chunk (
  tenant integer NOT NULL,
  id bigint NOT NULL, -- random
  acl_id integer NOT NULL,
  document_id uuid NOT NULL,
  version_id uuid NOT NULL,
  ordinal integer NOT NULL,
  page integer,
  heading text NOT NULL,
  start_at integer NOT NULL,
  end_at integer NOT NULL,
  text text NOT NULL,
  sha256 bytea NOT NULL, -- of title, heading and text: orders equal scores
  lead_starts integer[] NOT NULL,
  lead_texts text[] NOT NULL,
  length integer NOT NULL, -- index terms
  terms bigint[] NOT NULL, -- distinct, hashed: what to take out of the index with this chunk
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, version_id) REFERENCES document_version ON DELETE CASCADE
);

CREATE INDEX chunk_version ON chunk (tenant, version_id);

CREATE TABLE embedding_model (
  id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash text NOT NULL UNIQUE, -- of the model's manifest
  name text NOT NULL,
  dim integer NOT NULL,
  active boolean NOT NULL
);

CREATE UNIQUE INDEX embedding_model_active ON embedding_model (active) WHERE active;

CREATE TABLE embedding (
  tenant integer NOT NULL,
  chunk_id bigint NOT NULL,
  acl_id integer NOT NULL,
  model_id smallint NOT NULL REFERENCES embedding_model,
  vector halfvec(384) NOT NULL,
  PRIMARY KEY (tenant, chunk_id),
  FOREIGN KEY (tenant, chunk_id) REFERENCES chunk ON DELETE CASCADE
);

CREATE INDEX embedding_acl ON embedding (tenant, acl_id);
CREATE INDEX embedding_hnsw ON embedding USING hnsw (vector halfvec_cosine_ops);

CREATE TABLE chunk_history (
  tenant integer NOT NULL,
  id bigint NOT NULL,
  acl_id integer NOT NULL,
  document_id uuid NOT NULL,
  version_id uuid NOT NULL,
  ordinal integer NOT NULL,
  page integer,
  heading text NOT NULL,
  start_at integer NOT NULL,
  end_at integer NOT NULL,
  text text NOT NULL,
  sha256 bytea NOT NULL,
  lead_starts integer[] NOT NULL,
  lead_texts text[] NOT NULL,
  model_id smallint NOT NULL REFERENCES embedding_model,
  vector halfvec(384) NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, version_id) REFERENCES document_version ON DELETE CASCADE
);

CREATE INDEX chunk_history_acl ON chunk_history (tenant, acl_id);
CREATE INDEX chunk_history_version ON chunk_history (tenant, version_id);
