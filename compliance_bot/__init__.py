"""compliance_bot: answers from access-controlled documents, with quoted sources and a durable record.

Names are resolved when first used, so that `compliance_bot.audit.verify` loads neither LangChain nor a database driver.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compliance_bot.bot import ComplianceBot
    from compliance_bot.errors import ComplianceError
    from compliance_bot.records import Answer, Credential, Principal
    from compliance_bot.redactor import Redacted, redact

__version__ = "0.1.0"

_HOMES = {
    "Answer": "compliance_bot.records",
    "ComplianceBot": "compliance_bot.bot",
    "ComplianceError": "compliance_bot.errors",
    "Credential": "compliance_bot.records",
    "Principal": "compliance_bot.records",
    "Redacted": "compliance_bot.redactor",
    "redact": "compliance_bot.redactor",
}

__all__ = ["Answer", "ComplianceBot", "ComplianceError", "Credential", "Principal", "Redacted", "redact"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'compliance_bot' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
