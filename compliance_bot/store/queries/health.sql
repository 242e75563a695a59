-- health: The condition of this database, in one row
SELECT current_setting('server_version') AS server,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('full_page_writes') AS full_page_writes,
       clock_timestamp() AS now,
       ARRAY(SELECT i.indexrelid::regclass::text
             FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('compliance_bot', 'audit') AND NOT (i.indisvalid AND i.indisready)
             ORDER BY 1) AS invalid_indexes,
       NOT EXISTS (SELECT FROM compliance_bot.model_use u WHERE u.state = 'serving' AND NOT EXISTS (
         SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = 'compliance_bot.embedding'::regclass AND c.relname = 'embedding_hnsw_' || u.model_id
       )) AS has_vector_index,
       (SELECT m.hash FROM compliance_bot.model_use u JOIN compliance_bot.embedding_model m ON m.id = u.model_id
        WHERE u.state = 'serving' ORDER BY u.tenant LIMIT 1) AS embedder
