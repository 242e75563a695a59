-- Access classes: one row per distinct combination of the attributes that policies can speak about. A search filters by
-- the ids of the classes that its asker may read.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE access_class (
  tenant integer NOT NULL,
  id integer GENERATED ALWAYS AS IDENTITY,
  digest bytea NOT NULL, -- SHA-256 of the canonical attributes
  attributes jsonb NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, digest)
);

-- How much there is to search in a class: live chunks only.
CREATE TABLE class_count (
  tenant integer NOT NULL,
  acl_id integer NOT NULL,
  chunks bigint NOT NULL CHECK (chunks >= 0),
  terms bigint NOT NULL CHECK (terms >= 0), -- sum of the chunks' lengths
  PRIMARY KEY (tenant, acl_id),
  FOREIGN KEY (tenant, acl_id) REFERENCES access_class
);
