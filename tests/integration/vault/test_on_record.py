"""What the record of an answer says besides the answer: for what purpose, with which prompt, under which notice."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from compliance_bot.audit.review import WITHHELD
from compliance_bot.errors import Refused
from compliance_bot.records import Principal

from .homes import ADMIN, ANA, BEN, PEOPLE, home, letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.bot import ComplianceBot

REFUND = "When was the refund for Maria Lopez made?"


@pytest.fixture(scope="module")
def bot() -> Iterator[ComplianceBot]:
    with home(PEOPLE, *letters()) as opened:
        yield opened


class Recording(GenericFakeChatModel):
    """A chat model that keeps what it is sent."""

    sent: list[Any] = []  # noqa: RUF012 - a field of the model

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.sent.append(messages)
        return super()._generate(messages, *args, **kwargs)


def model() -> Recording:
    quote = "The refund for <PERSON_1> was made on Friday."
    said = json.dumps(
        {"sentences": [{"text": "On Friday.", "quotes": [{"id": "p1", "quote": quote}]}], "abstain": False}
    )
    return Recording(messages=iter([AIMessage(content=said)] * 3), sent=[])


def described(bot: ComplianceBot, record: str) -> tuple[dict[str, Any], dict[str, Any]]:
    shown = bot.record(record, principal=ADMIN)
    return dict(shown.envelope["public"]), dict(shown.payload)


def test_the_purpose_of_an_act_is_sealed_in_its_record(bot: ComplianceBot) -> None:
    asked = bot.ask(REFUND, principal=BEN, purpose="complaint 12")
    public, private = described(bot, asked.record)
    assert private["purpose"] == "complaint 12"
    assert "complaint" not in json.dumps(public)
    assert "purpose" not in described(bot, bot.ask(REFUND, principal=BEN).record)[1]


def test_so_is_that_of_one_who_was_refused(bot: ComplianceBot) -> None:
    stranger = Principal(id="stranger")
    with suppress(Refused):
        bot.ask(REFUND, principal=stranger, purpose="curiosity")
    newest = bot.records(principal=ADMIN, limit=1)[0]
    assert (newest.principal, newest.outcome) == ("stranger", "refused")
    assert described(bot, newest.record)[1]["purpose"] == "curiosity"


def test_the_prompt_is_sealed_as_it_was_sent_with_placeholders(bot: ComplianceBot) -> None:
    asks = model()
    answer = bot.ask(REFUND, principal=ADMIN, model=asks)
    assert not answer.abstained
    public, private = described(bot, answer.record)
    (sent,) = asks.sent
    assert [one["text"] for one in private["prompt"]] == [message.text for message in sent]
    assert [one["role"] for one in private["prompt"]] == ["system", "human"]
    assert "Lopez" not in json.dumps(private)
    assert "<PERSON_1>" in private["prompt"][1]["text"]
    assert "refund" not in json.dumps(public)


def test_of_a_stream_the_prompt_is_on_record_before_the_model_is_asked(bot: ComplianceBot) -> None:
    asks = model()
    parts = bot.stream(REFUND, principal=ADMIN, model=asks)
    next(parts)
    parts.close()
    kinds = {one.type: one.record for one in bot.records(principal=ADMIN, limit=3)}
    started = described(bot, kinds["answer.started"])[1]
    assert started["prompt"][1]["text"] == asks.sent[0][1].text
    assert "prompt" not in described(bot, kinds["answer.aborted"])[1]


def test_quote_mode_is_sent_nothing(bot: ComplianceBot) -> None:
    assert "prompt" not in described(bot, bot.ask(REFUND, principal=ANA).record)[1]


def test_a_reviewer_who_may_not_read_what_was_sent_does_not_see_the_prompt(bot: ComplianceBot) -> None:
    answer = bot.ask(REFUND, principal=ADMIN, model=model())
    policy = bot.settings.home / "policies" / "reviewer.cedar"
    policy.write_text(
        '@id("looks") permit (principal == User::"rita", action == Action::"review", resource);\n', encoding="utf-8"
    )
    os.utime(policy, (time.time() - 100,) * 2)  # as somebody who left it alone for a while
    try:
        shown = bot.record(answer.record, principal=Principal(id="rita"))
    finally:
        policy.unlink()
    assert shown.payload["prompt"] == WITHHELD


def test_each_candidate_is_named_with_its_hash_its_rank_and_whether_it_was_used(bot: ComplianceBot) -> None:
    answer = bot.ask(REFUND, principal=ANA)
    public, _ = described(bot, answer.record)
    candidates = public["candidates"]
    assert [one["rank"] for one in candidates] == list(range(1, len(candidates) + 1))
    (citation,) = public["citations"]
    (used,) = [one for one in candidates if one["used"]]
    assert (used["chunk"], used["sha256"]) == (citation["chunk"], citation["chunk_sha256"])
    assert used["score_millionths"] == citation["score_millionths"]


def test_the_notice_that_a_machine_answers_comes_with_the_answer_and_is_on_record(bot: ComplianceBot) -> None:
    answer = bot.ask(REFUND, principal=ANA)
    assert answer.notice == bot.settings.ai_notice != ""
    public, private = described(bot, answer.record)
    assert public["notice"] == {"sha256": hashlib.sha256(answer.notice.encode()).hexdigest()}
    assert private["notice"] == answer.notice


class TestIndex:
    """A record names the state of the index that it was searched in, under a name of its own."""

    @pytest.fixture
    def bot(self) -> Iterator[ComplianceBot]:
        with home(PEOPLE, *letters()) as opened:
            yield opened

    def state(self, bot: ComplianceBot, record: str, revision: int) -> str:
        key = bot._home.keyring.derive("log/index/1")
        return hmac.digest(key, f"{record}\n{revision}".encode(), "sha256").hex()

    def revision(self, bot: ComplianceBot) -> int:
        with bot._log.reading() as snapshot:
            row = snapshot.connection.execute("SELECT revision FROM class_revision").fetchone()
        assert row is not None
        return int(row[0])

    @pytest.mark.parametrize("act", ["ask", "search"])
    def test_the_home_can_tell_which_state_it_was(self, bot: ComplianceBot, act: str) -> None:
        for _ in range(2):
            if act == "ask":
                record = bot.ask(REFUND, principal=BEN).record
            else:
                bot.search(REFUND, principal=BEN)
                record = bot.records(principal=ADMIN, limit=1)[0].record
            public, _private = described(bot, record)
            assert public["index"] == self.state(bot, record, self.revision(bot))

    def test_records_of_one_state_have_different_names_for_it(self, bot: ComplianceBot) -> None:
        named = {described(bot, bot.ask(REFUND, principal=BEN).record)[0]["index"] for _ in range(3)}
        assert len(named) == 3

    def test_what_is_ingested_corrected_moved_and_deleted_makes_another_state(self, bot: ComplianceBot) -> None:
        (document,) = [one.document for one in bot.documents(principal=ADMIN) if one.title == "Tariff"]
        changes: dict[str, Callable[[], object]] = {
            "ingest": lambda: bot.ingest_loader([letters("Jo Brown")[0]], collection="letters"),
            "mark": lambda: bot.mark(document, "crowns", entity_type="PERSON", reason="missed", principal=ADMIN),
            "set": lambda: bot.set_attributes(document, {"matter": "heron"}, principal=ADMIN),
            "delete": lambda: bot.delete(document, principal=ADMIN),
        }
        for name, change in changes.items():
            before = self.revision(bot)
            change()
            record = bot.ask(REFUND, principal=BEN).record
            assert described(bot, record)[0]["index"] not in {"", self.state(bot, record, before)}, name
