"""Passages are drawn and stretches confirmed by people who see every value in them; others learn nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from compliance_bot.errors import ComplianceError, Refused, UsageError
from compliance_bot.records import Principal, VersionId
from compliance_bot.store import quality
from compliance_bot.store.quality import shift_reviews
from compliance_bot.store.scope import everything_open

from .homes import ADMIN, ANA, BEN, EVE, OLGA, PEOPLE, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.chains.sampling import ToReview
    from compliance_bot.store.quality import Review

ABSENT = "00000000-0000-4000-8000-000000000000"
NOTE = "# Visit\n\nJo Brown came in.\n\nMaria Schmidt and Jo Brown left together with Ms Lopez."


@contextmanager
def opened() -> Iterator[ComplianceBot]:
    with home(PEOPLE, *letters(), letter(NOTE, "Visit", "visit.md")) as bot:
        secret = letter("Maria Lopez is an insider.", "Matter Heron", "heron.md")
        assert not bot.ingest_loader([secret], collection="letters", attributes={"matter": "heron"}).rejected
        yield bot


@pytest.fixture(scope="module")
def shared() -> Iterator[ComplianceBot]:
    with opened() as bot:
        yield bot


@pytest.fixture
def bot(shared: ComplianceBot) -> Iterator[ComplianceBot]:
    """Return a home in which nothing is confirmed yet, for tests that leave its documents alone."""
    yield shared
    with shared.parts.database.writing() as transaction, everything_open(transaction):
        transaction.connection.execute("DELETE FROM redaction_review")


@pytest.fixture
def own() -> Iterator[ComplianceBot]:
    """Return a home for a test that changes documents."""
    with opened() as bot:
        yield bot


def of(bot: ComplianceBot, title: str) -> str:
    (document,) = (one.document for one in bot.documents(principal=ADMIN, reveal=False) if one.title == title)
    return document


def text(bot: ComplianceBot, document: str, who: Principal | str = OLGA) -> str:
    return bot.document(document, principal=who).text or ""


def confirm_all(bot: ComplianceBot, document: str, who: Principal | str = OLGA) -> None:
    bot.confirm_redaction(document, 0, len(text(bot, document, who)), principal=who)


def reviews(bot: ComplianceBot) -> list[tuple[int, int, str]]:
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        rows = snapshot.connection.execute(
            "SELECT start_at, end_at, language FROM redaction_review ORDER BY version_id, start_at"
        ).fetchall()
    return [(start, end, language) for start, end, language in rows]


class TestSample:
    def test_a_passage_has_its_place_in_the_text_that_this_viewer_gets(self, bot: ComplianceBot) -> None:
        drawn = bot.sample_passages(10, principal=OLGA).passages
        assert {one.title for one in drawn} == {"Letter to Maria Lopez", "Letter of thanks", "Tariff", "Visit"}
        for one in drawn:
            assert text(bot, one.document)[one.start : one.end] == one.text
        assert any("Maria Schmidt and Jo Brown" in one.text for one in drawn)

    def test_the_same_seed_draws_the_same_and_another_one_others(self, bot: ComplianceBot) -> None:
        def drawn(seed: int) -> tuple[ToReview, ...]:
            return bot.sample_passages(2, principal=OLGA, seed=seed).passages

        assert drawn(7) == drawn(7)
        assert len({drawn(seed) for seed in range(10)}) > 1
        told = bot.sample_passages(2, principal=OLGA)
        assert drawn(told.seed) == told.passages

    def test_nobody_is_shown_what_they_may_not_judge(self, bot: ComplianceBot) -> None:
        # Ana sees names in the letters and no card number; Ben sees nothing; what is behind the wall neither reads.
        assert {one.title for one in bot.sample_passages(10, principal=ANA).passages} == {
            "Letter of thanks", "Tariff", "Visit",
        }  # fmt: skip
        assert {one.title for one in bot.sample_passages(10, principal=BEN).passages} == {"Tariff"}
        assert {one.title for one in bot.sample_passages(10, principal=ADMIN).passages} > {"Matter Heron"}

    def test_a_collection_can_be_named_and_one_that_is_not_there_is_empty(self, bot: ComplianceBot) -> None:
        assert len(bot.sample_passages(10, principal=OLGA, collection="letters").passages) == 4
        assert bot.sample_passages(10, principal=OLGA, collection="nowhere").passages == ()

    def test_what_was_reviewed_is_not_drawn_again(self, bot: ComplianceBot) -> None:
        visit = of(bot, "Visit")
        start = text(bot, visit).index("Maria Schmidt")
        bot.confirm_redaction(visit, start, start + len("Maria Schmidt"), principal=OLGA)
        assert "Visit" not in {one.title for one in bot.sample_passages(10, principal=OLGA).passages}

    def test_passages_that_overlap_are_not_drawn_together(self, own: ComplianceBot) -> None:
        own.__dict__.pop("parts", None)
        cut = {"chunk_strategy": "fixed", "chunk_words": 20, "chunk_overlap_words": 10}
        own.settings = own.settings.model_copy(update=cut)
        text = " ".join(f"This is sentence number {n}." for n in range(60))
        assert own.ingest_loader([letter(text, "Long", "long.md")], collection="long").ingested == 1
        drawn = own.sample_passages(100, principal=OLGA, collection="long").passages
        for one in drawn:
            own.confirm_redaction(one.document, one.start, one.end, principal=OLGA)
        assert len(reviews(own)) == len(drawn) > 5

    def test_where_something_was_erased_nothing_is_drawn(self, own: ComplianceBot) -> None:
        own.erase("Maria Schmidt", reason="a request", principal=OLGA)
        drawn = {one.title for one in own.sample_passages(10, principal=OLGA).passages}
        assert not drawn & {"Visit", "Letter of thanks"}

    def test_the_record_says_what_was_shown(self, bot: ComplianceBot) -> None:
        bot.sample_passages(10, principal=OLGA, seed=3)
        summary = next(one for one in bot.records(principal=EVE) if one.type == "privacy.sample")
        shown = bot.record(summary.record, principal=ADMIN)
        assert shown.envelope["public"]["sampled"] == {"seed": 3, "passages": 4}
        assert shown.envelope["public"]["revealed"]["counts"] == {"CREDIT_CARD": 1, "PERSON": 5}
        assert "Lopez" not in str(shown)


class TestConfirm:
    def test_a_stretch_is_kept_in_places_of_the_stored_text(self, bot: ComplianceBot) -> None:
        visit = of(bot, "Visit")
        seen, stored = text(bot, visit), text(bot, visit, BEN)
        start = seen.index("Maria Schmidt")
        done = bot.confirm_redaction(visit, start, len(seen), principal=OLGA, language="en")
        assert (done.start, done.end, done.labels, done.version, done.is_new) == (start, len(seen), 3, 1, True)
        ((first, last, language),) = reviews(bot)
        assert stored[first:last].startswith("<PERSON_2> and <PERSON_1> left")
        assert (last, language) == (len(stored), "en")

    def test_who_sees_part_of_the_values_counts_in_the_text_that_they_get(self, bot: ComplianceBot) -> None:
        refund = of(bot, "Letter to <PERSON_1>")
        seen = text(bot, refund, ANA)
        assert "<CREDIT_CARD_1>" in seen
        start = seen.index("The refund")
        bot.confirm_redaction(refund, start, len(seen), principal=ANA)
        stored = text(bot, refund, BEN)
        ((first, last, _),) = reviews(bot)
        assert stored[first:last] == "The refund for <PERSON_1> was made on Friday."

    def test_twice_the_same_is_one_review_by_whomever(self, bot: ComplianceBot) -> None:
        tariff = of(bot, "Tariff")
        first = bot.confirm_redaction(tariff, 0, 6, principal=OLGA)
        again = bot.confirm_redaction(tariff, 0, 6, principal=ADMIN)
        assert (again.review, again.is_new) == (first.review, False)
        assert len(reviews(bot)) == 1

    def test_once_more_with_another_language_it_has_that_one(self, bot: ComplianceBot) -> None:
        tariff = of(bot, "Tariff")
        bot.confirm_redaction(tariff, 0, 6, principal=OLGA, language="de")
        bot.confirm_redaction(tariff, 0, 6, principal=OLGA, language="en")
        bot.confirm_redaction(tariff, 0, 6, principal=OLGA)
        assert reviews(bot) == [(0, 6, "en")]

    def test_stretches_beside_each_other_are_two_and_overlapping_ones_are_refused(self, bot: ComplianceBot) -> None:
        tariff = of(bot, "Tariff")
        bot.confirm_redaction(tariff, 0, 6, principal=OLGA)
        bot.confirm_redaction(tariff, 6, 10, principal=OLGA)
        with pytest.raises(UsageError, match="0:6 is confirmed already"):
            bot.confirm_redaction(tariff, 5, 12, principal=OLGA)
        assert [(start, end) for start, end, _ in reviews(bot)] == [(0, 6), (6, 10)]

    @pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5), (0, 100_000), (100_000, 100_001)])
    def test_a_stretch_that_is_none_is_told(self, bot: ComplianceBot, start: int, end: int) -> None:
        with pytest.raises(UsageError, match=f"expected START:END with 0 <= START < END <= .*, {start}:{end} came"):
            bot.confirm_redaction(of(bot, "Tariff"), start, end, principal=OLGA)
        assert reviews(bot) == []

    @pytest.mark.parametrize("who", [OLGA, ANA])
    def test_half_a_value_is_no_border_and_no_half_placeholder_either(self, bot: ComplianceBot, who: Principal) -> None:
        refund = of(bot, "Letter to <PERSON_1>")
        seen = text(bot, refund, who)
        inside = seen.index("Maria Lopez") + 3, seen.index("4111" if who is OLGA else "<CREDIT") + 3
        for at in inside:
            for start, end in ((0, at), (at, len(seen))):
                with pytest.raises(UsageError, match="inside of what is masked"):
                    bot.confirm_redaction(refund, start, end, principal=who)
        assert reviews(bot) == []

    @pytest.mark.parametrize("language", ["", "English", "en_US", "x" * 40])
    def test_a_language_is_a_code(self, bot: ComplianceBot, language: str) -> None:
        with pytest.raises(UsageError, match="expected one such as en"):
            bot.confirm_redaction(of(bot, "Tariff"), 0, 5, principal=OLGA, language=language)

    def test_who_may_not_see_a_value_cannot_confirm_and_absent_forbidden_and_hidden_are_alike(
        self, bot: ComplianceBot
    ) -> None:
        refused = {
            (BEN, of(bot, "Visit"), 26),  # may read it, and see no name
            (ANA, of(bot, "Letter to <PERSON_1>"), 60),  # sees the names and not the card
            (OLGA, of(bot, "Matter Heron"), 26),  # may not read it
            (OLGA, ABSENT, 26),
            (OLGA, "no id", 26),
            (replace(OLGA, actor="root"), of(bot, "Tariff"), 26),  # acts as another
        }
        told = set()
        for who, document, end in refused:
            with pytest.raises(Refused) as raised:
                bot.confirm_redaction(document, 0, end, principal=who)
            told.add((str(raised.value), raised.value.hint, raised.value.exit_code))
        assert len(told) == 1
        assert reviews(bot) == []

    def test_without_hidden_values_who_sees_none_can_confirm(self, bot: ComplianceBot) -> None:
        assert bot.confirm_redaction(of(bot, "Tariff"), 0, 5, principal=BEN).labels == 0

    def test_what_was_erased_can_be_judged_by_nobody(self, own: ComplianceBot) -> None:
        own.erase("Maria Schmidt", reason="a request", principal=OLGA)
        with pytest.raises(Refused):
            confirm_all(own, of(own, "Visit"))

    def test_the_record_says_where_and_how_many_and_nothing_personal(self, bot: ComplianceBot) -> None:
        visit = of(bot, "Visit")
        confirm_all(bot, visit)
        summary = next(one for one in bot.records(principal=EVE) if one.type == "privacy.confirm")
        shown = bot.record(summary.record, principal=ADMIN)
        confirmed = shown.envelope["public"]["confirmed"]
        assert (confirmed["document"], confirmed["labels"], confirmed["language"]) == (visit, 4, "und")
        assert confirmed["review"] == summary.record
        assert "Brown" not in str(shown)
        with pytest.raises(ComplianceError):
            bot.confirm_redaction(visit, 3, 5, principal=OLGA)
        assert next(one for one in bot.records(principal=EVE) if one.type == "privacy.confirm").outcome == "refused"

    def test_an_older_version_can_be_confirmed_by_its_number(self, own: ComplianceBot) -> None:
        newer = letter("# Visit\n\nNobody came.", "Visit", "visit.md")
        assert own.ingest_loader([newer], collection="letters").ingested == 1
        visit = of(own, "Visit")
        old = own.document(visit, principal=OLGA, version=1).text or ""
        with pytest.raises(UsageError, match="expected START:END"):
            own.confirm_redaction(visit, 0, len(old), principal=OLGA)
        assert own.confirm_redaction(visit, 0, len(old), principal=OLGA, version=1).labels == 4


class TestRowsOfReviews:
    def test_a_deleted_document_takes_its_reviews_away(self, own: ComplianceBot) -> None:
        visit = of(own, "Visit")
        confirm_all(own, visit)
        confirm_all(own, of(own, "Tariff"))
        own.delete(visit, principal=ADMIN)
        assert len(reviews(own)) == 1

    def test_a_review_moves_with_its_document(self, own: ComplianceBot) -> None:
        visit = of(own, "Visit")
        confirm_all(own, visit)
        own.set_attributes(visit, {"matter": "heron"}, principal=ADMIN)
        with pytest.raises(UsageError):
            own.measure_redaction(principal=OLGA)
        assert own.measure_redaction(principal=ADMIN).stretches == 1
        own.set_attributes(visit, {}, ["matter"], principal=ADMIN)
        assert own.redaction_quality(principal=OLGA).history[0].reviews == 1

    def test_reviews_follow_a_changed_text_and_what_is_swallowed_is_forgotten(self, bot: ComplianceBot) -> None:
        tariff = of(bot, "Tariff")
        for start, end in ((0, 5), (7, 9), (10, 20)):
            bot.confirm_redaction(tariff, start, end, principal=OLGA)

        def new_place(offset: int) -> int:
            """Stand for a change of [6, 12) into twelve characters."""
            return offset if offset <= 6 else 6 if offset < 12 else offset + 6

        with bot.parts.database.writing() as transaction, everything_open(transaction):
            (version,) = {one.version for one in _all(transaction)}
            shift_reviews(transaction, VersionId(version), new_place)
        assert [(start, end) for start, end, _ in reviews(bot)] == [(0, 5), (6, 26)]


def _all(transaction: object) -> tuple[Review, ...]:
    rows = transaction.connection.execute("SELECT DISTINCT version_id FROM redaction_review").fetchall()  # type: ignore[attr-defined]
    return tuple(one for (version,) in rows for one in quality.reviews_of(transaction, str(version)))  # type: ignore[arg-type]
