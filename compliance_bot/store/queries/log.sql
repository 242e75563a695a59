-- actor: The reference by which a principal appears in envelopes
SELECT reference FROM audit.actor WHERE tenant = %(tenant)s AND mac = %(mac)s

-- add_actor: A reference for a principal that has none yet
INSERT INTO audit.actor (tenant, mac, reference) VALUES (%(tenant)s, %(mac)s, %(reference)s) ON CONFLICT DO NOTHING

-- append: One sealed record, in one statement; nothing where it is there already, or where one of the three does not stay
WITH entry AS (
  INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
  VALUES (%(id)s, %(tenant)s, %(leaf_hash)s, %(envelope)s)
  ON CONFLICT (entry_id) DO NOTHING
  RETURNING entry_id, tenant
), payload AS (
  INSERT INTO audit.payload (entry_id, tenant, wrapped_key, ciphertext)
  SELECT entry_id, tenant, %(wrapped_key)s, %(ciphertext)s FROM entry
  RETURNING entry_id, tenant
)
INSERT INTO audit.pending (entry_id, tenant, seal) SELECT entry_id, tenant, %(seal)s FROM payload

-- append_all: The same for several, a transaction of its own, with what must be so for it; an error of its own if it is not
SELECT audit.append_all(
  %(tenant)s, %(documents)b::uuid[], %(classes)s::integer[], %(class_bits)s, %(erasures)s, %(ids)b::uuid[],
  %(leaf_hashes)b::bytea[], %(envelopes)b::bytea[], %(wrapped_keys)b::bytea[], %(ciphertexts)b::bytea[],
  %(seals)b::bytea[], %(macs)b::bytea[], %(actors)b::uuid[])

-- stored: What was stored under a record's id, and whether the tree has it or will get it
SELECT leaf_hash,
       EXISTS (SELECT FROM audit.pending p WHERE p.entry_id = e.entry_id)
       OR EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.entry_id)
FROM audit.entry e WHERE e.tenant = %(tenant)s AND e.entry_id = %(id)s

-- newest: The newest records; one that lost its payload is not left out
SELECT e.entry_id, e.leaf_hash, e.envelope, COALESCE(p.wrapped_key, ''), COALESCE(p.ciphertext, '')
FROM audit.entry e LEFT JOIN audit.payload p USING (entry_id)
WHERE e.tenant = %(tenant)s
  AND (%(own)s OR position('"type":"log.'::bytea IN e.envelope) = 0) -- quotes are escaped in what others may choose
ORDER BY e.entry_id DESC
LIMIT %(limit)s

-- after: Records in the order of their ids, from behind one of them
-- The bound stands twice: a join carries equality over to the other table, and no inequality.
SELECT e.entry_id, e.leaf_hash, e.envelope, COALESCE(p.wrapped_key, ''), COALESCE(p.ciphertext, '')
FROM audit.entry e LEFT JOIN audit.payload p ON p.entry_id = e.entry_id AND p.entry_id > %(after)s
WHERE e.tenant = %(tenant)s AND e.entry_id > %(after)s
ORDER BY e.entry_id
LIMIT %(limit)s

-- one: One record
SELECT e.entry_id, e.leaf_hash, e.envelope, COALESCE(p.wrapped_key, ''), COALESCE(p.ciphertext, '')
FROM audit.entry e LEFT JOIN audit.payload p USING (entry_id)
WHERE e.tenant = %(tenant)s AND e.entry_id = %(id)s
