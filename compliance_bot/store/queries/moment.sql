-- begin: A time before the snapshot that is taken by this, and a name by which others see the same
SELECT statement_timestamp(), pg_export_snapshot()

-- tables: Every table of this product and of its migrations
SELECT n.nspname::text, c.relname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1, 2

-- count: How many rows a table has
SELECT count(*) FROM {table}

-- records: How many records there are, and the newest
SELECT count(*), (SELECT entry_id FROM audit.entry ORDER BY entry_id DESC LIMIT 1) FROM audit.entry

-- epochs: The epochs of the vault, what tells their keys, and how many values each wraps
SELECT e.epoch, e.check_value,
       (SELECT count(*) FROM compliance_bot.vault_binding b WHERE b.tenant = e.tenant AND b.epoch = e.epoch)
       + (SELECT count(*) FROM compliance_bot.vault_correction c WHERE c.tenant = e.tenant AND c.epoch = e.epoch),
       e.epoch = (SELECT max(n.epoch) FROM compliance_bot.vault_epoch n WHERE n.tenant = e.tenant)
FROM compliance_bot.vault_epoch e
ORDER BY e.epoch, e.tenant

-- anchor: Up to which line of its anchor a tenant had done everything
SELECT position, mac FROM compliance_bot.anchor_position WHERE tenant = %(tenant)s

-- tenants: The numbers of all tenants
SELECT id FROM compliance_bot.tenant ORDER BY id

-- size: How many bytes the database has on the disk
SELECT pg_database_size(current_database())
