-- Under which named paths and in which containers a document lies, as keyed hashes: tells which documents are gone from a
-- folder without telling the folder. Documents ingested before have no place until their folder is ingested again.
-- depends: 0006_row_level_security

CREATE TABLE document_place (
  tenant integer NOT NULL,
  place bytea NOT NULL, -- of a path that was named, or of the file that contains the document
  document_id uuid NOT NULL,
  PRIMARY KEY (tenant, place, document_id),
  FOREIGN KEY (tenant, document_id) REFERENCES document ON DELETE CASCADE
);

CREATE INDEX document_place_document ON document_place (tenant, document_id);

ALTER TABLE document_place ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_place FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON document_place
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), ''))::integer);
