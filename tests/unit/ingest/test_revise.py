"""A text that is made anew has the same source, other placeholders, and its places where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.ingest.revise import Change, made_of
from compliance_bot.redaction.corrections import Correction, Corrections
from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import Field, Numbering, held, placeholders_in, restore
from compliance_bot.testing import ListedDetector

if TYPE_CHECKING:
    from compliance_bot.ingest.revise import Made
    from compliance_bot.redaction.placeholders import Held

KNOWN = ListedDetector({"Ana": "PERSON", "Bo Lee": "PERSON", "AB-12": "CASE_NUMBER"})
NONE = Change(marks=Corrections().occurrences)
WORDS = ("Ana", "Bo Lee", "AB-12", "Zora", "Quill", "Zora Quill", "ZORA QUILL", "<PERSON_1>", "and", "paid", "x")
SOURCES = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", "\n", "-", ", "]))).map(
    lambda parts: "".join(word + blank for word, blank in parts)
)


def stored(title: str, text: str) -> tuple[str, str, tuple[Held, ...]]:
    """Return title and text as ingest stores them, and what was taken out."""
    numbering = Numbering()
    made = []
    values: list[Held] = []
    for source, field in ((title, Field.TITLE), (text, Field.TEXT)):
        replaced = numbering.replacements(source, KNOWN.detect(source))
        made.append(apply_edits(source, [one.edit for one in replaced]))
        values += held(source, replaced, field)
    return made[0], made[1], tuple(values)


def marks(*surfaces: str, type_: str = "ORGANIZATION") -> Change:
    said = Corrections(tuple(Correction(type=type_, surface=one, is_personal=True) for one in surfaces))
    return Change(marks=said.occurrences)


def sources(made: Made) -> tuple[str, str]:
    in_title = [one for one in made.values if one.field is Field.TITLE]
    in_text = [one for one in made.values if one.field is Field.TEXT]
    return restore(made.title, in_title), restore(made.text, in_text)


@given(SOURCES, SOURCES, st.lists(st.sampled_from(["Zora", "Quill", "Zora Quill", "Ana and", "paid"]), max_size=3))
def test_whatever_is_marked_the_source_can_be_restored(title: str, text: str, surfaces: list[str]) -> None:
    title_0, text_0, values = stored(title, text)
    made = made_of(title_0, text_0, values, marks(*surfaces))
    assert sources(made) == (title, text)
    for one in made.values:
        whole = made.title if one.field is Field.TITLE else made.text
        stretch = whole[one.start : one.end]
        assert stretch == (one.placeholder if one.number else f"‹{one.surface[1:-1]}›")


@given(SOURCES, SOURCES)
def test_nothing_marked_and_nothing_spared_changes_nothing(title: str, text: str) -> None:
    title_0, text_0, values = stored(title, text)
    made = made_of(title_0, text_0, values, NONE)
    assert (made.title, made.text, made.values) == (title_0, text_0, values)
    for place in range(len(text_0) + 1):
        if not any(one.start < place < one.end for one in values if one.field is Field.TEXT):
            assert made.places.start(place) == made.places.end(place) == place


@given(SOURCES, SOURCES)
def test_a_mark_that_is_taken_back_leaves_the_text_as_it_was(title: str, text: str) -> None:
    title_0, text_0, values = stored(title, text)
    made = made_of(title_0, text_0, values, marks("Zora Quill", "paid"))
    fresh = {key for key in placeholders_in(f"{made.title} {made.text}") if key[0] == "ORGANIZATION"}
    back = made_of(made.title, made.text, made.values, Change(marks=NONE.marks, spared=frozenset(fresh)))
    assert (back.title, back.text, back.values) == (title_0, text_0, values)


@given(SOURCES)
def test_no_marked_value_is_left_in_the_clear(text: str) -> None:
    _, text_0, values = stored("", text)
    made = made_of("", text_0, values, marks("Zora Quill"))
    assert not list(marks("Zora Quill").marks(made.text))


@given(SOURCES, st.data())
def test_a_stretch_of_the_text_holds_the_same_words_afterwards(text: str, data: st.DataObject) -> None:
    """What a chunk had of the source it still has; where a value lies across its border, all of that."""
    _, text_0, values = stored("", text)
    free = [n for n in range(len(text_0) + 1) if not any(one.start < n < one.end for one in values)]
    start, end = sorted((data.draw(st.sampled_from(free)), data.draw(st.sampled_from(free))))
    made = made_of("", text_0, values, marks("Zora Quill", "Ana and"))
    new_start, new_end = made.places.start(start), made.places.end(end)
    if start == end:
        return

    def source_of(whole: str, held_: tuple[Held, ...], a: int, b: int) -> str:
        inside = [one for one in held_ if a <= one.start and one.end <= b]
        parts, done = [], a
        for one in inside:
            parts += [whole[done : one.start], one.surface]
            done = one.end
        return "".join((*parts, whole[done:b]))

    before = source_of(text_0, values, start, end)
    after = source_of(made.text, made.values, new_start, new_end)
    assert before in after
    assert not any(one.start < place < one.end for one in made.values for place in (new_start, new_end))


def test_numbers_stay_and_a_new_value_gets_the_next_of_its_type() -> None:
    title, text, values = stored("Ana", "Bo Lee met Zora and Ana and ZORA.")
    made = made_of(title, text, values, marks("Zora", type_="PERSON"))
    assert made.title == "<PERSON_1>"
    assert made.text == "<PERSON_2> met <PERSON_3> and <PERSON_1> and <PERSON_3>."


def test_the_number_of_what_was_erased_is_not_given_again() -> None:
    made = made_of("", "<PERSON_4> met Zora.", (), marks("Zora", type_="PERSON"))
    assert made.text == "<PERSON_4> met <PERSON_5>."


def test_half_a_name_that_was_masked_becomes_one_value_with_the_rest() -> None:
    title, text, values = stored("", "Ana-Quill paid; Ana left.")
    assert text == "<PERSON_1>-Quill paid; <PERSON_1> left."
    made = made_of(title, text, values, marks("Ana-Quill", type_="PERSON"))
    assert made.text == "<PERSON_2> paid; <PERSON_1> left."
    assert [one.surface for one in made.values] == ["Ana-Quill", "Ana"]


def test_a_mark_within_a_value_changes_nothing() -> None:
    title, text, values = stored("", "Bo Lee paid.")
    assert made_of(title, text, values, marks("Lee")).values == values


def test_headings_change_like_the_text() -> None:
    title, text, values = stored("", "Ana\n\nZora Quill and Ana")
    made = made_of(title, text, values, marks("Zora Quill"))
    assert made.above("<PERSON_1> > Zora Quill") == "<PERSON_1> > <ORGANIZATION_1>"
    back = made_of(made.title, made.text, made.values, Change(marks=NONE.marks, spared=frozenset({("PERSON", 1)})))
    assert back.above("<PERSON_1> > <ORGANIZATION_1>") == "Ana > <ORGANIZATION_1>"
