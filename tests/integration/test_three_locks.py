"""Three locks stand before every document. Take away any one, and a person sees to the byte what they saw before.

Documents with canary words lie in every table, forbidden to Ana in two ways: no policy permits them, or a wall forbids
them. What she sees by every way there is (`surfaces`) is compared, so that a count, a score or a statistic would show
as well as a word. Where two locks are taken away the leak does appear: the comparison can see one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from compliance_bot.errors import Refused
from compliance_bot.policy import decide
from compliance_bot.policy.decide import CedarEngine, Decision
from compliance_bot.records import Principal
from compliance_bot.store import scope
from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.kept import KeptScopes
from compliance_bot.store.queries import named_queries
from compliance_bot.testing import ListedDetector, throw_away_bot

from .store.test_row_level_security import TEXT_TABLES
from .surfaces import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.bot import ComplianceBot

    Superuser = psycopg.Connection[Any]
    See = Callable[[], dict[str, str]]

ANA = Principal(id="ana", groups={"aml"}, attributes={"clearance": 1})
BEA = Principal(id="bea", groups={"aml", "keepers"}, attributes={"clearance": 1})  # may also delete anything
POLICIES = """
@id("work") permit (principal in Group::"aml",
  action in [Action::"ask", Action::"search", Action::"review", Action::"ingest"], resource);
@id("delete") permit (principal in Group::"keepers", action == Action::"delete", resource);
@id("read") permit (principal in Group::"aml", action == Action::"read", resource)
  when { principal has clearance && resource has classification && resource.classification <= principal.clearance };
@id("wall") forbid (principal, action == Action::"read", resource)
  when { resource has matter } unless { principal == User::"admin" };
"""
CANARY = "xylocanary"
READABLE = {
    "tariff": "The fee for a transfer abroad is nine crowns.",
    "branches": "The Harbour branch opens at nine. A transfer needs a form.",
    "forms": "A form for a transfer abroad is signed twice.",
}
FORBIDDEN = {
    f"board {CANARY}": f"The fee for a transfer abroad will be raised to {CANARY} crowns in May. {CANARY}fee.",
    f"{CANARY} tariff": f"The {CANARY} fee for a transfer abroad is waived for {CANARY} members.",
}
QUESTIONS = ("How high is the fee for a transfer abroad?", f"What is the {CANARY} fee?", "When does the branch open?")
IN_SCOPE = "ANY(%(classes)s)"
WITH, WITHOUT = f"acl_id = {IN_SCOPE}", "acl_id > 0 * cardinality(%(classes)s::integer[])"
ASKED = ("search", "documents", "quality", "measures")
SEARCHES = [(file, name) for file in ASKED for name, text in named_queries(file).items() if IN_SCOPE in text]
# They change what their caller has decided about, name no text, or are asked within a scope by `known_sources`.
WITHOUT_SCOPE = {
    "add_documents", "add_measure", "add_places", "add_review", "add_sources", "add_versions", "clear_places",
    "close_versions", "current_versions",
    "delete_document", "delete_history", "delete_source", "drop", "find_sources", "lock_writers", "move_source",
    "retitle", "reviews_of", "set_language", "shift", "stop_walking", "walk_hnsw",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("locks") / "home"


@pytest.fixture(scope="module")
def bot(home: Path) -> Iterator[ComplianceBot]:
    """Return a bot with three readable documents and two canaries, each in two versions."""
    with throw_away_bot(home) as made:
        (home / "policies" / "locks.cedar").write_text(POLICIES, encoding="utf-8")
        with type(made).open(home) as bot:
            bot.embedder, bot.detector = made.embedder, made.detector
            for year in ("five", "six"):
                for number, (title, text) in enumerate(READABLE.items()):
                    put(bot, home.parent / "open", title, f"{text} Kept {year} years.", classification=number % 2)
                secret, walled = FORBIDDEN
                put(bot, home.parent / "shut", secret, f"{FORBIDDEN[secret]} Kept {year} years.", classification=3)
                put(bot, home.parent / "shut", walled, f"{FORBIDDEN[walled]} Kept {year} years.",
                    classification=0, matter=CANARY)  # fmt: skip
            review(bot)
            yield bot


def review(bot: ComplianceBot) -> None:
    """Confirm all of a readable document and of the canaries' first versions, and measure by two detectors."""
    for one in bot.documents(principal="admin"):
        if one.title in ("tariff", *FORBIDDEN):
            shown = bot.document(one.document, principal="admin", version=1)
            bot.confirm_redaction(one.document, 0, len(shown.text or ""), version=1, principal="admin")
    for detector in (bot.detector, ListedDetector({"crowns": "PERSON", CANARY: "EMAIL_ADDRESS"}), bot.detector):
        bot.detector = detector
        bot.measure_redaction(principal="admin")


