-- state: What tells whether corrections were made or forgotten since
SELECT count(*), max(id::text) FROM vault_correction WHERE tenant = %(tenant)s

-- all: Every correction, sealed, the oldest first
SELECT id, at, is_personal, type, detector, classes, epoch, wrapped_key, ciphertext
FROM vault_correction WHERE tenant = %(tenant)s ORDER BY id

-- add: A correction
INSERT INTO vault_correction (tenant, id, at, is_personal, type, mac, detector, classes, epoch, wrapped_key, ciphertext)
VALUES (%(tenant)s, %(id)s, %(at)s, %(is_personal)s, %(type)s, %(mac)s, %(detector)s, %(classes)s::integer[], %(epoch)s,
        %(wrapped_key)s, %(ciphertext)s)

-- forget: Forget what was said of values that are erased
DELETE FROM vault_correction c USING vault_value v
WHERE c.tenant = %(tenant)s AND v.tenant = c.tenant AND v.mac = c.mac AND v.token = ANY(%(tokens)s::bigint[])

-- wrapped_before: Corrections whose keys are wrapped in an earlier epoch, some of them, for changing
SELECT id, at, is_personal, type, detector, classes, epoch, wrapped_key, ciphertext
FROM vault_correction WHERE tenant = %(tenant)s AND epoch < %(epoch)s
ORDER BY id LIMIT %(limit)s FOR UPDATE

-- rewrap: Other wrapped keys for the same values
UPDATE vault_correction c SET epoch = %(epoch)s, wrapped_key = n.wrapped_key
FROM unnest(%(ids)s::uuid[], %(wrapped)s::bytea[]) AS n(id, wrapped_key)
WHERE c.tenant = %(tenant)s AND c.id = n.id
