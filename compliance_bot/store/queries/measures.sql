-- add_measure: A run of a detector
INSERT INTO redaction_measure (tenant, record, at, detector) VALUES (%(tenant)s, %(measure)s, %(at)s, %(detector)s)

-- add_score: What it counted in one stretch; nothing where that is confirmed no more, or may not be read any more
INSERT INTO redaction_score (tenant, measure, review, acl_id, profile, profile_sha256, labelled, types, labels, strict,
                             covered, found, correct)
SELECT r.tenant, %(measure)s, r.record, r.acl_id, %(profile)s, %(profile_sha256)s, %(labelled)s, %(types)s::text[],
       %(labels)s::integer[], %(strict)s::integer[], %(covered)s::integer[], %(found)s::integer[], %(correct)s::integer[]
FROM redaction_review r
WHERE r.tenant = %(tenant)s AND r.record = %(review)s AND r.acl_id = ANY(%(classes)s)

-- history: Each run that counted something readable, the newest first, with the sums over what is readable
SELECT m.record, m.at, m.detector, array_agg(DISTINCT s.profile ORDER BY s.profile), count(DISTINCT s.review),
       COALESCE(sum(c.labels), 0), COALESCE(sum(c.strict), 0), COALESCE(sum(c.covered), 0), COALESCE(sum(c.found), 0),
       COALESCE(sum(c.correct), 0)
FROM redaction_measure m
JOIN redaction_score s ON s.tenant = m.tenant AND s.measure = m.record
LEFT JOIN LATERAL unnest(s.labels, s.strict, s.covered, s.found, s.correct)
  AS c(labels, strict, covered, found, correct) ON true
WHERE m.tenant = %(tenant)s AND s.acl_id = ANY(%(classes)s)
GROUP BY m.record, m.at, m.detector
ORDER BY m.at DESC, m.record DESC

-- scores: What a run counted in readable stretches
SELECT s.review, r.language, s.types, s.labels, s.strict, s.covered, s.found, s.correct
FROM redaction_score s
JOIN redaction_review r ON r.tenant = s.tenant AND r.record = s.review
WHERE s.tenant = %(tenant)s AND s.measure = %(measure)s AND s.acl_id = ANY(%(classes)s)
ORDER BY s.review

-- before: The last run before this one that looked at some of its readable stretches, with the same labels, in another way
SELECT earlier.record
FROM redaction_measure this
JOIN redaction_score s ON s.tenant = this.tenant AND s.measure = this.record
JOIN redaction_score e ON e.tenant = s.tenant AND e.review = s.review AND e.labelled = s.labelled
JOIN redaction_measure earlier ON earlier.tenant = e.tenant AND earlier.record = e.measure
WHERE this.tenant = %(tenant)s AND this.record = %(measure)s AND s.acl_id = ANY(%(classes)s)
  AND (earlier.at, earlier.record) < (this.at, this.record)
  AND (earlier.detector, e.profile_sha256) <> (this.detector, s.profile_sha256)
ORDER BY earlier.at DESC, earlier.record DESC
LIMIT 1

-- comparable: The readable stretches that both runs looked at, with the same labels, in different ways
SELECT s.review
FROM redaction_measure this
JOIN redaction_score s ON s.tenant = this.tenant AND s.measure = this.record
JOIN redaction_measure earlier ON earlier.tenant = this.tenant AND earlier.record = %(before)s
JOIN redaction_score e
  ON e.tenant = s.tenant AND e.measure = earlier.record AND e.review = s.review AND e.labelled = s.labelled
WHERE this.tenant = %(tenant)s AND this.record = %(measure)s AND s.acl_id = ANY(%(classes)s)
  AND (earlier.detector, e.profile_sha256) <> (this.detector, s.profile_sha256)
