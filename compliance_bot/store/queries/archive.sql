-- tables: Every table that has rows of tenants, its columns besides the tenant, its key, and what of it names a model
SELECT n.nspname::text, c.relname::text,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'tenant'
             ORDER BY a.attnum),
       ARRAY(SELECT a.attname::text
             FROM pg_index i
             CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
             WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts AND a.attname <> 'tenant'
             ORDER BY k.place),
       (SELECT a.attname::text
        FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.conkey[1]
        WHERE f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid = 'compliance_bot.embedding_model'::regclass)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant' AND NOT t.attisdropped
WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.oid <> 'compliance_bot.class_revision'::regclass -- triggers keep it
  AND NOT (n.nspname = 'audit' AND c.relname IN ('pending', 'leaf', 'tile', 'checkpoint', 'cosignature')) -- made again
ORDER BY 1, 2

-- references: Which of these tables refers to which
SELECT n.nspname::text, c.relname::text, pn.nspname::text, p.relname::text
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE f.contype = 'f' AND n.nspname IN ('compliance_bot', 'audit')

-- settle: Let values be written in one form, whatever the server's defaults are
SELECT set_config('DateStyle', 'ISO, YMD', true), set_config('TimeZone', 'UTC', true),
       set_config('IntervalStyle', 'iso_8601', true), set_config('bytea_output', 'hex', true),
       set_config('extra_float_digits', '1', true)

-- copy_out: The rows of a tenant in the order of their key
COPY (SELECT {columns} FROM {table} WHERE tenant = {tenant} ORDER BY {key}) TO STDOUT (FORMAT csv, HEADER)

-- copy_staged_out: The same, of what belongs to the staged records
COPY (SELECT {columns} FROM {table} WHERE tenant = {tenant} AND entry_id IN (SELECT entry_id FROM pg_temp.staged) ORDER BY {key})
TO STDOUT (FORMAT csv, HEADER)

-- newest_leaf: The newest record's leaf hash
SELECT leaf_hash FROM audit.entry WHERE tenant = %(tenant)s ORDER BY entry_id DESC LIMIT 1

-- unstaged_records: The envelopes of the records that are not staged
SELECT envelope FROM audit.entry
WHERE tenant = %(tenant)s AND entry_id NOT IN (SELECT entry_id FROM pg_temp.staged) ORDER BY entry_id

-- all_records: The envelopes of all records, up to a number of them
SELECT envelope FROM audit.entry WHERE tenant = %(tenant)s ORDER BY entry_id LIMIT %(limit)s

-- models: The models that the tenant uses
SELECT m.id, m.hash, m.dim FROM model_use u JOIN embedding_model m ON m.id = u.model_id
WHERE u.tenant = %(tenant)s ORDER BY m.hash

-- has_rows: Whether a table has rows of the tenant
SELECT EXISTS (SELECT FROM {table} WHERE tenant = {tenant})

-- remove: Take the rows of the tenant out of a table
DELETE FROM {table} WHERE tenant = {tenant}

-- forget_revision: What the triggers kept of a tenant that has no rows any more
DELETE FROM class_revision WHERE tenant = %(tenant)s

-- leave_mark: What is left of a tenant that is removed in this transaction, and how many records it had
INSERT INTO audit.removed_tenant (number, name_sha256, records, last_leaf, later, export_sha256)
SELECT %(tenant)s, %(name)s, (SELECT count(*) FROM audit.entry WHERE tenant = %(tenant)s), %(leaf)s, %(later)s, %(export)s
RETURNING removed_at, records

-- stage: A place for rows that come in
CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA

-- copy_in: Rows as `copy_out` gives them; the columns must be these
COPY pg_temp.staged ({columns}) FROM STDIN (FORMAT csv, HEADER match)

-- take_in: Make the staged rows the tenant's, as they are
INSERT INTO {table} (tenant, {columns}) OVERRIDING SYSTEM VALUE SELECT {tenant}, {values} FROM pg_temp.staged
{otherwise}

-- keep: What is there already stays
ON CONFLICT DO NOTHING

-- replace_position: The tenant stands where the export says
ON CONFLICT (tenant) DO UPDATE SET position = EXCLUDED.position, mac = EXCLUDED.mac

-- own_model: The number of a staged row's model in this database
(SELECT m.own FROM unnest(%(theirs)s::smallint[], %(own)s::smallint[]) AS m(theirs, own) WHERE m.theirs = staged.{column})

-- unstage: Make room for the rows of the next table
DROP TABLE pg_temp.staged

-- skip_class_ids: Let the access classes that come have ids of their own
SELECT skip_class_ids()
