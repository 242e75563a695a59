-- classes: All access classes of the tenant, with what there is to search in each
SELECT c.id, c.attributes, COALESCE(n.chunks, 0), COALESCE(n.terms, 0)
FROM access_class c
LEFT JOIN class_count n ON n.tenant = c.tenant AND n.acl_id = c.id
WHERE c.tenant = %(tenant)s
ORDER BY c.id

-- enter: Open the given classes for the rest of this transaction
SELECT set_config('compliance_bot.classes', %(classes)s, true)

-- find_class: The class with these attributes
SELECT id FROM access_class WHERE tenant = %(tenant)s AND digest = %(digest)s

-- add_class: A new class; nothing where another transaction made it meanwhile
INSERT INTO access_class (tenant, digest, attributes) VALUES (%(tenant)s, %(digest)s, %(attributes)s)
ON CONFLICT (tenant, digest) DO NOTHING
RETURNING id
