-- unplaced: Records that neither stand in the tree nor wait for it
SELECT count(*), min(e.entry_id::text) FROM audit.entry e
WHERE e.tenant = %(tenant)s
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.entry_id)
  AND NOT EXISTS (SELECT FROM audit.pending p WHERE p.entry_id = e.entry_id)

-- misnamed: Records that are stored under another id than their envelope has
SELECT count(*), min(e.entry_id::text) FROM audit.entry e
WHERE e.tenant = %(tenant)s AND position(convert_to('"id":"' || e.entry_id || '"', 'UTF8') IN e.envelope) = 0

-- unrecorded_erasures: Erasures that no record of the log tells of
SELECT count(*), min(v.record::text) FROM vault_erasure v
WHERE v.tenant = %(tenant)s
  AND NOT EXISTS (SELECT FROM audit.entry e WHERE e.entry_id = v.record AND e.tenant = v.tenant)

-- unrecorded_revisions: Corrections and revisions of texts that no record of the log tells of
SELECT count(*), min(r.record::text)
FROM (SELECT record, tenant FROM version_revision WHERE tenant = %(tenant)s
      UNION SELECT id, tenant FROM vault_correction WHERE tenant = %(tenant)s) AS r
WHERE NOT EXISTS (SELECT FROM audit.entry e WHERE e.entry_id = r.record AND e.tenant = r.tenant)
