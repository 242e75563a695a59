"""What is stored of a document is masked, its title and headings with it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.beir import ReadyPassage
from compliance_bot.ingest.chunk import Strategy
from compliance_bot.ingest.prepare import Cut, Cutting, Preparer
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument
from compliance_bot.redaction.spans import DetectionFailed, Detects, Span
from compliance_bot.testing import FailingDetector, HashEmbedder, ListedDetector

CUTTING = Cutting(strategy=Strategy.STRUCTURE, size_words=160, overlap_words=0)
LISTED = ListedDetector({"Lopez": "PERSON", "a@b.example": "EMAIL_ADDRESS"})


def preparer(detector: Detects) -> Preparer:
    return Preparer(detector, HashEmbedder(), CUTTING, term_key=b"k" * 32)


def cut(detector: Detects, title: str, *parts: tuple[BlockKind, str]) -> Cut:
    document = assemble(title, [Part(kind=kind, text=text, level=1) for kind, text in parts])
    return only(detector, document)


def cut_passage(detector: Detects, title: str, text: str) -> Cut:
    return only(detector, ReadyPassage(ref="1", title=title, text=text))


def only(detector: Detects, parsed: ParsedDocument | ReadyPassage) -> Cut:
    (made,) = preparer(detector).cut_each([("file.txt", parsed)])
    if isinstance(made, Cut):
        return made
    raise made


def test_no_part_of_what_is_stored_has_a_value() -> None:
    made = cut(
        LISTED,
        "File of Lopez",
        (BlockKind.HEADING, "The Lopez matter"),
        (BlockKind.PARAGRAPH, "Lopez may be reached by"),
        (BlockKind.LIST_ITEM, "writing to a@b.example"),
        (BlockKind.LIST_ITEM, "calling"),
    )
    stored = f"{made}"
    assert "Lopez" not in stored
    assert "a@b" not in stored
    assert made.title == "File of <PERSON_1>"
    assert {piece.heading for piece in made.pieces} == {"The <PERSON_1> matter"}
    assert all(made.text[piece.start : piece.end] == piece.text for piece in made.pieces)
    (prepared,) = preparer(LISTED).prepare([made])
    assert "Lopez" not in f"{prepared.title}{[(c.text, c.heading, c.leads, c.context) for c in prepared.chunks]}"


class Propagating:
    """Knows `Ms Lopez` for a name, and then every Lopez of the text, as a reader would."""

    def detect(self, text: str) -> tuple[Span, ...]:
        if "Ms Lopez" not in text:
            return ()
        return tuple(
            Span(start=found.start(), end=found.end(), type="PERSON", score=1.0) for found in re.finditer("Lopez", text)
        )


def test_a_name_is_masked_in_the_title_where_only_the_text_says_that_it_is_one() -> None:
    assert cut(Propagating(), "Lopez", (BlockKind.PARAGRAPH, "Ms Lopez signed.")).title == "<PERSON_1>"
    passage = cut_passage(Propagating(), "Lopez", "Ms Lopez signed.")
    assert (passage.title, passage.text) == ("<PERSON_1>", "Ms <PERSON_1> signed.")


class Everything:
    """Takes one stretch of any text for a name."""

    def __init__(self, start: int, length: int) -> None:
        self._start, self._end = start, start + length

    def detect(self, text: str) -> tuple[Span, ...]:
        if "<PERSON>" in text or not text[self._start : self._end]:
            return ()
        return (Span(start=self._start, end=min(self._end, len(text)), type="PERSON", score=1.0),)


@given(
    title=st.text("abc ", max_size=6),
    start=st.integers(0, 24),
    length=st.integers(1, 24),
    text=st.just("some words here"),
)
def test_a_value_across_the_end_of_the_title_is_masked_on_both_sides(
    title: str, start: int, length: int, text: str
) -> None:
    whole = f"{title}\n\n{text}"
    found = range(start, min(start + length, len(whole)))
    made = cut_passage(Everything(start, length), title, text)
    kept = [character for place, character in enumerate(title) if place not in found]
    assert made.title.replace("<PERSON_1>", "") == "".join(kept)
    kept = [character for place, character in enumerate(text, len(title) + 2) if place not in found]
    assert re.sub("<PERSON_[12]>", "", made.text) == "".join(kept)
    assert made.title.count("<PERSON_1>") <= 1
    assert made.text.count("<PERSON_") <= 1


def test_a_document_in_which_nothing_can_be_looked_for_is_refused() -> None:
    with pytest.raises(DetectionFailed):
        cut(FailingDetector(), "Title", (BlockKind.PARAGRAPH, "Text."))
    with pytest.raises(DetectionFailed):
        cut_passage(FailingDetector(), "Title", "Text.")


class Refusing:
    """Fails at a text with a stone in it, and finds nothing in others."""

    def detect(self, text: str) -> tuple[Span, ...]:
        if "stone" in text:
            raise DetectionFailed("it hit a stone")
        return ()


def test_one_that_cannot_be_looked_through_and_one_without_a_word_take_no_other_with_them() -> None:
    texts = ["a leaf", "a stone", "a reed", "- - -", "a twig"]
    passages = [ReadyPassage(ref=str(n), title="", text=text) for n, text in enumerate(texts)]
    made = preparer(Refusing()).cut_each([(one.ref, one) for one in passages])
    assert [one.text if isinstance(one, Cut) else str(one) for one in made] == [
        "a leaf",
        "it hit a stone",
        "a reed",
        str(UnreadableDocument(Reason.NO_TEXT)),
        "a twig",
    ]
