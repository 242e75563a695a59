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
  entries integer;
  payloads integer;
  pending integer;
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
  INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
  SELECT g.id, of_tenant, g.leaf_hash, g.envelope
  FROM unnest(ids, leaf_hashes, envelopes, macs, actors) AS g (id, leaf_hash, envelope, mac, actor)
  WHERE EXISTS (SELECT FROM audit.actor a WHERE a.tenant = of_tenant AND a.mac = g.mac AND a.reference = g.actor)
  ON CONFLICT (entry_id) DO NOTHING;
  GET DIAGNOSTICS entries = ROW_COUNT;
  INSERT INTO audit.payload (entry_id, tenant, wrapped_key, ciphertext)
  SELECT g.id, of_tenant, g.wrapped_key, g.ciphertext
  FROM unnest(ids, wrapped_keys, ciphertexts) AS g (id, wrapped_key, ciphertext)
  WHERE entries = cardinality(ids);
  GET DIAGNOSTICS payloads = ROW_COUNT;
  INSERT INTO audit.pending (entry_id, tenant, seal)
  SELECT g.id, of_tenant, g.seal FROM unnest(ids, seals) AS g (id, seal)
  WHERE payloads = cardinality(ids);
  GET DIAGNOSTICS pending = ROW_COUNT;
  IF pending <> cardinality(ids) THEN
    RAISE 'a record is not as expected' USING ERRCODE = 'LR001';
  END IF;
END
$$;

REVOKE ALL ON FUNCTION audit.append_all FROM PUBLIC;
