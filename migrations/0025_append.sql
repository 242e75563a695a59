-- Several records of the log at once, in one statement that is a transaction of its own.
-- depends: 0024_months

-- Stores all of them or none: where the tenant is gone, a document has not the class as which it was read, a value was
-- erased meanwhile, somebody has not the reference that a record names, or a record is there or does not stay, it ends
-- with an error of its own. Whoever appends alone is told which. It runs with the rights of its caller.
-- INVARIANT: it is volatile, and refuses to run in a snapshot that was taken before: so whatever it waited for, it sees.
CREATE FUNCTION audit.append_all(
  of_tenant integer, documents uuid[], classes integer[], class_bits text, erasures bigint,
  ids uuid[], leaf_hashes bytea[], envelopes bytea[], wrapped_keys bytea[], ciphertexts bytea[], seals bytea[],
  macs bytea[], actors uuid[]
) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stored integer;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE 'records are appended in a transaction that reads what is committed' USING ERRCODE = 'LR001';
  END IF;
  PERFORM set_config('compliance_bot.tenant', of_tenant::text, true), set_config('synchronous_commit', 'on', true),
          set_config('compliance_bot.class_bits', append_all.class_bits, true);
  IF NOT compliance_bot.hold_tenant(of_tenant) THEN
    RAISE 'the tenant is gone' USING ERRCODE = 'LR001';
  END IF;
  IF cardinality(documents) > 0 OR erasures IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('compliance_bot.answer'), of_tenant);
    IF cardinality(documents) <> (
      SELECT count(*) FROM unnest(documents, classes) AS read (id, class)
      JOIN compliance_bot.document d ON d.tenant = of_tenant AND d.id = read.id AND d.acl_id = read.class
    ) OR erasures <> (SELECT count(*) FROM compliance_bot.vault_erasure e WHERE e.tenant = of_tenant) THEN
      RAISE 'what the records rest on has changed' USING ERRCODE = 'LR001';
    END IF;
  END IF;
  WITH given AS (
    SELECT g.* FROM unnest(ids, leaf_hashes, envelopes, wrapped_keys, ciphertexts, seals, macs, actors)
      AS g (id, leaf_hash, envelope, wrapped_key, ciphertext, seal, mac, actor)
    JOIN audit.actor a ON a.tenant = of_tenant AND a.mac = g.mac AND a.reference = g.actor
  ), entry AS (
    INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
    SELECT id, of_tenant, leaf_hash, envelope FROM given
    ON CONFLICT (entry_id) DO NOTHING
    RETURNING entry_id
  ), payload AS (
    INSERT INTO audit.payload (entry_id, tenant, wrapped_key, ciphertext)
    SELECT entry_id, of_tenant, wrapped_key, ciphertext FROM entry JOIN given ON id = entry_id
    RETURNING entry_id
  )
  INSERT INTO audit.pending (entry_id, tenant, seal)
  SELECT entry_id, of_tenant, seal FROM payload JOIN given ON id = entry_id;
  GET DIAGNOSTICS stored = ROW_COUNT;
  IF stored <> cardinality(ids) THEN
    RAISE 'a record is not as expected' USING ERRCODE = 'LR001';
  END IF;
END
$$;

REVOKE ALL ON FUNCTION audit.append_all FROM PUBLIC;
