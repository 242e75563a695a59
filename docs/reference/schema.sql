-- The schema of the database: the sum of migrations/, as pg_dump tells it. Partitions are left out: they are named
-- after months, and each has the columns, the locks and the policy of its parent.
-- Written by `python -m tests.integration.schema > docs/reference/schema.sql`; a test compares.

CREATE SCHEMA audit;

ALTER SCHEMA audit OWNER TO compliance_bot_owner;

CREATE SCHEMA compliance_bot;

ALTER SCHEMA compliance_bot OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.add_partition(parent regclass, name text, bound text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION audit.add_partition(parent regclass, name text, bound text) OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.append_all(of_tenant integer, documents uuid[], classes integer[], class_bits text, erasures bigint, ids uuid[], leaf_hashes bytea[], envelopes bytea[], wrapped_keys bytea[], ciphertexts bytea[], seals bytea[], macs bytea[], actors uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION audit.append_all(of_tenant integer, documents uuid[], classes integer[], class_bits text, erasures bigint, ids uuid[], leaf_hashes bytea[], envelopes bytea[], wrapped_keys bytea[], ciphertexts bytea[], seals bytea[], macs bytea[], actors uuid[]) OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.has_month(parent regclass, month timestamp without time zone) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
    WHERE i.inhparent = parent
      AND (bound LIKE 'FOR VALUES FROM (MINVALUE)%'
           OR substring(bound FROM 'FROM \(''(.*?)''\)')::uuid <= audit.month_begins(month))
      AND substring(bound FROM 'TO \(''(.*?)''\)')::uuid >= audit.month_begins(month + interval '1 month'));
$$;

ALTER FUNCTION audit.has_month(parent regclass, month timestamp without time zone) OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.month_begins(month timestamp without time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    RETURN (rpad(lpad(to_hex(((EXTRACT(epoch FROM date_trunc('month'::text, month)) * (1000)::numeric))::bigint), 12, '0'::text), 32, '0'::text))::uuid;

ALTER FUNCTION audit.month_begins(month timestamp without time zone) OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.open_months() RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms'
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

ALTER FUNCTION audit.open_months() OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.refuse_any_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'what is left of a removed tenant stays' USING ERRCODE = 'insufficient_privilege';
END
$$;

ALTER FUNCTION audit.refuse_any_change() OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT FROM audit.removed_tenant
    WHERE number = NULLIF(current_setting('compliance_bot.tenant', true), '')::integer
      AND transaction = pg_current_xact_id() AND removed_at = now())
  THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

ALTER FUNCTION audit.refuse_change() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.attribute_types(attributes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
  SELECT COALESCE(jsonb_object_agg(key, CASE jsonb_typeof(value)
      WHEN 'string' THEN 'String'
      WHEN 'boolean' THEN 'Bool'
      WHEN 'number' THEN CASE
        WHEN value::numeric = trunc(value::numeric)
          AND value::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN 'Long' ELSE 'unknown' END
      WHEN 'array' THEN CASE
        WHEN value = '[]' THEN 'Set'
        WHEN NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string")') THEN 'Set<String>'
        WHEN NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "number" || @ != @.floor()
            || @ < -9223372036854775808 || @ > 9223372036854775807)') THEN 'Set<Long>'
        ELSE 'unknown' END
      WHEN 'object' THEN CASE
        WHEN jsonb_typeof(value->'datetime') = 'number' THEN 'datetime'
        WHEN jsonb_typeof(value->'entity') = 'string' AND jsonb_typeof(value->'id') = 'string' THEN value->>'entity'
        WHEN jsonb_typeof(value->'entities') = 'string' AND jsonb_typeof(value->'ids') = 'array'
          AND NOT jsonb_path_exists(value, 'strict $.ids[*] ? (@.type() != "string")', '{}', true)
          THEN 'Set<' || (value->>'entities') || '>'
        ELSE 'unknown' END
      ELSE 'unknown' END), '{}')
  FROM jsonb_each(attributes)
$_$;

ALTER FUNCTION compliance_bot.attribute_types(attributes jsonb) OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.begin_class_history() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO document_class_history (tenant, document_id, acl_id, since)
  SELECT tenant, id, acl_id, created_at FROM now_there;
  RETURN NULL;
END
$$;

ALTER FUNCTION compliance_bot.begin_class_history() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.continue_class_history() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
BEGIN
  WITH moved AS (
    SELECT n.tenant, n.id, n.acl_id FROM now_there n JOIN was_there w USING (tenant, id) WHERE n.acl_id <> w.acl_id
  ), ended AS (
    UPDATE document_class_history h
    -- A clock that was set back does not turn the order around.
    SET until = GREATEST(clock_timestamp(), h.since + interval '1 microsecond')
    FROM moved m
    WHERE h.tenant = m.tenant AND h.document_id = m.id AND h.until IS NULL
    RETURNING h.tenant, h.document_id, h.until
  )
  INSERT INTO document_class_history (tenant, document_id, acl_id, since)
  SELECT m.tenant, m.id, m.acl_id, COALESCE(e.until, clock_timestamp())
  FROM moved m LEFT JOIN ended e ON e.tenant = m.tenant AND e.document_id = m.id;
  RETURN NULL;
END
$$;

ALTER FUNCTION compliance_bot.continue_class_history() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.end_class_history() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
BEGIN
  UPDATE document_class_history h
  SET until = GREATEST(clock_timestamp(), h.since + interval '1 microsecond')
  FROM was_there w
  WHERE h.tenant = w.tenant AND h.document_id = w.id AND h.until IS NULL;
  RETURN NULL;
END
$$;

ALTER FUNCTION compliance_bot.end_class_history() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.hold_tenant(number integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('compliance_bot.tenant'), number);
  RETURN EXISTS (SELECT FROM tenant WHERE id = number);
END
$$;

ALTER FUNCTION compliance_bot.hold_tenant(number integer) OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.index_model(model smallint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'public', 'pg_temp'
    AS $$
DECLARE
  size integer;
BEGIN
  SELECT dim INTO STRICT size FROM embedding_model WHERE id = model;
  EXECUTE format(
    'CREATE INDEX IF NOT EXISTS %I ON embedding USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops) WHERE model_id = %s',
    'embedding_hnsw_' || model, size, model);
END
$$;

ALTER FUNCTION compliance_bot.index_model(model smallint) OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.model_number(identity text, size integer) RETURNS smallint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'public', 'pg_temp'
    AS $$
DECLARE
  number smallint;
BEGIN
  INSERT INTO embedding_model (hash, dim) VALUES (identity, size) ON CONFLICT (hash) DO NOTHING RETURNING id INTO number;
  IF number IS NOT NULL THEN
    PERFORM index_model(number); -- while there are no vectors of it, the index is made at once
    RETURN number;
  END IF;
  SELECT id INTO STRICT number FROM embedding_model WHERE hash = identity;
  RETURN number;
END
$$;

ALTER FUNCTION compliance_bot.model_number(identity text, size integer) OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.open_tenant(wanted text, keys bytea, OUT state text, OUT number integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
DECLARE
  bound bytea;
BEGIN
  SELECT t.id, t.fingerprint INTO number, bound FROM tenant t WHERE t.name = wanted;
  IF number IS NOT NULL AND bound IS NULL THEN
    UPDATE tenant t SET fingerprint = keys WHERE t.name = wanted AND t.fingerprint IS NULL;
    SELECT t.id, t.fingerprint INTO number, bound FROM tenant t WHERE t.name = wanted; -- another may have been first
  END IF;
  state := CASE WHEN number IS NULL THEN 'unknown' WHEN bound = keys THEN 'open' ELSE 'foreign' END;
  IF state <> 'open' THEN
    number := NULL;
  END IF;
END
$$;

ALTER FUNCTION compliance_bot.open_tenant(wanted text, keys bytea, OUT state text, OUT number integer) OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.removals() RETURNS TABLE(at timestamp with time zone, count bigint, leaf bytea, export bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
  SELECT removed_at, records, last_leaf, export_sha256 FROM audit.removed_tenant
  WHERE number = NULLIF(current_setting('compliance_bot.tenant', true), '')::integer
  ORDER BY removed_at;
$$;

ALTER FUNCTION compliance_bot.removals() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.revise_classes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO class_revision (tenant, revision)
  SELECT tenant, nextval('class_revision_number') FROM (SELECT DISTINCT tenant FROM changed ORDER BY tenant) AS tenants
  ON CONFLICT (tenant) DO UPDATE SET revision = EXCLUDED.revision;
  RETURN NULL;
END
$$;

ALTER FUNCTION compliance_bot.revise_classes() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.skip_class_ids() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'compliance_bot', 'pg_temp'
    AS $$
  SELECT setval(pg_get_serial_sequence('access_class', 'id'), greatest(max(c.id), (SELECT last_value FROM access_class_id_seq)))
  FROM access_class c
  WHERE c.tenant = NULLIF(current_setting('compliance_bot.tenant', true), '')::integer
  HAVING max(c.id) IS NOT NULL;
  SELECT setval(pg_get_serial_sequence('access_shape', 'id'), greatest(max(s.id), (SELECT last_value FROM access_shape_id_seq)))
  FROM access_shape s
  WHERE s.tenant = NULLIF(current_setting('compliance_bot.tenant', true), '')::integer
  HAVING max(s.id) IS NOT NULL;
$$;

ALTER FUNCTION compliance_bot.skip_class_ids() OWNER TO compliance_bot_owner;

CREATE TABLE audit.actor (
    tenant integer NOT NULL,
    mac bytea NOT NULL,
    reference uuid NOT NULL
);

ALTER TABLE ONLY audit.actor FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.actor OWNER TO compliance_bot_owner;

CREATE TABLE audit.checkpoint (
    tenant integer NOT NULL,
    size bigint NOT NULL,
    note bytea NOT NULL,
    signed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    is_handover boolean DEFAULT false NOT NULL,
    CONSTRAINT checkpoint_size_check CHECK ((size > 0))
);

ALTER TABLE ONLY audit.checkpoint FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.checkpoint OWNER TO compliance_bot_owner;

CREATE TABLE audit.cosignature (
    tenant integer NOT NULL,
    size bigint NOT NULL,
    witness text NOT NULL,
    evidence bytea NOT NULL,
    kind text NOT NULL,
    witnessed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT cosignature_kind_check CHECK ((kind = ANY (ARRAY['cosignature'::text, 'timestamp'::text, 'file'::text])))
);

ALTER TABLE ONLY audit.cosignature FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.cosignature OWNER TO compliance_bot_owner;

CREATE TABLE audit.entry (
    entry_id uuid CONSTRAINT entry_entry_id_not_null1 NOT NULL,
    tenant integer CONSTRAINT entry_tenant_not_null1 NOT NULL,
    leaf_hash bytea CONSTRAINT entry_leaf_hash_not_null1 NOT NULL,
    envelope bytea CONSTRAINT entry_envelope_not_null1 NOT NULL,
    CONSTRAINT entry_envelope_check CHECK (((octet_length(envelope) >= 1) AND (octet_length(envelope) <= 65535))),
    CONSTRAINT entry_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32))
)
PARTITION BY RANGE (entry_id);

ALTER TABLE ONLY audit.entry FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.entry OWNER TO compliance_bot_owner;

CREATE TABLE audit.leaf (
    tenant integer NOT NULL,
    leaf_index bigint NOT NULL,
    entry_id uuid NOT NULL,
    CONSTRAINT leaf_leaf_index_check CHECK ((leaf_index >= 0))
);

ALTER TABLE ONLY audit.leaf FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.leaf OWNER TO compliance_bot_owner;

CREATE TABLE audit.payload (
    entry_id uuid CONSTRAINT payload_entry_id_not_null1 NOT NULL,
    tenant integer CONSTRAINT payload_tenant_not_null1 NOT NULL,
    wrapped_key bytea CONSTRAINT payload_wrapped_key_not_null1 NOT NULL,
    ciphertext bytea CONSTRAINT payload_ciphertext_not_null1 NOT NULL
)
PARTITION BY RANGE (entry_id);

ALTER TABLE ONLY audit.payload FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.payload OWNER TO compliance_bot_owner;

CREATE TABLE audit.pending (
    entry_id uuid NOT NULL,
    tenant integer NOT NULL,
    arrived bigint NOT NULL,
    seal bytea,
    CONSTRAINT pending_seal_check CHECK ((octet_length(seal) = 32))
);

ALTER TABLE ONLY audit.pending FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.pending OWNER TO compliance_bot_owner;

ALTER TABLE audit.pending ALTER COLUMN arrived ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit.pending_arrived_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE audit.removed_tenant (
    number integer NOT NULL,
    name_sha256 bytea NOT NULL,
    removed_at timestamp with time zone DEFAULT now() NOT NULL,
    records bigint NOT NULL,
    last_leaf bytea,
    later bytea[] NOT NULL,
    export_sha256 bytea NOT NULL,
    transaction xid8 DEFAULT pg_current_xact_id() NOT NULL
);

ALTER TABLE audit.removed_tenant OWNER TO compliance_bot_owner;

CREATE TABLE audit.tile (
    tenant integer NOT NULL,
    level smallint NOT NULL,
    tile_index bigint NOT NULL,
    hashes bytea NOT NULL,
    root bytea NOT NULL,
    CONSTRAINT tile_hashes_check CHECK ((octet_length(hashes) = (256 * 32))),
    CONSTRAINT tile_level_check CHECK (((level >= 0) AND (level <= 7))),
    CONSTRAINT tile_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT tile_tile_index_check CHECK ((tile_index >= 0))
);

ALTER TABLE ONLY audit.tile FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.tile OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.access_class (
    tenant integer NOT NULL,
    id integer NOT NULL,
    digest bytea NOT NULL,
    attributes jsonb NOT NULL,
    shape_id integer NOT NULL
);

ALTER TABLE ONLY compliance_bot.access_class FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.access_class OWNER TO compliance_bot_owner;

ALTER TABLE compliance_bot.access_class ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME compliance_bot.access_class_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE compliance_bot.access_shape (
    tenant integer NOT NULL,
    id integer NOT NULL,
    types jsonb NOT NULL
);

ALTER TABLE ONLY compliance_bot.access_shape FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.access_shape OWNER TO compliance_bot_owner;

ALTER TABLE compliance_bot.access_shape ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME compliance_bot.access_shape_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE compliance_bot.anchor_position (
    tenant integer NOT NULL,
    "position" bigint NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT anchor_position_check CHECK ((("position" = 0) = (octet_length(mac) = 0))),
    CONSTRAINT anchor_position_mac_check CHECK ((octet_length(mac) = ANY (ARRAY[0, 32]))),
    CONSTRAINT anchor_position_position_check CHECK (("position" >= 0))
);

ALTER TABLE ONLY compliance_bot.anchor_position FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.anchor_position OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.chunk (
    tenant integer NOT NULL,
    id bigint NOT NULL,
    acl_id integer NOT NULL,
    document_id uuid NOT NULL,
    version_id uuid NOT NULL,
    ordinal integer NOT NULL,
    page integer,
    heading text NOT NULL,
    start_at integer NOT NULL,
    end_at integer NOT NULL,
    text text NOT NULL,
    sha256 bytea NOT NULL,
    lead_starts integer[] NOT NULL,
    lead_texts text[] NOT NULL,
    length integer NOT NULL,
    terms bigint[] NOT NULL
);

ALTER TABLE ONLY compliance_bot.chunk FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.chunk_history (
    tenant integer NOT NULL,
    id bigint NOT NULL,
    acl_id integer NOT NULL,
    document_id uuid NOT NULL,
    version_id uuid NOT NULL,
    ordinal integer NOT NULL,
    page integer,
    heading text NOT NULL,
    start_at integer NOT NULL,
    end_at integer NOT NULL,
    text text NOT NULL,
    sha256 bytea NOT NULL,
    lead_starts integer[] NOT NULL,
    lead_texts text[] NOT NULL
);

ALTER TABLE ONLY compliance_bot.chunk_history FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk_history OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.class_count (
    tenant integer NOT NULL,
    acl_id integer NOT NULL,
    chunks bigint NOT NULL,
    terms bigint NOT NULL,
    CONSTRAINT class_count_chunks_check CHECK ((chunks >= 0)),
    CONSTRAINT class_count_terms_check CHECK ((terms >= 0))
);

ALTER TABLE ONLY compliance_bot.class_count FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_count OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.class_revision (
    tenant integer NOT NULL,
    revision bigint NOT NULL
);

ALTER TABLE ONLY compliance_bot.class_revision FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_revision OWNER TO compliance_bot_owner;

CREATE SEQUENCE compliance_bot.class_revision_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE compliance_bot.class_revision_number OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.document (
    tenant integer NOT NULL,
    id uuid NOT NULL,
    acl_id integer NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY compliance_bot.document FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.document_class_history (
    tenant integer NOT NULL,
    document_id uuid NOT NULL,
    acl_id integer NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    CONSTRAINT document_class_history_check CHECK ((until > since))
);

ALTER TABLE ONLY compliance_bot.document_class_history FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_class_history OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.document_place (
    tenant integer NOT NULL,
    place bytea NOT NULL,
    document_id uuid NOT NULL
);

ALTER TABLE ONLY compliance_bot.document_place FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_place OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.document_source (
    tenant integer NOT NULL,
    source bytea NOT NULL,
    document_id uuid NOT NULL,
    acl_id integer NOT NULL
);

ALTER TABLE ONLY compliance_bot.document_source FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_source OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.document_version (
    tenant integer NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    acl_id integer NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    ref text,
    text text NOT NULL,
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    page_starts integer[] NOT NULL,
    actor uuid NOT NULL,
    valid_from timestamp with time zone DEFAULT now() NOT NULL,
    valid_to timestamp with time zone,
    CONSTRAINT document_version_number_check CHECK ((number > 0))
);

ALTER TABLE ONLY compliance_bot.document_version FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_version OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.embedding (
    tenant integer NOT NULL,
    chunk_id bigint NOT NULL,
    acl_id integer NOT NULL,
    model_id smallint CONSTRAINT embedding_model_id_not_null1 NOT NULL,
    vector public.halfvec NOT NULL
);

ALTER TABLE ONLY compliance_bot.embedding FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.embedding OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.embedding_model (
    id smallint NOT NULL,
    hash text NOT NULL,
    dim integer NOT NULL
);

ALTER TABLE compliance_bot.embedding_model OWNER TO compliance_bot_owner;

ALTER TABLE compliance_bot.embedding_model ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME compliance_bot.embedding_model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE compliance_bot.history_embedding (
    tenant integer NOT NULL,
    chunk_id bigint NOT NULL,
    acl_id integer NOT NULL,
    model_id smallint NOT NULL,
    vector public.halfvec NOT NULL
);

ALTER TABLE ONLY compliance_bot.history_embedding FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.history_embedding OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.model_use (
    tenant integer NOT NULL,
    model_id smallint NOT NULL,
    state text NOT NULL,
    name text NOT NULL,
    CONSTRAINT model_use_state_check CHECK ((state = ANY (ARRAY['serving'::text, 'making'::text, 'kept'::text])))
);

ALTER TABLE ONLY compliance_bot.model_use FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.model_use OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.policy_activation (
    tenant integer NOT NULL,
    record uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    digest bytea NOT NULL
);

ALTER TABLE ONLY compliance_bot.policy_activation FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_activation OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.policy_set (
    tenant integer NOT NULL,
    digest bytea NOT NULL,
    hash text NOT NULL,
    sealed bytea NOT NULL
);

ALTER TABLE ONLY compliance_bot.policy_set FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_set OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.posting (
    tenant integer NOT NULL,
    term bigint NOT NULL,
    acl_id integer NOT NULL,
    chunk_id bigint NOT NULL,
    tf smallint NOT NULL,
    length integer NOT NULL,
    CONSTRAINT posting_tf_check CHECK ((tf > 0))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05', autovacuum_analyze_scale_factor='0.05');

ALTER TABLE ONLY compliance_bot.posting FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.posting OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.principal_grant (
    tenant integer NOT NULL,
    id uuid NOT NULL,
    person bytea NOT NULL,
    sealed bytea NOT NULL,
    emergency boolean NOT NULL,
    granted_by uuid NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    revoked_by uuid,
    revoked_at timestamp with time zone,
    reviewed_by uuid,
    reviewed_at timestamp with time zone,
    CONSTRAINT principal_grant_check CHECK ((valid_to > valid_from)),
    CONSTRAINT principal_grant_check1 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT principal_grant_check2 CHECK (((reviewed_at IS NULL) = (reviewed_by IS NULL))),
    CONSTRAINT principal_grant_check3 CHECK (((NOT emergency) OR (valid_to IS NOT NULL)))
);

ALTER TABLE ONLY compliance_bot.principal_grant FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.principal_grant OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.redaction_measure (
    tenant integer NOT NULL,
    record uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    detector text NOT NULL
);

ALTER TABLE ONLY compliance_bot.redaction_measure FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.redaction_measure OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.redaction_review (
    tenant integer NOT NULL,
    record uuid NOT NULL,
    version_id uuid NOT NULL,
    document_id uuid NOT NULL,
    acl_id integer NOT NULL,
    start_at integer NOT NULL,
    end_at integer NOT NULL,
    language text NOT NULL,
    actor uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT redaction_review_check CHECK ((end_at > start_at)),
    CONSTRAINT redaction_review_start_at_check CHECK ((start_at >= 0))
);

ALTER TABLE ONLY compliance_bot.redaction_review FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.redaction_review OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.redaction_score (
    tenant integer NOT NULL,
    measure uuid NOT NULL,
    review uuid NOT NULL,
    acl_id integer NOT NULL,
    profile text NOT NULL,
    profile_sha256 bytea NOT NULL,
    labelled bytea NOT NULL,
    types text[] NOT NULL,
    labels integer[] NOT NULL,
    strict integer[] NOT NULL,
    covered integer[] NOT NULL,
    found integer[] NOT NULL,
    correct integer[] NOT NULL,
    CONSTRAINT redaction_score_check CHECK ((cardinality(types) = ALL (ARRAY[cardinality(labels), cardinality(strict), cardinality(covered), cardinality(found), cardinality(correct)]))),
    CONSTRAINT redaction_score_labelled_check CHECK ((octet_length(labelled) = 32)),
    CONSTRAINT redaction_score_profile_sha256_check CHECK ((octet_length(profile_sha256) = 32))
);

ALTER TABLE ONLY compliance_bot.redaction_score FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.redaction_score OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.search_tuning (
    tenant integer NOT NULL,
    model_id smallint NOT NULL,
    threshold bigint NOT NULL,
    ef_search integer NOT NULL,
    fetch_base integer NOT NULL,
    fetch_slope integer NOT NULL,
    fetch_least integer NOT NULL,
    fetch_most integer NOT NULL,
    recall real NOT NULL,
    chunks bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT search_tuning_check CHECK ((fetch_most >= fetch_least)),
    CONSTRAINT search_tuning_chunks_check CHECK ((chunks >= 0)),
    CONSTRAINT search_tuning_ef_search_check CHECK (((ef_search >= 1) AND (ef_search <= 1000))),
    CONSTRAINT search_tuning_fetch_least_check CHECK ((fetch_least > 0)),
    CONSTRAINT search_tuning_fetch_slope_check CHECK ((fetch_slope >= 0)),
    CONSTRAINT search_tuning_recall_check CHECK (((recall >= (0)::double precision) AND (recall <= (1)::double precision))),
    CONSTRAINT search_tuning_threshold_check CHECK ((threshold >= 0))
);

ALTER TABLE ONLY compliance_bot.search_tuning FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.search_tuning OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.seen_token (
    tenant integer NOT NULL,
    digest bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT seen_token_digest_check CHECK ((octet_length(digest) = 32))
);

ALTER TABLE ONLY compliance_bot.seen_token FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.seen_token OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.stop (
    tenant integer NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    stopped_at timestamp with time zone NOT NULL,
    stopped_by uuid NOT NULL,
    CONSTRAINT stop_check CHECK (((kind = 'tenant'::text) = (name = ''::text))),
    CONSTRAINT stop_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'collection'::text, 'tenant'::text])))
);

