"""Read a passage as an outline: sentences, list items under their lead-ins, table rows under their header.

Rules only; the patterns are those of statutes, contracts and policies in English: lists on lines or inside a sentence,
`(a)`, `(i)`, `(1)`, `1.` and bullets. What may be quoted alone is decided in `units`, from the outline made here.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.records import Lead

_MARKER = re.compile(
    r"""(?P<bullet>[-*+•‣▪◦●○■□–—·])\s|\((?P<inner>\d{1,3}|[a-z]{1,2}|[A-Z]|[ivxlc]{1,6})\)
    |(?P<bare>\d{1,3}|[a-z]|[A-Z]|[ivxlc]{1,6})[.)]\s""",
    re.VERBOSE,
)
_INLINE = re.compile(r"\((\d{1,2}|[a-z]|[ivx]{1,5})\)\s")
# "paragraph (a)", "Rule 3(a)", "(a) and (b)": names of items elsewhere, not items.
_REFERENCE = re.compile(
    r"""(?:\b(?:(?:sub-?)?(?:paragraph|rule|section|clause)|article|item|part|point|limb|regulation|chapter)s?\s*|\w
    |\)(?:\s*(?:,|and|or|to|and/or)\s*)?)[\u200b-\u200f]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_BETWEEN = re.compile(r"(?:[;:,.]|\b(?:and|or|and/or))\s*$")  # what stands before a further item
