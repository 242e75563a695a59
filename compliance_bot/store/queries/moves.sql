-- versions_of: Every version of these documents
SELECT id FROM document_version WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])

-- move_documents: Move documents to another class
UPDATE document SET acl_id = %(to)s WHERE tenant = %(tenant)s AND id = ANY(%(documents)s::uuid[])

-- move_sources: Move their sources
UPDATE document_source SET acl_id = %(to)s WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])

-- move_versions: Move their versions
UPDATE document_version SET acl_id = %(to)s WHERE tenant = %(tenant)s AND id = ANY(%(versions)s::uuid[])

-- move_past_vectors: Move the vectors of their superseded chunks
UPDATE history_embedding SET acl_id = %(to)s
WHERE tenant = %(tenant)s AND chunk_id = ANY(ARRAY(
  SELECT id FROM chunk_history WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])))

-- move_past_chunks: Move their superseded chunks
UPDATE chunk_history SET acl_id = %(to)s WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])

-- move_bindings: Move what the placeholders of documents stand for
UPDATE vault_binding SET acl_id = %(to)s WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])

-- move_revisions: Move what their texts were before
UPDATE version_revision SET acl_id = %(to)s WHERE tenant = %(tenant)s AND version_id = ANY(%(versions)s::uuid[])

-- move_scores: Move what was counted in what was confirmed in documents
UPDATE redaction_score SET acl_id = %(to)s WHERE tenant = %(tenant)s AND review = ANY(ARRAY(
  SELECT record FROM redaction_review WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])))

-- move_reviews: Move what was confirmed in documents
UPDATE redaction_review SET acl_id = %(to)s WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s::uuid[])

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

-- standing: How many of these documents have these classes, and how often values were erased
SELECT count(*), (SELECT count(*) FROM vault_erasure WHERE tenant = %(tenant)s)
FROM unnest(%(documents)s::uuid[], %(document_classes)s::integer[]) AS m(id, class)
JOIN document d ON d.tenant = %(tenant)s AND d.id = m.id AND d.acl_id = m.class

-- existing: Those of these documents that are there
SELECT id FROM document WHERE tenant = %(tenant)s AND id = ANY(%(documents)s::uuid[]) ORDER BY id
