"""Witnesses: those outside who remember the log's checkpoints, so that its operator cannot rewrite it unseen.

Only sizes, roots and signatures go out: no record. The reference witness, `python -m compliance_bot.witness`, needs
nothing but the standard library and `cryptography`.
"""
