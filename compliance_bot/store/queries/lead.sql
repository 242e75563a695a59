-- lead: Whether this session alone asks the witnesses of the tenant; released when it ends, also by kill -9
SELECT pg_try_advisory_lock(hashtext('compliance_bot.witness'), %(tenant)s)

-- wait_for_locks: How long this session waits for a lock
SELECT set_config('lock_timeout', %(wait)s, false)

-- wait_to_lead: The same as `lead`, as soon as nobody else does
SELECT pg_advisory_lock(hashtext('compliance_bot.witness'), %(tenant)s)

-- still_there: Nothing; fails where the session ended
SELECT 1

-- let_go: Somebody else may lead
SELECT pg_advisory_unlock(hashtext('compliance_bot.witness'), %(tenant)s)
