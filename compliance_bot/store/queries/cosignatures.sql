-- is_due: Whether none of these witnesses saw a checkpoint of this size, nor any within this time
SELECT NOT EXISTS (
  SELECT FROM audit.cosignature c
  WHERE c.tenant = %(tenant)s AND c.witness = ANY(%(witnesses)s)
    AND (c.size >= %(size)s OR c.witnessed_at > clock_timestamp() - make_interval(secs => %(every)s)))

-- add: What a witness said of the checkpoint of a size
INSERT INTO audit.cosignature (tenant, size, witness, kind, evidence)
VALUES (%(tenant)s, %(size)s, %(witness)s, %(kind)s, %(evidence)s)
ON CONFLICT DO NOTHING

-- of: What witnesses said of the checkpoint of a size
SELECT witness, kind, evidence FROM audit.cosignature WHERE tenant = %(tenant)s AND size = %(size)s ORDER BY witness
