"""Chunks: invariants over any document, and what structure means for lists, tables and headings."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.chunk import ChunkDraft, Strategy, chunk
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.units import count_words, units
from compliance_bot.sentences import sentences

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
HEADER, ROW = BlockKind.TABLE_HEADER, BlockKind.TABLE_ROW


def heading(text: str, level: int = 1) -> Part:
    return Part(kind=HEADING, text=text, level=level)


def paragraph(text: str) -> Part:
    return Part(kind=PARAGRAPH, text=text)


def item(text: str, level: int = 1) -> Part:
    return Part(kind=ITEM, text=text, level=level)


def cut(*parts: Part, size: int, title: str = "", overlap: int = 0) -> tuple[ChunkDraft, ...]:
    return chunk(assemble(title, parts), size_words=size, overlap_words=overlap)


PARTS = st.builds(
    Part,
    kind=st.sampled_from(list(BlockKind)),
    text=st.lists(
        st.sampled_from(["Firms", "must", "keep", "records.", "Rule", "3.", "x;", "法律。", "a" * 70, "“No.”"]),
        max_size=14,
    ).map(" ".join),
    level=st.integers(1, 3),
)


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    parts = draw(st.lists(PARTS, max_size=12))
    return assemble(draw(st.sampled_from(["", "Firms must"])), [*parts, paragraph("The end.")])


@settings(max_examples=60)
@given(documents(), st.sampled_from(Strategy), st.integers(1, 30), st.integers(0, 10))
def test_chunks_are_true_to_the_document(document: ParsedDocument, strategy: Strategy, size: int, overlap: int) -> None:
    overlap = min(overlap, size - 1)
    found = chunk(document, strategy=strategy, size_words=size, overlap_words=overlap)
    covered: set[int] = set()
    for draft in found:
        assert draft.text == document.text[draft.start : draft.end] == draft.text.strip() != ""
        assert count_words(draft.text) <= size
        assert all(lead.text == document.text[lead.start : lead.start + len(lead.text)] for lead in draft.leads)
        assert all(not draft.start <= lead.start < draft.end for lead in draft.leads)
        covered.update(range(draft.start, draft.end))
    for block in document.blocks:
        if block.kind is not HEADING:
            assert all(i in covered or document.text[i].isspace() for i in range(block.start, block.end))
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(found))
    if not overlap:
        assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert found == chunk(document, strategy=strategy, size_words=size, overlap_words=overlap)


@settings(max_examples=60)
@given(documents(), st.integers(1, 40), st.integers(1, 6), st.integers(0, 5))
def test_a_sentence_window_slides_by_whole_sentences_and_shares_what_was_asked_for(
    document: ParsedDocument, size: int, window: int, overlap: int
) -> None:
    overlap = min(overlap, window - 1)
    found = chunk(document, strategy=Strategy.SENTENCE, size_words=size, sentences=window, overlap_sentences=overlap)
    singles = units(document, size, single=True) or units(document, size, headings=True, single=True)
    held = [[i for i, one in enumerate(singles) if draft.start <= one.start < draft.end] for draft in found]
    for draft, numbers in zip(found, held, strict=True):
        assert (draft.start, draft.end) == (singles[numbers[0]].start, singles[numbers[-1]].end)
        assert len(numbers) <= window
        assert count_words(draft.text) <= size
        assert len({singles[i].section for i in numbers}) == 1
        assert draft.text == document.text[draft.start : draft.end]
    assert {i for numbers in held for i in numbers} == set(range(len(singles)))
    for a, b in itertools.pairwise(held):
        assert b[-1] > a[-1]
        shared = len(set(a) & set(b))
        if singles[a[-1]].section != singles[b[0]].section:
            assert not shared
        elif shared < min(overlap, len(a) - 1):
            # Fewer only where one more would have left no room for the next sentence.
            assert sum(singles[i].words for i in range(b[0] - 1, a[-1] + 2)) > size
        else:
            assert shared == min(overlap, len(a) - 1)


def test_a_sentence_window_stays_in_its_section_and_keeps_leads() -> None:
    document = assemble(
        "",
        [
            heading("Duties"),
            paragraph("One. Two. Three."),
            heading("Lists"),
            paragraph("A firm must not:"),
            item("tell; or"),
            item("sell."),
        ],
    )
    found = chunk(document, strategy=Strategy.SENTENCE, sentences=2, overlap_sentences=1)
    texts = [(draft.heading, draft.text) for draft in found]
    assert texts[:2] == [("Duties", "One. Two."), ("Duties", "Two. Three.")]
    assert all(heading_ == "Lists" for heading_, _ in texts[2:])
    last = found[-1]
    assert "sell." in last.text
    assert last.text.startswith("A firm must not:") or [lead.text for lead in last.leads] == ["A firm must not:"]


@settings(max_examples=60)
@given(documents(), st.integers(12, 30))
def test_no_sentence_is_cut_that_would_fit(document: ParsedDocument, size: int) -> None:
    for strategy in Strategy:
        for draft in chunk(document, strategy=strategy, size_words=size):
            for block in document.blocks:
                for start, end in sentences(document.text[block.start : block.end]):
                    start, end = block.start + start, block.start + end
                    if count_words(document.text[start:end]) <= size:
                        assert not start < draft.start < end
                        assert not start < draft.end < end


def test_the_heading_is_the_path_without_the_title() -> None:
    found = cut(
        heading("Policy"), paragraph("Intro. " * 9), heading("Part A", 2), heading("Duties", 3), paragraph("One. " * 9),
        heading("Part B", 2), paragraph("Two. " * 9), size=20, title="Policy",
    )  # fmt: skip
    assert [draft.heading for draft in found] == ["", "Part A > Duties", "Part B"]


def test_a_list_that_fits_stays_with_its_lead_in() -> None:
    found = cut(paragraph("Before. " * 8), paragraph("A firm must:"), item("(a) keep it"), item("(b) send it"), size=12)
    assert [draft.text for draft in found] == ["Before. " * 7 + "Before.", "A firm must:\n(a) keep it\n(b) send it"]


def test_each_further_chunk_of_a_long_list_carries_the_lead_in_and_the_items_above() -> None:
    found = cut(
        paragraph("This is old. A firm must not:"), item("(a) sell it; or"), item("(b) where it is a bank,"),
        item("(i) lend it more than once", 2), item("(ii) give it to a client of its own", 2),
        item("(c) burn it."), size=10,
    )  # fmt: skip
    assert [[lead.text for lead in draft.leads] for draft in found] == [
        [],
        ["A firm must not:"],
        ["A firm must not:", "(b) where it is a bank,"],
        ["A firm must not:", "(b) where it is a bank,"],
        ["A firm must not:"],
    ]
    assert found[-1].text == "(c) burn it."


def test_words_that_close_a_list_carry_its_lead_in() -> None:
    found = cut(
        paragraph("A firm must:"), item("(a) keep the record safe"), item("(b) report it"),
        paragraph("but only where it was asked to do so."), size=10,
    )  # fmt: skip
    assert found[-1].text.endswith("but only where it was asked to do so.")
    assert [lead.text for lead in found[-1].leads] == ["A firm must:"]


def test_each_further_chunk_of_a_long_table_carries_its_header() -> None:
    rows = [Part(kind=ROW, text=f"Fee {i} | {i} EUR") for i in range(6)]
    found = cut(Part(kind=HEADER, text="Fee | Amount"), *rows, size=13)
    assert len(found) > 2
    assert found[0].leads == ()
    assert all([lead.text for lead in draft.leads] == ["Fee | Amount"] for draft in found[1:])


def test_the_next_list_does_not_inherit_a_lead_in() -> None:
    found = cut(
        paragraph("A firm must:"),
        item("(a) keep it"),
        paragraph("It is so. Others may:"),
        item("(a) sell it now"),
        size=9,
    )
    assert [[lead.text for lead in draft.leads] for draft in found] == [[], []]


def test_each_section_is_a_chunk_of_its_own_however_small_so_that_its_heading_can_be_cited() -> None:
    parts = [
        heading("Fees"),
        heading("Entry", 2),
        paragraph("It costs 5."),
        heading("Exit", 2),
        paragraph("It costs 6."),
    ]
    found = cut(*parts, size=160)
    assert [(draft.heading, draft.text) for draft in found] == [
        ("Fees > Entry", "It costs 5."),
        ("Fees > Exit", "It costs 6."),
    ]


def test_a_sentence_too_long_by_itself_is_cut_at_its_commas() -> None:
    found = cut(paragraph("A firm that is a bank, or was one, or will be, or may be, shall keep it for years"), size=8)
    assert [draft.text[-1] for draft in found][:-1] == [",", ","]


def test_a_run_without_blanks_is_many_words() -> None:
    assert all(len(draft.text) <= 150 for draft in cut(paragraph("x" * 1000), size=5))


def test_overlap_repeats_whole_sentences_within_a_section() -> None:
    text = " ".join(f"Sentence number {i}." for i in range(8))
    found = cut(paragraph(text), size=9, overlap=3)
    assert all(b.text.startswith(a.text[a.text.rindex("Sentence") :]) for a, b in itertools.pairwise(found))


def test_a_document_of_headings_only_is_searchable() -> None:
    assert [draft.text for draft in cut(heading("Keep records"), heading("Report breaches"), size=50)]


def test_a_chunk_has_the_page_on_which_it_begins() -> None:
    parts = [replace(paragraph("One. " * 6), page=1), replace(paragraph("Two. " * 6), page=3)]
    found = chunk(assemble("", parts, page_count=3), size_words=6)
    assert [draft.page for draft in found] == [1, 3]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (5, 5), (5, -1)])
def test_sizes_that_cannot_work_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="size_words"):
        cut(paragraph("x"), size=size, overlap=overlap)
