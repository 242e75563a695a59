"""The four promises, each attacked where its mechanism stands: the suite goes red when the mechanism goes."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from compliance_bot import ComplianceBot, Principal
from compliance_bot.audit import together
from compliance_bot.chains import answer as chain
from compliance_bot.chains.answer import LockBroken
from compliance_bot.errors import Unavailable
from compliance_bot.models.contract import Quote, Reply, ReplySentence, format_reply
from compliance_bot.policy.attributes import UndeclaredAttribute
from compliance_bot.store import log as rows
from compliance_bot.store import search as queries
from compliance_bot.store.account import ServerUnavailable
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.servers import kill_server

QUESTION = "How high is the fee for a transfer abroad?"
ANA = Principal(id="ana", groups={"aml"})

Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def bot(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "tariff.md").write_text("# Tariff\n\nThe fee for a transfer abroad is nine crowns.\n", encoding="utf-8")
    (folder / "board.md").write_text(
        "# Board\n\nThe fee for a transfer abroad will be raised to eleven crowns in May.\n", encoding="utf-8"
    )
    with ComplianceBot.open(home) as opened:
        opened.ingest([folder / "tariff.md"], collection="policies")
        opened.ingest([folder / "board.md"], collection="board")
        yield opened


@pytest.fixture
def saying(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], None]:
    """Let a model answer that was told what to say; it is given the id of the first passage it sees."""

    def call(say: Callable[[str], str]) -> None:
        class Scripted(GenericFakeChatModel):
            def _generate(self, messages: Any, *_: Any, **__: Any) -> Any:
                first = messages[-1].content[0]["id"]
                self.messages = iter([AIMessage(say(first))])
                return super()._generate(messages)

        composer = bot.parts.composer
        chat = replace(composer.chat, model=Scripted(messages=iter([])))
        monkeypatch.setitem(bot.__dict__, "parts", replace(bot.parts, composer=replace(composer, chat=chat)))

    return call


def _reply(chunk: str, text: str, quote: str, start: int | None = None) -> str:
    sentence = ReplySentence(text=text, quotes=(Quote(id=chunk, quote=quote, start=start),))  # type: ignore[arg-type]
    return format_reply(Reply(sentences=(sentence,)))


# 1 Nothing is retrieved that the asker may not read.


def test_the_asker_gets_what_they_may_read_and_nothing_else(bot: ComplianceBot) -> None:
    assert "nine" in bot.ask(QUESTION, principal=ANA).answer
    assert "eleven" not in bot.ask(QUESTION, principal=ANA).answer
    everything = {hit.passage.title for hit in bot.search(QUESTION, principal="admin")}
    assert everything == {"Tariff", "Board"}
    assert {hit.passage.title for hit in bot.search(QUESTION, principal=ANA)} == {"Tariff"}


def test_a_search_that_lets_a_forbidden_passage_through_is_caught_before_the_prompt(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third lock: the scope is widened behind the policies' back, so that both query and database show all."""

    def wide_open(snapshot: Any, engine: Any, principal: Any, now: Any, case: Any, **given: Any) -> Any:
        return real(snapshot, engine, Principal(id="admin"), now, case, **given)

    real = chain.enter_scope
    monkeypatch.setattr(chain, "enter_scope", wide_open)
    raised = "To how much will the fee for a transfer abroad be raised in May?"
    assert "eleven" in bot.ask(raised, principal="admin").answer
    with pytest.raises(LockBroken):
        bot.ask(raised, principal=ANA)
    newest = bot.records(principal="admin", limit=1)[0]
    assert len(bot.record(newest.record, principal="admin").envelope["public"]["denied"]) == 1


