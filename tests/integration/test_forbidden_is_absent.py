"""A forbidden thing and an absent one: the same words, the same exit code, the same statements and the same plans.

How long they take is measured by `tests.benchmarks.absent`, and not asserted here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event, describe
from compliance_bot.errors import Refused
from compliance_bot.records import Principal
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import open_scope
from compliance_bot.testing import throw_away_bot

from .surfaces import normalised
from .test_three_locks import POLICIES, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.bot import ComplianceBot

    Act = Callable[[ComplianceBot, str], object]

ANA = Principal(id="ana", groups={"aml", "keepers"}, attributes={"clearance": 1})
ABSENT = "6a1bd5a5-58f3-4eb2-9c1c-1d1a5b5cf1a1"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    home = tmp_path_factory.mktemp("absent") / "home"
    with throw_away_bot(home) as made:
        (home / "policies" / "locks.cedar").write_text(POLICIES, encoding="utf-8")
        with type(made).open(home) as bot:
            bot.embedder, bot.detector = made.embedder, made.detector
            put(bot, home.parent / "open", "tariff", "The fee is nine crowns.", classification=0)
            put(bot, home.parent / "shut", "board", "The quarry is closed in May.", classification=3)
            put(bot, home.parent / "shut", "walled", "The meadow is bought in June.", classification=0, matter="m")
            yield bot


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what this thread asks the database from now on, with the kinds of the parameters.

    What looks after the log asks too, at times of its own.
    """
    asked: list[str] = []
    asker = threading.get_ident()
    execute = psycopg.Connection.execute

    def told(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        text = query if isinstance(query, str) else query.as_string(self)
        if threading.get_ident() == asker:
            asked.append(f"{text} {sorted((name, type(value).__name__) for name, value in (params or {}).items())}")
        return execute(self, query, params, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", told)
    return asked


def hidden(bot: ComplianceBot) -> list[str]:
    found = [one.document for one in bot.documents(principal="admin") if one.title != "tariff"]
    assert len(found) == 2
    return found


def seen(act: Act, bot: ComplianceBot, id_: str, statements: list[str]) -> tuple[str, int, str, tuple[str, ...]]:
    statements.clear()
    with pytest.raises(Refused) as refused:
        act(bot, id_)
    return str(refused.value), refused.value.exit_code, refused.value.hint, tuple(statements)


ACTS: dict[str, Act] = {
    "show": lambda bot, id_: bot.document(id_, principal=ANA),
    "show a version": lambda bot, id_: bot.document(id_, principal=ANA, version=1),
    "show a version that never was": lambda bot, id_: bot.document(id_, principal=ANA, version=9),
    "history": lambda bot, id_: bot.history(id_, principal=ANA),
    "delete": lambda bot, id_: bot.delete(id_, principal=ANA),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_documents(bot: ComplianceBot, statements: list[str], act: Act) -> None:
    others = hidden(bot)
    seen(act, bot, ABSENT, statements)  # the scope is kept from here on
    absent = seen(act, bot, ABSENT, statements)
    assert len(absent[3]) > 5
    for other in (*others, "no id at all"):
        assert seen(act, bot, other, statements) == absent


def test_records_of_another_tenant(bot: ComplianceBot, statements: list[str]) -> None:
    server = EmbeddedServer.open(bot.settings.home)
    with psycopg.connect(server.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        connection.execute("INSERT INTO tenant (id, name) VALUES (2, 'another')")
    server.close()
    other = Database(bot.parts.database._conninfo, tenant=2)
    event = Event(type="answer", outcome="answered", public={}, private={"principal": describe(ANA)})
    theirs = AuditLog(other, bot._home.keyring).append(event, ANA)
    other.close()

    def act(bot: ComplianceBot, id_: str) -> object:
        return bot.record(id_, principal=ANA)

    assert seen(act, bot, theirs, statements) == seen(act, bot, ABSENT, statements)


@pytest.mark.parametrize("act", ["ask", "search", "stream"])
def test_questions_about_forbidden_things_and_about_nothing(
    bot: ComplianceBot, statements: list[str], act: str
) -> None:
    """The words of the one stand in forbidden documents alone, those of the other in none."""

    def asked(question: str) -> tuple[str, tuple[str, ...]]:
        statements.clear()
        found = getattr(bot, act)(question, principal=ANA)
        return normalised(list(found) if act == "stream" else found), tuple(statements)

    asked("When is the forest felled?")
    answers = [asked(f"When is the {word}?") for word in ("quarry closed", "meadow bought", "forest felled")]
    # The embedding of each is another one, so that the one readable passage is nearer or not: not the words.
    assert answers[0][1] == answers[1][1] == answers[2][1]
    if act != "search":
        assert answers[0][0] == answers[1][0] == answers[2][0]
        assert "no source" in answers[0][0]


@pytest.mark.parametrize("query", ["version_text", "versions", "class_of_document"])
def test_plans(bot: ComplianceBot, query: str) -> None:
    parts = bot.parts
    plans = set()
    for id_ in (*hidden(bot), ABSENT):
        with parts.database.reading() as transaction:
            _, identify, now = bot.opening(principal=ANA)
            scope = open_scope(transaction, parts.engine, identify(), now())
            given = {"tenant": scope.tenant, "classes": list(scope.classes), "document": id_, "number": None}
            explained = transaction.connection.execute(
                f"EXPLAIN (COSTS OFF) {named_queries('documents')[query]}", given
            )
            plans.add("\n".join(line for (line,) in explained).replace(id_, "(id)"))
    assert len(plans) == 1
