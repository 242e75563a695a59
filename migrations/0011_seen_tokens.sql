-- Tokens for single use that came before, as keyed hashes: the same one is not accepted again while it would be valid.
-- depends: 0010_compiled_scopes

CREATE TABLE seen_token (
  tenant     integer NOT NULL,
  digest     bytea NOT NULL CHECK (octet_length(digest) = 32), -- HMAC-SHA256 of issuer and number; never the token
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, digest)
);
CREATE INDEX seen_token_expiry ON seen_token (tenant, expires_at);

ALTER TABLE seen_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE seen_token FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON seen_token
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
