-- first_use: Remember a token, and return a row only the first time
INSERT INTO seen_token (tenant, digest, expires_at) VALUES (%(tenant)s, %(digest)s, %(until)s)
ON CONFLICT DO NOTHING
RETURNING true

-- forget: Remove some of what no token can be accepted for any more; an hour for clocks that differ
DELETE FROM seen_token WHERE tenant = %(tenant)s AND digest IN (
  SELECT digest FROM seen_token
  WHERE tenant = %(tenant)s AND expires_at < now() - interval '1 hour'
  LIMIT 100 FOR UPDATE SKIP LOCKED)
