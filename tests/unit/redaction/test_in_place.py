"""Placeholders as labels, against what is found in the source of them: counted by hand, wherever the stretch begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.in_place import Source, compare, labelled, labels
from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import Field, Held, Numbering, held
from compliance_bot.redaction.scoring import Counts
from compliance_bot.redaction.spans import Span

SOURCE = "Anna Berg met <PERSON_9> and Bo. Bo left for Rome."
ANNA, BO, BO_AGAIN, ROME = (0, 9), (29, 31), (33, 35), (45, 49)


def span(place: tuple[int, int], type_: str = "PERSON") -> Span:
    return Span(start=place[0], end=place[1], type=type_, score=1.0)


def stored(source: str, spans: list[Span]) -> tuple[str, tuple[Held, ...]]:
    """Return a text as it is stored, and what was taken out of it."""
    replaced = Numbering().replacements(source, spans)
    return apply_edits(source, [one.edit for one in replaced]), held(source, replaced, Field.TEXT)


TEXT, HELD = stored(SOURCE, [span(ANNA), span(BO), span(BO_AGAIN), span(ROME, "LOCATION")])


def whole() -> Source:
    return Source.of("", TEXT, HELD)


def test_the_source_comes_back_with_what_only_looked_like_a_placeholder() -> None:
    assert TEXT == "<PERSON_1> met ‹PERSON_9› and <PERSON_2>. <PERSON_2> left for <LOCATION_1>."
    assert whole().text == SOURCE
    assert [one.surface for one in labels(whole(), 0, len(TEXT))] == ["Anna Berg", "Bo", "Bo", "Rome"]


def test_what_was_found_is_compared_with_the_placeholders_of_the_stretch_alone() -> None:
    found = [span((5, 9)), span(BO), span(BO_AGAIN, "LOCATION"), span((36, 40))]
    start = TEXT.index("<PERSON_2>. ")
    assert compare(whole(), start, len(TEXT), found) == {
        "LOCATION": Counts(gold=1, gold_characters=4, found=1, found_characters=2, right_characters=2),
        "PERSON": Counts(
            gold=2, strict=1, covered=2, gold_characters=4, covered_characters=4, found=2, right=1,
            found_characters=6, right_characters=2,
        ),
    }  # fmt: skip
    assert compare(whole(), 0, TEXT.index(" met"), found)["PERSON"].covered == 0
    assert compare(whole(), TEXT.index(" met"), start, found) == {}


def test_what_was_found_across_a_border_counts_inside_of_it() -> None:
    start = TEXT.index(" left")
    ((name, counts),) = compare(whole(), start, start + 5, [span((33, 40))]).items()
    assert (name, counts.found, counts.right, counts.found_characters) == ("PERSON", 1, 0, 5)


def test_other_labels_are_told_apart_and_their_values_are_not() -> None:
    start = TEXT.index("<PERSON_2>. ")
    fewer = Source.of("", TEXT, [one for one in HELD if one.type != "LOCATION"])
    assert labelled(fewer, 0, len(TEXT)) != labelled(whole(), 0, len(TEXT))
    assert labelled(fewer, 0, start) == labelled(whole(), 0, start)
    longer, values = stored(SOURCE.replace("Anna Berg", "Annabella Bergstrom"), [span((0, 19))])
    assert labelled(Source.of("", longer, values), 0, 10) == labelled(whole(), 0, 10)


def test_a_stretch_has_the_same_labels_wherever_it_comes_to_lie() -> None:
    text, values = stored(f"Ms X. {SOURCE}", [span((3, 4)), span((6, 15))])
    at = text.index("<PERSON_2>")
    assert labelled(Source.of("", text, values), at, at + 10) == labelled(whole(), 0, 10)


@given(st.data())
def test_what_masked_a_text_is_right_in_every_stretch_of_it(data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from(["Anna", "Rome", "it", "‹A_1›", "<PERSON_3>"]), min_size=1, max_size=12))
    source = " ".join(words)
    kinds = {"Anna": "PERSON", "Rome": "LOCATION"}
    spans, at = [], 0
    for word in words:
        if word in kinds and data.draw(st.booleans()):
            spans.append(span((at, at + len(word)), kinds[word]))
        at += len(word) + 1
    text, values = stored(source, spans)
    borders = [place for place in range(len(text) + 1) if not any(v.start < place < v.end for v in values)]
    start = data.draw(st.sampled_from(borders))
    end = data.draw(st.sampled_from([place for place in borders if place >= start]))
    restored = Source.of("", text, values)
    assert restored.text == source
    counted = compare(restored, start, end, spans)
    assert sum(one.gold for one in counted.values()) == len(labels(restored, start, end))
    for one in counted.values():
        assert one.gold == one.strict == one.covered == one.found == one.right


@pytest.mark.parametrize("found", [[], [span(ANNA), span(BO)]])
def test_an_empty_stretch_has_nothing(found: list[Span]) -> None:
    assert compare(whole(), 10, 10, found) == {}
