-- The types of a class's attributes, to the last element: a fraction, a number too large for Cedar, a list of lists and a
-- list of mixed kinds were taken for what they look like at first sight, so that policies selected classes about which
-- the engine refuses to decide. The program stores no such class; this is about what comes in by other ways.
-- depends: 0017_stops

CREATE OR REPLACE FUNCTION attribute_types(attributes jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT COALESCE(jsonb_object_agg(key, CASE jsonb_typeof(value)
      WHEN 'string' THEN 'String'
      WHEN 'boolean' THEN 'Bool'
      WHEN 'number' THEN CASE
        WHEN value::numeric = trunc(value::numeric)
          AND value::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN 'Long' ELSE 'unknown' END
      WHEN 'array' THEN CASE
        WHEN value = '[]' THEN 'Set'
        WHEN NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string")') THEN 'Set<String>'
        WHEN NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "number" || @ != @.floor()
            || @ < -9223372036854775808 || @ > 9223372036854775807)') THEN 'Set<Long>'
        ELSE 'unknown' END
      WHEN 'object' THEN CASE
        WHEN jsonb_typeof(value->'datetime') = 'number' THEN 'datetime'
        WHEN jsonb_typeof(value->'entity') = 'string' AND jsonb_typeof(value->'id') = 'string' THEN value->>'entity'
        WHEN jsonb_typeof(value->'entities') = 'string' AND jsonb_typeof(value->'ids') = 'array'
          AND NOT jsonb_path_exists(value, 'strict $.ids[*] ? (@.type() != "string")', '{}', true)
          THEN 'Set<' || (value->>'entities') || '>'
        ELSE 'unknown' END
      ELSE 'unknown' END), '{}')
  FROM jsonb_each(attributes)
$$;

ALTER TABLE access_class NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_shape NO FORCE ROW LEVEL SECURITY;
ALTER TABLE class_revision NO FORCE ROW LEVEL SECURITY;
INSERT INTO access_shape (tenant, types)
  SELECT DISTINCT tenant, attribute_types(attributes) FROM access_class ON CONFLICT DO NOTHING;
UPDATE access_class c SET shape_id = s.id
  FROM access_shape s
  WHERE s.tenant = c.tenant AND s.types = attribute_types(c.attributes) AND s.id <> c.shape_id;
ALTER TABLE access_class FORCE ROW LEVEL SECURITY;
ALTER TABLE access_shape FORCE ROW LEVEL SECURITY;
ALTER TABLE class_revision FORCE ROW LEVEL SECURITY;
