-- Which access class each document had, from when to when: tells who could read it on a past day. Triggers keep it, so that
-- no way of changing a class can forget to; the application account may read it and not write it.
-- depends: 0012_tenants

CREATE TABLE document_class_history (
  tenant integer NOT NULL,
  document_id uuid NOT NULL, -- no reference: a deleted document had its classes too
  acl_id integer NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz CHECK (until > since), -- null while the document has this class
  PRIMARY KEY (tenant, document_id, since),
  FOREIGN KEY (tenant, acl_id) REFERENCES access_class
);

CREATE UNIQUE INDEX document_class_history_now ON document_class_history (tenant, document_id) WHERE until IS NULL;

-- Row-level security holds for the owner too; what follows reads the documents of all tenants.
ALTER TABLE document NO FORCE ROW LEVEL SECURITY;
INSERT INTO document_class_history (tenant, document_id, acl_id, since) SELECT tenant, id, acl_id, created_at FROM document;
ALTER TABLE document FORCE ROW LEVEL SECURITY;

ALTER TABLE document_class_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_class_history FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON document_class_history
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
    AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
      THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
      ELSE false END);

CREATE FUNCTION begin_class_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
AS $$
BEGIN
  INSERT INTO document_class_history (tenant, document_id, acl_id, since)
  SELECT tenant, id, acl_id, created_at FROM now_there;
  RETURN NULL;
END
$$;

CREATE FUNCTION continue_class_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
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

CREATE FUNCTION end_class_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = compliance_bot, pg_temp
AS $$
BEGIN
  UPDATE document_class_history h
  SET until = GREATEST(clock_timestamp(), h.since + interval '1 microsecond')
  FROM was_there w
  WHERE h.tenant = w.tenant AND h.document_id = w.id AND h.until IS NULL;
  RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION begin_class_history(), continue_class_history(), end_class_history() FROM PUBLIC;

CREATE TRIGGER class_history_begins AFTER INSERT ON document
  REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION begin_class_history();
CREATE TRIGGER class_history_goes_on AFTER UPDATE ON document
  REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION continue_class_history();
CREATE TRIGGER class_history_ends AFTER DELETE ON document
  REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION end_class_history();

-- Ordinary triggers are silent under session_replication_role = replica.
ALTER TABLE document ENABLE ALWAYS TRIGGER class_history_begins;
ALTER TABLE document ENABLE ALWAYS TRIGGER class_history_goes_on;
ALTER TABLE document ENABLE ALWAYS TRIGGER class_history_ends;
