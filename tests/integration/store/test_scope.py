"""A scope has exactly the permitted classes, their counts and the policies that permitted them, and is never stale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy import CedarEngine, Circumstances, decide, load
from compliance_bot.records import AttributeValue, EntityRef, Principal
from compliance_bot.store import scope as scope_module
from compliance_bot.store import within
from compliance_bot.store.scope import class_attributes, class_of, open_scope

from ..shelf import draft, store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from compliance_bot.policy.compile import Compiled, Policy
    from compliance_bot.policy.expressions import Subject
    from compliance_bot.policy.schema import Declared
    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Database

    Engine = Callable[..., CedarEngine]

SCHEMA = (bundled("policies") / "starter" / "starter.cedarschema").read_text(encoding="utf-8")
NOW = Circumstances(now=datetime(2026, 3, 3, tzinfo=UTC))
ANA = Principal(id="ana", groups={"aml"})
AML = '@id("aml") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"aml");'
OWN = """@id("own") permit (principal == User::"ana", action == Action::"read", resource)
  when { resource has owner && resource.owner == "ana" };"""
WALL = '@id("wall") forbid (principal, action == Action::"read", resource) when { resource has matter };'
DELETE = '@id("delete") permit (principal, action == Action::"delete", resource in Collection::"hr");'


@pytest.fixture(autouse=True)
def compiled_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but the compiled policies make a scope: the engine would make up for their mistakes."""
    monkeypatch.setattr(scope_module, "_FEW_CLASSES", -1)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return a function that makes an engine of policies."""

    def made(*policies: str, schema: str = SCHEMA) -> CedarEngine:
        (tmp_path / "a.cedarschema").write_text(schema, encoding="utf-8")
        (tmp_path / "a.cedar").write_text("\n".join(policies), encoding="utf-8")
        return load(tmp_path)

    return made


@pytest.fixture
def filled(database: Database) -> Database:
    store(
        database,
        draft("a", "one two three", "four five", collection="aml"),
        draft("b", "six seven", collection="aml", matter="heron"),
        draft("c", "eight", collection="hr"),
        draft("d", "nine ten", collection="hr", owner="ana"),
    )
    return database


def scope(database: Database, engine: CedarEngine, who: Principal = ANA, now: Circumstances = NOW) -> Scope:
    with database.reading() as transaction:
        return open_scope(transaction, engine, who, now)


def attributes(database: Database, found: Scope) -> list[dict[str, AttributeValue]]:
    with database.reading() as transaction:
        return list(class_attributes(transaction, found.classes).values())


def test_it_has_the_permitted_classes_and_their_sums(filled: Database, engine: Engine) -> None:
    found = scope(filled, engine(AML, WALL))
    assert attributes(filled, found) == [{"collection": "aml"}]
    assert (found.chunks, found.tenant, found.principal) == (2, filled.tenant, "ana")
    assert found.terms > found.chunks


def test_it_names_the_policy_set_and_the_policies_that_permitted(filled: Database, engine: Engine) -> None:
    cedar = engine(AML, OWN, WALL)
    found = scope(filled, cedar)
    assert found.policies == cedar.hash
    # "wall" forbade one class and permitted none.
    assert found.determining == ("aml", "own")


def test_it_is_empty_where_nothing_is_permitted(filled: Database, engine: Engine) -> None:
    for cedar, who in ((engine(), ANA), (engine(AML), Principal(id="eve"))):
        found = scope(filled, cedar, who)
        assert found.is_empty
        assert (found.classes, found.chunks, found.terms, found.determining) == ((), 0, 0, ())


def test_another_action_has_another_scope(filled: Database, engine: Engine) -> None:
    with filled.reading() as transaction:
        deletable = open_scope(transaction, engine(AML, DELETE), ANA, NOW, action="delete")
        assert {a["collection"] for a in class_attributes(transaction, deletable.classes).values()} == {"hr"}


def test_an_action_that_is_not_about_documents_has_an_empty_one(filled: Database, engine: Engine) -> None:
    everything = engine('@id("all") permit (principal, action, resource);')
    for action in ("ask", "ingest", "reveal", "fly"):  # reveal needs to be told the type
        with filled.reading() as transaction:
            assert open_scope(transaction, everything, ANA, NOW, action=action).is_empty


def test_classes_that_the_schema_does_not_describe_are_nobodys(filled: Database, engine: Engine) -> None:
    everything = '@id("all") permit (principal, action, resource);'
    assert len(scope(filled, engine(everything)).classes) == 4
    without = SCHEMA.replace("  matter?: String,\n", "")
    assert len(scope(filled, engine(everything, schema=without)).classes) == 3
    of_another_type = SCHEMA.replace("  owner?: String,", "  owner?: Long,")
    assert len(scope(filled, engine(everything, schema=of_another_type)).classes) == 3
    required = SCHEMA.replace("  owner?: String,", "  owner: String,")
    assert len(scope(filled, engine(everything, schema=required)).classes) == 1


def test_every_type_of_attribute_is_selected_by(database: Database, engine: Engine) -> None:
    schema = SCHEMA.replace(
        "  owner?: String,",
        "  owner?: User, readers?: Set<Group>, embargo?: datetime, codes?: Set<Long>, folder?: String,",
    ).replace("entity Document in [Collection]", "entity Folder in [Folder];\nentity Document in [Collection, Folder]")
    at = datetime(2026, 3, 3, 0, 0, 0, 1000, tzinfo=UTC)
    cases: list[tuple[str, AttributeValue, str]] = [
        ("owner", EntityRef("User", "ana"), "resource has owner && resource.owner == principal"),
        ("readers", frozenset({EntityRef("Group", "aml")}), "resource has readers && principal in resource.readers"),
        ("embargo", at, "resource has embargo && resource.embargo > context.now"),
        ("codes", frozenset({7}), "resource has codes && resource.codes.contains(7)"),
        ("folder", "hr/pay", 'resource in Folder::"hr"'),
    ]
    with database.writing() as transaction:
        for name, value, _ in cases:
            class_of(transaction, {"collection": "x", name: value})
        class_of(transaction, {"collection": "x", "folder": "hrx"})
    for name, value, condition in cases:
        cedar = engine(f'@id("a") permit (principal, action, resource) when {{ {condition} }};', schema=schema)
        assert attributes(database, scope(database, cedar)) == [{"collection": "x", name: value}]


class TestKeptScopes:
    def test_a_new_class_and_new_text_are_seen_at_once(self, filled: Database, engine: Engine) -> None:
        cedar = engine(AML)
        before = scope(filled, cedar)
        store(filled, draft("e", "eleven twelve", collection="aml", region="eu"))
        after = scope(filled, cedar)
        assert (len(after.classes), after.chunks) == (len(before.classes) + 1, before.chunks + 1)
        store(filled, draft("e", "eleven twelve", "thirteen", collection="aml", region="eu"))
        assert scope(filled, cedar).chunks == after.chunks + 1

    def test_a_snapshot_sees_the_classes_of_its_own_moment(self, filled: Database, engine: Engine) -> None:
        cedar = engine(AML)
        with filled.reading() as old:
            old.connection.execute("SELECT 1 FROM access_class").fetchall()  # the snapshot begins
            store(filled, draft("e", "eleven twelve", collection="aml", region="eu"))
            assert scope(filled, cedar).chunks == 4
            assert open_scope(old, cedar, ANA, NOW).chunks == 3

    def test_another_principal_purpose_or_time_is_another_scope(self, filled: Database, engine: Engine) -> None:
        cedar = engine("""@id("care") permit (principal, action == Action::"read", resource)
          when { principal has clearance && principal.clearance > 1 && context has purpose && context.purpose == "care"
                 && context.now < datetime("2026-03-04") };""")
        bea = Principal(id="bea", attributes={"clearance": 2})
        care = Circumstances(now=NOW.now, purpose="care")
        later = Circumstances(now=NOW.now + timedelta(days=1), purpose="care")
        for _ in range(2):  # the second time from what was kept
            assert len(scope(filled, cedar, bea, care).classes) == 4
            assert scope(filled, cedar, bea, NOW).is_empty
            assert scope(filled, cedar, bea, later).is_empty
            assert scope(filled, cedar, Principal(id="bea", attributes={"clearance": 1}), care).is_empty

    def test_what_is_kept_is_not_computed_again(
        self, filled: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cedar = engine(AML)
        first = scope(filled, cedar)
        monkeypatch.setattr("compliance_bot.store.scope._permitted", None)
        assert scope(filled, cedar) == first
        with pytest.raises(TypeError):
            scope(filled, cedar, Principal(id="bea", groups={"aml"}))


class TestPostcheck:
    FORBID = """@id("sum") @enforce("postcheck") forbid (principal, action == Action::"read", resource)
      when { resource has classification && resource.classification + 1 > 2 };"""
    ALL = '@id("all") permit (principal, action == Action::"read", resource);'

    def test_a_forbid_that_cannot_be_compiled_is_decided_by_the_engine(self, filled: Database, engine: Engine) -> None:
        store(
            filled,
            draft("e", "secret words", collection="hr", classification=2),
            draft("f", "open words", collection="hr", classification=1),
        )
        found = scope(filled, engine(self.ALL, self.FORBID))
        assert {a.get("classification") for a in attributes(filled, found)} == {None, 1}
        assert (found.chunks, found.determining) == (6, ("all",))

    def test_without_it_everything_is_permitted(self, filled: Database, engine: Engine) -> None:
        store(filled, draft("e", "secret words", collection="hr", classification=2))
        assert scope(filled, engine(self.ALL)).chunks == 6


class TestWrongCompiler:
    """The engine is asked about each class of a small scope, and of any scope where the caller has found it wrong."""

    @pytest.fixture
    def forbids_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def wrong(policies: Sequence[Policy], declared: Declared, subject: Subject) -> Compiled:
            return real([policy for policy in policies if policy.permits], declared, subject)

        real = decide.compile_policies
        monkeypatch.setattr(decide, "compile_policies", wrong)

    def test_a_small_scope_is_decided_by_the_engine_and_its_administrator_is_told(
        self,
        filled: Database,
        engine: Engine,
        monkeypatch: pytest.MonkeyPatch,
        forbids_left_out: None,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        cedar = engine(AML, WALL)
        assert len(scope(filled, cedar).classes) == 2  # alone, the compiler is wrong
        monkeypatch.setattr(scope_module, "_FEW_CLASSES", 3)
        found = scope(filled, engine(AML, WALL, OWN))
        assert attributes(filled, found) == [{"collection": "aml"}, {"collection": "hr", "owner": "ana"}]
        assert found.chunks == 3
        assert [record.message for record in caplog.records] == ["scope.wrong"]

    def test_any_scope_is_when_it_was_found_wrong(
        self, filled: Database, engine: Engine, forbids_left_out: None
    ) -> None:
        cedar = engine(AML, WALL)
        wrong = scope(filled, cedar)
        with filled.reading() as transaction:
            right = open_scope(transaction, cedar, ANA, NOW, by_engine=True)
            (seen,) = transaction.connection.execute("SELECT count(*) FROM document").fetchone() or (0,)
        assert (len(wrong.classes), len(right.classes), seen) == (2, 1, 1)
        assert scope(filled, cedar) == wrong  # what was kept before is as it was


def test_a_scope_of_very_many_classes_has_a_bitmap_and_is_kept_with_it(
    filled: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within, "_MANY", 0)
    everything = engine('@id("all") permit (principal, action, resource);')
    for _ in range(2):  # made, and kept
        found = scope(filled, everything)
        assert found.bitmap == within.bitmap(found.classes) != b""
    nothing = engine('@id("none") forbid (principal, action, resource);')
    assert scope(filled, nothing).bitmap == b""
