-- The two big tables of the audit log stand in monthly partitions, by the time in a record's id. What there is stays where
-- it is, as the first partition: no row is copied. What no month was opened for goes to the default partition.
-- depends: 0023_log_tree

-- The first id (UUIDv7) of a month: its first millisecond in UTC, all other bits 0.
CREATE FUNCTION audit.month_begins(month timestamp) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN rpad(lpad(to_hex((extract(epoch FROM date_trunc('month', month)) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

ALTER TABLE audit.payload DROP CONSTRAINT payload_entry_id_fkey;
ALTER TABLE audit.pending DROP CONSTRAINT pending_entry_id_fkey;
ALTER TABLE audit.leaf DROP CONSTRAINT leaf_entry_id_fkey;
ALTER TABLE audit.entry RENAME TO entry_first;
ALTER TABLE audit.payload RENAME TO payload_first;
ALTER INDEX audit.entry_pkey RENAME TO entry_first_pkey;
ALTER INDEX audit.payload_pkey RENAME TO payload_first_pkey;

-- Each record as it was sealed.
CREATE TABLE audit.entry (
  entry_id uuid PRIMARY KEY, -- UUIDv7: what it is partitioned by
  tenant integer NOT NULL,
  leaf_hash bytea NOT NULL, -- SHA-256(0x00 || envelope), RFC 6962 section 2.1
  envelope bytea NOT NULL, -- the exact bytes that are hashed
  CONSTRAINT entry_leaf_hash_check CHECK (octet_length(leaf_hash) = 32),
  CONSTRAINT entry_envelope_check CHECK (octet_length(envelope) BETWEEN 1 AND 65535)
) PARTITION BY RANGE (entry_id);

-- The encrypted half of each record.
CREATE TABLE audit.payload (
  entry_id uuid PRIMARY KEY,
  tenant integer NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL
) PARTITION BY RANGE (entry_id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.payload
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.entry
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE audit.payload ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.payload FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.payload
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

-- The first partition ends with this month, or with the month of the newest id, where a clock was ahead. Only the owner of
-- all rows may look for that.
ALTER TABLE audit.entry_first NO FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
  newest uuid := (SELECT entry_id FROM audit.entry_first ORDER BY entry_id DESC LIMIT 1);
  month timestamp := now() AT TIME ZONE 'UTC';
  grantee text;
BEGIN
  IF newest >= audit.month_begins(month + interval '1 month') THEN
    month := to_timestamp(('x' || left(replace(newest::text, '-', ''), 12))::bit(48)::bigint / 1000) AT TIME ZONE 'UTC';
  END IF;
  EXECUTE format('ALTER TABLE audit.entry ATTACH PARTITION audit.entry_first FOR VALUES FROM (MINVALUE) TO (%L)',
                 audit.month_begins(month + interval '1 month'));
  EXECUTE format('ALTER TABLE audit.payload ATTACH PARTITION audit.payload_first FOR VALUES FROM (MINVALUE) TO (%L)',
                 audit.month_begins(month + interval '1 month'));
  -- Rights are given on the parents alone.
  FOR grantee IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
    WHERE c.oid IN ('audit.entry_first'::regclass, 'audit.payload_first'::regclass) AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE ALL ON audit.entry_first, audit.payload_first FROM %s', grantee);
  END LOOP;
END
$$;

ALTER TABLE audit.entry_first FORCE ROW LEVEL SECURITY;

-- What stands in the tree keeps its record, and with it the partition that the record is in. `payload` and `pending` have
-- no such key any more: looking it up in partitions made each record a sixth slower. One statement writes all three rows,
-- and a row of these without its record is never read.
ALTER TABLE audit.leaf ADD FOREIGN KEY (entry_id) REFERENCES audit.entry;

-- Whether a partition other than the default one takes all ids of a month.
CREATE FUNCTION audit.has_month(parent regclass, month timestamp) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
    WHERE i.inhparent = parent
      AND (bound LIKE 'FOR VALUES FROM (MINVALUE)%'
           OR substring(bound FROM 'FROM \(''(.*?)''\)')::uuid <= audit.month_begins(month))
      AND substring(bound FROM 'TO \(''(.*?)''\)')::uuid >= audit.month_begins(month + interval '1 month'));
$$;

-- Makes a partition with the locks of its parent, and attaches it. A parent's locks do not hold for a statement that names
-- a partition, so each partition has its own.
CREATE FUNCTION audit.add_partition(parent regclass, name text, bound text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made text := format('%s_%s', parent, name);
BEGIN
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', made, parent);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                 'FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', made);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', made);
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', made);
  EXECUTE format('CREATE POLICY tenant ON %s USING '
                 '(tenant = (SELECT NULLIF(current_setting(''compliance_bot.tenant'', true), '''')::integer))', made);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s %s', parent, made, bound);
END
$$;

DO $$
BEGIN
  PERFORM audit.add_partition('audit.entry', 'default', 'DEFAULT');
  PERFORM audit.add_partition('audit.payload', 'default', 'DEFAULT');
END
$$;

-- Opens this month and the next two, where they are not open yet, and returns those that it cannot open, because the
-- default partition has records of them. Called by the application account, in a transaction of its own.
CREATE FUNCTION audit.open_months() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms'
AS $$
DECLARE
  month timestamp;
  parent regclass;
  is_locked boolean := false;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('compliance_bot.months'), 0);
  FOR month IN
    SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead) FROM generate_series(0, 2) AS ahead
  LOOP
    FOREACH parent IN ARRAY ARRAY['audit.entry', 'audit.payload']::regclass[] LOOP
      CONTINUE WHEN audit.has_month(parent, month);
      IF NOT is_locked THEN
        -- INVARIANT: who waits here holds no table, and who holds one does not wait. So no record is lost to a deadlock.
        LOCK TABLE ONLY audit.entry IN SHARE ROW EXCLUSIVE MODE;
        LOCK TABLE ONLY audit.payload IN SHARE ROW EXCLUSIVE MODE NOWAIT;
        LOCK TABLE audit.entry_default, audit.payload_default IN ACCESS EXCLUSIVE MODE NOWAIT;
        is_locked := true;
      END IF;
      BEGIN
        PERFORM audit.add_partition(parent, to_char(month, 'YYYY_MM'),
          format('FOR VALUES FROM (%L) TO (%L)', audit.month_begins(month), audit.month_begins(month + interval '1 month')));
      EXCEPTION WHEN check_violation THEN
        RETURN NEXT format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      END;
    END LOOP;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION audit.month_begins(timestamp), audit.has_month(regclass, timestamp),
  audit.add_partition(regclass, text, text), audit.open_months() FROM PUBLIC;
