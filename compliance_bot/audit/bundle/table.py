"""The records of an export as a table for people. Nothing in it is evidence; it has nothing but public fields.

A program for tables takes a cell that begins with one of six characters for a formula, which may send data away. Such
a cell begins with an apostrophe here, and every cell is quoted (OWASP, "CSV Injection").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance_bot.audit.bundle.line import Line
    from compliance_bot.audit.envelope import Envelope, Fields

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = '"index","record","at","type","outcome","actor","content"\r\n'


def row(line: Line, envelope: Envelope | Fields) -> str:
    """Return the row of a record, with its line end (RFC 4180)."""
    content = "withheld" if line.is_withheld else "not in this export" if line.ciphertext is None else "disclosed"
    kind, outcome, actor = _cell(envelope.type), _cell(envelope.outcome), _cell(envelope.actor)
    # The form of an envelope leaves nothing to escape in an id and a time.
    return f'"{line.index}","{envelope.id}","{envelope.at}",{kind},{outcome},{actor},"{content}"\r\n'


def _cell(value: str) -> str:
    if value.startswith(_FORMULA):
        value = "'" + value
    return '"' + value.replace('"', '""') + '"' if '"' in value else f'"{value}"'
