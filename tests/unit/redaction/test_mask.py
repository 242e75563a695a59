from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_bot.records import Edit
from compliance_bot.redaction.detect import DetectionFailed, Detector, Span
from compliance_bot.redaction.mask import apply_edits, mask, mask_each

from .values import EXAMPLES, noise, texts_with_values

WITH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class Words:
    """A detector of given words; a stand-in for recognisers of other types."""

    def __init__(self, pattern: str, kind: str = "PERSON") -> None:
        self._pattern = re.compile(pattern)
        self._kind = kind

    def detect(self, text: str) -> tuple[Span, ...]:
        found = self._pattern.finditer(text)
        return tuple(Span(start=m.start(), end=m.end(), type=self._kind, score=1.0) for m in found)


def test_a_value_becomes_the_marker_of_its_type(detector: Detector) -> None:
    masked = mask("Write to maria.lopez@bank.example or a@b.example, card 4111 1111\n1111 1111.", detector)
    assert masked.text == "Write to <EMAIL_ADDRESS> or <EMAIL_ADDRESS>, card <CREDIT_CARD>."
    assert masked.counts == {"CREDIT_CARD": 1, "EMAIL_ADDRESS": 2}
    assert masked.edits[0] == Edit(start=9, end=33, replacement="<EMAIL_ADDRESS>")


def test_markers_tell_neither_length_nor_identity(detector: Detector) -> None:
    texts = {mask(f"from {value} today", detector).text for value in ("a@b.example", "maria.lopez@harbour.example")}
    assert texts == {"from <EMAIL_ADDRESS> today"}


def test_a_marker_in_the_source_stays_and_does_not_count(detector: Detector) -> None:
    masked = mask("<EMAIL_ADDRESS> <PERSON> <b> a@b.example", detector)
    assert masked.text == "<EMAIL_ADDRESS> <PERSON> <b> <EMAIL_ADDRESS>"
    assert masked.counts == {"EMAIL_ADDRESS": 1}


def test_a_span_across_a_marker_masks_what_is_around_it() -> None:
    masked = mask("see Ann <US_SSN> Lee.", Words("Ann.*Lee"))
    assert masked.text == "see <PERSON><US_SSN><PERSON>."
    assert masked.edits == (
        Edit(start=4, end=8, replacement="<PERSON>"),
        Edit(start=16, end=20, replacement="<PERSON>"),
    )


def test_what_a_first_pass_uncovers_is_masked_with_offsets_into_the_source() -> None:
    # The word is found at a line's start or after a marker: one more of them with each pass.
    masked = mask("aa aa aa b", Words(r"(?:^|(?<=> ))aa"))
    assert masked.text == "<PERSON> <PERSON> <PERSON> b"
    assert [(edit.start, edit.end) for edit in masked.edits] == [(0, 2), (3, 5), (6, 8)]


def test_a_detector_that_never_ends_is_refused() -> None:
    with pytest.raises(DetectionFailed, match="did not settle within 8 passes"):
        mask("aa " * 20, Words(r"(?:^|(?<=> ))aa"))


def test_text_without_values_comes_back_as_it_was(detector: Detector) -> None:
    masked = mask("Rule 3.3.32 applies.", detector)
    assert (masked.text, dict(masked.counts), masked.edits) == ("Rule 3.3.32 applies.", {}, ())


@pytest.mark.parametrize("value", EXAMPLES.values())
@pytest.mark.parametrize("disguise", ["\u200b", "\u00ad", "\ufeff"])
def test_invisible_characters_do_not_save_a_value(detector: Detector, value: str, disguise: str) -> None:
    hidden = disguise.join(value)
    assert mask(f"x {hidden} y", detector).text == f"x <{next(k for k, v in EXAMPLES.items() if v == value)}> y"


@WITH_FIXTURE
@given(made=texts_with_values())
def test_no_planted_value_survives(detector: Detector, made: tuple[str, list[str]]) -> None:
    text, values = made
    masked = mask(text, detector)
    rest = re.sub(r"[^0-9a-z]", "", masked.text)
    assert not any(value in masked.text for value in values)
    assert not any(re.sub(r"\D", "", value) in rest for value in values if "@" not in value)


@WITH_FIXTURE
@given(made=texts_with_values(), more=noise)
def test_edits_lead_from_the_source_to_the_masked_text(
    detector: Detector, made: tuple[str, list[str]], more: str
) -> None:
    text = made[0] + more
    masked = mask(text, detector)
    assert apply_edits(text, masked.edits) == masked.text
    assert sum(masked.counts.values()) == len(masked.edits)
    kept = [text[a:b] for a, b in zip((0, *(e.end for e in masked.edits)), (*(e.start for e in masked.edits), None))]  # noqa: B905
    assert kept == re.split("|".join({re.escape(e.replacement) for e in masked.edits}) or r"\Z(?!)", masked.text)


@WITH_FIXTURE
@given(made=texts_with_values(), more=noise)
def test_masking_twice_changes_nothing(detector: Detector, made: tuple[str, list[str]], more: str) -> None:
    once = mask(more + made[0], detector)
    twice = mask(once.text, detector)
    assert (twice.text, twice.edits) == (once.text, ())


@settings(WITH_FIXTURE, max_examples=40)
@given(each=st.lists(texts_with_values(), max_size=4))
def test_texts_masked_together_come_out_as_each_by_itself(
    detector: Detector, each: list[tuple[str, list[str]]]
) -> None:
    texts = [text for text, _ in each]
    assert mask_each(texts, detector) == tuple(mask(text, detector) for text in texts)


@WITH_FIXTURE
@given(made=texts_with_values(), more=noise)
def test_each_edit_has_the_span_it_comes_from(detector: Detector, made: tuple[str, list[str]], more: str) -> None:
    masked = mask(made[0] + more, detector)
    assert [(s.start, s.end, f"<{s.type}>") for s in masked.spans] == [
        (e.start, e.end, e.replacement) for e in masked.edits
    ]
    assert all(span.source and 0 < span.score <= 1 for span in masked.spans)