def put(bot: ComplianceBot, folder: Path, title: str, text: str, **attributes: object) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"{title}.md"
    path.write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    assert bot.ingest([path], collection="papers", attributes=attributes).ingested == 1


@pytest.fixture(scope="module")
def superuser(bot: ComplianceBot, home: Path) -> Iterator[Superuser]:
    server = EmbeddedServer.open(home)
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        yield connection
    server.close()


@pytest.fixture(scope="module")
def see(bot: ComplianceBot) -> See:
    """Return a function that looks at everything as Ana, with the ids of the canaries and a record that quotes them."""
    hidden = [one.document for one in bot.documents(principal="admin") if CANARY in one.title]
    assert len(hidden) == len(FORBIDDEN)
    quoting = bot.ask(QUESTIONS[1], principal="admin")
    assert CANARY in quoting.answer
    return lambda: surfaces(bot, ANA, QUESTIONS, others=hidden, records=[quoting.record])


@pytest.fixture(scope="module")
def before(see: See) -> dict[str, str]:
    """Return what Ana sees with all locks in place."""
    found = see()
    assert "nine crowns" in found[f"ask {QUESTIONS[0]}"]
    assert not leaked(found)
    return found


def leaked(found: dict[str, str]) -> set[str]:
    """Return where a canary word shows, other than in the question itself."""
    return {name for name, text in found.items() if CANARY in text.replace(QUESTIONS[1], "")}


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {name.split()[0] for name in one if one[name] != other[name]}


# What takes a lock away.


