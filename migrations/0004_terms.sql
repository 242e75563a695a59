-- The lexical index: one posting per term and live chunk, and document frequencies per term and class. Weights (BM25) are
-- computed in the query from the statistics of the readable scope, so nothing here goes stale.
-- depends: 0003_chunks

CREATE TABLE posting (
  tenant integer NOT NULL,
  term bigint NOT NULL, -- keyed hash
  acl_id integer NOT NULL,
  chunk_id bigint NOT NULL,
  tf smallint NOT NULL CHECK (tf > 0), -- how often the term occurs in the chunk
  length integer NOT NULL, -- the chunk's length in terms
  PRIMARY KEY (tenant, term, acl_id, chunk_id) INCLUDE (tf, length)
);

CREATE TABLE term_stat (
  tenant integer NOT NULL,
  term bigint NOT NULL,
  acl_id integer NOT NULL,
  df integer NOT NULL CHECK (df >= 0), -- live chunks of the class that hold the term
  PRIMARY KEY (tenant, term, acl_id) -- df is not included: updates stay HOT
) WITH (fillfactor = 80);

-- Index-only scans need the visibility map, which only vacuum sets: also after inserts, and soon.
ALTER TABLE posting SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE term_stat SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05);
