-- What privacy officers said of detection: values that it misses, and what it takes for personal data and is none. The
-- value lies in the vault like any other, sealed under a key of its own; a version's text is made anew in place, and what
-- it was before is kept as a hash.
-- depends: 0019_vault

-- The newest correction of a value counts. Finds its value by the keyed hash that the vault's index has.
CREATE TABLE vault_correction (
  tenant integer NOT NULL,
  id uuid NOT NULL, -- of its record
  at timestamptz NOT NULL,
  is_personal boolean NOT NULL, -- missed, and marked since; else masked, and is no personal data
  type text NOT NULL,
  mac bytea NOT NULL CHECK (octet_length(mac) = 32),
  detector text NOT NULL, -- the way of detection that was corrected
  classes integer[] NOT NULL, -- what is no personal data, is none in these access classes
  epoch integer NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, epoch) REFERENCES vault_epoch
);

CREATE INDEX vault_correction_mac ON vault_correction (tenant, mac);
CREATE INDEX vault_correction_epoch ON vault_correction (tenant, epoch);

ALTER TABLE vault_correction ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_correction FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault_correction
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

-- What a version's text was before a correction, and by which record it is another one now.
CREATE TABLE version_revision (
  tenant integer NOT NULL,
  version_id uuid NOT NULL,
  revision integer NOT NULL CHECK (revision > 0), -- of the text that followed; what was ingested is revision 0
  acl_id integer NOT NULL,
  replaced_sha256 bytea NOT NULL CHECK (octet_length(replaced_sha256) = 32),
  record uuid NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, version_id, revision),
  FOREIGN KEY (tenant, version_id) REFERENCES document_version ON DELETE CASCADE
);

ALTER TABLE version_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE version_revision FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON version_revision
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
    AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
      THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
      ELSE false END);
