-- lock_writers: Let one writer of the tenant change documents and their statistics at a time
SELECT pg_advisory_xact_lock(hashtext('compliance_bot.write'), %(tenant)s)

-- find_sources: Documents that came from these sources, and their classes
SELECT source, document_id, acl_id FROM document_source WHERE tenant = %(tenant)s AND source = ANY(%(sources)s)

-- current_versions: The current version of each of these documents
SELECT document_id, id, number, content FROM document_version
WHERE tenant = %(tenant)s AND document_id = ANY(%(documents)s) AND valid_to IS NULL

-- add_documents: New documents
INSERT INTO document (tenant, id, acl_id, title)
SELECT %(tenant)s, * FROM unnest(%(ids)s::uuid[], %(classes)s::integer[], %(titles)s::text[])

-- add_sources: Where new documents came from
INSERT INTO document_source (tenant, source, document_id, acl_id)
SELECT %(tenant)s, * FROM unnest(%(sources)s::bytea[], %(ids)s::uuid[], %(classes)s::integer[])

-- retitle: Give documents the titles of their new versions
UPDATE document d SET title = n.title
FROM unnest(%(documents)s::uuid[], %(titles)s::text[]) AS n(id, title)
WHERE d.tenant = %(tenant)s AND d.id = n.id

-- close_versions: End the validity of superseded versions
UPDATE document_version SET valid_to = %(now)s WHERE tenant = %(tenant)s AND id = ANY(%(versions)s)

-- add_versions: New current versions
INSERT INTO document_version
  (tenant, id, document_id, acl_id, number, title, ref, text, sha256, content, page_starts, actor, valid_from)
SELECT %(tenant)s, n.id, n.document_id, n.acl_id, n.number, n.title, n.ref, n.text, n.sha256, n.content,
       n.page_starts::integer[], %(actor)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(documents)s::uuid[], %(classes)s::integer[], %(numbers)s::integer[], %(titles)s::text[],
            %(refs)s::text[], %(texts)s::text[], %(sha256s)s::bytea[], %(contents)s::bytea[], %(page_starts)s::text[])
     AS n(id, document_id, acl_id, number, title, ref, text, sha256, content, page_starts)

-- list: Readable documents with their current versions
SELECT d.id, v.title, d.acl_id, c.attributes, v.number,
       (SELECT count(*) FROM document_version a WHERE a.tenant = d.tenant AND a.document_id = d.id)
FROM document d
JOIN document_version v ON v.tenant = d.tenant AND v.document_id = d.id AND v.valid_to IS NULL
JOIN access_class c ON c.tenant = d.tenant AND c.id = d.acl_id
WHERE d.tenant = %(tenant)s AND d.acl_id = ANY(%(classes)s)
ORDER BY v.title, v.sha256

-- versions: All versions of one readable document, newest first
SELECT v.document_id, v.title, v.number, encode(v.sha256, 'hex'), v.valid_from, v.valid_to
FROM document_version v
WHERE v.tenant = %(tenant)s AND v.acl_id = ANY(%(classes)s) AND v.document_id = %(document)s
ORDER BY v.number DESC

-- version_text: One version of a readable document with its text; the current one where no number is given
SELECT v.document_id, v.title, v.number, encode(v.sha256, 'hex'), v.valid_from, v.valid_to, v.text
FROM document_version v
WHERE v.tenant = %(tenant)s AND v.acl_id = ANY(%(classes)s) AND v.document_id = %(document)s
  AND CASE WHEN %(number)s::integer IS NULL THEN v.valid_to IS NULL ELSE v.number = %(number)s END

-- version_ids: The ids of versions, by document and number
SELECT v.document_id, v.number, v.id
FROM unnest(%(documents)s::uuid[], %(numbers)s::integer[]) AS asked(document_id, number)
JOIN document_version v ON v.tenant = %(tenant)s AND v.document_id = asked.document_id AND v.number = asked.number
WHERE v.acl_id = ANY(%(classes)s)

-- hashes: The hashes of the texts of versions, by document and number
SELECT v.document_id, v.number, encode(v.sha256, 'hex')
FROM unnest(%(documents)s::uuid[], %(numbers)s::integer[]) AS asked(document_id, number)
JOIN document_version v ON v.tenant = %(tenant)s AND v.document_id = asked.document_id AND v.number = asked.number
WHERE v.acl_id = ANY(%(classes)s)

-- titles_of: Titles and numbers of these versions
SELECT id, title, number FROM document_version
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND id = ANY(%(versions)s::uuid[])

-- chunks_of: The passages of one document
SELECT id FROM chunk WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND document_id = %(document)s
UNION
SELECT id FROM chunk_history WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND document_id = %(document)s

-- classes_of_refs: Those of these `_id`s that there is a readable current version of, and the classes of these
SELECT DISTINCT ref, acl_id FROM document_version
WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND valid_to IS NULL AND ref = ANY(%(refs)s)

-- class_of_document: The class of one readable document
SELECT acl_id FROM document WHERE tenant = %(tenant)s AND acl_id = ANY(%(classes)s) AND id = %(document)s

-- delete_history: Take a document's superseded chunks away
DELETE FROM chunk_history WHERE tenant = %(tenant)s AND version_id IN (
  SELECT id FROM document_version WHERE tenant = %(tenant)s AND document_id = %(document)s)

-- delete_source: Forget where a document came from
DELETE FROM document_source WHERE tenant = %(tenant)s AND document_id = %(document)s

-- delete_document: Take a document away with its versions
DELETE FROM document WHERE tenant = %(tenant)s AND id = %(document)s

-- add_places: Where documents lie, by their sources
INSERT INTO document_place (tenant, place, document_id)
SELECT %(tenant)s, n.place, s.document_id
FROM unnest(%(sources)s::bytea[], %(places)s::bytea[]) AS n(source, place)
JOIN document_source s ON s.tenant = %(tenant)s AND s.source = n.source
ON CONFLICT DO NOTHING

-- absent: Readable documents of these places whose source is not among those present, with their current content
SELECT s.source, s.document_id, s.acl_id, v.title, v.content
FROM document_source s
JOIN document_version v ON v.tenant = s.tenant AND v.document_id = s.document_id AND v.valid_to IS NULL
WHERE s.tenant = %(tenant)s AND v.acl_id = ANY(%(classes)s) AND s.document_id IN (
  SELECT document_id FROM document_place WHERE tenant = %(tenant)s AND place = ANY(%(places)s))
  AND s.document_id NOT IN (
  SELECT document_id FROM document_place WHERE tenant = %(tenant)s AND place = ANY(%(spared)s))
  AND NOT s.source = ANY(%(present)s)
ORDER BY v.title, s.source

-- count_in_places: How many readable documents lie in these places
SELECT count(DISTINCT v.document_id)
FROM document_version v
JOIN document_place p ON p.tenant = v.tenant AND p.document_id = v.document_id
WHERE v.tenant = %(tenant)s AND v.acl_id = ANY(%(classes)s) AND v.valid_to IS NULL AND p.place = ANY(%(places)s)

-- move_source: A document comes from elsewhere now
UPDATE document_source SET source = %(to)s WHERE tenant = %(tenant)s AND document_id = %(document)s

-- clear_places: Forget where a document lay
DELETE FROM document_place WHERE tenant = %(tenant)s AND document_id = %(document)s
