"""A version as one viewer sees it: values where they may see them, placeholders elsewhere, and places that fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compliance_bot.privacy.reveal import Disclosed, NotBound, Opened, Unveiled, draw_passage
from compliance_bot.records import ChunkId, ClassId, DocumentId, Lead, Passage, VersionId
from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import PLACEHOLDER, Field, Held, Numbering, held, placeholder
from compliance_bot.redaction.spans import Span

TYPES = ("PERSON", "LOCATION", "CREDIT_CARD")
DOCUMENT, VERSION = DocumentId("d-1"), VersionId("v-1")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A source with values in it, what is stored of it, and which types its viewer may see."""

    source: str
    text: str
    values: tuple[Held, ...]
    permitted: frozenset[str]

    @property
    def shown(self) -> tuple[Held, ...]:
        """The values that are drawn."""
        return tuple(one for one in self.values if one.number and one.type in self.permitted)

    @property
    def drawn(self) -> str:
        """What the viewer is to see, made from the source: what is not for them is replaced there."""
        seen = []
        done = shift = 0
        for one in self.values:
            at = one.start + shift
            seen.append(self.source[done:at])
            seen.append(one.surface if one in self.shown else self.text[one.start : one.end])
            done = at + len(one.surface)
            shift += len(one.surface) - (one.end - one.start)
        return "".join((*seen, self.source[done:]))

    def unveiled(self) -> Unveiled:
        return Unveiled(DOCUMENT, VERSION, (), tuple(map(opened, self.shown)))


def opened(one: Held) -> Opened:
    return Opened(start=one.start, end=one.end, type=one.type, number=one.number, value=one.surface)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    between = st.one_of(st.text(max_size=5), st.sampled_from((" ", "", "<PERSON_1>", "<", "_1>", "‹PERSON_1›", "\n")))
    values = st.one_of(
        st.sampled_from(("Maria Lopez", "4111 1111", "<PERSON_2>", "X")), st.text(min_size=1, max_size=9)
    )
    source, spans = draw(between), []
    for _ in range(draw(st.integers(0, 7))):
        value, type_ = draw(values), draw(st.sampled_from(TYPES))
        spans.append(Span(start=len(source), end=len(source) + len(value), type=type_, score=1.0))
        source += value + draw(between)
    replaced = Numbering().replacements(source, spans)
    return Case(
        source=source,
        text=apply_edits(source, [one.edit for one in replaced]),
        values=held(source, replaced, Field.TEXT),
        permitted=frozenset(draw(st.sets(st.sampled_from(TYPES)))),
    )


@given(cases())
def test_the_whole_text_is_drawn_as_the_source_with_what_is_not_permitted_replaced(case: Case) -> None:
    assert case.unveiled().stretch(0, case.text) == case.drawn


@given(cases())
def test_who_may_see_all_sees_the_source_but_for_its_lookalikes(case: Case) -> None:
    everything = Case(source=case.source, text=case.text, values=case.values, permitted=frozenset(TYPES))
    lookalikes = [one for one in case.values if not one.number]
    drawn = everything.unveiled().stretch(0, case.text)
    assert (drawn == case.source) == (not lookalikes)


@given(cases())
def test_values_that_are_not_permitted_stay_placeholders(case: Case) -> None:
    nobody = Unveiled(DOCUMENT, VERSION, (), ())
    assert nobody.is_plain
    assert nobody.stretch(0, case.text) == case.text
    assert [nobody.place(n) for n in range(len(case.text) + 1)] == list(range(len(case.text) + 1))
    hidden = Counter(one.placeholder for one in case.values if one.number and one not in case.shown)
    stay = Counter(found.group() for found in PLACEHOLDER.finditer(case.unveiled().stretch(0, case.text)))
    assert hidden <= stay


@given(cases(), st.data())
def test_a_stretch_stands_at_its_place_in_the_drawn_text(case: Case, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*(st.integers(0, len(case.text)) for _ in range(2)))))
    assume(not any(one.start < cut < one.end for one in case.values for cut in (start, end)))
    seen = case.unveiled()
    drawn = case.drawn
    assert drawn[seen.place(start) : seen.place(end)] == seen.stretch(start, case.text[start:end])


@given(cases())
def test_a_place_of_the_drawn_text_is_found_again_but_inside_a_value(case: Case) -> None:
    seen = case.unveiled()
    inside = {at for one in case.shown for at in range(one.start + 1, one.end)}
    outside = [at for at in range(len(case.text) + 1) if at not in inside]
    assert [seen.stored(seen.place(at)) for at in outside] == outside
    places = {seen.place(at) for at in outside}
    assert all((seen.stored(at) is not None) == (at in places) for at in range(len(case.drawn) + 1))


