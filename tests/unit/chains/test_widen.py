"""What a model quotes becomes what may be quoted: whole, in the document's words, and only where it stands."""

from __future__ import annotations

import pytest

from compliance_bot.chains.widen import plain, widen_sentence
from compliance_bot.models.contract import Quote, ReplySentence
from compliance_bot.records import ChunkId, Lead
from tests.unit.chains.test_cite import passage

TEXT = (
    "Files are kept for six years. They are closed on the Council’s word, except where a hold is in force.\n\n"
    "The keeper signs. The clerk signs."
)


def widened(quote: str, *, text: str = "So.", leads: tuple[Lead, ...] = (), of: str = TEXT) -> ReplySentence:
    offered = passage(of, start=100, leads=leads)
    return widen_sentence(ReplySentence(text=text, quotes=(Quote(id=ChunkId("p1"), quote=quote),)), {"p1": offered})


@pytest.mark.parametrize(
    "quote",
    ["six years", "kept  for\nsix years", "Files are kept for six years.", "for six years. "],
)
def test_a_fragment_becomes_its_sentence(quote: str) -> None:
    sentence = widened(quote)
    assert sentence.text == "Files are kept for six years."
    assert sentence.quotes == (Quote(id=ChunkId("c1"), quote="Files are kept for six years.", start=100),)
    assert sentence.prose == "So."


def test_typographic_marks_may_differ_and_the_documents_are_shown() -> None:
    sentence = widened("on the Council's word")
    assert sentence.text == "They are closed on the Council’s word, except where a hold is in force."


def test_a_quote_over_two_sentences_becomes_both() -> None:
    assert widened("six years. They are closed").text == (
        "Files are kept for six years. They are closed on the Council’s word, except where a hold is in force."
    )


def test_an_item_comes_with_its_lead_in() -> None:
    lead = Lead(start=40, text="Never destroyed are:")
    sentence = widened("litigation files", of="- litigation files;\n- board minutes.", leads=(lead,))
    assert [quote.start for quote in sentence.quotes] == [40, 100]
    assert sentence.text == "Never destroyed are: - litigation files;"


@pytest.mark.parametrize(
    "quote",
    ["seven years", "ix years", "signs", "as", "", " ", "Files are kept for sixty years.", "files are kept"],
    ids=["changed", "half a word", "two places", "too short", "empty", "blank", "number", "case"],
)
def test_what_stands_nowhere_or_in_two_places_supports_nothing(quote: str) -> None:
    assert widened(quote).quotes == ()


def test_a_passage_that_was_not_sent_supports_nothing() -> None:
    said = ReplySentence(text="So.", quotes=(Quote(id=ChunkId("p2"), quote="six years"),))
    assert widen_sentence(said, {"p1": passage(TEXT)}).quotes == ()


def test_a_model_that_only_quotes_has_no_words_of_its_own() -> None:
    assert widened("six years", text="Files are kept  for six years.").prose is None


def test_the_models_words_are_one_line_without_control() -> None:
    assert plain("a\x1b[31m\nb\u202e c\u200b") == "a [31m b c"
    assert len(plain("x" * 5000)) == 2000


@pytest.mark.parametrize(
    "said",
    [
        "See ![it](http://evil.example/x).",
        "See [it](//evil.example).",
        "See [it][1].",
        "See https://evil.example/?q=six",
        "See WWW.evil.example",
        "<img src=x> Six.",
        "<IMG/src=x> Six.",
    ],
)
def test_words_that_a_page_would_turn_into_a_link_or_an_image_are_left_out(said: str) -> None:
    sentence = widened("six years", text=said)
    assert (sentence.text, sentence.prose) == ("Files are kept for six years.", None)


def test_a_marker_of_a_masked_value_may_stand_in_the_models_words() -> None:
    assert widened("six years", text="Ask <EMAIL_ADDRESS> in a < b.").prose == "Ask <EMAIL_ADDRESS> in a < b."
