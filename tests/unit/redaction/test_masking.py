"""A detector under the profiles of a home, and what stands in for abilities that somebody's own lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.redaction.abilities import patterns_of, under, version_of
from compliance_bot.redaction.assignment import CollectionProfiles
from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.mask import is_clean, mask
from compliance_bot.redaction.masking import Redaction
from compliance_bot.redaction.profiles import EVERYTHING, Profile, bundled_profiles
from compliance_bot.redaction.spans import Span
from compliance_bot.testing import FailingDetector, ListedDetector

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "Ana Lopez of Fernmoor, a@b.example, staff 4711"
LISTED = ListedDetector(
    {"Ana Lopez": "PERSON", "Fernmoor": "LOCATION", "a@b.example": "EMAIL_ADDRESS", "4711": "STAFF_NUMBER"}
)
PLACES = Profile(name="places", types=frozenset({"LOCATION"}))
CARDS = Profile(name="cards", types=frozenset({"CREDIT_CARD"}))


class Tagger:
    """Takes every `Ana` for a person, with the score that is given; counts how often it was asked."""

    types: Sequence[str] = ("PERSON",)
    version = "tagger 1"

    def __init__(self, score: float = 0.9) -> None:
        self.asked = 0
        self._score = score

    def tag(self, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
        self.asked += 1
        return [
            tuple(
                Span(start=at, end=at + 3, type="PERSON", score=self._score)
                for at in range(len(text))
                if text.startswith("Ana", at)
            )
            for text in texts
        ]


def test_a_detector_that_knows_no_profiles_is_narrowed_to_one() -> None:
    assert mask(TEXT, under(LISTED, PLACES)).text == "Ana Lopez of <LOCATION>, a@b.example, staff <STAFF_NUMBER>"
    assert mask(TEXT, under(under(LISTED, PLACES), EVERYTHING)).text == mask(TEXT, LISTED).text
    sure = Profile(name="sure", types=frozenset({"PERSON"}), thresholds={"PERSON": 1.1})
    assert "Ana Lopez" in mask(TEXT, under(LISTED, sure)).text


def test_the_products_own_is_narrowed_by_itself_and_finds_types_of_other_recognisers_under_any() -> None:
    text = "4111 1111 1111 1111, a@b.example"
    detector = Detector.load()
    assert mask(text, under(detector, CARDS)).text == "<CREDIT_CARD>, a@b.example"
    assert isinstance(under(detector, CARDS), Detector)
    own = Detector(detector.recognizers, types=CARDS.types)
    assert own._is_wanted("STAFF_NUMBER")


def test_a_version_follows_what_is_found_and_not_the_profile() -> None:
    assert LISTED.version != ListedDetector({"Ana": "PERSON"}).version
    assert version_of(under(LISTED, PLACES)) == version_of(LISTED)
    assert "FailingDetector" in version_of(FailingDetector())
    detector, tagged = Detector.load(), Detector.load(tagger=Tagger())
    assert version_of(detector) == version_of(Detector.load()) == version_of(detector.under(CARDS))
    assert version_of(detector) != version_of(tagged)
    assert version_of(detector) != version_of(Detector(detector.recognizers[1:]))


def test_the_patterns_of_a_detector_ask_no_model() -> None:
    tagger = Tagger()
    detector = Detector.load(tagger=tagger).under(EVERYTHING)
    assert [span.type for span in patterns_of(detector).detect("Ana, a@b.example")] == ["EMAIL_ADDRESS"]
    assert tagger.asked == 0
    assert patterns_of(LISTED) is LISTED
    plain = Detector.load()
    assert plain.patterns is plain


def test_masking_asks_the_model_once_and_the_patterns_until_they_settle() -> None:
    tagger = Tagger()
    text = "Ana wrote from a@b.example and Ana from c@d.example"
    assert mask(text, Detector.load(tagger=tagger)).text == (
        "<PERSON> wrote from <EMAIL_ADDRESS> and <PERSON> from <EMAIL_ADDRESS>"
    )
    assert tagger.asked == 1


def test_documents_questions_and_quotes_are_each_masked_under_their_profiles() -> None:
    profiles = CollectionProfiles(default=CARDS, collections={"sites": PLACES})
    redaction = Redaction(detector=LISTED, profiles=profiles)
    assert mask(TEXT, redaction.of("sites").detector).counts == {"LOCATION": 1, "STAFF_NUMBER": 1}
    assert mask(TEXT, redaction.of("minutes").detector).counts == {"STAFF_NUMBER": 1}
    assert redaction.strict.profile.types == {"LOCATION", "CREDIT_CARD"}
    assert redaction.of("sites").described == {
        "profile": "places",
        "profile_sha256": PLACES.sha256,
        "detector": LISTED.version,
    }


def test_a_quote_is_looked_over_for_what_is_certain_and_by_no_model() -> None:
    tagger = Tagger()
    profiles = CollectionProfiles(default=bundled_profiles()["minimal"])
    redaction = Redaction(detector=Detector.load(tagger=tagger), profiles=profiles)
    quotes = redaction.quotes_of("minutes").detector
    assert is_clean("Ana rang 020 7946 0018 about invoice 378282246310.", quotes)  # a phone, perhaps
    assert not is_clean("Ana paid with 4111 1111 1111 1111.", quotes)
    assert not is_clean("Ana is a@b.example.", quotes)
    assert is_clean("Ana is <EMAIL_ADDRESS>.", quotes)
    assert tagger.asked == 0
    assert not is_clean("Ana left.", redaction.strict.detector)


def test_profiles_are_compared_by_what_they_mask() -> None:
    shipped = bundled_profiles()
    assert shipped["hipaa"].covers(shipped["minimal"])
    assert not shipped["minimal"].covers(shipped["hipaa"])
    assert EVERYTHING.covers(shipped["gdpr"])
    assert not shipped["gdpr"].covers(EVERYTHING)
    easy = Profile(name="easy", types=frozenset({"PERSON"}), thresholds={"PERSON": 0.2})
    hard = Profile(name="hard", types=frozenset({"PERSON"}), thresholds={"PERSON": 0.9})
    assert easy.covers(hard)
    assert not hard.covers(easy)
