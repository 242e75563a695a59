-- Which policy sets were in force and since when: the texts are sealed, since principals.yaml names people.
-- depends: 0014_search_tuning

CREATE TABLE policy_set (
  tenant integer NOT NULL,
  digest bytea NOT NULL, -- keyed, of all files of the folder
  hash text NOT NULL, -- of the schema and the policies, as records name it
  sealed bytea NOT NULL, -- the files, encrypted under a key of the home
  PRIMARY KEY (tenant, digest)
);

CREATE TABLE policy_activation (
  tenant integer NOT NULL,
  record uuid NOT NULL, -- the audit record of the change
  at timestamptz NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (tenant, record),
  FOREIGN KEY (tenant, digest) REFERENCES policy_set
);

CREATE INDEX policy_activation_at ON policy_activation (tenant, at);

ALTER TABLE policy_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_set FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_set
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE policy_activation ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_activation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_activation
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
