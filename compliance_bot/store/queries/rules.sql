-- in_force: The policy set that was in force at a time, sealed, and since when; the newest where no time is given
SELECT a.digest, s.hash, s.sealed, a.at
FROM policy_activation a
JOIN policy_set s ON s.tenant = a.tenant AND s.digest = a.digest
WHERE a.tenant = %(tenant)s AND (%(at)s::timestamptz IS NULL OR a.at <= %(at)s)
ORDER BY a.at DESC, a.record DESC
LIMIT 1

-- kept_since: When the first policy set came into force
SELECT min(at) FROM policy_activation WHERE tenant = %(tenant)s

-- add_set: A policy set; nothing where it was in force before
INSERT INTO policy_set (tenant, digest, hash, sealed) VALUES (%(tenant)s, %(digest)s, %(hash)s, %(sealed)s)
ON CONFLICT DO NOTHING

-- activate: A policy set is in force from now on
INSERT INTO policy_activation (tenant, record, at, digest) VALUES (%(tenant)s, %(record)s, %(at)s, %(digest)s)
