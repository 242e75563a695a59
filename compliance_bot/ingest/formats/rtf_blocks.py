"""Collect the words of an RTF file into parts: RTF says where a paragraph, cell or row ends, not where it begins."""

from __future__ import annotations

from compliance_bot.ingest.assemble import Part, one_line
from compliance_bot.ingest.formats.asides import with_asides
from compliance_bot.ingest.formats.lines import Lists
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument

_DEEPEST = 9  # levels of headings and lists


class Blocks:
    """The document so far. `heading`, `depth` and `is_in_table` hold for the paragraph that is being written."""

    def __init__(self, most: int) -> None:
        self.heading = 0
        self.depth = 0
        self.is_in_table = False
        self.is_header_row = False
        self._most = self._room = most
        self._streams: list[list[str]] = [[]]  # the body's words, and those of notes and boxes being read
        self._later: list[str] = []  # notes and boxes, which follow their paragraph or table
        self._notes = 0
        self._label = ""
        self._cells: list[str] = []
        self._rows: list[tuple[bool, list[str]]] = []
        self._is_in_row = False
        self._runs: list[tuple[list[Part], list[Part]]] = []
        self._lists = Lists()

    def say(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise UnreadableDocument(Reason.TOO_MUCH_TEXT, self._most)
        self._streams[-1].append(text)

    def label(self, text: str) -> None:
        """Take the label that the writing program made for a list item; a sign becomes a dash."""
        words = one_line(text)
        self._label = words if any(character.isalnum() for character in words) else "-" if words else ""

    def begin_note(self) -> None:
        self._notes += 1
        mark = f"[{self._notes}]"
        self.say(mark)
        self._streams.append([f"{mark} "])

    def begin_box(self) -> None:
        self._streams.append([])

    def end_aside(self) -> None:
        """End a note or box."""
        self._later.append(one_line(joined(self._streams.pop())))

    def reset(self) -> None:
        """Begin with a paragraph's defaults."""
        self.heading = self.depth = 0
        self.is_in_table = False

    def begin_row(self) -> None:
        self._is_in_row = True
        self.is_header_row = False

    def end_paragraph(self) -> None:
        if len(self._streams) > 1 or self.is_in_table or self._is_in_row:
            self.say(" ")
            return
        self._end_table()
        text, self._streams[-1] = one_line(joined(self._streams[-1])), []
        label, self._label = self._label, ""
        self._end_run([self._paragraph(text, label)] if text else [])

    def end_cell(self) -> None:
        if len(self._streams) == 1:
            text, self._streams[-1] = one_line(joined(self._streams[-1])), []
            label, self._label = self._label, ""
            self._cells.append(f"{label} {text}".strip())

    def end_row(self) -> None:
        if len(self._streams) == 1 and self._cells:
            self._rows.append((self.is_header_row, self._cells))
            self._cells = []
        self._is_in_row = False

    def parts(self) -> list[Part]:
        """Return everything, once the file has ended."""
        if self._cells:  # a row that the file does not end
            self.end_cell()
            self.end_row()
        self.is_in_table = self._is_in_row = False
        self.end_paragraph()
        return list(with_asides(self._runs))

    def _paragraph(self, text: str, label: str) -> Part:
        if self.heading:
            self._lists.close()
            level = min(self.heading, _DEEPEST)
            heading = f"{label} {text}" if label not in ("", "-") else text
            return Part(kind=BlockKind.HEADING, text=heading, level=level)
        if label:
            return Part(kind=BlockKind.LIST_ITEM, text=f"{label} {text}", level=min(self.depth, _DEEPEST - 1) + 1)
        if self._lists.place(text, apart=False):
            return Part(kind=BlockKind.LIST_ITEM, text=text, level=self._lists.depth)
        self._lists.pause()
        return Part(kind=BlockKind.PARAGRAPH, text=text)

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        if max((len(cells) for _, cells in rows), default=0) <= 1:
            self._end_run([Part(kind=BlockKind.PARAGRAPH, text=text) for _, cells in rows for text in cells])
        else:
            headers = next((index for index, (is_header, _) in enumerate(rows) if not is_header), len(rows))
            self._end_run(table([cells for _, cells in rows], headers=headers or None))

    def _end_run(self, parts: list[Part]) -> None:
        later, self._later = self._later, []
        self._runs.append((parts, [Part(kind=BlockKind.PARAGRAPH, text=text) for text in later]))


def joined(pieces: list[str]) -> str:
    """Return the pieces as one text; characters beyond the basic plane come as two surrogates."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
