"""Output is screened: quotes by the profiles of their collections, a model's own words by all that are in force."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance_bot.chains.cite import Cited, cite
from compliance_bot.chains.screen import screen, without_straddling
from compliance_bot.models.contract import Quote, Reply, ReplySentence
from compliance_bot.records import ChunkId, ClassId, DocumentId, Passage, Sentence, VersionId
from compliance_bot.redaction.assignment import CollectionProfiles
from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.masking import Redaction
from compliance_bot.redaction.profiles import Profile
from compliance_bot.redaction.spans import DetectionFailed, Span
from compliance_bot.testing import FailingDetector, ListedDetector

CARDS = Profile(name="cards", types=frozenset({"CREDIT_CARD"}))
PLACES = Profile(name="places", types=frozenset({"CREDIT_CARD", "LOCATION"}))
PROFILES = CollectionProfiles(default=CARDS, collections={"sites": PLACES})
DETECTOR = Detector.load()
LISTED = ListedDetector({"Fernmoor": "LOCATION", "4111111111111111": "CREDIT_CARD"})


def passage(name: str, text: str, collection: str) -> Passage:
    return Passage(
        chunk=ChunkId(name),
        document=DocumentId(name),
        title="Title",
        collection=collection,
        version=1,
        version_id=VersionId(name),
        version_sha256="",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        sha256="",
        ref=None,
        page=None,
        page_starts=(),
        heading="",
        start=0,
        end=len(text),
        text=text,
        class_id=ClassId(1),
    )


def screened(detector: object, *said: tuple[str, str, str | None]) -> Cited:
    """Return what stands of sentences, each given as collection, quote, and the model's own words."""
    passages = [passage(f"p{n}", text, collection) for n, (collection, text, _) in enumerate(said)]
    sentences = tuple(
        ReplySentence(text=text, quotes=(Quote(id=ChunkId(f"p{n}"), quote=text),), prose=prose)
        for n, (_, text, prose) in enumerate(said)
    )
    redaction = Redaction(detector=detector, profiles=PROFILES)  # type: ignore[arg-type]
    return screen(cite(Reply(sentences=sentences), passages), redaction, passages)


def test_a_quote_may_say_what_its_own_collection_does_not_mask() -> None:
    cited = screened(
        LISTED, ("minutes", "Fernmoor opens at nine.", None), ("sites", "Fernmoor is the site of a branch.", None)
    )
    assert [sentence.text for sentence in cited.sentences] == ["Fernmoor opens at nine."]
    assert cited.unsupported == 1


def test_a_quote_with_what_is_certain_is_dropped_and_citations_are_numbered_anew() -> None:
    cited = screened(LISTED, ("minutes", "Paid by 4111111111111111.", None), ("minutes", "Paid at nine.", None))
    assert [(sentence.text, sentence.citations) for sentence in cited.sentences] == [("Paid at nine.", (1,))]
    assert [citation.n for citation in cited.citations] == [1]


def test_a_quote_is_not_dropped_on_a_guess() -> None:
    class Guesses:
        def detect(self, text: str) -> tuple[Span, ...]:
            return (Span(start=0, end=4, type="CREDIT_CARD", score=0.9),)

    assert len(screened(Guesses(), ("minutes", "Paid at nine.", None)).sentences) == 1


def test_a_models_own_words_go_where_any_profile_masks_something_in_them() -> None:
    (sentence,) = screened(LISTED, ("minutes", "Open at nine.", "The one in Fernmoor is.")).sentences
    assert (sentence.text, sentence.prose) == ("Open at nine.", None)
    (sentence,) = screened(LISTED, ("minutes", "Open at nine.", "From nine on, <PERSON> says.")).sentences
    assert sentence.prose == "From nine on, <PERSON> says."


def test_nothing_is_shown_where_nothing_can_be_looked_for() -> None:
    with pytest.raises(DetectionFailed):
        screened(FailingDetector(), ("minutes", "Open at nine.", None))


def test_a_models_own_words_that_make_a_value_over_two_sentences_are_dropped() -> None:
    cited = screened(
        LISTED, ("minutes", "Paid at nine.", "Her card is 41111111."), ("minutes", "Paid at ten.", "11111111 it ends.")
    )
    assert [sentence.prose for sentence in cited.sentences] == ["Her card is 41111111.", None]


def said(prose: str | None) -> Sentence:
    return Sentence(text="A quote.", citations=(1,), prose=prose)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("Her card is 4111 1111.", "1111 1111 it ends."),
        ("Her card is 4111-1111-", "1111-1111"),
        ("Write to maria.lo", "pez@bank.example"),
        ("The account: DE89 3704 0044", "0532 0130 00, as noted."),
    ],
)
def test_words_that_go_on_with_a_value_are_dropped(before: str, then: str) -> None:
    assert without_straddling([said(before)], said(then), DETECTOR) == said(None)
    assert without_straddling([said(before), said(None)], said(then), DETECTOR) == said(None)
    assert without_straddling([], said(then), DETECTOR) == said(then)


def test_words_that_do_not_stay() -> None:
    one = said("The fee is nine crowns.")
    assert without_straddling([said("Rule 3.3.32 applies."), one], one, DETECTOR) == one
    assert without_straddling([one], said(None), DETECTOR) == said(None)


def test_a_failing_detector_refuses() -> None:
    with pytest.raises(DetectionFailed):
        without_straddling([said("a")], said("b"), FailingDetector())
