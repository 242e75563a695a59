-- Groups and attributes that were granted to people for a time, beyond what the home's files and their tokens say. Rows
-- stay when they have ended: who had which right when can be told later. Who it is about is sealed.
-- depends: 0015_policy_sets

CREATE TABLE principal_grant (
  tenant integer NOT NULL,
  id uuid NOT NULL,
  person bytea NOT NULL, -- keyed hash of the principal's id
  sealed bytea NOT NULL, -- principal, groups, attributes and reason, encrypted under a key of the home
  emergency boolean NOT NULL, -- taken by breaking the glass
  granted_by uuid NOT NULL, -- by random reference, as in the audit log
  granted_at timestamptz NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz, -- null: until it is revoked
  revoked_by uuid,
  revoked_at timestamptz,
  reviewed_by uuid,
  reviewed_at timestamptz,
  PRIMARY KEY (tenant, id),
  CHECK (valid_to > valid_from),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
  CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL)),
  CHECK (NOT emergency OR valid_to IS NOT NULL)
);

CREATE INDEX principal_grant_person ON principal_grant (tenant, person);

ALTER TABLE principal_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE principal_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON principal_grant
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