_CLOSING = re.compile(
    r"[a-z]|(?i:unless|except|provided|save|other than|notwithstanding|subject to|in (?:each|either|any|all) case)\b"
)
_CLOSING_LINE = re.compile(r"\n\s*(?=(?:unless|except|provided|save|other than|notwithstanding|subject to|in each)\b)")
_RULED = re.compile(r"[\s|:+=-]+")  # the line that Markdown draws under a header
_TERMINATED = re.compile(r"(?:[.!?;,]|\b(?:and|or|and/or))[\"'”’)\]]*$")
_ANNOUNCES = re.compile(r"\b(?:following|as follows|set out below|listed below)\b[^.]*[.:]?$", re.IGNORECASE)
_ROMAN = {numeral: n for n, numeral in enumerate("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi".split(), 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A verbatim piece of the document: document[start:end] == text."""

    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True, kw_only=True)
class Node:
    """A sentence, item or row, with what stands under it. `tail` qualifies the node and all of its children."""

    spans: list[Span]
    label: str = ""  # "a" of "(a)"; empty without a marker
    is_inline: bool = False  # an item inside a line
    is_row: bool = False
    children: list[Node] = field(default_factory=list)
    tail: list[Span] = field(default_factory=list)

    def all_spans(self) -> list[Span]:
        return [*self.spans, *(span for child in self.children for span in child.all_spans()), *self.tail]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    span: Span
    begins_line: bool
    label: str
    ranks: tuple[tuple[str, int], ...]  # what the marker may be: (style, ordinal); empty for a sentence


@dataclass(slots=True, kw_only=True)
class _Level:
    """An open list: its style, the last ordinal, and the node of its lead-in (None where it has none)."""

    style: str
    ordinal: int
    lead: Node | None


def outline(text: str, *, start: int = 0, leads: Sequence[Lead] = ()) -> list[Node]:
    """Return the top nodes in order. Each non-blank character of `text` is in one node, `start` is its offset.

    A lead is read as if it stood right before the text; one that overlaps the text is already in it.
    """
    builder = _Builder()
    for lead in sorted(leads, key=lambda lead: lead.start):
        if lead.start + len(lead.text) <= start:
            for piece in _pieces(lead.text, lead.start):
                builder.add(piece)
            builder.announces = True
    for piece in _pieces(text, start):
        builder.add(piece)
        builder.announces = False
    return builder.roots


class _Builder:
    """Puts pieces into a tree, one after the other."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.levels: list[_Level] = []
        self.closed: list[_Level] = []  # what a sentence between two items interrupted
        self.last: Node | None = None
        self.announces = False  # the last piece is a lead, whatever it looks like

    def add(self, piece: _Piece) -> None:
        if " | " in piece.span.text:
            self._add_row(piece)
        elif piece.ranks:
            self._add_item(piece)
        else:
            self._add_sentence(piece)

    def _add_row(self, piece: _Piece) -> None:
        self.levels.clear()
        table = self.roots[-1] if self.roots else None
        if table is not None and table.is_row:
            if _RULED.fullmatch(piece.span.text) and not table.children:
                table.spans.append(piece.span)
            else:
                table.children.append(Node(spans=[piece.span], is_row=True))
        elif table is not None and self.last is table and self._opens(table):
            table.spans.append(piece.span)
            table.is_row = True
        else:
            self.roots.append(Node(spans=[piece.span], is_row=True))
        self.last = self.roots[-1]

    def _add_sentence(self, piece: _Piece) -> None:
        level = self.levels[-1] if self.levels else None
        if level and level.lead and self.last and not piece.begins_line and not self.last.is_inline:
            self.last.spans.append(piece.span)
        elif level and level.lead and _CLOSING.match(piece.span.text):
            (self.levels[0].lead or level.lead).tail.append(piece.span)
            self.closed, self.levels = self.levels, []
        elif self.announces and self.last:
            self.last.spans.append(piece.span)
        else:
            if not level or level.lead or piece.begins_line:
                self.closed, self.levels = self.levels or self.closed, []
            # A further sentence of a numbered paragraph goes by the paragraph's number.
            label = self.last.label if self.last and self.levels else ""
            self.last = Node(spans=[piece.span], label=label)
            self.roots.append(self.last)

    def _add_item(self, piece: _Piece) -> None:
        item = Node(spans=[piece.span], label=piece.label, is_inline=not piece.begins_line)
        depth = self._continued(piece, self.levels)
        if depth is None and not self.levels and not (self.last and self._opens(self.last)):
            depth = self._continued(piece, self.closed)
            self.levels = self.closed if depth is not None else []
        if depth is None:
            style, ordinal = min(piece.ranks, key=lambda rank: rank[1])
            lead = self.last if self.last and self._opens(self.last) else None
            if lead is None:
                self.levels = []
            self.levels.append(_Level(style=style, ordinal=ordinal, lead=lead))
        else:
            del self.levels[depth + 1 :]
            self.levels[depth].ordinal = dict(piece.ranks)[self.levels[depth].style]
        lead = self.levels[-1].lead
        (lead.children if lead else self.roots).append(item)
        self.last = item

    def _continued(self, piece: _Piece, levels: list[_Level]) -> int | None:
        """Return the depth of the list that the item goes on with, innermost first."""
        ranks = dict(piece.ranks)
        for depth in reversed(range(len(levels))):
            level = levels[depth]
            if level.style in ranks and (
                level.ordinal < ranks[level.style] <= level.ordinal + 3 or not ranks[level.style]
            ):
                return depth
        return None

    def _opens(self, node: Node) -> bool:
        """Tell whether a list or table after `node` belongs to it."""
        text = node.spans[-1].text
        return self.announces or not _TERMINATED.search(text) or bool(_ANNOUNCES.search(text))


def _pieces(text: str, offset: int) -> Iterator[_Piece]:
    """Yield the sentences of `text`, cut before each item of a list inside them."""
    for start, end in sentences(text):
        cuts = [start, *(start + cut for cut in _cuts(text[start:end])), end]
        for n, (cut, after) in enumerate(itertools.pairwise(cuts)):
            words = text[cut:after].strip()
            left = after - len(text[cut:after].lstrip())
            if not words:
                continue
            line = text.rfind("\n", 0, left) + 1
            begins_line = not text[line:left].strip()
            found = _MARKER.match(words) if n or begins_line else None
            label = (found["bullet"] or found["inner"] or found["bare"]) if found else ""
            yield _Piece(
                span=Span(start=offset + left, text=words),
                begins_line=begins_line,
                label=label,
                ranks=_ranks(label, bracketed=bool(found and found["inner"]), indent=left - line),
            )


def _ranks(label: str, *, bracketed: bool, indent: int = 0) -> tuple[tuple[str, int], ...]:
    if not label:
        return ()
    shape = "()" if bracketed else "."
    if label.isdigit():
        return ((f"1{shape}", int(label)),)
    if not label.isalpha():
        return ((f"{label}{indent}", 0),)
    ranks = [(f"i{shape}", _ROMAN[label])] if label in _ROMAN else []
    if len(set(label)) == 1:
        kind = "A" if label.isupper() else "a"
        ranks.append((f"{kind}{shape}", ord(label[0].lower()) - ord("a") + 1 + 26 * (len(label) - 1)))
    return tuple(ranks)


def _cuts(sentence: str) -> list[int]:
    """Return where the items of inline lists begin: runs from (a), (i) or (1) on, names of other items left out."""
    cuts = [found.start() for found in _CLOSING_LINE.finditer(sentence)]
    expected: dict[str, int] = {}
    candidates = [
        (found.start(), _ranks(found[1], bracketed=True))
        for found in _INLINE.finditer(sentence)
        if not _REFERENCE.search(sentence[max(0, found.start() - 24) : found.start()])
    ]
    later = [{rank for _, ranks in candidates[n + 1 :] for rank in ranks} for n in range(len(candidates))]
    for (position, ranks), following in zip(candidates, later, strict=True):
        goes_on = not position or bool(_BETWEEN.search(sentence, 0, position))
        for style, ordinal in ranks:
            begins = ordinal == 1 and (style, 2) in following
            if begins or not position or (goes_on and ordinal == expected.get(style)):
                expected[style] = ordinal + 1
                if position:
                    cuts.append(position)
                break
    return sorted(cuts)
