-- ways_around: Roles of this account, itself included, that row-level security does not hold or that can take it off
-- A role that it is a member of counts whether or not its rights are inherited: SET ROLE is enough.
SELECT r.rolname::text FROM pg_roles r
WHERE (pg_has_role(session_user, r.oid, 'MEMBER') OR pg_has_role(current_user, r.oid, 'MEMBER'))
  AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
       OR r.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
       OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspname IN ('compliance_bot', 'audit')
                  AND (n.nspowner = r.oid OR has_schema_privilege(r.oid, n.oid, 'CREATE')
                       OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relowner = r.oid)
                       OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proowner = r.oid))))
ORDER BY r.rolname = session_user DESC, 1

-- tables: Every table with a tenant, whether its lock is on, whether it is one of text, and the conditions of its policies
-- A condition is NULL where the policy is not of the one kind that migrations make.
SELECT c.oid::regclass::text,
       c.relrowsecurity AND c.relforcerowsecurity AND row_security_active(c.oid),
       c.relname NOT IN ('class_count', 'document_source') AND EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'acl_id' AND NOT a.attisdropped),
       ARRAY(SELECT CASE WHEN p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}' AND p.polwithcheck IS NULL
                         THEN pg_get_expr(p.polqual, p.polrelid) END
             FROM pg_policy p WHERE p.polrelid = c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant' AND NOT t.attisdropped
WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind IN ('r', 'p')
ORDER BY 1

-- set: Name a tenant and open classes, for this transaction
SELECT set_config('compliance_bot.tenant', %(tenant)s, true), set_config('compliance_bot.class_bits', %(classes)s, true)

-- tried: For which of these rows, which no table has, a condition holds
SELECT made.tenant, made.acl_id FROM unnest(%(tenants)s::integer[], %(classes)s::integer[]) AS made (tenant, acl_id)
WHERE {condition}

-- views: Views of tables here that this account may read and that read with the rights of their owner, or keep a copy
WITH RECURSIVE reading AS (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('compliance_bot', 'audit')
  UNION
  SELECT w.ev_class FROM reading r
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.classid = 'pg_rewrite'::regclass
  JOIN pg_rewrite w ON w.oid = d.objid)
SELECT v.oid::regclass::text FROM reading JOIN pg_class v USING (oid)
WHERE v.relkind IN ('v', 'm')
  AND (v.relkind = 'm' OR NOT EXISTS (SELECT FROM pg_options_to_table(v.reloptions) o
                                      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean))
  AND has_any_column_privilege(v.oid, 'SELECT') AND has_schema_privilege(v.relnamespace, 'USAGE')
ORDER BY 1

-- functions: Functions that this account may call and that run with the rights of an owner of tables here
-- Those that migrations make and grants.sql grants are left out: none of them tells text.
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(p.pronamespace, 'USAGE')
  AND p.oid NOT IN (SELECT f.oid FROM unnest(ARRAY[
    'compliance_bot.index_model(smallint)', 'compliance_bot.model_number(text, integer)',
    'compliance_bot.open_tenant(text, bytea)', 'compliance_bot.hold_tenant(integer)',
    'compliance_bot.skip_class_ids()', 'compliance_bot.removals()', 'audit.open_months()']) AS known (name)
    JOIN pg_proc f ON f.oid = to_regprocedure(known.name))
  AND (p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('compliance_bot', 'audit'))
       OR p.proowner IN (SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname IN ('compliance_bot', 'audit')))
ORDER BY 1

-- rights: Rights on tables here that row-level security does not hold, or that the log must not give; also of one column
SELECT c.oid::regclass || ': ' || k.name
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (VALUES ('TRUNCATE'), ('TRIGGER'), ('REFERENCES'), ('UPDATE'), ('DELETE')) AS k (name)
WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind IN ('r', 'p')
  AND (k.name IN ('TRUNCATE', 'TRIGGER', 'REFERENCES')
       OR COALESCE(pg_partition_root(c.oid), c.oid) IN (
            'audit.entry'::regclass, 'audit.payload'::regclass, 'audit.leaf'::regclass, 'audit.tile'::regclass,
            'audit.checkpoint'::regclass, 'audit.cosignature'::regclass))
  AND (has_table_privilege(c.oid, k.name)
       OR (k.name IN ('REFERENCES', 'UPDATE') AND has_any_column_privilege(c.oid, k.name)))
ORDER BY 1

-- triggers: Triggers that are missing or off: those that keep the log append-only, and those that tell of changed classes
-- A parent's do not fire for what names a partition: each partition has its own.
WITH told (name, relation, states) AS (
  VALUES ('append_only', 'audit.entry', '{A}'), ('append_only', 'audit.payload', '{A}'),
         ('append_only', 'audit.removed_tenant', '{A}'), ('append_only', 'audit.leaf', '{A}'),
         ('append_only', 'audit.tile', '{A}'), ('append_only', 'audit.checkpoint', '{A}'),
         ('append_only', 'audit.cosignature', '{A}'),
         ('class_history_begins', 'compliance_bot.document', '{A}'),
         ('class_history_goes_on', 'compliance_bot.document', '{A}'),
         ('class_history_ends', 'compliance_bot.document', '{A}'),
         ('revise_inserted', 'compliance_bot.access_class', '{O,A}'),
         ('revise_updated', 'compliance_bot.access_class', '{O,A}'),
         ('revise_deleted', 'compliance_bot.access_class', '{O,A}'),
         ('revise_inserted', 'compliance_bot.class_count', '{O,A}'),
         ('revise_updated', 'compliance_bot.class_count', '{O,A}'),
         ('revise_deleted', 'compliance_bot.class_count', '{O,A}')
), wanted (name, relation, states) AS (
  TABLE told
  UNION ALL
  SELECT t.name, p.relid::regclass::text, t.states
  FROM told t CROSS JOIN LATERAL pg_partition_tree(to_regclass(t.relation)) p WHERE p.level > 0
)
SELECT wanted.name || ' on ' || wanted.relation FROM wanted
WHERE NOT EXISTS (
  SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass(wanted.relation) AND t.tgname = wanted.name
  AND t.tgenabled::text = ANY(wanted.states::text[]))
ORDER BY 1