@pytest.fixture
def no_scope(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that takes the scope out of queries."""

    def take(*queries: tuple[str, str]) -> None:
        for file, name in queries:
            text = named_queries(file)[name]
            monkeypatch.setitem(named_queries(file), name, text.replace(WITH, WITHOUT))  # type: ignore[arg-type]
            assert named_queries(file)[name] != text

    return take


@pytest.fixture
def no_row_security(superuser: Superuser) -> Iterator[Callable[..., None]]:
    """Return a function that takes row-level security off tables."""
    off: list[str] = []

    def take(*tables: str) -> None:
        for table in tables:
            superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            off.append(table)

    yield take
    for table in off:
        superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@pytest.fixture
def wrong_compiler(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that makes the compiler leave something out of the policies."""
    engines: list[CedarEngine] = []
    compile_ = CedarEngine.compile

    def afresh(self: CedarEngine, *given: Any) -> Any:
        """Compile without what the engine has kept."""
        engines.append(self)
        self._compiled.clear()
        return compile_(self, *given)

    def take(what: str) -> None:
        def wrong(policies: Any, declared: Any, subject: Any) -> Any:
            if what == "forbid":
                return real([policy for policy in policies if policy.permits], declared, subject)
            bare = [replace(p, body={**p.body, "conditions": []}) if p.id == "read" else p for p in policies]
            return real(bare, declared, subject)

        real = decide.compile_policies
        monkeypatch.setattr(decide, "compile_policies", wrong)
        monkeypatch.setattr(CedarEngine, "compile", afresh)
        monkeypatch.setattr(bot.parts.database, "_scopes", KeptScopes())

    yield take
    for engine in engines:
        engine._compiled.clear()


@pytest.fixture
def no_recheck(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that makes the engine permit reading anything, as if nobody asked it."""

    def take() -> None:
        real = CedarEngine.decide_each

        def lenient(self: Any, principal: Any, action: str, resources: Any, now: Any) -> Any:
            if action == "read":
                return tuple(Decision(allowed=True, determining=(), errors=0) for _ in resources)
            return real(self, principal, action, resources, now)

        monkeypatch.setattr(CedarEngine, "decide_each", lenient)
        monkeypatch.setattr(bot.parts.database, "_scopes", KeptScopes())

    return take


# One lock away: nothing changes.


@pytest.mark.parametrize("query", SEARCHES, ids=lambda query: ".".join(query))
def test_without_the_scope_in_a_query_row_level_security_holds(
    see: See, before: dict[str, str], no_scope: Callable[..., None], query: tuple[str, str]
) -> None:
    no_scope(query)
    assert differing(see(), before) == set()


def test_without_the_scope_in_any_query_row_level_security_holds(
    see: See, before: dict[str, str], no_scope: Callable[..., None]
) -> None:
    no_scope(*SEARCHES)
    assert differing(see(), before) == set()


@pytest.mark.parametrize("tables", [*([table] for table in TEXT_TABLES), TEXT_TABLES], ids=len)
def test_without_row_level_security_the_scope_holds(
    see: See, before: dict[str, str], no_row_security: Callable[..., None], tables: list[str]
) -> None:
    no_row_security(*tables)
    assert differing(see(), before) == set()


@pytest.mark.parametrize("what", ["forbid", "condition"])
def test_with_a_wrong_compiler_the_engine_holds(
    see: See,
    before: dict[str, str],
    wrong_compiler: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    wrong_compiler(what)
    assert differing(see(), before) == set()
    assert "scope.wrong" in {record.message for record in caplog.records}  # it was wrong


@pytest.mark.parametrize("what", ["forbid", "condition"])
def test_with_a_wrong_compiler_and_many_classes_what_was_found_is_asked_about(
    see: See,
    before: dict[str, str],
    wrong_compiler: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    """Where a forbidden passage is among those found, all is as before; where none is, statistics may differ."""
    monkeypatch.setattr(scope, "_FEW_CLASSES", -1)
    wrong_compiler(what)
    found = see()
    assert differing(found, before) <= {"search"}  # of one and of two hits
    assert not leaked(found)
    assert "scope.wrong" in {record.message for record in caplog.records}


def test_with_the_engine_never_asked_again_the_other_two_hold(
    see: See, before: dict[str, str], no_recheck: Callable[[], None]
) -> None:
    no_recheck()
    assert differing(see(), before) == set()


def test_with_a_stale_scope_the_engine_holds(
    see: See, superuser: Superuser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wall is put around a whole class, and the kept scopes do not hear of it."""
    always = "SELECT 1, false, ARRAY[]::text[] WHERE %(tenant)s > 0"
    assert "revision" in named_queries("scope")["standing"]
    monkeypatch.setitem(named_queries("scope"), "standing", always)  # type: ignore[arg-type]
    see()  # a scope is kept, for good
    row = superuser.execute("SELECT id, attributes, shape_id, digest FROM access_class"
                            " WHERE attributes->>'classification' = '1'").fetchone()  # fmt: skip
    assert row is not None
    change = "UPDATE access_class SET attributes = %s, shape_id = %s WHERE id = %s"
    walled = superuser.execute("SELECT shape_id FROM access_class WHERE attributes ? 'matter'").fetchone()
    assert walled is not None
    superuser.execute(change, [Jsonb({**row[1], "matter": "heron"}), walled[0], row[0]])
    try:
        stale = see()
        monkeypatch.undo()
        assert "scope.wrong" in {record.message for record in caplog.records}  # it was stale
        assert differing(stale, see()) <= {"search"}  # statistics, where no passage of the class was found
        assert not [name for name, text in stale.items() if "Harbour" in text or "branches" in text]
    finally:
        superuser.execute(change, [Jsonb(row[1]), row[2], row[0]])


# Two locks away: it leaks, and this is how it looks.


def test_without_scope_and_row_level_security_the_leak_is_seen(
    see: See, before: dict[str, str], no_scope: Callable[..., None], no_row_security: Callable[..., None]
) -> None:
    """The engine still keeps every word back; that there is something shows, since nothing is answered."""
    no_scope(*SEARCHES)
    no_row_security(*TEXT_TABLES)
    found = see()
    assert "LockBroken 3" in found[f"ask {QUESTIONS[0]}"]
    assert {"ask", "stream", "search", "retriever", "steps", "approximate", "quality"} <= differing(found, before)
    assert not leaked(found)


def test_without_all_three_every_way_leaks(
    see: See,
    before: dict[str, str],
    no_scope: Callable[..., None],
    no_row_security: Callable[..., None],
    no_recheck: Callable[[], None],
) -> None:
    no_scope(*SEARCHES)
    no_row_security(*TEXT_TABLES)
    no_recheck()
    found = see()
    ways = {name.split()[0] for name in leaked(found)}
    assert {"ask", "stream", "search", "retriever", "steps", "approximate", "documents", "shown", "history", "other",
            "record", "sample"} <= ways  # fmt: skip


@pytest.mark.parametrize("what", ["forbid", "condition"])
def test_with_a_wrong_compiler_and_the_engine_never_asked_again_every_way_leaks(
    see: See, wrong_compiler: Callable[[str], None], no_recheck: Callable[[], None], what: str
) -> None:
    """Row-level security opens what the compiler says, so it cannot help here: the third lock is the only one."""
    wrong_compiler(what)
    no_recheck()
    ways = {name.split()[0] for name in leaked(see())}
    assert {"ask", "search", "retriever", "steps", "documents", "shown", "history", "other", "sample"} <= ways
    assert ("record" in ways) == (what == "forbid")  # what it quotes is behind the wall


# Ingest tells what it compares with.


def test_ingest_does_not_tell_that_a_forbidden_file_is_known(
    bot: ComplianceBot,
    home: Path,
    no_row_security: Callable[..., None],
    wrong_compiler: Callable[[str], None],
    no_recheck: Callable[[], None],
) -> None:
    file = home.parent / "shut" / f"{next(iter(FORBIDDEN))}.md"

    def again(who: Principal | str) -> tuple[int, int]:
        report = bot.ingest([file], collection="papers", attributes={"classification": 3}, principal=who)
        return report.ingested, report.skipped

    assert (again("admin"), again(ANA)) == ((0, 1), (1, 0))
    no_row_security(*TEXT_TABLES)
    assert again(ANA) == (1, 0)
    wrong_compiler("condition")
    assert again(ANA) == (1, 0)
    no_recheck()
    assert again(ANA) == (0, 1)


def test_every_query_about_documents_has_its_scope_or_a_reason() -> None:
    names = {name for file in ASKED for name in named_queries(file)}
    assert names == {name for _, name in SEARCHES} | WITHOUT_SCOPE


def test_deleting_needs_the_right_to_read(bot: ComplianceBot, wrong_compiler: Callable[[str], None]) -> None:
    """Only reading keeps Bea from it."""
    hidden = next(one for one in bot.documents(principal="admin") if CANARY in one.title)
    for what in (None, "forbid", "condition"):
        if what:
            wrong_compiler(what)
        with pytest.raises(Refused):
            bot.delete(hidden.document, principal=BEA)
    assert bot.document(hidden.document, principal="admin").text
