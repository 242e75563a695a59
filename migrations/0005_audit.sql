-- The audit log: sealed records, append-only. `envelope` holds no personal data; `payload` is encrypted under a key of its
-- own per record.
-- depends: 0004_terms

CREATE SCHEMA audit;

CREATE TABLE audit.entry (
  entry_id uuid PRIMARY KEY, -- UUIDv7
  tenant integer NOT NULL,
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32), -- SHA-256(0x00 || envelope), RFC 6962 section 2.1
  envelope bytea NOT NULL CHECK (octet_length(envelope) BETWEEN 1 AND 65535) -- the exact bytes that are hashed
);

CREATE TABLE audit.payload (
  entry_id uuid PRIMARY KEY REFERENCES audit.entry,
  tenant integer NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL
);

-- Entries that no tree holds yet.
CREATE TABLE audit.pending (
  entry_id uuid PRIMARY KEY REFERENCES audit.entry,
  tenant integer NOT NULL
);

-- Principals appear in envelopes by a random reference; the keyed hash finds it again.
CREATE TABLE audit.actor (
  tenant integer NOT NULL,
  mac bytea NOT NULL,
  reference uuid NOT NULL,
  PRIMARY KEY (tenant, mac)
);

CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.payload
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- Ordinary triggers are silent under session_replication_role = replica.
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only;
