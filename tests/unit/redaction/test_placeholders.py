"""Placeholders: put in for values and taken out again, the same for the same value, and never a source's own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import (
    PLACEHOLDER,
    Field,
    Held,
    Numbering,
    asked_placeholder,
    count_placeholders,
    held,
    in_words,
    is_cut,
    placeholder,
    placeholders_in,
    restore,
)
from compliance_bot.redaction.spans import Span

TYPES = ("PERSON", "LOCATION", "EMAIL_ADDRESS", "CREDIT_CARD", "UK_NHS", "VIN")
# What a source may have to be taken for a placeholder: whole ones, halves of them, and what is left of one elsewhere.
LOOKALIKES = (
    "<PERSON_1>",
    "<PERSON_2>",
    "<PERSON_Q2>",
    "<PERSON_01>",
    "<PERSON_0>",
    "<PERSON>",
    "<EMAIL_ADDRESS_10>",
    "<UK_NHS_1>",
    "‹PERSON_1›",
    "<‹PERSON_1›>",
    "<PERSON_",
    "<<PERSON_1>_1>",
    "PERSON_1>",
    "_1>",
    "<",
    ">",
    "1",
    "_",
    "Q",
)
PIECES = st.one_of(st.sampled_from(LOOKALIKES), st.text(max_size=6), st.sampled_from(("Maria Lopez", "maria  lopez")))
SOURCES = st.lists(PIECES, max_size=14).map("".join)


@st.composite
def found_in_sources(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    """Return a source, and disjoint stretches of it that are said to be values, wherever they are."""
    source = draw(SOURCES)
    places = sorted(draw(st.sets(st.integers(0, len(source)), max_size=12)))
    taken = [
        Span(start=start, end=end, type=draw(st.sampled_from(TYPES)), score=1.0)
        for start, end in itertools.pairwise(places)
        if draw(st.booleans())
    ]
    return source, tuple(taken)


def pseudonymised(source: str, spans: Sequence[Span], *, asked: bool = False) -> tuple[str, tuple[Held, ...]]:
    replaced = Numbering(asked=asked).replacements(source, spans)
    return apply_edits(source, [one.edit for one in replaced]), held(source, replaced, Field.TEXT)


def spans_of(source: str, *values: tuple[str, str]) -> tuple[Span, ...]:
    """Return where these values stand, each given with its type, in reading order."""
    spans, at = [], 0
    for value, type_ in values:
        at = source.index(value, at)
        spans.append(Span(start=at, end=at + len(value), type=type_, score=1.0))
        at += len(value)
    return tuple(spans)


@given(found_in_sources())
def test_restoring_brings_the_source_back(given_: tuple[str, tuple[Span, ...]]) -> None:
    source, spans = given_
    assert restore(*pseudonymised(source, spans)) == source


@given(found_in_sources())
def test_every_placeholder_in_a_text_is_one_that_was_put_there(given_: tuple[str, tuple[Span, ...]]) -> None:
    source, spans = given_
    text, values = pseudonymised(source, spans)
    placed = [(one.start, one.end, one.type, one.number) for one in values if one.number]
    assert [(m.start(), m.end(), m.group(1), int(m.group(2))) for m in PLACEHOLDER.finditer(text)] == placed
    assert list(placeholders_in(text)) == [(type_, number) for _, _, type_, number in placed]
    assert all(text[start:end] == placeholder(type_, number) for start, end, type_, number in placed)


@given(found_in_sources())
def test_what_was_taken_out_is_said_with_where_it_stood(given_: tuple[str, tuple[Span, ...]]) -> None:
    source, spans = given_
    _, values = pseudonymised(source, spans)
    assert [(one.type, one.surface) for one in values if one.number] == [
        (span.type, source[span.start : span.end]) for span in spans
    ]
    assert all(PLACEHOLDER.fullmatch(one.placeholder) for one in values if one.number)


@given(found_in_sources())
def test_in_a_question_stands_no_placeholder_of_a_document(given_: tuple[str, tuple[Span, ...]]) -> None:
    source, spans = given_
    text, values = pseudonymised(source, spans, asked=True)
    assert not PLACEHOLDER.search(text)
    assert restore(text, values) == source


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 10**6), st.sampled_from(sorted(KINDS)), st.integers(1, 10**6))
def test_a_placeholder_of_a_question_is_never_one_of_a_document(a: str, n: int, b: str, m: int) -> None:
    assert asked_placeholder(a, n) != placeholder(b, m)
    assert not PLACEHOLDER.search(asked_placeholder(a, n))
    assert PLACEHOLDER.fullmatch(placeholder(b, m))


def test_a_source_that_is_pseudonymised_already_is_told_apart_from_its_values() -> None:
    source = "<PERSON_1> met Ann, not <PERSON_Q2> or ‹PERSON_1›."
    text, values = pseudonymised(source, spans_of(source, ("Ann", "PERSON")))
    assert text == "‹PERSON_1› met <PERSON_1>, not ‹PERSON_Q2› or ‹PERSON_1›."
    assert [(one.number, one.surface) for one in values] == [(0, "<PERSON_1>"), (1, "Ann"), (0, "<PERSON_Q2>")]
    assert restore(text, values) == source


def test_numbers_go_by_type_in_reading_order() -> None:
    source = "Ann of Leeds, Bea of York, Cy of Leeds"
    found = spans_of(
        source,
        ("Ann", "PERSON"),
        ("Leeds", "LOCATION"),
        ("Bea", "PERSON"),
        ("York", "LOCATION"),
        ("Cy", "PERSON"),
        ("Leeds", "LOCATION"),
    )
    text, _ = pseudonymised(source, found)
    assert text == ("<PERSON_1> of <LOCATION_1>, <PERSON_2> of <LOCATION_2>, <PERSON_3> of <LOCATION_1>")


@pytest.mark.parametrize(
    ("type_", "written"),
    [
        ("PERSON", ("Ms Maria Lopez", "MARIA LOPEZ", "María  López", "maria\nlopez", "Maria Lopez’s")),
        ("CREDIT_CARD", ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111")),
        ("EMAIL_ADDRESS", ("Ann.Lee@bank.example", "ann.lee@BANK.example")),
    ],
)
def test_the_same_value_has_the_same_number_however_it_is_written(type_: str, written: tuple[str, ...]) -> None:
    source = " and ".join(written)
    text, values = pseudonymised(source, spans_of(source, *((one, type_) for one in written)))
    assert text == " and ".join([f"<{type_}_1>"] * len(written))
    assert [one.surface for one in values] == list(written)


def test_what_is_written_alike_is_another_value_in_another_type() -> None:
    source = "Lincoln of Lincoln and Lincoln"
    text, _ = pseudonymised(
        source, spans_of(source, ("Lincoln", "PERSON"), ("Lincoln", "LOCATION"), ("Lincoln", "PERSON"))
    )
    assert text == "<PERSON_1> of <LOCATION_1> and <PERSON_1>"


def test_one_numbering_goes_on_from_a_title_to_its_text() -> None:
    numbering = Numbering()
    (first,) = numbering.replacements("Ann", spans_of("Ann", ("Ann", "PERSON")))
    text = "Bea and ANN"
    second, third = numbering.replacements(text, spans_of(text, ("Bea", "PERSON"), ("ANN", "PERSON")))
    assert (first.number, second.number, third.number) == (1, 2, 1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(("", " ", " met ", ", <PERSON_1> or ", "\n"))), max_size=8),
    st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1), min_size=4, max_size=4, unique=True),
    st.lists(st.text("αβγδεζηθ客户尽职资料0123456789", min_size=1), min_size=4, max_size=4, unique=True),
)
def test_texts_that_differ_in_nothing_but_values_have_one_pseudonymised_text(
    shape: list[tuple[int, str]], some: list[str], others: list[str]
) -> None:
    def made(values: list[str]) -> str:
        source, spans = "", []
        for which, after in shape:
            spans.append(Span(start=len(source), end=len(source) + len(values[which]), type="USERNAME", score=1.0))
            source += values[which] + after
        return pseudonymised(source, spans)[0]

    assert made(some) == made(others)


def test_in_words_a_placeholder_is_its_type() -> None:
    assert (
        in_words("<PERSON_1> wrote to <EMAIL_ADDRESS_12>, says <PERSON_Q3>: <b> ‹PERSON_1›")
        == "person wrote to email address, says person: <b> ‹PERSON_1›"
    )


def test_in_its_own_words_a_text_has_those_values_again_and_the_types_of_the_others() -> None:
    own = {"<PERSON_Q1>": "Ana <PERSON_Q2>"}  # what a value looks like is not read again
    text = "<PERSON_Q1> paid <PERSON_Q2> by <CREDIT_CARD_Q1>: ‹PERSON_Q1›"
    assert in_words(text, own) == "Ana <PERSON_Q2> paid person by credit card: ‹PERSON_Q1›"


def test_placeholders_are_counted_by_type_where_the_type_is_one() -> None:
    text = "<PERSON_1> <PERSON_2> <PERSON_1> <EMAIL_ADDRESS_1> <HEADING_1> <PERSON_Q1> <PERSON_0> <PERSON> <person_1>"
    assert count_placeholders(text) == {"PERSON": 3, "EMAIL_ADDRESS": 1}


def test_a_place_inside_a_placeholder_cuts_it_and_its_borders_do_not() -> None:
    text = "x <PERSON_1> ‹PERSON_2> <B>"
    assert [at for at in range(len(text) + 1) if is_cut(text, at)] == list(range(3, 12))
