-- The kill switch: what was stopped. A row is there while the stop holds; the audit log says who, when and why.
-- depends: 0016_grants

CREATE TABLE stop (
  tenant integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('model', 'collection', 'tenant')),
  name text NOT NULL, -- of the model or collection; empty for the tenant
  stopped_at timestamptz NOT NULL,
  stopped_by uuid NOT NULL, -- by random reference
  PRIMARY KEY (tenant, kind, name),
  CHECK ((kind = 'tenant') = (name = ''))
);

ALTER TABLE stop ENABLE ROW LEVEL SECURITY;
ALTER TABLE stop FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON stop
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));
