-- Row-level security compared each row with a setting that it parsed anew for that row: text was cast to an array outside
-- the sub-select that reads it. Now the cast is inside, and is done once per query. What qualifies is the same.
-- depends: 0008_embedding_models

DO $$
DECLARE policy record;
BEGIN
  FOR policy IN SELECT schemaname, tablename, policyname FROM pg_policies WHERE schemaname IN ('compliance_bot', 'audit')
  LOOP
    CASE policy.policyname
      WHEN 'readable' THEN
        EXECUTE format($using$
          ALTER POLICY readable ON %I.%I
            USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)
              AND acl_id = ANY ((SELECT NULLIF(current_setting('compliance_bot.classes', true), '')::integer[])::integer[]))
          $using$, policy.schemaname, policy.tablename);
      WHEN 'tenant' THEN
        EXECUTE format($using$
          ALTER POLICY tenant ON %I.%I
            USING (tenant = (SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer))
          $using$, policy.schemaname, policy.tablename);
    END CASE; -- any other name is an error
  END LOOP;
END $$;
