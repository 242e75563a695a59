-- begin_closed: Name the tenant of this transaction, and open nothing to it, whatever the session has open
SELECT set_config('compliance_bot.tenant', %(tenant)s, true), set_config('compliance_bot.class_bits', '', true)

-- begin_writing: The same where something is written: also whether the tenant is there, which holds it; the commit waits
SELECT hold_tenant(%(tenant)s::text::integer), set_config('compliance_bot.tenant', %(tenant)s::text, true),
       set_config('compliance_bot.class_bits', '', true), set_config('synchronous_commit', 'on', true)

-- lock_tenant: Wait, not for long, until nobody writes to the tenant; released with the transaction
SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', %(wait)s, true),
       pg_advisory_xact_lock(hashtext('compliance_bot.tenant'), %(tenant)s)

-- pgvector_version: The version of pgvector in this database
SELECT extversion FROM pg_extension WHERE extname = 'vector'

-- applied_migrations: Names of the migrations this database has
SELECT migration_id FROM compliance_bot._yoyo_migration ORDER BY 1

-- has_migrations: Whether this database was ever migrated
SELECT to_regclass('compliance_bot._yoyo_migration') IS NOT NULL

-- create_schema: The schema that all migrations run in
CREATE SCHEMA IF NOT EXISTS compliance_bot

-- lock_migrations: Let one process migrate at a time; released when the connection ends, also by kill -9
SELECT pg_advisory_lock(hashtext('compliance_bot.migrate'))
