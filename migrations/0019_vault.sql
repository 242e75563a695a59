-- The vault: the one place with personal values. Each value that was taken out of a text is sealed under a key of its own,
-- which is wrapped by a key outside the database, and bound to the one stretch of the one version it stands for. What
-- finds a value by name is a random token behind a keyed hash.
-- depends: 0018_exact_shapes

-- From one rotation of the key to the next. The check tells the right key from a wrong one.
CREATE TABLE vault_epoch (
  tenant integer NOT NULL,
  epoch integer NOT NULL CHECK (epoch > 0),
  check_value bytea NOT NULL CHECK (octet_length(check_value) = 32), -- HMAC-SHA256 under the epoch's key
  began_at timestamptz NOT NULL,
  discarded_at timestamptz, -- its key was destroyed then
  PRIMARY KEY (tenant, epoch)
);

-- A value or a part of a name, by the keyed hash of its type and normal form.
CREATE TABLE vault_value (
  tenant integer NOT NULL,
  token bigint NOT NULL, -- random; stands for the value in the lexical index, and leaves the process never
  mac bytea NOT NULL CHECK (octet_length(mac) = 32),
  PRIMARY KEY (tenant, token),
  UNIQUE (tenant, mac)
);

-- The parts by which a name is also known.
CREATE TABLE vault_part (
  tenant integer NOT NULL,
  value bigint NOT NULL,
  part bigint NOT NULL,
  PRIMARY KEY (tenant, value, part),
  FOREIGN KEY (tenant, value) REFERENCES vault_value (tenant, token) ON DELETE CASCADE,
  FOREIGN KEY (tenant, part) REFERENCES vault_value (tenant, token)
);

CREATE INDEX vault_part_part ON vault_part (tenant, part);

-- What one placeholder stands for, and where it stands.
CREATE TABLE vault_binding (
  tenant integer NOT NULL,
  version_id uuid NOT NULL,
  in_title boolean NOT NULL,
  start_at integer NOT NULL CHECK (start_at >= 0), -- in the version's text, or its title
  end_at integer NOT NULL CHECK (end_at > start_at),
  document_id uuid NOT NULL,
  acl_id integer NOT NULL,
  type text NOT NULL, -- empty where a stretch of the source only looked like a placeholder
  number integer NOT NULL CHECK (number >= 0), -- as in the placeholder
  token bigint, -- of the whole value; null where there is none
  is_restricted boolean NOT NULL DEFAULT false, -- was to be erased and is under a hold: shown to nobody
  epoch integer NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL, -- of the value as the source had it, filled up so that its length does not tell
  PRIMARY KEY (tenant, version_id, in_title, start_at),
  FOREIGN KEY (tenant, version_id) REFERENCES document_version ON DELETE CASCADE,
  FOREIGN KEY (tenant, token) REFERENCES vault_value (tenant, token),
  FOREIGN KEY (tenant, epoch) REFERENCES vault_epoch
);

CREATE INDEX vault_binding_token ON vault_binding (tenant, token);
CREATE INDEX vault_binding_epoch ON vault_binding (tenant, epoch);
CREATE INDEX vault_binding_document ON vault_binding (tenant, document_id);

-- Each erasure, by its record: an answer that was drawn before one is not shown after it.
CREATE TABLE vault_erasure (
  tenant integer NOT NULL,
  record uuid NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, record)
);

ALTER TABLE vault_erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault_erasure
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE vault_epoch ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_epoch FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault_epoch
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE vault_value ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_value FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault_value
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE vault_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_part FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vault_part
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE vault_binding ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_binding FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON vault_binding
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
    AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
      THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
      ELSE false END);
