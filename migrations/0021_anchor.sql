-- The anchor is a file outside the database that remembers what a restored copy must not forget: erasures, revocations,
-- deletions. A tenant's row says up to which of its lines the database has done everything.
-- depends: 0020_corrections

CREATE TABLE anchor_position (
  tenant integer NOT NULL PRIMARY KEY,
  position bigint NOT NULL CHECK (position >= 0), -- number of the line; 0 before the first
  mac bytea NOT NULL CHECK (octet_length(mac) IN (0, 32)), -- of that line, which tells this anchor from another
  CHECK ((position = 0) = (octet_length(mac) = 0))
);

ALTER TABLE anchor_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE anchor_position FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON anchor_position
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
