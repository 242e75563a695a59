-- How well redaction does on a home's own documents: which stretches of text somebody confirmed, and what was counted in
-- them. The labels are what the vault binds there: no value is copied, and a label goes when its value goes.
-- depends: 0021_anchor

-- Somebody has read this stretch and said: everything personal in it is masked with the right type, and nothing else is.
CREATE TABLE redaction_review (
  tenant integer NOT NULL,
  record uuid NOT NULL, -- of the confirmation: names it
  version_id uuid NOT NULL,
  document_id uuid NOT NULL,
  acl_id integer NOT NULL,
  start_at integer NOT NULL CHECK (start_at >= 0), -- in the version's text; stretches of one version do not overlap
  end_at integer NOT NULL CHECK (end_at > start_at),
  language text NOT NULL, -- a BCP 47 code; `und` where nobody said
  actor uuid NOT NULL, -- who confirmed it, by random reference
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, record),
  FOREIGN KEY (tenant, version_id) REFERENCES document_version ON DELETE CASCADE
);

CREATE INDEX redaction_review_version ON redaction_review (tenant, version_id);
CREATE INDEX redaction_review_document ON redaction_review (tenant, document_id);

-- One run of a detector over what was confirmed.
CREATE TABLE redaction_measure (
  tenant integer NOT NULL,
  record uuid NOT NULL,
  at timestamptz NOT NULL,
  detector text NOT NULL, -- its version
  PRIMARY KEY (tenant, record)
);

-- What it counted in one stretch: the nth of each array is of the nth type. No lengths: they would tell of values.
CREATE TABLE redaction_score (
  tenant integer NOT NULL,
  measure uuid NOT NULL,
  review uuid NOT NULL,
  acl_id integer NOT NULL,
  profile text NOT NULL, -- of the collection at that time
  profile_sha256 bytea NOT NULL CHECK (octet_length(profile_sha256) = 32),
  labelled bytea NOT NULL CHECK (octet_length(labelled) = 32), -- of types and places of placeholders: the same labels?
  types text[] NOT NULL,
  labels integer[] NOT NULL,
  strict integer[] NOT NULL, -- found with their borders and type
  covered integer[] NOT NULL, -- masked whole, as whatever
  found integer[] NOT NULL,
  correct integer[] NOT NULL, -- of those found
  PRIMARY KEY (tenant, measure, review),
  FOREIGN KEY (tenant, measure) REFERENCES redaction_measure ON DELETE CASCADE,
  FOREIGN KEY (tenant, review) REFERENCES redaction_review ON DELETE CASCADE,
  CHECK (cardinality(types) = ALL (ARRAY[cardinality(labels), cardinality(strict), cardinality(covered),
                                         cardinality(found), cardinality(correct)]))
);

CREATE INDEX redaction_score_review ON redaction_score (tenant, review);

ALTER TABLE redaction_measure ENABLE ROW LEVEL SECURITY;
ALTER TABLE redaction_measure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON redaction_measure
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer));

ALTER TABLE redaction_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE redaction_review FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON redaction_review
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
    AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
      THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
      ELSE false END);

ALTER TABLE redaction_score ENABLE ROW LEVEL SECURITY;
ALTER TABLE redaction_score FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON redaction_score
  USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
    AND CASE WHEN acl_id < 8 * length((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea))
      THEN get_bit((SELECT NULLIF(current_setting('compliance_bot.class_bits', true), '')::bytea), acl_id) = 1
      ELSE false END);
