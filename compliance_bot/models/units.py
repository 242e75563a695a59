"""Cut a passage into what may be quoted alone: the smallest pieces that do not change the rule they come from.

A unit is a sentence with its exceptions; a list item with the lead-in of each list around it, the list's closing
clause and its exceptions; or a table row with its header. A list of conditions or of alternatives is one unit: half of
it would be another rule. Where drafting is ambiguous, text stays together. Exceptions in other passages are not seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.models.outline import Node, Span, outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.records import Lead

_LABEL = re.compile(r"\s*(?:[-*+•‣▪◦●○■□–—·]\s|\(\w{1,4}\)|\w{1,4}[.)]\s)\s*")
_SUBJECT = r"""(?:this|that|these|those|it|they|such
    |the\ (?:rule|requirement|obligation|prohibition|limit|duty|period)s?
    |(?:sub-?)?(?:paragraph|section|rule|clause|article)s?)\b"""
_EXCEPTION = re.compile(
    rf"""(?:except\w*|unless|however|notwithstanding|nevertheless|nonetheless|provided|other\ than|but|save|excluding
    |exempt\w*|subject\ to\b(?=[^,]*$)|only\ (?:if|where|when)|with\ the\ exception|nothing\ in|the\ (?:foregoing|above)
    |(?:an?|the|this|these|one|two|some)\b[^.:]{{0,30}}\bexcept\w*
    |{_SUBJECT}[^.:]{{0,60}}\b(?:not|only)\ (?:be\ )?(?:apply|applies|applied|applicable)
    |{_SUBJECT}[^.:]{{0,60}}\b(?:apply|applies)\ only)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ANNOUNCED = re.compile(r"\b(?:exceptions?|exemptions?|exclusions?)\b", re.IGNORECASE)
_WHOLE_SECTION = re.compile(
    r"this (?:section|policy|procedure|chapter|part|standard|annex|schedule|rulebook)\b", re.IGNORECASE
)
_NAMED = re.compile(r"\((\w{1,4})\)")
_CONDITION = re.compile(
    r"""\b(?:if|unless|where|when|whenever|provided|except\w*|excluding|save|until|while|other\ than|subject\ to
    |as\ long\ as|in\ the\ case\ of|either|one|any|at\ least|none|circumstances|conditions?|criteria|tests?)\b
    [^,;]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|without|cannot|prohibit\w*|forbid\w*|refrain\w*)\b", re.IGNORECASE
)
_ALTERNATIVE = re.compile(r"\bor$")
_LATE_EXCEPTION = re.compile(
    r"[,;]\s*(?:unless|except|provided|save|other than|notwithstanding|subject to)\b", re.IGNORECASE
)
_TOGETHER_WORDS = 120  # alternatives up to this length are quoted together; a longer list shows its "or"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Spans in document order, disjoint, quoted together. Units of one list or table share a `group`."""

    spans: tuple[Span, ...]
    group: int

    @property
    def text(self) -> str:
        return " ".join(span.text for span in self.spans)


def units(text: str, *, start: int = 0, leads: Sequence[Lead] = ()) -> tuple[Unit, ...]:
    """Return the units of a passage that stands at `start` in its document, in reading order.

    Each non-blank character of `text` is in some unit; a lead is in a unit only together with words of `text`.
    """
    found: dict[tuple[Span, ...], int] = {}
    for group, node in enumerate(_with_exceptions(outline(text, start=start, leads=leads))):
        for spans in _quotable(node, [], []):
            if any(span.start >= start for span in spans):
                found.setdefault(_joined(spans, text, start), group)
    return tuple(Unit(spans=spans, group=group) for spans, group in found.items())


def union(one: Unit, other: Unit) -> Unit:
    """Return two units of one list or table as one: what they share stands once."""
    if one.group != other.group:
        raise ValueError("only units of one list or table are quoted as one")
    spans: list[Span] = []
    for span in sorted({*one.spans, *other.spans}, key=lambda span: (span.start, -span.end)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
        elif span.end > spans[-1].end:
            last = spans.pop()
            spans.append(Span(start=last.start, text=last.text + span.text[last.end - span.start :]))
    return Unit(spans=tuple(spans), group=one.group)


def _with_exceptions(roots: Sequence[Node]) -> list[Node]:
    """Return the nodes that stand alone, each with the exceptions that follow it in its tail."""
    kept: list[Node] = []
    for root in roots:
        words = _words(root)
        if kept and root.children and _ANNOUNCED.search(root.spans[-1].text):
            # "The wall has three exceptions: …" belongs to every rule before it, and can be asked for by itself.
            for node in kept:
                node.tail.extend(root.all_spans())
            kept.append(root)
        elif not kept or root.is_row or not _EXCEPTION.match(words):
            kept.append(root)
        elif _WHOLE_SECTION.match(words):
            for node in kept:
                node.tail.extend(root.all_spans())
        else:
            named = set(_NAMED.findall(words[:60]))
            targets = [node for node in kept if node.label in named] if named else []
            for node in targets or kept[-1:]:
                node.tail.extend(root.all_spans())
    return kept


def _quotable(node: Node, before: list[Span], after: list[Span]) -> Iterator[list[Span]]:
    """Yield the spans of each unit under `node`, given what leads in and what qualifies it."""
    exceptions = [child for child in node.children[1:] if not child.is_row and _EXCEPTION.match(_words(child))]
    items = [child for child in node.children if child not in exceptions]
    before = [*before, *node.spans]
    after = [*(span for child in exceptions for span in child.all_spans()), *node.tail, *after]
    if not items or _stay_together(node, items):
        yield [*before, *(span for item in items for span in item.all_spans()), *after]
        return
    for item in items:
        yield from _quotable(item, before, after)


def _stay_together(node: Node, items: Sequence[Node]) -> bool:
    """Tell whether quoting one item would drop a condition, an alternative or an exception of another."""
    if items[0].is_row:
        return False
    lead = node.spans[-1].text.rstrip(" :—–-")
    if _CONDITION.search(lead):
        return True
    if items[-1].is_inline and _LATE_EXCEPTION.search(items[-1].all_spans()[-1].text):
        return True
    alternatives = any(_ALTERNATIVE.search(item.all_spans()[-1].text) for item in items[:-1])
    length = sum(len(span.text.split()) for item in items for span in item.all_spans())
    return alternatives and not _NEGATION.search(lead) and length <= _TOGETHER_WORDS


def _words(node: Node) -> str:
    """Return the node's first words without its marker."""
    text = node.spans[0].text
    label = _LABEL.match(text) if node.label else None
    return text[label.end() :] if label else text


def _joined(spans: Sequence[Span], text: str, start: int) -> tuple[Span, ...]:
    """Return the spans in order, neighbours with only blanks between them as one."""
    joined: list[Span] = []
    for span in sorted(set(spans), key=lambda span: span.start):
        if joined and joined[-1].start >= start and not text[joined[-1].end - start : span.start - start].strip():
            first = joined.pop()
            span = Span(start=first.start, text=text[first.start - start : span.end - start])  # noqa: PLW2901
        joined.append(span)
    return tuple(joined)
