"""Which units are chosen, and how they become sentences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from compliance_bot.models.contract import Source
from compliance_bot.models.features import QUESTION_FEATURES, UNIT_FEATURES, Lexicon
from compliance_bot.models.selector import Linear, Selector, select
from compliance_bot.records import ChunkId, Lead


def _linear(names: tuple[str, ...], bias: float = 0.0, **weights: float) -> Linear:
    return Linear(weights=tuple(weights.get(name, 0.0) for name in names), means=(0.0,) * len(names), bias=bias)


BY_COVERAGE = Selector(
    ranked=_linear(UNIT_FEATURES, coverage=4.0),
    answered=_linear(QUESTION_FEATURES, coverage=10.0, bias=-3.0),
    threshold=0.0,
    lexicon=Lexicon(shares={}, alike={}, strength=0.0),
)


def _source(text: str, n: int = 0, title: str = "", start: int = 0, leads: tuple[Lead, ...] = ()) -> Source:
    return Source(id=ChunkId(f"{n:016x}"), title=title, text=text, start=start, leads=leads)


def test_the_best_unit_is_quoted_with_its_place_in_the_document() -> None:
    reply = select("Client files?", [_source("Fees are due. Client files are kept.", 7, start=100)], BY_COVERAGE)
    (sentence,) = reply.sentences
    (quote,) = sentence.quotes
    assert (sentence.text, quote.quote, quote.start, quote.id) == (
        "Client files are kept.",
        "Client files are kept.",
        114,
        "0000000000000007",
    )


def test_each_span_of_a_unit_is_a_quote_of_its_own() -> None:
    leads = (Lead(start=20, text="A firm must not:"),)
    reply = select("Who may lend?", [_source("(c) lend; and", start=90, leads=leads)], BY_COVERAGE)
    assert reply.sentences[0].text == "A firm must not: (c) lend; and"
    assert [(quote.start, quote.quote) for quote in reply.sentences[0].quotes] == [
        (20, "A firm must not:"),
        (90, "(c) lend; and"),
    ]


def test_a_second_sentence_is_chosen_where_it_covers_what_the_first_lacks() -> None:
    sources = [_source("Gifts are recorded by staff."), _source("Bribes are reported to counsel.", 1)]
    reply = select("Are gifts recorded and bribes reported?", sources, BY_COVERAGE)
    assert {sentence.text for sentence in reply.sentences} == {source.text for source in sources}


def test_a_second_sentence_that_adds_nothing_is_left_out() -> None:
    sources = [_source("Gifts are recorded by staff."), _source("Somebody records gifts.", 1)]
    assert len(select("Are gifts recorded?", sources, BY_COVERAGE).sentences) == 1


def test_the_same_words_from_two_documents_are_quoted_once() -> None:
    text = "Gifts and bribes are recorded by staff."
    reply = select("Are gifts recorded?", [_source(text, 3), _source(text, 1)], BY_COVERAGE)
    assert [quote.id for sentence in reply.sentences for quote in sentence.quotes] == ["0000000000000003"]


def test_items_of_one_list_are_one_sentence() -> None:
    text = "A firm must keep:\n(a) client files;\n(b) fee notes; and\n(c) client lists."
    reply = select("Which client files and client lists must a firm keep?", [_source(text)], BY_COVERAGE)
    (sentence,) = reply.sentences
    assert sentence.text == "A firm must keep:\n(a) client files; (c) client lists."


def test_no_item_of_a_list_is_left_out_where_none_answers_better() -> None:
    text = "To lend, a firm must:\n- ask;\n- read;\n- count;\n- sign;\n- file."
    (sentence,) = select("What must a firm do to lend?", [_source(text)], BY_COVERAGE).sentences
    assert sentence.text.split() == text.split()


def test_there_are_never_more_than_three_sentences() -> None:
    words = ("gifts", "bribes", "fees", "loans", "trips")
    sources = [_source(f"{word.title()} are big.", n) for n, word in enumerate(words)]
    lenient = replace(BY_COVERAGE, answered=_linear(QUESTION_FEATURES, bias=1.0))
    sources = [replace(source, title=" ".join(words)) for source in sources]
    assert len(select(" ".join(words), sources, lenient).sentences) == 3


def test_below_the_threshold_it_abstains() -> None:
    sources = [_source("Client files are kept.")]
    assert not select("Client files?", sources, BY_COVERAGE).is_abstention
    assert select("Client files?", sources, replace(BY_COVERAGE, threshold=8.0)).is_abstention


def test_it_abstains_where_the_passage_lacks_the_word_that_the_question_turns_on() -> None:
    sure = replace(BY_COVERAGE, answered=_linear(QUESTION_FEATURES, bias=9.0))
    question, text = "How long are bonus records kept?", "Client records are kept for six years."
    assert select(question, [_source(text)], sure).is_abstention
    assert not select(question, [_source(text, title="Bonus policy")], sure).is_abstention


@pytest.mark.parametrize("question", ["", "?", "the of and"])
def test_a_question_without_words_is_an_abstention(question: str) -> None:
    assert select(question, [_source("Files are kept.")], BY_COVERAGE).is_abstention


def test_no_passages_are_an_abstention() -> None:
    assert select("Client files?", [], BY_COVERAGE).is_abstention


def test_an_unknown_feature_counts_as_its_mean() -> None:
    linear = Linear(weights=(2.0, 3.0), means=(0.0, 0.5), bias=1.0)
    np.testing.assert_allclose(linear(np.array([[1.0, math.nan], [1.0, 1.0]])), [4.5, 6.0])
