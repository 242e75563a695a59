-- The schema of the database: the sum of migrations/, as pg_dump tells it.
-- Written by `python -m tests.integration.schema > docs/reference/schema.sql`; a test compares.

CREATE SCHEMA audit;

ALTER SCHEMA audit OWNER TO compliance_bot_owner;

CREATE SCHEMA compliance_bot;

ALTER SCHEMA compliance_bot OWNER TO compliance_bot_owner;

CREATE FUNCTION audit.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

ALTER FUNCTION audit.refuse_change() OWNER TO compliance_bot_owner;

CREATE FUNCTION compliance_bot.attribute_types(attributes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT COALESCE(jsonb_object_agg(key, CASE jsonb_typeof(value)
      WHEN 'string' THEN 'String'
      WHEN 'number' THEN 'Long'
      WHEN 'boolean' THEN 'Bool'
      WHEN 'array' THEN CASE jsonb_typeof(value->0)
        WHEN 'string' THEN 'Set<String>' WHEN 'number' THEN 'Set<Long>' ELSE 'Set' END
      WHEN 'object' THEN CASE
        WHEN value ? 'datetime' THEN 'datetime'
        WHEN value ? 'entity' THEN value->>'entity'
        WHEN value ? 'entities' THEN 'Set<' || (value->>'entities') || '>'
        ELSE 'unknown' END
      ELSE 'unknown' END), '{}')
  FROM jsonb_each(attributes)
$$;

ALTER FUNCTION compliance_bot.attribute_types(attributes jsonb) OWNER TO compliance_bot_owner;

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

CREATE FUNCTION compliance_bot.revise_classes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO class_revision (tenant, revision) SELECT DISTINCT tenant, 1 FROM changed ORDER BY tenant
  ON CONFLICT (tenant) DO UPDATE SET revision = class_revision.revision + 1;
  RETURN NULL;
END
$$;

ALTER FUNCTION compliance_bot.revise_classes() OWNER TO compliance_bot_owner;

CREATE TABLE audit.actor (
    tenant integer NOT NULL,
    mac bytea NOT NULL,
    reference uuid NOT NULL
);

ALTER TABLE ONLY audit.actor FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.actor OWNER TO compliance_bot_owner;

CREATE TABLE audit.entry (
    entry_id uuid NOT NULL,
    tenant integer NOT NULL,
    leaf_hash bytea NOT NULL,
    envelope bytea NOT NULL,
    CONSTRAINT entry_envelope_check CHECK (((octet_length(envelope) >= 1) AND (octet_length(envelope) <= 65535))),
    CONSTRAINT entry_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32))
);

ALTER TABLE ONLY audit.entry FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.entry OWNER TO compliance_bot_owner;

CREATE TABLE audit.payload (
    entry_id uuid NOT NULL,
    tenant integer NOT NULL,
    wrapped_key bytea NOT NULL,
    ciphertext bytea NOT NULL
);

ALTER TABLE ONLY audit.payload FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.payload OWNER TO compliance_bot_owner;

CREATE TABLE audit.pending (
    entry_id uuid NOT NULL,
    tenant integer NOT NULL
);

ALTER TABLE ONLY audit.pending FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.pending OWNER TO compliance_bot_owner;

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

