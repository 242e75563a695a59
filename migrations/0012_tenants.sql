-- Tenants by name: several institutions in one database, each bound to the keys of its home. The application account
-- cannot read this table, and so cannot list who else is there; it asks for one exact name.
-- depends: 0011_seen_tokens

CREATE TABLE tenant (
  id integer PRIMARY KEY CHECK (id > 0), -- `tenant` in every other table
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
  fingerprint bytea, -- keyed hash made with the keys that its rows are made with; null until a home opens it
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO tenant (id, name) VALUES (1, 'default'); -- what there was before tenants had names

-- No policy: nobody but the owner sees a row. Not forced: the functions below are the owner's.
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;

-- Says whether a tenant of exactly this name is `open` to these keys (with its number), `foreign` to them or `unknown`.
-- The first keys that come are the tenant's from then on.
CREATE FUNCTION open_tenant(wanted text, keys bytea, OUT state text, OUT number integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
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

-- Whoever writes holds the tenant: it is there, and is not removed before the transaction ends. Tenants do not wait for
-- each other here.
CREATE FUNCTION hold_tenant(number integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('compliance_bot.tenant'), number);
  RETURN EXISTS (SELECT FROM tenant WHERE id = number);
END
$$;

-- What a tenant calls a model may be a path on its own machine: it stands with the tenant, not with the model.
ALTER TABLE model_use ADD COLUMN name text;
ALTER TABLE model_use NO FORCE ROW LEVEL SECURITY;
UPDATE model_use u SET name = m.name FROM embedding_model m WHERE m.id = u.model_id;
ALTER TABLE model_use FORCE ROW LEVEL SECURITY;
ALTER TABLE model_use ALTER COLUMN name SET NOT NULL;
ALTER TABLE embedding_model DROP COLUMN name;

-- A tenant sees the models that it uses, not those of others. Not forced: the functions of the owner see all.
ALTER TABLE embedding_model ENABLE ROW LEVEL SECURITY;
CREATE POLICY used ON embedding_model FOR SELECT USING (id IN (SELECT model_id FROM model_use));

-- The number of a model, which is made known, with an index of its own, where it is new.
CREATE FUNCTION model_number(identity text, size integer) RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, public, pg_temp
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

-- An imported tenant keeps the ids of its access classes and their shapes; those that come after must be new.
CREATE FUNCTION skip_class_ids() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
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

-- What is left of a tenant that was removed with its log. It has no names and no text.
CREATE TABLE audit.removed_tenant (
  number integer NOT NULL,
  name_sha256 bytea NOT NULL,
  removed_at timestamptz NOT NULL DEFAULT now(),
  records bigint NOT NULL, -- how many the log had
  last_leaf bytea, -- hash of its newest record
  later bytea[] NOT NULL, -- the envelopes that came after the export: of the export itself and of the removal
  export_sha256 bytea NOT NULL, -- of the manifest of the export that has everything else
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (number, transaction)
);

ALTER TABLE audit.removed_tenant ENABLE ROW LEVEL SECURITY; -- and no policy: for the owner alone

CREATE FUNCTION audit.refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what is left of a removed tenant stays' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.removed_tenant
  FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_any_change();
ALTER TABLE audit.removed_tenant ENABLE ALWAYS TRIGGER append_only;

-- Records leave the log only with their whole tenant, in the transaction that says so in `removed_tenant`. Row-level
-- security, which holds for the owner too, keeps that to the rows of the one tenant. The application account can
-- neither delete a record nor write, or read, `removed_tenant`.
CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- What the log of the tenant in force had before, if it was removed and began again.
CREATE FUNCTION removals() RETURNS TABLE (at timestamptz, count bigint, leaf bytea, export bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = compliance_bot, pg_temp
AS $$
  SELECT removed_at, records, last_leaf, export_sha256 FROM audit.removed_tenant
  WHERE number = NULLIF(current_setting('compliance_bot.tenant', true), '')::integer
  ORDER BY removed_at;
$$;

REVOKE ALL ON FUNCTION open_tenant(text, bytea), hold_tenant(integer), model_number(text, integer), skip_class_ids(), removals()
  FROM PUBLIC;