@given(cases())
def test_all_of_a_text_is_shown_where_every_placeholder_in_it_is_drawn(case: Case) -> None:
    hidden = [one for one in case.values if one.number and one not in case.shown]
    seen = case.unveiled()
    assert seen.shows_all(0, case.text) == (not hidden)
    for one in case.values:
        if one.number:
            assert seen.shows_all(one.start, case.text[one.start : one.end]) == (one in case.shown)


@given(cases())
def test_places_stay_in_order_and_end_with_the_text(case: Case) -> None:
    seen = case.unveiled()
    places = [seen.place(n) for n in range(len(case.text) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(case.drawn)


@given(cases(), st.data())
def test_what_was_drawn_is_disclosed_and_nothing_else(case: Case, data: st.DataObject) -> None:
    seen = case.unveiled()
    assert seen.disclosed.placeholders == ()
    start, end = sorted(data.draw(st.tuples(*(st.integers(0, len(case.text)) for _ in range(2)))))
    seen.stretch(start, case.text[start:end])
    drawn = {(one.type, one.number) for one in case.shown if start <= one.start and one.end <= end}
    told = seen.disclosed
    assert (told.document, told.version) == (DOCUMENT, VERSION)
    assert told.placeholders == tuple(placeholder(*one) for one in sorted(drawn))
    assert seen.counts == Counter(type_ for type_, _ in drawn)


@given(cases(), st.data())
def test_a_passage_is_drawn_with_places_in_what_its_viewer_gets(case: Case, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.tuples(*(st.integers(0, len(case.text)) for _ in range(4)))))
    assume(not any(one.start < cut < one.end for one in case.values for cut in cuts))
    lead_start, lead_end, start, end = cuts
    passage = made_passage(
        text=case.text[start:end],
        start=start,
        end=end,
        leads=(Lead(start=lead_start, text=case.text[lead_start:lead_end]),),
    )
    seen = draw_passage(passage, case.unveiled())
    assert case.drawn[seen.start : seen.end] == seen.text
    (lead,) = seen.leads
    assert case.drawn[lead.start : lead.start + len(lead.text)] == lead.text


def made_passage(*, text: str, start: int, end: int, leads: tuple[Lead, ...]) -> Passage:
    return Passage(
        chunk=ChunkId("00000000000000ff"),
        document=DOCUMENT,
        title="Rules",
        collection="policies",
        version=1,
        version_id=VERSION,
        version_sha256="",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        sha256="",
        ref=None,
        page=None,
        page_starts=(),
        heading="",
        start=start,
        end=end,
        text=text,
        leads=leads,
        class_id=ClassId(1),
    )


def seen_by_all(text: str, title: str = "", **values: str) -> Unveiled:
    """Return a version whose placeholders stand for these values, given by type and number: `PERSON_1`."""

    def found(where: str) -> tuple[Opened, ...]:
        return tuple(
            Opened(
                start=one.start(),
                end=one.end(),
                type=one.group(1),
                number=int(one.group(2)),
                value=values[one.group()[1:-1]],
            )
            for one in PLACEHOLDER.finditer(where)
            if one.group()[1:-1] in values
        )

    return Unveiled(DOCUMENT, VERSION, found(title), found(text))


def test_a_title_is_drawn_with_its_own_values() -> None:
    title = "<PERSON_1> and <PERSON_2>"
    seen = seen_by_all("Of <PERSON_1>.", title, PERSON_1="Maria Lopez")
    assert seen.title(title) == "Maria Lopez and <PERSON_2>"
    assert seen.disclosed == Disclosed(document=DOCUMENT, version=VERSION, placeholders=("<PERSON_1>",))


def test_headings_are_drawn_by_what_their_placeholders_mean_in_the_version() -> None:
    seen = seen_by_all("<PERSON_1>\n\n<LOCATION_1> and <PERSON_2>", PERSON_1="Maria Lopez", LOCATION_1="Leeds")
    assert seen.above("<PERSON_1> > <LOCATION_1> > <PERSON_2> > <PERSON_Q1> > ‹PERSON_1›") == (
        "Maria Lopez > Leeds > <PERSON_2> > <PERSON_Q1> > ‹PERSON_1›"
    )
    assert seen.disclosed.placeholders == ("<LOCATION_1>", "<PERSON_1>")


def test_headings_disclose_no_more_than_they_show() -> None:
    seen = seen_by_all("<PERSON_1> <PERSON_2>", PERSON_1="Ann", PERSON_2="Bea")
    assert seen.above("Of <PERSON_2> > Duties") == "Of Bea > Duties"
    assert seen.disclosed.placeholders == ("<PERSON_2>",)


def test_a_value_that_looks_like_a_placeholder_is_not_drawn_again() -> None:
    seen = seen_by_all("<PERSON_1> <PERSON_2>", PERSON_1="<PERSON_2>", PERSON_2="Bea")
    assert seen.stretch(0, "<PERSON_1> <PERSON_2>") == "<PERSON_2> Bea"
    assert seen.above("<PERSON_1>") == "<PERSON_2>"


def test_each_occurrence_is_drawn_as_its_source_wrote_it() -> None:
    text = "<PERSON_1> and <PERSON_1>"
    first = Opened(start=0, end=10, type="PERSON", number=1, value="Ms Lopez")
    second = Opened(start=15, end=25, type="PERSON", number=1, value="LOPEZ")
    seen = Unveiled(DOCUMENT, VERSION, (), (first, second))
    assert seen.stretch(0, text) == "Ms Lopez and LOPEZ"
    assert seen.values() == {"<PERSON_1>": [first, second]}
    assert seen.counts == {"PERSON": 1}


def test_inside_a_placeholder_is_where_its_value_begins() -> None:
    seen = seen_by_all("Of <PERSON_1>.", PERSON_1="Bo")
    assert [seen.place(n) for n in (0, 3, 4, 12, 13, 14)] == [0, 3, 3, 3, 5, 6]


def test_a_stretch_that_cuts_a_placeholder_shows_nothing_of_its_value() -> None:
    text = "Of <PERSON_1>."
    seen = seen_by_all(text, PERSON_1="Bo")
    for start, end in ((0, 12), (4, 14), (4, 12)):
        assert seen.stretch(start, text[start:end]) == text[start:end]
    assert seen.disclosed.placeholders == ()


def test_values_are_those_that_were_asked_for_or_all() -> None:
    def fresh() -> Unveiled:
        return seen_by_all("<PERSON_1> <PERSON_2>", "<LOCATION_1>", PERSON_1="Ann", PERSON_2="Bea", LOCATION_1="Leeds")

    one, everything = fresh(), fresh()
    assert list(one.values({"<PERSON_2>", "<PERSON_9>"})) == ["<PERSON_2>"]
    assert one.disclosed.placeholders == ("<PERSON_2>",)
    assert list(everything.values()) == ["<LOCATION_1>", "<PERSON_1>", "<PERSON_2>"]
    assert everything.disclosed.placeholders == ("<LOCATION_1>", "<PERSON_1>", "<PERSON_2>")


@pytest.mark.parametrize(
    "text",
    [
        "Of <PERSON_2>.",  # another value's
        "Of <LOCATION_1>",  # another type's
        "OF THE BANK AND",  # no placeholder at all
        " Of <PERSON_1>.",  # moved by one
        "Of ‹PERSON_1›.",  # a source's own words
        "Of <PERSON_Q1>.",
    ],
)
def test_a_value_is_drawn_in_place_of_nothing_but_its_placeholder(text: str) -> None:
    one = Opened(start=3, end=13, type="PERSON", number=1, value="Maria Lopez")
    seen = Unveiled(DOCUMENT, VERSION, (one,), (one,))
    for draw in (seen.title, lambda text: seen.stretch(0, text)):
        with pytest.raises(NotBound, match="bound to a stretch that does not stand for it") as refused:
            draw(text)
        assert refused.value.exit_code == 3
        assert "Lopez" not in f"{refused.value} {refused.value!r}"
    assert seen.disclosed.placeholders == ()


def test_a_value_is_not_printed_with_where_it_stands() -> None:
    assert "Lopez" not in repr(Opened(start=0, end=10, type="PERSON", number=1, value="Maria Lopez"))


def test_a_version_of_which_nothing_is_known_is_plain() -> None:
    seen = Unveiled.nothing(DOCUMENT)
    assert seen.is_plain
    assert (seen.title("<PERSON_1>"), seen.above("<PERSON_1>"), seen.stretch(5, "<PERSON_1>")) == ("<PERSON_1>",) * 3
    assert seen.values() == {}
