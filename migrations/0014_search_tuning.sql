-- What `doctor --tune` measured on the vectors of a tenant: up to how many readable chunks all are compared, and how far
-- the index is followed above. Without a row the built-in values hold; they are right for most.
-- depends: 0013_class_history

CREATE TABLE search_tuning (
  tenant integer NOT NULL,
  model_id smallint NOT NULL REFERENCES embedding_model,
  threshold bigint NOT NULL CHECK (threshold >= 0), -- readable chunks: up to here every vector is compared
  ef_search integer NOT NULL CHECK (ef_search BETWEEN 1 AND 1000), -- pgvector's limits
  fetch_base integer NOT NULL, -- fetched beyond it: base + slope * readable share, from least to most
  fetch_slope integer NOT NULL CHECK (fetch_slope >= 0),
  fetch_least integer NOT NULL CHECK (fetch_least > 0),
  fetch_most integer NOT NULL CHECK (fetch_most >= fetch_least),
  recall real NOT NULL CHECK (recall BETWEEN 0 AND 1), -- of the ten nearest, the worst that was measured above the threshold
  chunks bigint NOT NULL CHECK (chunks >= 0), -- live chunks then: doubled, and it is time to measure again
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, model_id)
);

ALTER TABLE search_tuning ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_tuning FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON search_tuning
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
