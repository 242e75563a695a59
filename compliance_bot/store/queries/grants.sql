-- application: What the application account may do; it owns nothing, and the log is append-only for it
GRANT USAGE ON SCHEMA compliance_bot, audit TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA compliance_bot TO {role};
GRANT INSERT, UPDATE, DELETE ON
  compliance_bot.class_count, compliance_bot.document, compliance_bot.document_source, compliance_bot.document_version,
  compliance_bot.document_place,
  compliance_bot.chunk, compliance_bot.chunk_history, compliance_bot.embedding, compliance_bot.posting,
  compliance_bot.term_stat, compliance_bot.history_embedding, compliance_bot.model_use,
  compliance_bot.seen_token, compliance_bot.search_tuning, compliance_bot.vault_binding,
  compliance_bot.redaction_review, compliance_bot.redaction_score TO {role};
GRANT INSERT ON compliance_bot.redaction_measure TO {role};
GRANT INSERT, DELETE ON compliance_bot.vault_value, compliance_bot.vault_part TO {role};
GRANT INSERT ON compliance_bot.vault_epoch, compliance_bot.vault_erasure, compliance_bot.version_revision TO {role};
GRANT INSERT, DELETE ON compliance_bot.vault_correction TO {role};
GRANT UPDATE (epoch, wrapped_key) ON compliance_bot.vault_correction TO {role};
GRANT UPDATE (acl_id) ON compliance_bot.version_revision TO {role};
GRANT UPDATE (discarded_at) ON compliance_bot.vault_epoch TO {role};
GRANT EXECUTE ON FUNCTION
  compliance_bot.index_model(smallint), compliance_bot.model_number(text, integer),
  compliance_bot.open_tenant(text, bytea), compliance_bot.hold_tenant(integer),
  compliance_bot.skip_class_ids(), compliance_bot.removals(), audit.open_months(), audit.append_all TO {role};
GRANT INSERT ON compliance_bot.access_class, compliance_bot.access_shape TO {role};
GRANT INSERT, UPDATE ON compliance_bot.class_revision TO {role};
GRANT USAGE ON SEQUENCE compliance_bot.class_revision_number TO {role};
GRANT INSERT ON compliance_bot.principal_grant TO {role};
GRANT UPDATE (revoked_by, revoked_at, reviewed_by, reviewed_at) ON compliance_bot.principal_grant TO {role};
GRANT INSERT, DELETE ON compliance_bot.stop TO {role};
GRANT INSERT, UPDATE ON compliance_bot.anchor_position TO {role};
GRANT INSERT ON compliance_bot.policy_set, compliance_bot.policy_activation TO {role};
REVOKE INSERT ON compliance_bot.embedding_model FROM {role};
REVOKE ALL ON compliance_bot.tenant FROM {role};
GRANT SELECT, INSERT ON audit.entry, audit.payload, audit.actor, audit.leaf, audit.tile, audit.checkpoint, audit.cosignature TO {role};
GRANT SELECT, INSERT, DELETE ON audit.pending TO {role};
