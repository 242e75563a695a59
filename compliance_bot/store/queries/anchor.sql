-- position: Up to which line of the anchor this database has done everything
SELECT position, mac FROM anchor_position WHERE tenant = %(tenant)s

-- move: It has done everything up to another line
INSERT INTO anchor_position (tenant, position, mac) VALUES (%(tenant)s, %(position)s, %(mac)s)
ON CONFLICT (tenant) DO UPDATE SET position = EXCLUDED.position, mac = EXCLUDED.mac

-- lock: Let nobody write to the anchor, or look where it ends, until this transaction has ended
SELECT pg_advisory_xact_lock(hashtext('compliance_bot.anchor'), %(tenant)s)
