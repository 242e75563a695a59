-- passages: Readable passages that nobody has reviewed and whose every value may be seen, in the order of a draw
SELECT c.document_id, c.version_id, v.number, v.title, c.acl_id, c.start_at, c.text
FROM chunk c
JOIN document_version v ON v.tenant = c.tenant AND v.id = c.version_id
JOIN access_class a ON a.tenant = c.tenant AND a.id = c.acl_id
WHERE c.tenant = %(tenant)s AND c.acl_id = ANY(%(classes)s)
  AND (%(collection)s::text IS NULL OR a.attributes->>'collection' = %(collection)s)
  AND NOT EXISTS (
    SELECT FROM redaction_review r
    WHERE r.tenant = c.tenant AND r.version_id = c.version_id AND r.start_at < c.end_at AND r.end_at > c.start_at)
  AND NOT EXISTS (
    SELECT FROM vault_binding b
    WHERE b.tenant = c.tenant AND b.version_id = c.version_id AND NOT b.in_title AND b.number > 0
      AND b.start_at < c.end_at AND b.end_at > c.start_at
      AND (b.is_restricted OR NOT EXISTS (
        SELECT FROM unnest(%(seen_classes)s::integer[], %(seen_types)s::text[]) AS seen(acl_id, type)
        WHERE seen.acl_id = b.acl_id AND seen.type = b.type)))
ORDER BY hashint8extended(c.id, %(seed)s), c.id
LIMIT %(limit)s OFFSET %(after)s

-- standing_types: The types of the values that readable documents hold, by class
SELECT DISTINCT acl_id, type FROM vault_binding
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND number > 0 AND NOT is_restricted

-- reviews: What was confirmed in readable versions, version by version in reading order
SELECT record, version_id, document_id, acl_id, start_at, end_at, language FROM redaction_review
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s)
ORDER BY version_id, start_at

-- reviews_of: What was confirmed in one version that is open, in reading order
SELECT record, version_id, document_id, acl_id, start_at, end_at, language FROM redaction_review
WHERE tenant = %(tenant)s AND version_id = %(version)s
ORDER BY start_at

-- add_review: A confirmation
INSERT INTO redaction_review (tenant, record, version_id, document_id, acl_id, start_at, end_at, language, actor, at)
VALUES (%(tenant)s, %(record)s, %(version)s, %(document)s, %(class_id)s, %(start)s, %(end)s, %(language)s, %(actor)s, %(at)s)

-- set_language: Another language of what was confirmed
UPDATE redaction_review SET language = %(language)s WHERE tenant = %(tenant)s AND record = %(review)s

-- shift: Other places of what was confirmed
UPDATE redaction_review r SET start_at = n.start_at, end_at = n.end_at
FROM unnest(%(reviews)s::uuid[], %(starts)s::integer[], %(ends)s::integer[]) AS n(record, start_at, end_at)
WHERE r.tenant = %(tenant)s AND r.record = n.record

-- drop: Forget confirmations
DELETE FROM redaction_review WHERE tenant = %(tenant)s AND record = ANY(%(reviews)s::uuid[])

-- text: Title and text of a readable version
SELECT title, text FROM document_version
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND id = %(version)s
