"""A document that is moved behind a wall is gone from the next question on, everywhere, at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import Answer, ComplianceBot, Principal
from compliance_bot.chains import answer as chain
from compliance_bot.chains import stream as streaming
from compliance_bot.errors import Refused
from compliance_bot.store.moves import MovedMeanwhile
from compliance_bot.wiring import _MORE_TRIES
from tests.acceptance.conftest import Cli

POLICIES = """
@id("desk-reads")
permit (principal in Group::"desk", action in [Action::"ask", Action::"search", Action::"read"], resource);
@id("reviewers-review")
permit (principal in Group::"reviewers", action == Action::"review", resource);
@id("wall")
forbid (principal, action in [Action::"read", Action::"delete", Action::"reclassify"], resource)
when { resource has matter }
unless { principal has matters && principal.matters.contains(resource.matter) };
@id("ida-reclassifies")
permit (principal == User::"ida", action == Action::"reclassify", resource);
"""
PRINCIPALS = """
- {id: admin}
- {id: ana, groups: [desk]}
- {id: rob, groups: [reviewers]}
- {id: ida, groups: [desk], attributes: {matters: [heron]}}
"""
QUESTION = "How high is the fee for a transfer abroad?"
FEE = "The fee for a transfer abroad is nine crowns."
OTHER = "A transfer abroad needs the form T-40, and its fee is shown on the screen."
MEMBER = Principal(id="ida", groups={"desk"}, attributes={"matters": frozenset({"heron"})})


@pytest.fixture(scope="module", autouse=True)
def policies(home: Path) -> None:
    (home / "policies" / "filing.cedar").write_text(POLICIES, encoding="utf-8")
    (home / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")


@pytest.fixture(scope="module")
def bot(home: Path, policies: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "tariff.md").write_text(f"# Tariff\n\n{FEE}\n", encoding="utf-8")
    (folder / "forms.md").write_text(f"# Forms\n\n{OTHER}\n", encoding="utf-8")
    with ComplianceBot.open(home) as opened:
        opened.ingest([folder / "tariff.md", folder / "forms.md"], collection="rates")
        yield opened


@pytest.fixture
def tariff(bot: ComplianceBot) -> Iterator[str]:
    """Return the id of the tariff, which stands before the wall at the beginning of each test."""
    (document,) = [d.document for d in bot.documents(principal=MEMBER) if d.title == "Tariff"]
    yield document
    bot.set_attributes(document, {}, ["matter"], principal=MEMBER)


def close(bot: ComplianceBot, document: str) -> None:
    done = bot.set_attributes(document, {"matter": "heron"}, principal="admin")
    assert done.changed == (document,)


def texts(answer: Answer) -> str:
    return repr(answer)


class TestNextQuestion:
    def test_it_has_nothing_of_the_document_and_the_insiders_next_one_has(
        self, bot: ComplianceBot, home: Path, tariff: str
    ) -> None:
        with ComplianceBot.open(home) as other:
            for one in (bot, other):
                assert FEE in one.ask(QUESTION, principal="ana").answer
            close(bot, tariff)
            for one in (bot, other):
                assert "nine" not in texts(one.ask(QUESTION, principal="ana"))
                assert {hit.title for hit in one.search(QUESTION, principal="ana")} == {"Forms"}
                assert {d.title for d in one.documents(principal="ana")} == {"Forms"}
                assert FEE in one.ask(QUESTION, principal="ida").answer
                assert {hit.title for hit in one.search(QUESTION, principal="ida")} == {"Forms", "Tariff"}
                for look in (one.document, one.history):
                    with pytest.raises(Refused):
                        look(tariff, principal="ana")
                assert "nine" not in repr(list(one.stream(QUESTION, principal="ana")))

    def test_a_process_that_answered_before_has_nothing_of_it_either(self, bot: ComplianceBot, tariff: str) -> None:
        program = """
import sys
from compliance_bot import ComplianceBot
with ComplianceBot.open() as bot:
    for line in sys.stdin:
        answer = bot.ask(line.strip(), principal="ana")
        titles = [d.title for d in bot.documents(principal="ana")]
        print([answer.answer, sorted(titles)], flush=True)
