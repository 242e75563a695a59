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
