"""Offsets that can be trusted, and edits that keep them so."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.ingest.structure import Block, BlockKind, ParsedDocument, rewrite
from compliance_bot.records import Edit

PARAGRAPH = BlockKind.PARAGRAPH


def document(*texts: str, pages: tuple[int, ...] = (), title: str = "T") -> ParsedDocument:
    blocks, position = [], 0
    for text in texts:
        blocks.append(Block(kind=PARAGRAPH, start=position, end=position + len(text)))
        position += len(text) + 2
    return ParsedDocument(title=title, text="\n\n".join(texts), blocks=tuple(blocks), pages=pages)


def block_texts(found: ParsedDocument) -> list[str]:
    return [found.text[block.start : block.end] for block in found.blocks]


@pytest.mark.parametrize(
    ("spans", "pages", "message"),
    [
        ([(0, 0)], (), "empty or outside"),
        ([(0, 9)], (), "empty or outside"),
        ([(-1, 2)], (), "empty or outside"),
        ([(0, 3), (2, 5)], (), "overlap"),
        ([(3, 5), (0, 2)], (), "out of order"),
        ([(0, 5)], (0, 6), "pages"),
        ([(0, 5)], (3, 1), "pages"),
    ],
)
def test_a_document_with_wrong_offsets_cannot_be_made(
    spans: list[tuple[int, int]], pages: tuple[int, ...], message: str
) -> None:
    blocks = tuple(Block(kind=PARAGRAPH, start=start, end=end) for start, end in spans)
    with pytest.raises(ValueError, match=message):
        ParsedDocument(title="", text="hello", blocks=blocks, pages=pages)


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (4, 1), (5, 2), (7, 2), (8, 4), (9, 4)])
def test_a_character_is_on_the_last_page_that_began_before_it(offset: int, page: int) -> None:
    assert document("a" * 10, pages=(0, 5, 8, 8)).page_at(offset) == page


def test_a_format_without_pages_has_none() -> None:
    assert document("hello").page_at(0) is None


@pytest.mark.parametrize(
    ("edits", "text", "blocks"),
    [
        ([], "Ann Lee\n\npays Bob", ["Ann Lee", "pays Bob"]),
        ([Edit(start=0, end=7, replacement="[P]")], "[P]\n\npays Bob", ["[P]", "pays Bob"]),
        ([Edit(start=4, end=13, replacement="[P]")], "Ann [P] Bob", ["Ann [P]", " Bob"]),
        ([Edit(start=7, end=13, replacement="[P]")], "Ann Lee[P] Bob", ["Ann Lee", "[P] Bob"]),
        ([Edit(start=0, end=17, replacement="[P]")], "[P]", ["[P]"]),
        ([Edit(start=0, end=7, replacement="")], "\n\npays Bob", ["pays Bob"]),
        ([Edit(start=9, end=9, replacement="x")], "Ann Lee\n\nxpays Bob", ["Ann Lee", "xpays Bob"]),
    ],
)
def test_an_edit_belongs_to_the_first_block_it_touches(edits: list[Edit], text: str, blocks: list[str]) -> None:
    found = rewrite(document("Ann Lee", "pays Bob"), edits)
    assert found.text == text
    assert block_texts(found) == blocks


def test_a_title_that_is_a_block_follows_its_block() -> None:
    edits = [Edit(start=0, end=3, replacement="[P]")]
    assert rewrite(document("Ann Lee", "x", title="Ann Lee"), edits).title == "[P] Lee"
    assert rewrite(document("Ann Lee", "x", title="Other"), edits).title == "Other"
    assert rewrite(document("Ann Lee", "x", title="Other"), edits, title="[T]").title == "[T]"


def test_pages_move_with_their_text() -> None:
    edits = [Edit(start=0, end=2, replacement="xxxxx"), Edit(start=6, end=10, replacement="")]
    found = rewrite(document("0123456789abcdef", pages=(0, 4, 8, 12)), edits)
    assert [found.text[start:] for start in found.pages] == [found.text, "45abcdef", "abcdef", "cdef"]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([Edit(start=3, end=4, replacement=""), Edit(start=0, end=1, replacement="")], "order"),
        ([Edit(start=0, end=3, replacement=""), Edit(start=2, end=4, replacement="")], "overlap"),
        ([Edit(start=0, end=99, replacement="")], "outside"),
        ([Edit(start=3, end=2, replacement="")], "outside"),
    ],
)
def test_edits_that_are_not_disjoint_and_sorted_are_refused(edits: list[Edit], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rewrite(document("hello world"), edits)


@st.composite
def documents_and_edits(draw: st.DrawFn) -> tuple[ParsedDocument, list[Edit]]:
    found = document(*draw(st.lists(st.text("abc ", min_size=1, max_size=8), min_size=1, max_size=5)))
    if draw(st.booleans()):
        pages = sorted(draw(st.lists(st.integers(0, len(found.text)), max_size=3)))
        found = ParsedDocument(title="T", text=found.text, blocks=found.blocks, pages=tuple(pages))
    cuts = sorted(draw(st.lists(st.integers(0, len(found.text)), max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    return found, [Edit(start=a, end=b, replacement=draw(st.sampled_from(["", "M", "[P:1]"]))) for a, b in spans]


@given(documents_and_edits())
def test_text_outside_edits_is_unchanged_and_blocks_stay_well_formed(case: tuple[ParsedDocument, list[Edit]]) -> None:
    before, edits = case
    after = rewrite(before, edits)  # making it checks order, overlap and range
    position = new = 0
    for edit in edits:
        assert after.text[new : new + edit.start - position] == before.text[position : edit.start]
        new += edit.start - position
        assert after.text[new : new + len(edit.replacement)] == edit.replacement
        new, position = new + len(edit.replacement), edit.end
    assert after.text[new:] == before.text[position:]
    assert all(text.strip() for text in block_texts(after))
    assert len(after.pages) == len(before.pages)


@given(documents_and_edits())
def test_every_block_keeps_its_own_remaining_text(case: tuple[ParsedDocument, list[Edit]]) -> None:
    """Kept characters are told apart by their old offsets: each stays in its block, none moves to another."""
    before, edits = case
    tags = [chr(0x4E00 + i) for i in range(len(before.text))]
    tagged = ParsedDocument(title="T", text="".join(tags), blocks=before.blocks)
    after = rewrite(tagged, edits)
    kept = {i for i in range(len(tags)) if not any(edit.start <= i < edit.end for edit in edits)}
    expected = ["".join(tags[i] for i in range(b.start, b.end) if i in kept) for b in before.blocks]
    found = ["".join(c for c in text if c >= "\u4e00") for text in block_texts(after)]
    assert [text for text in found if text] == [text for text in expected if text]


@given(documents_and_edits())
def test_every_replacement_that_touches_a_block_is_in_a_block(case: tuple[ParsedDocument, list[Edit]]) -> None:
    """What masks a name must stay searchable wherever the name was."""
    before, edits = case
    shown = [Edit(start=e.start, end=e.end, replacement=f"<{i}>") for i, e in enumerate(edits)]
    inside = "".join(block_texts(rewrite(before, shown)))
    for edit in shown:
        if any(block.start < edit.end and edit.start < block.end for block in before.blocks):
            assert edit.replacement in inside


def test_inverse_edits_restore_the_document() -> None:
    before = document("Ann Lee", "pays Bob")
    masked = rewrite(before, [Edit(start=0, end=3, replacement="[1]"), Edit(start=14, end=17, replacement="[22]")])
    back = [Edit(start=0, end=3, replacement="Ann"), Edit(start=14, end=18, replacement="Bob")]
    assert rewrite(masked, back) == before
    assert all(a.end <= b.start for a, b in itertools.pairwise(masked.blocks))
