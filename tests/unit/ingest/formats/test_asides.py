"""Notes stand after their paragraph, and never inside a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.chunk import chunk
from compliance_bot.ingest.parse import parse
from tests.unit.ingest.formats.packages import odf

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

_NOTE = "<text:note><text:note-body><text:p>{}</text:p></text:note-body></text:note>"
_ITEM = "<text:list-item><text:p>{}</text:p></text:list-item>"
ODT = odf(
    f"<text:p>A firm must{_NOTE.format('Unless told')}:</text:p>"
    f"<text:list>{_ITEM.format('keep' + _NOTE.format('Or copy'))}{_ITEM.format('report')}</text:list>"
    "<text:p>After.</text:p>"
)
RTF = (
    rb"{\rtf1 A firm must{\footnote Unless told}:\par {\listtext -}keep{\footnote Or copy}\par {\listtext -}report\par"
    rb" After.\par}"
)


@pytest.mark.parametrize(("data", "name"), [(ODT, "a.odt"), (RTF, "a.rtf")])
def test_notes_of_a_list_follow_it_and_each_item_keeps_its_lead_in(
    data: bytes, name: str, outline: Callable[[ParsedDocument], list[str]]
) -> None:
    found = parse(data, name=name)
    assert outline(found) == [
        "list_lead 0: A firm must[1]:",
        "list_item 1: - keep[2]",
        "list_item 1: - report",
        "paragraph 0: [1] Unless told",
        "paragraph 0: [2] Or copy",
        "paragraph 0: After.",
    ]
    report = next(draft for draft in chunk(found, size_words=5) if "report" in draft.text)
    assert [lead.text for lead in report.leads] == ["A firm must[1]:"]
