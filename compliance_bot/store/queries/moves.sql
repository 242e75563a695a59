-- versions_of: Every version of these documents
SELECT id, document_id FROM document_version WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])

-- move_documents: Move documents to other classes
UPDATE document d SET acl_id = m.class
FROM unnest(%(documents)s::uuid[], %(document_classes)s::integer[]) AS m(id, class)
WHERE d.tenant = %(tenant)s AND d.id = m.id

-- move_sources: Move the sources of these documents
UPDATE document_source s SET acl_id = m.class
FROM unnest(%(documents)s::uuid[], %(document_classes)s::integer[]) AS m(id, class)
WHERE s.tenant = %(tenant)s AND s.document_id = m.id

-- move_versions: Move the versions of these documents
UPDATE document_version v SET acl_id = m.class
FROM unnest(%(versions)s::uuid[], %(version_classes)s::integer[]) AS m(id, class)
WHERE v.tenant = %(tenant)s AND v.id = m.id

-- move_past_vectors: Move the vectors of their superseded chunks
UPDATE history_embedding e SET acl_id = m.class
FROM unnest(%(versions)s::uuid[], %(version_classes)s::integer[]) AS m(id, class)
JOIN chunk_history c ON c.tenant = %(tenant)s AND c.version_id = m.id
WHERE e.tenant = %(tenant)s AND e.chunk_id = c.id

-- move_past_chunks: Move their superseded chunks
UPDATE chunk_history c SET acl_id = m.class
FROM unnest(%(versions)s::uuid[], %(version_classes)s::integer[]) AS m(id, class)
WHERE c.tenant = %(tenant)s AND c.version_id = m.id

-- in_classes: The documents of these classes
SELECT id, acl_id FROM document WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s)

-- class_at: The class that a document had at a moment
SELECT acl_id FROM document_class_history
WHERE tenant = %(tenant)s AND document_id = %(document)s AND since <= %(at)s AND (until IS NULL OR until > %(at)s)

-- end_if_stalled: Let the server end this transaction if its client falls silent, so that nobody waits for it for good
SELECT set_config('idle_in_transaction_session_timeout', %(silence_ms)s, true)

-- answer_at_work: Let nothing that was read move until this transaction ends; answers do not wait for each other
SELECT pg_advisory_xact_lock_shared(hashtext('compliance_bot.answer'), %(tenant)s)

-- answers_done: Wait until no answer is at work
SELECT pg_advisory_xact_lock(hashtext('compliance_bot.answer'), %(tenant)s)

-- standing: How many of these documents have these classes
SELECT count(*)
FROM unnest(%(documents)s::uuid[], %(document_classes)s::integer[]) AS m(id, class)
JOIN document d ON d.tenant = %(tenant)s AND d.id = m.id AND d.acl_id = m.class