"""
        with running(program, bot) as child:
            assert child.stdin is not None
            assert child.stdout is not None

            def ask() -> str:
                print(QUESTION, file=child.stdin, flush=True)
                return child.stdout.readline()

            before = ask()
            assert FEE in before
            assert "Tariff" in before
            close(bot, tariff)
            after = ask()
            assert "nine" not in after
            assert "['Forms']" in after

    def test_the_command_line_has_nothing_of_it(self, cli: Cli, bot: ComplianceBot, tariff: str) -> None:
        assert cli("documents", "set", tariff, "matter=heron").code == 0
        for command in (("ask", QUESTION), ("search", QUESTION), ("documents", "list")):
            result = cli(*command, "--as", "ana", "--json")
            assert result.code == 0
            assert "nine" not in result.out
            assert "Tariff" not in result.out
        assert cli("documents", "show", tariff, "--text", "--as", "ana").code == 1
        assert FEE in cli("documents", "show", tariff, "--text", "--as", "ida").out

    def test_no_vector_is_computed(self, bot: ComplianceBot, tariff: str, monkeypatch: pytest.MonkeyPatch) -> None:
        embedder = bot.embedder
        asked: list[int] = []
        embed = type(embedder).embed
        monkeypatch.setattr(type(embedder), "embed", lambda self, t: (asked.append(len(t)), embed(self, t))[1])
        close(bot, tariff)
        assert asked == []
        bot.ask(QUESTION, principal="ana")
        assert asked == [1]  # the spy spies

    def test_a_record_of_before_withholds_the_quote_from_a_reviewer_who_may_not_read_it(
        self, bot: ComplianceBot, tariff: str
    ) -> None:
        record = bot.ask(QUESTION, principal="ana").record
        reader = Principal(id="eve", groups={"reviewers", "desk"})
        assert FEE in str(bot.record(record, principal=reader).payload)
        close(bot, tariff)
        assert "nine" not in str(bot.record(record, principal=reader).payload)
        member = Principal(id="ira", groups={"reviewers", "desk"}, attributes={"matters": frozenset({"heron"})})
        assert FEE in str(bot.record(record, principal=member).payload)

    def test_an_earlier_answer_is_shown_again_without_it(self, bot: ComplianceBot, tariff: str) -> None:
        before = bot.ask(QUESTION, principal="ana")
        abstained = bot.ask("Who was the first person on the moon?", principal="ana")
        assert bot.still_readable([before, abstained], principal="ana") == (before, abstained)
        newest = bot.records(principal="admin", limit=1)[0]
        close(bot, tariff)
        after, same = bot.still_readable([before, abstained], principal="ana")
        assert "nine" not in texts(after)
        assert tariff not in texts(after)
        assert after.record == before.record
        assert same == abstained
        assert bot.still_readable([before], principal="ida") == (before,)
        since = [one.type for one in bot.records(principal="admin", limit=3)]
        assert since == ["documents.set", "audit.list", newest.type]


class TestMeanwhile:
    """A move while an answer is being made."""

    @pytest.fixture
    def pausing(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
        """Let something happen once, between the search and the record of the next answer."""

        def arrange(act: Callable[[], None]) -> None:
            waiting = [act]

            def cite(*given: Any) -> Any:
                while waiting:
                    waiting.pop()()
                return real(*given)

            for module in (chain, streaming):
                monkeypatch.setattr(module, "cite", cite)

        real = chain.cite
        return arrange

    def test_an_answer_from_before_a_move_is_not_recorded_after_it(
        self, bot: ComplianceBot, tariff: str, pausing: Callable[[Callable[[], None]], None]
    ) -> None:
        pausing(lambda: close(bot, tariff))
        answer = bot.ask(QUESTION, principal="ana")
        assert "nine" not in texts(answer)
        again, moved, given_up = bot.records(principal="admin", limit=3)  # by when each began
        assert (again.record, again.outcome) == (answer.record, "answered")
        assert (moved.type, moved.outcome) == ("documents.set", "done")
        shown = bot.record(given_up.record, principal="admin")
        assert (shown.outcome, shown.envelope["public"]["error"]) == ("failed", "MovedMeanwhile")
        assert "nine" not in str(shown)

    def test_so_is_a_streamed_one(
        self, bot: ComplianceBot, tariff: str, pausing: Callable[[Callable[[], None]], None]
    ) -> None:
        pausing(lambda: close(bot, tariff))
        parts = list(bot.stream(QUESTION, principal="ana"))
        assert "nine" not in repr(parts)

    def test_a_document_that_is_deleted_meanwhile_is_not_answered_from(
        self,
        bot: ComplianceBot,
        pausing: Callable[[Callable[[], None]], None],
        tmp_path: Path,
    ) -> None:
        (tmp_path / "ferry.md").write_text("# Ferry\n\nThe ferry to Quarry Island leaves at eight.\n", encoding="utf-8")
        bot.ingest([tmp_path / "ferry.md"], collection="rates")
        (ferry,) = [d.document for d in bot.documents(principal="ana") if d.title == "Ferry"]
        pausing(lambda: bot.delete(ferry, principal="admin"))
        assert "eight" not in texts(bot.ask("When does the ferry to Quarry Island leave?", principal="ana"))

    def test_a_document_that_is_opened_meanwhile_is_refused(
        self, bot: ComplianceBot, tariff: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from compliance_bot.chains import act

        real, waiting = act.require_permission, [1]

        def slow(*given: Any, **more: Any) -> None:
            real(*given, **more)
            while waiting:
                waiting.pop()
                close(bot, tariff)

        monkeypatch.setattr(act, "require_permission", slow)
        with pytest.raises(Refused):
            bot.document(tariff, principal="ana")

    def test_when_documents_do_not_come_to_rest_the_question_is_given_up(
        self, bot: ComplianceBot, tariff: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moves = iter(range(100))

        def cite(*given: Any) -> Any:
            bot.set_attributes(tariff, {"region": f"r{next(moves)}"}, principal="admin")
            return real(*given)

        real = chain.cite
        monkeypatch.setattr(chain, "cite", cite)
        with pytest.raises(MovedMeanwhile, match="was at work"):
            bot.ask(QUESTION, principal="ana")
        assert next(moves) == _MORE_TRIES + 1

    def test_sixteen_people_who_ask_while_it_moves_get_all_of_it_or_nothing(
        self, bot: ComplianceBot, tariff: str
    ) -> None:
        start, stop = threading.Barrier(17), threading.Event()

        def keep_asking(number: int) -> list[tuple[float, float, Answer]]:
            seen = []
            start.wait(60)
            while not stop.is_set():
                began = time.monotonic()
                answer = bot.ask(QUESTION, principal="ana" if number % 4 else "ida")
                seen.append((began, time.monotonic(), answer))
            return seen

        with ThreadPoolExecutor(16) as pool:
            asking = [pool.submit(keep_asking, number) for number in range(16)]
            start.wait(60)
            try:
                time.sleep(1.0)
                moving = time.monotonic()
                close(bot, tariff)
                moved = time.monotonic()
                time.sleep(1.0)
            finally:
                stop.set()
            results = [one.result(60) for one in asking]
        outside = [seen for number, one in enumerate(results) for seen in one if number % 4]
        inside = [seen for number, one in enumerate(results) for seen in one if not number % 4]
        for began, ended, answer in outside:
            cites = any(citation.document == tariff for citation in answer.citations)
            assert cites == (FEE in answer.answer)
            assert cites or ended > moving, "before the move everybody is told"
            assert not cites or began < moved, "after the move nobody outside is"
        assert {any(c.document == tariff for c in answer.citations) for _, _, answer in outside} == {True, False}
        assert all(FEE in answer.answer for _, _, answer in inside)
        order = {one.record: n for n, one in enumerate(reversed(bot.records(principal="admin", limit=1000)))}
        assert len({answer.record for _, _, answer in outside} & set(order)) > 16


class TestKilled:
    @pytest.mark.parametrize("at", ["before", "after"])
    def test_a_move_that_is_killed_left_everything_as_it_was_or_as_it_is_to_be(
        self, bot: ComplianceBot, tariff: str, at: str
    ) -> None:
        """The process is killed with everything rewritten and nothing committed, or just after the commit."""
        program = """
