-- classes: All access classes of the tenant, with what there is to search in each
SELECT c.id, c.attributes, COALESCE(n.chunks, 0), COALESCE(n.terms, 0)
FROM access_class c
LEFT JOIN class_count n ON n.tenant = c.tenant AND n.acl_id = c.id
WHERE c.tenant = %(tenant)s
ORDER BY c.id

-- standing: What changes with the classes and their counts, as of this snapshot, and what the kill switch has stopped
SELECT COALESCE((SELECT revision FROM class_revision WHERE tenant = %(tenant)s), 0),
       EXISTS (SELECT FROM stop WHERE tenant = %(tenant)s AND kind = 'tenant'),
       ARRAY(SELECT name FROM stop WHERE tenant = %(tenant)s AND kind = 'collection' ORDER BY name)

-- shapes: Which attributes of which types occur
SELECT id, types FROM access_shape WHERE tenant = %(tenant)s

-- permitted: The classes that a compiled predicate selects, how much there is in them, and which permits it was
-- The inner OFFSET 0 keeps the predicate off classes of a shape that its casts were not made for, and lets each
-- attribute be read once, however many policies look at it.
SELECT COALESCE(array_agg(id ORDER BY id), '{{}}'), COALESCE(sum(chunks), 0)::bigint, COALESCE(sum(terms), 0)::bigint,
       (SELECT COALESCE(sum(chunks), 0)::bigint FROM class_count WHERE tenant = %(tenant)s) {determining}
FROM (
  SELECT c.id, n.chunks, n.terms {permits}
  FROM (
    SELECT tenant, id, attributes {looked_at} FROM access_class
    WHERE tenant = %(tenant)s AND shape_id = ANY(%(shapes)s) AND NOT attributes->>'collection' = ANY(%(stopped)s)
    OFFSET 0) AS c
  LEFT JOIN class_count n ON n.tenant = c.tenant AND n.acl_id = c.id
  WHERE {predicate}) AS permitted

-- counts: How much there is in these classes
SELECT COALESCE(sum(chunks), 0)::bigint, COALESCE(sum(terms), 0)::bigint FROM class_count
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s)

-- attributes: The attributes of these classes
SELECT id, attributes FROM access_class WHERE tenant = %(tenant)s AND id = ANY(%(classes)s) ORDER BY id

-- enter: Open the given classes for the rest of this transaction
SELECT set_config('compliance_bot.class_bits', %(bits)s, true)

-- open_now: What is open in this transaction
SELECT current_setting('compliance_bot.class_bits', true)

-- all_bits: How many bytes a bitmap of all classes has
SELECT COALESCE(max(id), 0) / 8 + 1 FROM access_class WHERE tenant = %(tenant)s

-- find_class: The class with these attributes
SELECT id FROM access_class WHERE tenant = %(tenant)s AND digest = %(digest)s

-- add_shape: The names and types of these attributes, where they are new
INSERT INTO access_shape (tenant, types) VALUES (%(tenant)s, attribute_types(%(attributes)s))
ON CONFLICT (tenant, types) DO NOTHING

-- add_class: A new class; nothing where another transaction made it meanwhile
INSERT INTO access_class (tenant, digest, attributes, shape_id)
SELECT %(tenant)s, %(digest)s, %(attributes)s, id FROM access_shape
WHERE tenant = %(tenant)s AND types = attribute_types(%(attributes)s)
ON CONFLICT (tenant, digest) DO NOTHING
RETURNING id
