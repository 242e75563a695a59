-- lead: Whether this transaction alone puts records into the tree of the tenant; released with it
SELECT pg_try_advisory_xact_lock(hashtext('compliance_bot.tree'), %(tenant)s)

-- wait_to_lead: The same, as soon as nobody else does
SELECT set_config('lock_timeout', %(wait)s, true), pg_advisory_xact_lock(hashtext('compliance_bot.tree'), %(tenant)s)

-- last_checkpoint: The newest checkpoint
SELECT size, note FROM audit.checkpoint WHERE tenant = %(tenant)s ORDER BY size DESC LIMIT 1

-- handovers: The checkpoints by which one key names the next
SELECT size, note FROM audit.checkpoint WHERE tenant = %(tenant)s AND is_handover AND size <= %(size)s ORDER BY size

-- waiting: What no tree holds yet and has a seal, in the order in which it came
SELECT p.entry_id, e.leaf_hash, p.seal
FROM audit.pending p JOIN audit.entry e USING (entry_id)
WHERE p.tenant = %(tenant)s AND p.seal IS NOT NULL AND NOT (p.entry_id = ANY(%(but)s))
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = p.entry_id) -- somebody put it back
ORDER BY p.arrived
LIMIT %(limit)s

-- unsealed: What no tree holds yet and has no seal, in the order in which it came
SELECT p.entry_id, e.leaf_hash, e.envelope, COALESCE(c.wrapped_key, ''), COALESCE(c.ciphertext, '')
FROM audit.pending p JOIN audit.entry e USING (entry_id) LEFT JOIN audit.payload c USING (entry_id)
WHERE p.tenant = %(tenant)s AND p.seal IS NULL AND NOT (p.entry_id = ANY(%(but)s))
ORDER BY p.arrived, p.entry_id
LIMIT %(limit)s

-- has_unsealed: Whether something waits without a seal
SELECT EXISTS (SELECT FROM audit.pending WHERE tenant = %(tenant)s AND seal IS NULL)

-- backlog: How many records wait, and since when the first of them
SELECT count(*), min(entry_id::text) FROM audit.pending WHERE tenant = %(tenant)s

-- add_leaves: Records take their places, from one index on
INSERT INTO audit.leaf (tenant, leaf_index, entry_id)
SELECT %(tenant)s, %(first)s + given.place - 1, given.id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS given (id, place)

-- remove_waiting: They wait no more
DELETE FROM audit.pending WHERE tenant = %(tenant)s AND entry_id = ANY(%(ids)s)

-- add_tile: A tile that is full
INSERT INTO audit.tile (tenant, level, tile_index, hashes, root)
VALUES (%(tenant)s, %(level)s, %(index)s, %(hashes)s, %(root)s)

-- add_checkpoint: A checkpoint that was signed
INSERT INTO audit.checkpoint (tenant, size, note, is_handover) VALUES (%(tenant)s, %(size)s, %(note)s, %(is_handover)s)

-- leaf_count: How many records stand in the tree
SELECT COALESCE(max(leaf_index) + 1, 0) FROM audit.leaf WHERE tenant = %(tenant)s

-- placed: Records in the tree, from one index on; one that lost its payload is not left out
SELECT l.leaf_index, e.entry_id, e.leaf_hash, e.envelope, COALESCE(p.wrapped_key, ''), COALESCE(p.ciphertext, '')
FROM audit.leaf l JOIN audit.entry e USING (entry_id) LEFT JOIN audit.payload p USING (entry_id)
WHERE l.tenant = %(tenant)s AND l.leaf_index >= %(first)s AND l.leaf_index < %(end)s
ORDER BY l.leaf_index

-- size_before: The size of the checkpoint before one
SELECT COALESCE(max(size), 0) FROM audit.checkpoint WHERE tenant = %(tenant)s AND size < %(size)s

-- tiles: The hashes in each of these tiles, as far as there are any: of one that is not full from what is below it
-- The limits, and a record looked up by itself, let it go by the keys whatever the planner expects of the ranges; the
-- lists stand in subqueries so that it is planned once, not anew for each length of a list.
SELECT given.level, given.tile_index, COALESCE(
  (SELECT t.hashes FROM audit.tile t
   WHERE t.tenant = %(tenant)s AND t.level = given.level AND t.tile_index = given.tile_index),
  CASE given.level
    WHEN 0 THEN (
      SELECT string_agg((SELECT e.leaf_hash FROM audit.entry e WHERE e.entry_id = l.entry_id), ''::bytea
                        ORDER BY l.leaf_index)
      FROM (SELECT leaf_index, entry_id FROM audit.leaf
            WHERE tenant = %(tenant)s AND leaf_index >= given.tile_index * 256 AND leaf_index < (given.tile_index + 1) * 256
            ORDER BY leaf_index LIMIT 256) l)
    ELSE (
      SELECT string_agg(b.root, ''::bytea ORDER BY b.tile_index)
      FROM (SELECT tile_index, root FROM audit.tile
            WHERE tenant = %(tenant)s AND level = given.level - 1
              AND tile_index >= given.tile_index * 256 AND tile_index < (given.tile_index + 1) * 256
            ORDER BY tile_index LIMIT 256) b)
  END, '')
FROM unnest((SELECT %(levels)s::integer[]), (SELECT %(indexes)s::bigint[])) AS given (level, tile_index)

-- leaf_of: Where a record stands in the tree, and its hash
SELECT l.leaf_index, e.leaf_hash FROM audit.leaf l JOIN audit.entry e USING (entry_id)
WHERE l.tenant = %(tenant)s AND l.entry_id = %(id)s

-- outside: Which of these records do not stand in the tree, and whether they wait for it; one that is gone does not
SELECT given.id, p.entry_id IS NOT NULL
FROM unnest(%(ids)s::text[]::uuid[]) AS given (id)
LEFT JOIN audit.pending p ON p.entry_id = given.id AND p.tenant = %(tenant)s
  AND EXISTS (SELECT FROM audit.entry e WHERE e.entry_id = given.id AND e.tenant = %(tenant)s)
WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = given.id AND l.tenant = %(tenant)s)

-- wait_again: Records that came with an export wait for the tree
INSERT INTO audit.pending (entry_id, tenant)
SELECT e.entry_id, e.tenant FROM audit.entry e
WHERE e.tenant = %(tenant)s
  AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.entry_id)
  AND NOT EXISTS (SELECT FROM audit.pending p WHERE p.entry_id = e.entry_id)
ORDER BY e.entry_id
