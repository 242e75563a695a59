-- document: The attributes of a document, whoever may read it
SELECT c.attributes FROM document_source s
JOIN access_class c ON c.tenant = s.tenant AND c.id = s.acl_id
WHERE s.tenant = %(tenant)s AND s.document_id = %(document)s
LIMIT 1

-- totals: How many documents and live passages there are in each class that has any
SELECT s.acl_id, count(DISTINCT s.document_id), COALESCE(max(n.chunks), 0)
FROM document_source s
LEFT JOIN class_count n ON n.tenant = s.tenant AND n.acl_id = s.acl_id
WHERE s.tenant = %(tenant)s
GROUP BY s.acl_id

-- class_ids: Every access class
SELECT id FROM access_class WHERE tenant = %(tenant)s

-- open_now: What is open in this transaction
SELECT COALESCE(current_setting('compliance_bot.class_bits', true), '')

-- open_again: Open just that
SELECT set_config('compliance_bot.class_bits', %(bits)s, true)

-- document_then: The attributes that a document had at a moment, whoever may read it
SELECT c.attributes FROM document_class_history h
JOIN access_class c ON c.tenant = h.tenant AND c.id = h.acl_id
WHERE h.tenant = %(tenant)s AND h.document_id = %(document)s AND h.since <= %(at)s AND (h.until IS NULL OR h.until > %(at)s)