CREATE TABLE compliance_bot.document (
    tenant integer NOT NULL,
    id uuid NOT NULL,
    acl_id integer NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY compliance_bot.document FORCE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document OWNER TO compliance_bot_owner;

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
    name text NOT NULL,
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

ALTER TABLE ONLY audit.actor
    ADD CONSTRAINT actor_pkey PRIMARY KEY (tenant, mac);

ALTER TABLE ONLY audit.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY audit.payload
    ADD CONSTRAINT payload_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY audit.pending
    ADD CONSTRAINT pending_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_tenant_digest_key UNIQUE (tenant, digest);

ALTER TABLE ONLY compliance_bot.access_shape
    ADD CONSTRAINT access_shape_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.access_shape
    ADD CONSTRAINT access_shape_tenant_types_key UNIQUE (tenant, types);

ALTER TABLE ONLY compliance_bot.chunk_history
    ADD CONSTRAINT chunk_history_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.chunk
    ADD CONSTRAINT chunk_pkey PRIMARY KEY (tenant, id);

ALTER TABLE ONLY compliance_bot.class_count
    ADD CONSTRAINT class_count_pkey PRIMARY KEY (tenant, acl_id);

ALTER TABLE ONLY compliance_bot.class_revision
    ADD CONSTRAINT class_revision_pkey PRIMARY KEY (tenant);

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

ALTER TABLE ONLY compliance_bot.stop
    ADD CONSTRAINT stop_pkey PRIMARY KEY (tenant, kind, name);

ALTER TABLE ONLY compliance_bot.term_stat
    ADD CONSTRAINT term_stat_pkey PRIMARY KEY (tenant, term, acl_id);

CREATE INDEX chunk_history_acl ON compliance_bot.chunk_history USING btree (tenant, acl_id);

CREATE INDEX chunk_history_version ON compliance_bot.chunk_history USING btree (tenant, version_id);

CREATE INDEX chunk_version ON compliance_bot.chunk USING btree (tenant, version_id);

CREATE INDEX document_acl ON compliance_bot.document USING btree (tenant, acl_id);

CREATE INDEX document_place_document ON compliance_bot.document_place USING btree (tenant, document_id);

CREATE INDEX document_version_acl ON compliance_bot.document_version USING btree (tenant, acl_id);

CREATE UNIQUE INDEX document_version_current ON compliance_bot.document_version USING btree (tenant, document_id) WHERE (valid_to IS NULL);

CREATE INDEX embedding_acl ON compliance_bot.embedding USING btree (tenant, model_id, acl_id);

CREATE INDEX history_embedding_acl ON compliance_bot.history_embedding USING btree (tenant, model_id, acl_id);

CREATE UNIQUE INDEX model_use_serving ON compliance_bot.model_use USING btree (tenant) WHERE (state = 'serving'::text);

CREATE INDEX policy_activation_at ON compliance_bot.policy_activation USING btree (tenant, at);

CREATE INDEX principal_grant_person ON compliance_bot.principal_grant USING btree (tenant, person);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.payload FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE audit.payload ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER revise_deleted AFTER DELETE ON compliance_bot.access_class REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_deleted AFTER DELETE ON compliance_bot.class_count REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_inserted AFTER INSERT ON compliance_bot.access_class REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_inserted AFTER INSERT ON compliance_bot.class_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_updated AFTER UPDATE ON compliance_bot.access_class REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

CREATE TRIGGER revise_updated AFTER UPDATE ON compliance_bot.class_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION compliance_bot.revise_classes();

ALTER TABLE ONLY audit.payload
    ADD CONSTRAINT payload_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES audit.entry(entry_id);

ALTER TABLE ONLY audit.pending
    ADD CONSTRAINT pending_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES audit.entry(entry_id);

ALTER TABLE ONLY compliance_bot.access_class
    ADD CONSTRAINT access_class_tenant_shape_id_fkey FOREIGN KEY (tenant, shape_id) REFERENCES compliance_bot.access_shape(tenant, id);

ALTER TABLE ONLY compliance_bot.chunk_history
    ADD CONSTRAINT chunk_history_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.chunk
    ADD CONSTRAINT chunk_tenant_version_id_fkey FOREIGN KEY (tenant, version_id) REFERENCES compliance_bot.document_version(tenant, id) ON DELETE CASCADE;

ALTER TABLE ONLY compliance_bot.class_count
    ADD CONSTRAINT class_count_tenant_acl_id_fkey FOREIGN KEY (tenant, acl_id) REFERENCES compliance_bot.access_class(tenant, id);

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

ALTER TABLE audit.actor ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.payload ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.pending ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON audit.actor USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.entry USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.payload USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON audit.pending USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

ALTER TABLE compliance_bot.access_class ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.access_shape ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.chunk_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_count ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.class_revision ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_place ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_source ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.document_version ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.embedding ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.history_embedding ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.model_use ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_activation ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.policy_set ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.posting ENABLE ROW LEVEL SECURITY;

ALTER TABLE compliance_bot.principal_grant ENABLE ROW LEVEL SECURITY;

CREATE POLICY readable ON compliance_bot.chunk USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.chunk_history USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.document USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.document_version USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.embedding USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.history_embedding USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.posting USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

CREATE POLICY readable ON compliance_bot.term_stat USING (((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")) AND
CASE
    WHEN (acl_id < (8 * length(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif")))) THEN (get_bit(( SELECT (NULLIF(current_setting('compliance_bot.classes'::text, true), ''::text))::bytea AS "nullif"), (acl_id)::bigint) = 1)
    ELSE false
END));

ALTER TABLE compliance_bot.stop ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON compliance_bot.access_class USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.access_shape USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.class_count USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.class_revision USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.document_place USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.document_source USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.model_use USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.policy_activation USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.policy_set USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.principal_grant USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

CREATE POLICY tenant ON compliance_bot.stop USING ((tenant = ( SELECT (NULLIF(current_setting('compliance_bot.tenant'::text, true), ''::text))::integer AS "nullif")));

ALTER TABLE compliance_bot.term_stat ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA audit TO compliance_bot_app;

GRANT USAGE ON SCHEMA compliance_bot TO compliance_bot_app;

REVOKE ALL ON FUNCTION compliance_bot.index_model(model smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION compliance_bot.index_model(model smallint) TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.actor TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.entry TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE audit.payload TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE ON TABLE audit.pending TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.access_class TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.access_shape TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.chunk TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.chunk_history TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.class_count TO compliance_bot_app;

GRANT SELECT,INSERT,UPDATE ON TABLE compliance_bot.class_revision TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_place TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_source TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.document_version TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.embedding TO compliance_bot_app;

GRANT SELECT,INSERT ON TABLE compliance_bot.embedding_model TO compliance_bot_app;

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

GRANT SELECT,INSERT,DELETE ON TABLE compliance_bot.stop TO compliance_bot_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE compliance_bot.term_stat TO compliance_bot_app;
