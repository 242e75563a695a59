-- open: Whether a tenant of this name is open to these keys, and its number
SELECT state, number FROM open_tenant(%(name)s, %(fingerprint)s)

-- register: A new tenant; nothing where its name or its number is taken
INSERT INTO tenant (id, name, fingerprint) VALUES (%(number)s, %(name)s, %(fingerprint)s) ON CONFLICT DO NOTHING

-- forget: Take a tenant's name away
DELETE FROM tenant WHERE id = %(tenant)s RETURNING name

-- holdings: How much there is of a tenant in the open classes, and in its log
SELECT (SELECT count(*) FROM document WHERE tenant = %(tenant)s) AS documents,
       (SELECT count(*) FROM document_version WHERE tenant = %(tenant)s) AS versions,
       (SELECT count(*) FROM chunk WHERE tenant = %(tenant)s) AS chunks,
       (SELECT count(*) FROM audit.entry WHERE tenant = %(tenant)s) AS records

-- removals: What is left of earlier logs of this tenant
SELECT at, count, leaf, export FROM removals()
