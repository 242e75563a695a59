"""Texts whose personal data somebody has labelled: what redaction is measured on.

How files of many forms become this is in `readers`; what a label stands for here, in `labels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class InvalidLabels(UsageError):
    """The file does not have the form of labelled texts."""

    hint = "docs/how-to/evaluate-redaction.md describes the forms that are understood."


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A stretch of a text with the label that the file gives it.

    `is_required` is False for what may be masked and need not be: it counts neither as missed nor as wrong.
    """

    start: int
    end: int
    label: str
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A text with its labels, sorted; they may overlap. `where` names file and line or record.

    Empty words stand for what the file does not say.
    """

    where: str
    text: str
    spans: tuple[Labelled, ...]
    language: str = ""
    domain: str = ""
    source: str = ""


def labelled_text(
    where: str,
    text: str,
    *,
    spans: Iterable[Labelled],
    language: str = "",
    domain: str = "",
    source: str = "",
) -> LabelledText:
    """Return a text with its labels in order, each once. Raises InvalidLabels, naming `where`."""
    ordered = sorted(set(spans), key=lambda span: (span.start, span.end, span.label))
    for span in ordered:
        if not 0 <= span.start < span.end <= len(text):
            raise InvalidLabels(
                f"{where}: a label from {span.start} to {span.end} does not lie in its text of {len(text)} characters"
            )
    return LabelledText(where=where, text=text, spans=tuple(ordered), language=language, domain=domain, source=source)
