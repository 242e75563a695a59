-- set_tenant: Name the tenant of this transaction
SELECT set_config('compliance_bot.tenant', %(tenant)s, true)

-- begin_writing: Whether the tenant is there, which holds it, and let the commit wait for the disk
SELECT hold_tenant(%(tenant)s), set_config('synchronous_commit', 'on', true)

-- lock_tenant: Wait, not for long, until nobody writes to the tenant; released with the transaction
SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', %(wait)s, true),
       pg_advisory_xact_lock(hashtext('compliance_bot.tenant'), %(tenant)s)

-- pgvector_version: The version of pgvector in this database
SELECT extversion FROM pg_extension WHERE extname = 'vector'

-- own_rights: Whether this account could bypass row-level security
SELECT rolsuper OR rolbypassrls OR EXISTS (
         SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE'))
FROM pg_roles
WHERE rolname = current_user

-- tables_without_lock: Tables with a tenant whose row-level security is off, not forced, or not the one policy made here
SELECT c.oid::regclass::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind IN ('r', 'p')
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND row_security_active(c.oid)
           AND (SELECT count(*) = 1 AND bool_and(
                         position('compliance_bot.tenant' IN pg_get_expr(p.polqual, p.polrelid)) > 0
                         AND (p.polname <> 'readable'
                              OR position('compliance_bot.class_bits' IN pg_get_expr(p.polqual, p.polrelid)) > 0))
                FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive))
ORDER BY 1

-- applied_migrations: Names of the migrations this database has
SELECT migration_id FROM compliance_bot._yoyo_migration ORDER BY 1

-- has_migrations: Whether this database was ever migrated
SELECT to_regclass('compliance_bot._yoyo_migration') IS NOT NULL

-- create_schema: The schema that all migrations run in
CREATE SCHEMA IF NOT EXISTS compliance_bot

-- lock_migrations: Let one process migrate at a time; released when the connection ends, also by kill -9
SELECT pg_advisory_lock(hashtext('compliance_bot.migrate'))
