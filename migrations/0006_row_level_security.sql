-- Row-level security, forced on the owner too: a query without its scope finds nothing. The settings are set for one
-- transaction at a time; absent or empty, no row qualifies. (SELECT ...) makes each setting be read once per query.
-- depends: 0005_audit

ALTER TABLE document ENABLE ROW LEVEL SECURITY;
ALTER TABLE document FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON document
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE document_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_version FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON document_version
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON chunk
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE embedding ENABLE ROW LEVEL SECURITY;
ALTER TABLE embedding FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON embedding
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE chunk_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunk_history FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON chunk_history
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE posting FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON posting
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

ALTER TABLE term_stat ENABLE ROW LEVEL SECURITY;
ALTER TABLE term_stat FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON term_stat
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer
    AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), ''))::integer[]));

-- These tell no text, and must be read before the scope is known.

ALTER TABLE access_class ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_class FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON access_class
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE class_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE class_count FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON class_count
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE document_source ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_source FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON document_source
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.entry
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE audit.payload ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.payload FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.payload
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE audit.pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.pending FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.pending
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);

ALTER TABLE audit.actor ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.actor FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.actor
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);
