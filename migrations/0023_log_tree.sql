-- The tree over the audit log: where each record stands in it, its full tiles, its signed checkpoints. One for each tenant.
-- depends: 0022_quality

-- A seal is the keyed hash of a record's leaf. Those from before it have none: they are opened when the tree takes them.
ALTER TABLE audit.pending
  ADD COLUMN arrived bigint GENERATED ALWAYS AS IDENTITY, -- in this order the tree takes them
  ADD COLUMN seal bytea CHECK (octet_length(seal) = 32);

CREATE INDEX pending_arrived ON audit.pending (tenant, arrived);

CREATE TABLE audit.leaf (
  tenant integer NOT NULL,
  leaf_index bigint NOT NULL CHECK (leaf_index >= 0),
  entry_id uuid NOT NULL REFERENCES audit.entry,
  PRIMARY KEY (tenant, leaf_index),
  UNIQUE (entry_id)
);

-- Full tiles of 256 hashes: 2**(8 * level) leaves under each hash. C2SP tlog-tiles.
CREATE TABLE audit.tile (
  tenant integer NOT NULL,
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
  tile_index bigint NOT NULL CHECK (tile_index >= 0),
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 256 * 32),
  root bytea NOT NULL CHECK (octet_length(root) = 32), -- of the subtree under all of them
  PRIMARY KEY (tenant, level, tile_index)
);

CREATE TABLE audit.checkpoint (
  tenant integer NOT NULL,
  size bigint NOT NULL CHECK (size > 0),
  note bytea NOT NULL, -- as it was signed: C2SP signed-note, tlog-checkpoint
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- nobody vouches for it
  is_handover boolean NOT NULL DEFAULT false, -- the first that the next key signed, with the one before it
  PRIMARY KEY (tenant, size)
);

-- What witnesses added to a checkpoint.
CREATE TABLE audit.cosignature (
  tenant integer NOT NULL,
  size bigint NOT NULL,
  witness text NOT NULL,
  evidence bytea NOT NULL, -- a signature line, or a timestamp token
  kind text NOT NULL CHECK (kind IN ('cosignature', 'timestamp', 'file')),
  witnessed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, size, witness),
  FOREIGN KEY (tenant, size) REFERENCES audit.checkpoint
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.leaf
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.tile
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.cosignature ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.leaf
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE audit.tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.tile FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.tile
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE audit.checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.checkpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.checkpoint
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE audit.cosignature ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.cosignature FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.cosignature
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
