-- valid: What was granted to a person and held at a time
SELECT id, sealed, emergency, granted_at, valid_from, valid_to, revoked_at, reviewed_at
FROM principal_grant
WHERE tenant = %(tenant)s AND person = %(person)s AND valid_from <= %(at)s
  AND (valid_to IS NULL OR valid_to > %(at)s) AND (revoked_at IS NULL OR revoked_at > %(at)s)
ORDER BY granted_at, id

-- all: Everything that was ever granted, the newest first
SELECT id, sealed, emergency, granted_at, valid_from, valid_to, revoked_at, reviewed_at
FROM principal_grant
WHERE tenant = %(tenant)s
ORDER BY granted_at DESC, id

-- one: One grant, held fast for the rest of this transaction, and who made it
SELECT id, sealed, emergency, granted_at, valid_from, valid_to, revoked_at, reviewed_at, granted_by
FROM principal_grant
WHERE tenant = %(tenant)s AND id = %(id)s
FOR UPDATE

-- add: A grant
INSERT INTO principal_grant
  (tenant, id, person, sealed, emergency, granted_by, granted_at, valid_from, valid_to)
VALUES (%(tenant)s, %(id)s, %(person)s, %(sealed)s, %(emergency)s, %(by)s, %(at)s, %(valid_from)s, %(valid_to)s)

-- revoke: End a grant now
UPDATE principal_grant SET revoked_by = %(by)s, revoked_at = %(at)s
WHERE tenant = %(tenant)s AND id = %(id)s AND revoked_at IS NULL

-- review: Say that an emergency was looked at afterwards
UPDATE principal_grant SET reviewed_by = %(by)s, reviewed_at = %(at)s
WHERE tenant = %(tenant)s AND id = %(id)s AND emergency AND reviewed_at IS NULL
