-- Documents and their versions. All text is masked before it comes here.
-- depends: 0001_access

CREATE TABLE document (
  tenant integer NOT NULL,
  id uuid NOT NULL,
  acl_id integer NOT NULL,
  title text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, acl_id) REFERENCES access_class
);

-- Where a document came from, as a keyed hash: finds the document that a file updates without telling its path.
CREATE TABLE document_source (
  tenant integer NOT NULL,
  source bytea NOT NULL,
  document_id uuid NOT NULL,
  acl_id integer NOT NULL,
  PRIMARY KEY (tenant, source),
  UNIQUE (tenant, document_id)
);

CREATE TABLE document_version (
  tenant integer NOT NULL,
  id uuid NOT NULL,
  document_id uuid NOT NULL,
  acl_id integer NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  title text NOT NULL,
  ref text, -- `_id` of a ready passage
  text text NOT NULL,
  sha256 bytea NOT NULL, -- of `text`
  content bytea NOT NULL, -- keyed hash of the file's bytes and of the way they were processed: tells what is unchanged
  page_starts integer[] NOT NULL, -- where in `text` each page begins; empty for formats without pages
  actor uuid NOT NULL, -- who ingested it, by random reference
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_to timestamptz, -- null while it is the current one
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, document_id, number),
  FOREIGN KEY (tenant, document_id) REFERENCES document ON DELETE CASCADE
);

CREATE UNIQUE INDEX document_version_current ON document_version (tenant, document_id) WHERE valid_to IS NULL;
CREATE INDEX document_version_acl ON document_version (tenant, acl_id);
CREATE INDEX document_acl ON document (tenant, acl_id);