ALTER TABLE ONLY compliance_bot.stop FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.stop OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.tenant (
    id integer NOT NULL,
    name text NOT NULL,
    fingerprint bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_id_check CHECK ((id > 0)),
    CONSTRAINT tenant_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

ALTER TABLE compliance_bot.tenant OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.term_stat (
    tenant integer NOT NULL,
    term bigint NOT NULL,
    acl_id integer NOT NULL,
    df integer NOT NULL,
    CONSTRAINT term_stat_df_check CHECK ((df >= 0))
)
WITH (fillfactor='80', autovacuum_vacuum_insert_scale_factor='0.05', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY compliance_bot.term_stat FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.term_stat OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_binding (
    tenant integer NOT NULL,
    version_id uuid NOT NULL,
    in_title boolean NOT NULL,
    start_at integer NOT NULL,
    end_at integer NOT NULL,
    document_id uuid NOT NULL,
    acl_id integer NOT NULL,
    type text NOT NULL,
    number integer NOT NULL,
    token bigint,
    is_restricted boolean DEFAULT false NOT NULL,
    epoch integer NOT NULL,
    wrapped_key bytea NOT NULL,
    ciphertext bytea NOT NULL,
    CONSTRAINT vault_binding_check CHECK ((end_at > start_at)),
    CONSTRAINT vault_binding_number_check CHECK ((number >= 0)),
    CONSTRAINT vault_binding_start_at_check CHECK ((start_at >= 0))
);

ALTER TABLE ONLY compliance_bot.vault_binding FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_binding OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_correction (
    tenant integer NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    is_personal boolean NOT NULL,
    type text NOT NULL,
    mac bytea NOT NULL,
    detector text NOT NULL,
    classes integer[] NOT NULL,
    epoch integer NOT NULL,
    wrapped_key bytea NOT NULL,
    ciphertext bytea NOT NULL,
    CONSTRAINT vault_correction_mac_check CHECK ((octet_length(mac) = 32))
);

ALTER TABLE ONLY compliance_bot.vault_correction FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_correction OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_epoch (
    tenant integer NOT NULL,
    epoch integer NOT NULL,
    check_value bytea NOT NULL,
    began_at timestamp with time zone NOT NULL,
    discarded_at timestamp with time zone,
    CONSTRAINT vault_epoch_check_value_check CHECK ((octet_length(check_value) = 32)),
    CONSTRAINT vault_epoch_epoch_check CHECK ((epoch > 0))
);

ALTER TABLE ONLY compliance_bot.vault_epoch FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_epoch OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_erasure (
    tenant integer NOT NULL,
    record uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY compliance_bot.vault_erasure FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_erasure OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_part (
    tenant integer NOT NULL,
    value bigint NOT NULL,
    part bigint NOT NULL
);

ALTER TABLE ONLY compliance_bot.vault_part FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_part OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.vault_value (
    tenant integer NOT NULL,
    token bigint NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT vault_value_mac_check CHECK ((octet_length(mac) = 32))
);

ALTER TABLE ONLY compliance_bot.vault_value FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_value OWNER TO compliance_bot_owner;

CREATE TABLE compliance_bot.version_revision (
    tenant integer NOT NULL,
    version_id uuid NOT NULL,
    revision integer NOT NULL,
    acl_id integer NOT NULL,
    replaced_sha256 bytea NOT NULL,
    record uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT version_revision_replaced_sha256_check CHECK ((octet_length(replaced_sha256) = 32)),
    CONSTRAINT version_revision_revision_check CHECK ((revision > 0))
);

ALTER TABLE ONLY compliance_bot.version_revision FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.version_revision OWNER TO compliance_bot_owner;

ALTER TABLE ONLY audit.actor
    ADD CONSTRAINT actor_pkey PRIMARY KEY (tenant, mac);

ALTER TABLE ONLY audit.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (tenant, size);

ALTER TABLE ONLY audit.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (tenant, size, witness);

ALTER TABLE ONLY audit.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_entry_id_key UNIQUE (entry_id);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (tenant, leaf_index);

ALTER TABLE ONLY audit.payload
    ADD CONSTRAINT payload_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY audit.pending
    ADD CONSTRAINT pending_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY audit.removed_tenant
    ADD CONSTRAINT removed_tenant_pkey PRIMARY KEY (number, transaction);

ALTER TABLE ONLY audit.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (tenant, level, tile_index);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_tenant_digest_key UNIQUE (tenant, digest);

ALTER TABLE ONLY compliance_bot.access_shape
    ADD CONSTRAINT access_shape_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.access_shape
    ADD CONSTRAINT access_shape_tenant_types_key UNIQUE (tenant, types);

ALTER TABLE ONLY compliance_bot.anchor_position
    ADD CONSTRAINT anchor_position_pkey PRIMARY KEY (tenant);

ALTER TABLE ONLY compliance_bot.chunk_history
    ADD CONSTRAINT chunk_history_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.chunk
    ADD CONSTRAINT chunk_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.class_count
    ADD CONSTRAINT class_count_pkey PRIMARY KEY (tenant, acl_id);

ALTER TABLE ONLY compliance_bot.class_revision
    ADD CONSTRAINT class_revision_pkey PRIMARY KEY (tenant);

ALTER TABLE ONLY compliance_bot.document_class_history
    ADD CONSTRAINT document_class_history_pkey PRIMARY KEY (tenant, document_id, since);

ALTER TABLE ONLY compliance_bot.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.document_place
    ADD CONSTRAINT document_place_pkey PRIMARY KEY (tenant, place, document_id);

ALTER TABLE ONLY compliance_bot.document_source
    ADD CONSTRAINT document_source_pkey PRIMARY KEY (tenant, source);

ALTER TABLE ONLY compliance_bot.document_source
    ADD CONSTRAINT document_source_tenant_document_id_key UNIQUE (tenant, document_id);

ALTER TABLE ONLY compliance_bot.document_version
    ADD CONSTRAINT document_version_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.document_version
    ADD CONSTRAINT document_version_tenant_document_id_number_key UNIQUE (tenant, document_id, number);

ALTER TABLE ONLY compliance_bot.embedding_model
    ADD CONSTRAINT embedding_model_hash_key UNIQUE (hash);

ALTER TABLE ONLY compliance_bot.embedding_model
    ADD CONSTRAINT embedding_model_pkey PRIMARY KEY (id);

ALTER TABLE ONLY compliance_bot.embedding
    ADD CONSTRAINT embedding_pkey PRIMARY KEY (tenant, chunk_id, model_id);

ALTER TABLE ONLY compliance_bot.history_embedding
    ADD CONSTRAINT history_embedding_pkey PRIMARY KEY (tenant, chunk_id, model_id);

ALTER TABLE ONLY compliance_bot.model_use
    ADD CONSTRAINT model_use_pkey PRIMARY KEY (tenant, model_id);

ALTER TABLE ONLY compliance_bot.policy_activation
    ADD CONSTRAINT policy_activation_pkey PRIMARY KEY (tenant, record);

ALTER TABLE ONLY compliance_bot.policy_set
    ADD CONSTRAINT policy_set_pkey PRIMARY KEY (tenant, digest);

ALTER TABLE ONLY compliance_bot.posting
    ADD CONSTRAINT posting_pkey PRIMARY KEY (tenant, term, acl_id, chunk_id) INCLUDE (tf, length);

ALTER TABLE ONLY compliance_bot.principal_grant
    ADD CONSTRAINT principal_grant_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.redaction_measure
    ADD CONSTRAINT redaction_measure_pkey PRIMARY KEY (tenant, record);

ALTER TABLE ONLY compliance_bot.redaction_review
    ADD CONSTRAINT redaction_review_pkey PRIMARY KEY (tenant, record);

ALTER TABLE ONLY compliance_bot.redaction_score
    ADD CONSTRAINT redaction_score_pkey PRIMARY KEY (tenant, measure, review);

ALTER TABLE ONLY compliance_bot.search_tuning
    ADD CONSTRAINT search_tuning_pkey PRIMARY KEY (tenant, model_id);

ALTER TABLE ONLY compliance_bot.seen_token
    ADD CONSTRAINT seen_token_pkey PRIMARY KEY (tenant, digest);

ALTER TABLE ONLY compliance_bot.stop
    ADD CONSTRAINT stop_pkey PRIMARY KEY (tenant, kind, name);

ALTER TABLE ONLY compliance_bot.tenant
    ADD CONSTRAINT tenant_name_key UNIQUE (name);

ALTER TABLE ONLY compliance_bot.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);

ALTER TABLE ONLY compliance_bot.term_stat
    ADD CONSTRAINT term_stat_pkey PRIMARY KEY (tenant, term, acl_id);

ALTER TABLE ONLY compliance_bot.vault_binding
    ADD CONSTRAINT vault_binding_pkey PRIMARY KEY (tenant, version_id, in_title, start_at);

ALTER TABLE ONLY compliance_bot.vault_correction
    ADD CONSTRAINT vault_correction_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.vault_epoch
    ADD CONSTRAINT vault_epoch_pkey PRIMARY KEY (tenant, epoch);

ALTER TABLE ONLY compliance_bot.vault_erasure
    ADD CONSTRAINT vault_erasure_pkey PRIMARY KEY (tenant, record);

ALTER TABLE ONLY compliance_bot.vault_part
    ADD CONSTRAINT vault_part_pkey PRIMARY KEY (tenant, value, part);

ALTER TABLE ONLY compliance_bot.vault_value
    ADD CONSTRAINT vault_value_pkey PRIMARY KEY (tenant, token);

ALTER TABLE ONLY compliance_bot.vault_value
    ADD CONSTRAINT vault_value_tenant_mac_key UNIQUE (tenant, mac);

ALTER TABLE ONLY compliance_bot.version_revision
    ADD CONSTRAINT version_revision_pkey PRIMARY KEY (tenant, version_id, revision);

CREATE INDEX pending_arrived ON audit.pending USING btree (tenant, arrived);

CREATE INDEX chunk_history_acl ON compliance_bot.chunk_history USING btree (tenant, acl_id);

CREATE INDEX chunk_history_version ON compliance_bot.chunk_history USING btree (tenant, version_id);

CREATE INDEX chunk_version ON compliance_bot.chunk USING btree (tenant, version_id);

CREATE INDEX document_acl ON compliance_bot.document USING btree (tenant, acl_id);

CREATE UNIQUE INDEX document_class_history_now ON compliance_bot.document_class_history USING btree (tenant, document_id) WHERE (until IS NULL);

CREATE INDEX document_place_document ON compliance_bot.document_place USING btree (tenant, document_id);

CREATE INDEX document_version_acl ON compliance_bot.document_version USING btree (tenant, acl_id);

CREATE UNIQUE INDEX document_version_current ON compliance_bot.document_version USING btree (tenant, document_id) WHERE (valid_to IS NULL);

CREATE INDEX embedding_acl ON compliance_bot.embedding USING btree (tenant, model_id, acl_id);

CREATE INDEX history_embedding_acl ON compliance_bot.history_embedding USING btree (tenant, model_id, acl_id);

CREATE UNIQUE INDEX model_use_serving ON compliance_bot.model_use USING btree (tenant) WHERE (state = 'serving'::text);

CREATE INDEX policy_activation_at ON compliance_bot.policy_activation USING btree (tenant, at);

CREATE INDEX principal_grant_person ON compliance_bot.principal_grant USING btree (tenant, person);

CREATE INDEX redaction_review_document ON compliance_bot.redaction_review USING btree (tenant, document_id);

CREATE INDEX redaction_review_version ON compliance_bot.redaction_review USING btree (tenant, version_id);

CREATE INDEX redaction_score_review ON compliance_bot.redaction_score USING btree (tenant, review);

CREATE INDEX seen_token_expiry ON compliance_bot.seen_token USING btree (tenant, expires_at);

CREATE INDEX vault_binding_document ON compliance_bot.vault_binding USING btree (tenant, document_id);

CREATE INDEX vault_binding_epoch ON compliance_bot.vault_binding USING btree (tenant, epoch);

CREATE INDEX vault_binding_token ON compliance_bot.vault_binding USING btree (tenant, token);

CREATE INDEX vault_correction_epoch ON compliance_bot.vault_correction USING btree (tenant, epoch);

CREATE INDEX vault_correction_mac ON compliance_bot.vault_correction USING btree (tenant, mac);

CREATE INDEX vault_part_part ON compliance_bot.vault_part USING btree (tenant, part);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.cosignature FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.cosignature ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.leaf FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.payload FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.removed_tenant FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_any_change();

ALTER TABLE audit.removed_tenant ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.tile FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.tile ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER class_history_begins AFTER INSERT ON compliance_bot.document REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.begin_class_history();

ALTER TABLE compliance_bot.document ENABLE ALWAYS TRIGGER class_history_begins;

CREATE TRIGGER class_history_ends AFTER DELETE ON compliance_bot.document REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.end_class_history();

ALTER TABLE compliance_bot.document ENABLE ALWAYS TRIGGER class_history_ends;

CREATE TRIGGER class_history_goes_on AFTER UPDATE ON compliance_bot.document REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.continue_class_history();

ALTER TABLE compliance_bot.document ENABLE ALWAYS TRIGGER class_history_goes_on;

CREATE TRIGGER revise_deleted AFTER DELETE ON compliance_bot.access_class REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_deleted AFTER DELETE ON compliance_bot.class_count REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_inserted AFTER INSERT ON compliance_bot.access_class REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_inserted AFTER INSERT ON compliance_bot.class_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_updated AFTER UPDATE ON compliance_bot.access_class REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_updated AFTER UPDATE ON compliance_bot.class_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

ALTER TABLE ONLY audit.cosignature
    ADD CONSTRAINT cosignature_tenant_size_fkey FOREIGN KEY (tenant, size) REFERENCES audit.checkpoint(tenant, size);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES audit.entry(entry_id);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_tenant_shape_id_fkey FOREIGN KEY (tenant, shape_id) REFERENCES compliance_bot.access_shape(tenant, id);

ALTER TABLE ONLY compliance_bot.chunk_history
    ADD CONSTRAINT chunk_history_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.chunk
    ADD CONSTRAINT chunk_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.class_count
    ADD CONSTRAINT class_count_tenant_acl_id_fkey FOREIGN KEY (tenant, acl_id) REFERENCES compliance_bot.access_class(tenant, id);

ALTER TABLE ONLY compliance_bot.document_class_history
    ADD CONSTRAINT document_class_history_tenant_acl_id_fkey FOREIGN KEY (tenant, acl_id) REFERENCES compliance_bot.access_class(tenant, id);

ALTER TABLE ONLY compliance_bot.document_place
    ADD CONSTRAINT document_place_tenant_document_id_fkey FOREIGN KEY (tenant, document_id) REFERENCES compliance_bot.document(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.document
    ADD CONSTRAINT document_tenant_acl_id_fkey FOREIGN KEY (tenant, acl_id) REFERENCES compliance_bot.access_class(tenant, id);

ALTER TABLE ONLY compliance_bot.document_version
    ADD CONSTRAINT document_version_tenant_document_id_fkey FOREIGN KEY (tenant, document_id) REFERENCES compliance_bot.document(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.embedding
    ADD CONSTRAINT embedding_model_id_fkey FOREIGN KEY (model_id) REFERENCES compliance_bot.embedding_model(id);

ALTER TABLE ONLY compliance_bot.embedding
    ADD CONSTRAINT embedding_tenant_chunk_id_fkey FOREIGN KEY (tenant, chunk_id) REFERENCES compliance_bot.chunk(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.history_embedding
    ADD CONSTRAINT history_embedding_model_id_fkey FOREIGN KEY (model_id) REFERENCES compliance_bot.embedding_model(id);

ALTER TABLE ONLY compliance_bot.history_embedding
    ADD CONSTRAINT history_embedding_tenant_chunk_id_fkey FOREIGN KEY (tenant, chunk_id) REFERENCES compliance_bot.chunk_history(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.model_use
    ADD CONSTRAINT model_use_model_id_fkey FOREIGN KEY (model_id) REFERENCES compliance_bot.embedding_model(id);

ALTER TABLE ONLY compliance_bot.policy_activation
    ADD CONSTRAINT policy_activation_tenant_digest_fkey FOREIGN KEY (tenant, digest) REFERENCES compliance_bot.policy_set(tenant, digest);

ALTER TABLE ONLY compliance_bot.redaction_review
    ADD CONSTRAINT redaction_review_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.redaction_score
    ADD CONSTRAINT redaction_score_tenant_measure_fkey FOREIGN KEY (tenant, measure) REFERENCES compliance_bot.redaction_measure(tenant, record) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.redaction_score
    ADD CONSTRAINT redaction_score_tenant_review_fkey FOREIGN KEY (tenant, review) REFERENCES compliance_bot.redaction_review(tenant, record) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.search_tuning
    ADD CONSTRAINT search_tuning_model_id_fkey FOREIGN KEY (model_id) REFERENCES compliance_bot.embedding_model(id);

ALTER TABLE ONLY compliance_bot.vault_binding
    ADD CONSTRAINT vault_binding_tenant_epoch_fkey FOREIGN KEY (tenant, epoch) REFERENCES compliance_bot.vault_epoch(tenant, epoch);

ALTER TABLE ONLY compliance_bot.vault_binding
    ADD CONSTRAINT vault_binding_tenant_token_fkey FOREIGN KEY (tenant, token) REFERENCES compliance_bot.vault_value(tenant, token);

ALTER TABLE ONLY compliance_bot.vault_binding
    ADD CONSTRAINT vault_binding_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.vault_correction
    ADD CONSTRAINT vault_correction_tenant_epoch_fkey FOREIGN KEY (tenant, epoch) REFERENCES compliance_bot.vault_epoch(tenant, epoch);

ALTER TABLE ONLY compliance_bot.vault_part
    ADD CONSTRAINT vault_part_tenant_part_fkey FOREIGN KEY (tenant, part) REFERENCES compliance_bot.vault_value(tenant, token);

ALTER TABLE ONLY compliance_bot.vault_part
    ADD CONSTRAINT vault_part_tenant_value_fkey FOREIGN KEY (tenant, value) REFERENCES compliance_bot.vault_value(tenant, token) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.version_revision
    ADD CONSTRAINT version_revision_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE audit.actor ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.checkpoint ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.cosignature ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.payload ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.pending ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.removed_tenant ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON audit.actor USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.checkpoint USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.cosignature USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.entry USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.leaf USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.payload USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.pending USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.tile USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

ALTER TABLE audit.tile ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.access_class ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.access_shape ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.anchor_position ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_count ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_revision ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_class_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_place ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_source ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_version ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.embedding ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.embedding_model ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.history_embedding ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.model_use ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_activation ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_set ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.posting ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.principal_grant ENABLE ROW LEVEL SECURITY;

CREATE POLICY readable ON compliance_bot.chunk USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.chunk_history USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.document USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.document_class_history USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.document_version USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.embedding USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.history_embedding USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.posting USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.redaction_review USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.redaction_score USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.term_stat USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.vault_binding USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.version_revision USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.class_bits'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

ALTER TABLE compliance_bot.redaction_measure ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.redaction_review ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.redaction_score ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.search_tuning ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.seen_token ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.stop ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON compliance_bot.access_class USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.access_shape USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.anchor_position USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.class_count USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.class_revision USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.document_place USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.document_source USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.model_use USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.policy_activation USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.policy_set USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.principal_grant USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.redaction_measure USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.search_tuning USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.seen_token USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.stop USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

ALTER TABLE compliance_bot.tenant ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON compliance_bot.vault_correction USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.vault_epoch USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.vault_erasure USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.vault_part USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.vault_value USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

ALTER TABLE compliance_bot.term_stat ENABLE ROW LEVEL SECURITY;

CREATE POLICY used ON compliance_bot.embedding_model FOR SELECT USING ((id IN ( SELECT model_use.model_id
   FROM compliance_bot.model_use)));

ALTER TABLE compliance_bot.vault_binding ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_correction ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_epoch ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_erasure ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_part ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.vault_value ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.version_revision ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA audit TO compliance_bot_app;

GRANT USAGE ON SCHEMA compliance_bot TO compliance_bot_app;

REVOKE ALL ON FUNCTION audit.add_partition(parent regclass, name text, bound text) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.append_all(of_tenant integer, documents uuid[], classes integer[], class_bits text, erasures bigint, ids uuid[], leaf_hashes bytea[], envelopes bytea[], wrapped_keys bytea[], ciphertexts bytea[], seals bytea[], macs bytea[], actors uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.append_all(of_tenant integer, documents uuid[], classes integer[], class_bits text, erasures bigint, ids uuid[], leaf_hashes bytea[], envelopes bytea[], wrapped_keys bytea[], ciphertexts bytea[], seals bytea[], macs bytea[], actors uuid[]) TO compliance_bot_app;

REVOKE ALL ON FUNCTION audit.has_month(parent regclass, month timestamp without time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.month_begins(month timestamp without time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.open_months() FROM PUBLIC;
GRANT ALL ON FUNCTION audit.open_months() TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.begin_class_history() FROM PUBLIC;

REVOKE ALL ON FUNCTION compliance_bot.continue_class_history() FROM PUBLIC;

REVOKE ALL ON FUNCTION compliance_bot.end_class_history() FROM PUBLIC;

REVOKE ALL ON FUNCTION compliance_bot.hold_tenant(number integer) FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.hold_tenant(number integer) TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.index_model(model smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.index_model(model smallint) TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.model_number(identity text, size integer) FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.model_number(identity text, size integer) TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.open_tenant(wanted text, keys bytea, OUT state text, OUT number integer) FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.open_tenant(wanted text, keys bytea, OUT state text, OUT number integer) TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.removals() FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.removals() TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.skip_class_ids() FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.skip_class_ids() TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.actor TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.checkpoint TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.cosignature TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.entry TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.leaf TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.payload TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE audit.pending TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.tile TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.access_class TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.access_shape TO compliance_bot_app;

GRANT SELECT,INSERT,UPDATE ON TABLE compliance_bot.anchor_position TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.chunk TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.chunk_history TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.class_count TO compliance_bot_app;

GRANT SELECT,INSERT,UPDATE ON TABLE compliance_bot.class_revision TO compliance_bot_app;

GRANT USAGE ON SEQUENCE compliance_bot.class_revision_number TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document TO compliance_bot_app;

GRANT SELECT ON TABLE compliance_bot.document_class_history TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_place TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_source TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_version TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.embedding TO compliance_bot_app;

GRANT SELECT ON TABLE compliance_bot.embedding_model TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.history_embedding TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.model_use TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.policy_activation TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.policy_set TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.posting TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.principal_grant TO compliance_bot_app;

GRANT UPDATE(revoked_by) ON TABLE compliance_bot.principal_grant TO compliance_bot_app;

GRANT UPDATE(revoked_at) ON TABLE compliance_bot.principal_grant TO compliance_bot_app;

GRANT UPDATE(reviewed_by) ON TABLE compliance_bot.principal_grant TO compliance_bot_app;

GRANT UPDATE(reviewed_at) ON TABLE compliance_bot.principal_grant TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.redaction_measure TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.redaction_review TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.redaction_score TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.search_tuning TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.seen_token TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE compliance_bot.stop TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.term_stat TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.vault_binding TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE compliance_bot.vault_correction TO compliance_bot_app;

GRANT UPDATE(epoch) ON TABLE compliance_bot.vault_correction TO compliance_bot_app;

GRANT UPDATE(wrapped_key) ON TABLE compliance_bot.vault_correction TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.vault_epoch TO compliance_bot_app;

GRANT UPDATE(discarded_at) ON TABLE compliance_bot.vault_epoch TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.vault_erasure TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE compliance_bot.vault_part TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE compliance_bot.vault_value TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.version_revision TO compliance_bot_app;

GRANT UPDATE(acl_id) ON TABLE compliance_bot.version_revision TO compliance_bot_app;
