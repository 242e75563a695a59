-- stopped: What is stopped
SELECT kind, name, stopped_at FROM stop WHERE tenant = %(tenant)s ORDER BY kind, name

-- stop: Stop something; nothing where it is stopped already
INSERT INTO stop (tenant, kind, name, stopped_at, stopped_by)
VALUES (%(tenant)s, %(kind)s, %(name)s, %(at)s, %(by)s)
ON CONFLICT DO NOTHING

-- lift: Let something run again
DELETE FROM stop WHERE tenant = %(tenant)s AND kind = %(kind)s AND name = %(name)s
