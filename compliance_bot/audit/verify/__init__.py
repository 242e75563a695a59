"""Check a log, or an export of it, with nothing but the standard library and `cryptography`.

`python -m compliance_bot.audit.verify EXPORT --key KEY`. A key found in an export is never trusted.
"""