import sys, time
from compliance_bot import ComplianceBot
from compliance_bot.chains import filing
where, document = sys.argv[1:]
def pause(transaction):
    print("moved", flush=True)
    time.sleep(60)
with ComplianceBot.open() as bot:
    if where == "before":
        filing.wait_for_answers = pause
    bot.set_attributes_where({"collection": "rates"}, {"matter": "heron"}, principal="admin")
    print("committed", flush=True)
    time.sleep(60)
"""
        with running(program, bot, at, tariff) as child:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == {"before": "moved", "after": "committed"}[at]
            if at == "before":  # seen by nobody until it is committed
                assert FEE in bot.document(tariff, principal="ida").text  # type: ignore[operator]
            os.kill(child.pid, signal.SIGKILL)
        titles = {d.title for d in bot.documents(principal="ana")}
        assert titles == ({"Tariff", "Forms"} if at == "before" else set())
        assert {hit.title for hit in bot.search(QUESTION, principal="ana")} == titles
        assert {hit.title for hit in bot.search(QUESTION, principal="ida")} == {"Tariff", "Forms"}
        bot.set_attributes_where({"collection": "rates"}, {}, ["matter"], principal=MEMBER)


def running(program: str, bot: ComplianceBot, *arguments: str) -> subprocess.Popen[str]:
    """Start a program of its own on the same home; leave the block to end it."""
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(bot.settings.home)}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