def test_the_database_shows_nothing_to_a_query_that_lost_its_scope(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second lock: the queries ask for every class, the transaction was opened to one."""

    def every_class(transaction: Any, scope: Any, query: str, **values: Any) -> Any:
        given = {"tenant": scope.tenant, "classes": list(range(1, 1000)), **values}
        return transaction.connection.execute(queries._SQL[query], given).fetchall()

    monkeypatch.setattr(queries, "_rows", every_class)
    assert {hit.passage.title for hit in bot.search(QUESTION, principal=ANA)} == {"Tariff"}


def test_a_principal_with_an_undeclared_attribute_is_told_so(bot: ComplianceBot) -> None:
    with pytest.raises(UndeclaredAttribute, match="shoe_size"):
        bot.ask(QUESTION, principal=Principal(id="ana", groups={"aml"}, attributes={"shoe_size": 44}))


# 2 A detected personal value is in the vault alone.


def test_a_masked_value_is_in_no_table_of_the_database(bot: ComplianceBot, write: Write) -> None:
    values = ("ida.marsh@example.net", "4111 1111 1111 1111", "219-09-9999", "203.0.113.77")
    text = f"# Letter to {values[0]}\n\nPay with {values[1]}. SSN {values[2]}, from IP address {values[3]}.\n"
    report = bot.ingest([write(f"letter {values[0]}.md", text)], collection="policies")
    assert report.ingested == 1
    bot.ask(f"What did {values[0]} pay with {values[1]}?", principal=ANA)
    server = EmbeddedServer.open(bot.settings.home)
    # Whom no lock holds: some tables are closed to the application account.
    with closing(server), psycopg.connect(server.conninfo(SUPERUSER)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind = 'r'"
            )
        ]
        stored = "".join(str(row) for table in tables for row in connection.execute(f"SELECT t::text FROM {table} t"))
    assert "Letter to <EMAIL_ADDRESS_1>" in stored
    assert not [value for value in values if value in stored or value.encode().hex() in stored]


# 3 No durable record, no answer.


def test_without_a_record_there_is_no_answer(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(rows, "append", failing)
    monkeypatch.setattr(together, "append_all", failing)
    with pytest.raises(Unavailable):
        bot.ask(QUESTION, principal=ANA)


def test_the_record_is_durable_when_the_answer_is_there(bot: ComplianceBot, home: Path) -> None:
    record = bot.ask(QUESTION, principal=ANA).record
    with ComplianceBot.open(home) as another:
        shown = another.record(record, principal="admin")
    assert shown.payload["principal"]["id"] == "ana"
    assert shown.payload["principal"]["source"] == "asserted"
    assert shown.outcome == "answered"


def test_a_crash_in_the_chain_leaves_a_record(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(chain, "cite", crash)
    with pytest.raises(ZeroDivisionError):
        bot.ask(QUESTION, principal=ANA)
    newest = bot.records(principal="admin", limit=1)[0]
    assert (newest.type, newest.principal, newest.outcome) == ("answer", "ana", "failed")


def test_a_database_that_is_gone_means_no_answer_and_one_that_died_is_started_again(
    bot: ComplianceBot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Any) -> None:
        raise ServerUnavailable

    kill_server(home)
    with ComplianceBot.open(home) as other:  # opening starts it: a dead server is found and restarted
        with monkeypatch.context() as patch:
            patch.setattr(EmbeddedServer, "_start", gone)  # nor may what `bot` does beside it start the server
            kill_server(home)
            with pytest.raises(Unavailable):
                other.ask(QUESTION, principal=ANA)
        assert "nine" in other.ask(QUESTION, principal=ANA).answer
    assert "nine" in bot.ask(QUESTION, principal=ANA).answer


def test_a_reviewer_does_not_see_quotes_that_they_may_not_read(bot: ComplianceBot, home: Path) -> None:
    record = bot.ask("When will the fee for a transfer abroad be raised?", principal="admin").record
    policies = home / "policies" / "grants.cedar"
    before = policies.read_text(encoding="utf-8")
    policies.write_text(
        before + '@id("aml-reviews") permit (principal in Group::"aml", action == Action::"review", resource);',
        encoding="utf-8",
    )
    try:
        with ComplianceBot.open(home) as reviewing:
            shown = reviewing.record(record, principal=ANA)
    finally:
        policies.write_text(before, encoding="utf-8")
    assert "eleven" not in str(shown.payload)
    assert "withheld" in str(shown.payload)
    assert "eleven" in str(bot.record(record, principal="admin").payload)


# 4 Every sentence stands on a quoted source.


@pytest.mark.parametrize(
    ("text", "quote", "start"),
    [
        ("The fee is ten crowns.", "The fee is ten crowns.", None),  # not in the passage
        ("It is free.", "The fee for a transfer abroad is nine crowns.", None),  # the quote stands, the words do not
        (
            "The fee for a transfer abroad is nine crowns.",
            "The fee for a transfer abroad is nine crowns.",
            3,
        ),  # elsewhere
        ("the fee for a transfer abroad is nine crowns.", "the fee for a transfer abroad is nine crowns.", None),
        (" ", " ", None),
    ],
)
def test_a_model_that_lies_is_not_shown(
    bot: ComplianceBot, saying: Callable[..., None], text: str, quote: str, start: int | None
) -> None:
    saying(lambda chunk: _reply(chunk, text, quote, start).replace('" "', '"\\u2003x"'))
    answer = bot.ask(QUESTION, principal=ANA)
    assert answer.abstained
    assert answer.sentences == ()


def test_a_model_that_quotes_is_shown(bot: ComplianceBot, saying: Callable[..., None]) -> None:
    said = "The fee for a transfer abroad is nine crowns."
    saying(lambda chunk: _reply(chunk, said, said))
    assert bot.ask(QUESTION, principal=ANA).sentences[0].text == said


def test_a_quote_from_a_passage_that_was_not_offered_is_not_shown(
    bot: ComplianceBot, saying: Callable[..., None]
) -> None:
    (board,) = [hit for hit in bot.search(QUESTION, principal="admin") if hit.passage.title == "Board"]
    saying(lambda _: _reply(board.passage.chunk, board.passage.text, board.passage.text))
    assert bot.ask(QUESTION, principal=ANA).abstained


def test_a_reply_that_is_no_reply_is_an_error_with_a_record(bot: ComplianceBot, saying: Callable[..., None]) -> None:
    saying(lambda _: "I think it is nine crowns!")
    with pytest.raises(Exception, match="not of the agreed form"):
        bot.ask(QUESTION, principal=ANA)
    assert bot.records(principal="admin", limit=1)[0].outcome == "refused"


def test_output_in_which_personal_data_is_found_is_dropped(
    bot: ComplianceBot, saying: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FindsCrowns:
        def detect(self, text: str) -> Any:
            from compliance_bot.redaction.spans import Span

            at = text.find("nine crowns")
            return (Span(start=at, end=at + 11, type="PHONE_NUMBER", score=1.0),) if at >= 0 else ()

    said = "The fee for a transfer abroad is nine crowns."
    saying(lambda chunk: _reply(chunk, said, said))
    monkeypatch.setitem(bot.__dict__, "parts", replace(bot.parts, detector=FindsCrowns()))
    assert bot.ask(QUESTION, principal=ANA).abstained


# And nothing leaves the machine.


def test_tracing_sends_nothing_whatever_the_environment_says(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "none")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        from langsmith import utils

        utils.get_env_var.cache_clear()
        try:
            assert not bot.ask(QUESTION, principal=ANA).abstained
            from langchain_core.tracers.langchain import wait_for_all_tracers

            wait_for_all_tracers()
        finally:
            monkeypatch.undo()
            utils.get_env_var.cache_clear()
        server.shutdown()
    assert posted == []


def test_a_hit_tells_what_the_command_line_tells(bot: ComplianceBot) -> None:
    (hit,) = bot.search(QUESTION, principal=ANA, k=1)
    passage = hit.passage
    assert (hit.ref, hit.document, hit.title, hit.version) == (None, passage.document, "Tariff", 1)
    assert (hit.text, hit.score, hit.page, hit.heading) == (passage.text, 1.0, None, passage.heading)
    shown = bot.document(hit.document, principal=ANA)
    assert shown.text is not None
    assert shown.text[hit.start : hit.end] == hit.text
