-- What a scope that is compiled into SQL needs: which attributes of which types a class has, so that classes that the
-- schema in force does not describe are nobody's; a number that changes with the classes or their counts, so that a scope
-- can be kept; and row-level security that looks a class up in a bitmap, since a list is searched one by one for each row.
-- depends: 0009_settings_once

-- Types in the words of the schema; `Set` alone is an empty one. Stored forms: compliance_bot/policy/values.py.
CREATE FUNCTION attribute_types(attributes jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT COALESCE(jsonb_object_agg(key, CASE jsonb_typeof(value)
      WHEN 'string' THEN 'String'
      WHEN 'number' THEN 'Long'
      WHEN 'boolean' THEN 'Bool'
      WHEN 'array' THEN CASE jsonb_typeof(value->0)
        WHEN 'string' THEN 'Set<String>' WHEN 'number' THEN 'Set<Long>' ELSE 'Set' END
      WHEN 'object' THEN CASE
        WHEN value ? 'datetime' THEN 'datetime'
        WHEN value ? 'entity' THEN value->>'entity'
        WHEN value ? 'entities' THEN 'Set<' || (value->>'entities') || '>'
        ELSE 'unknown' END
      ELSE 'unknown' END), '{}')
  FROM jsonb_each(attributes)
$$;

-- The combinations of attribute names and types that occur: few, where there are many classes.
CREATE TABLE access_shape (
  tenant integer NOT NULL,
  id integer GENERATED ALWAYS AS IDENTITY,
  types jsonb NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, types)
);

ALTER TABLE access_class NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_class ADD COLUMN shape_id integer;
INSERT INTO access_shape (tenant, types) SELECT DISTINCT tenant, attribute_types(attributes) FROM access_class;
UPDATE access_class c SET shape_id = s.id
  FROM access_shape s WHERE s.tenant = c.tenant AND s.types = attribute_types(c.attributes);
ALTER TABLE access_class ALTER COLUMN shape_id SET NOT NULL;
ALTER TABLE access_class ADD FOREIGN KEY (tenant, shape_id) REFERENCES access_shape;
ALTER TABLE access_class FORCE ROW LEVEL SECURITY;

ALTER TABLE access_shape ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_shape FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON access_shape
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

-- Changes with every change of a tenant's classes or of what there is in them, in the transaction that changes them. A
-- number never comes twice, not for another tenant nor for one that was removed and brought back.
CREATE SEQUENCE class_revision_number;

CREATE TABLE class_revision (
  tenant integer PRIMARY KEY,
  revision bigint NOT NULL
);

ALTER TABLE class_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE class_revision FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON class_revision
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

CREATE FUNCTION revise_classes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO class_revision (tenant, revision)
  SELECT tenant, nextval('class_revision_number') FROM (SELECT DISTINCT tenant FROM changed ORDER BY tenant) AS tenants
  ON CONFLICT (tenant) DO UPDATE SET revision = EXCLUDED.revision;
  RETURN NULL;
END
$$;

CREATE TRIGGER revise_inserted AFTER INSERT ON access_class
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();
CREATE TRIGGER revise_updated AFTER UPDATE ON access_class
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();
CREATE TRIGGER revise_deleted AFTER DELETE ON access_class
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();
CREATE TRIGGER revise_inserted AFTER INSERT ON class_count
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();
CREATE TRIGGER revise_updated AFTER UPDATE ON class_count
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();
CREATE TRIGGER revise_deleted AFTER DELETE ON class_count
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revise_classes();

-- Bit n of the setting is class n. Each row costs the same however many classes are open; an absent or empty setting is
-- NULL, and then no row qualifies; so it is for a program of before, which sets a list under another name. No function of
-- our own: it could not be inlined around a sub-select.
DO $$
DECLARE policy record;
BEGIN
  FOR policy IN SELECT schemaname, tablename FROM pg_policies
    WHERE schemaname = 'compliance_bot' AND policyname = 'readable'
  LOOP
    EXECUTE format($using$
      ALTER POLICY readable ON %I.%I
        USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
          AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
            THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
            ELSE false END)
      $using$, policy.schemaname, policy.tablename);
  END LOOP;
END $$;
