"""Classes and policies that nobody meant: what is not understood is nobody's, and nothing in them is run as SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from compliance_bot.policy import InvalidPolicies
from compliance_bot.policy.decide import Resource
from compliance_bot.records import Principal
from compliance_bot.store import scope as scope_module
from compliance_bot.store.scope import access_classes, class_of, open_scope

from ..store.test_scope import NOW, SCHEMA
from ..store.test_scope import engine as engine  # a fixture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.policy import CedarEngine
    from compliance_bot.records import AttributeValue
    from compliance_bot.store.connect import Database

    from ..store.test_scope import Engine

    Connection = psycopg.Connection[Any]

ANA = Principal(id="ana", groups={"aml"}, attributes={"department": "aml", "clearance": 2})
ALL = '@id("all") permit (principal, action == Action::"read", resource);'
HOSTILE = [
    "'", "''", '"', "it's", "a\nb", "a\r\n\tb",
    "'; DROP TABLE chunk; --", "%", "%s", "%(tenant)s", "100%%", "{}", "{0}",
    "\\", "\\0", "\\u0000", "\\x00", "$1", "$$", ":name", "?", "*", "\u2028", "\U0001f512", "é", "e\u0301", "\u202eabc",
    "x" * 200_000,
]  # fmt: skip


@pytest.fixture(autouse=True)
def compiled_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but the compiled policies make a scope."""
    monkeypatch.setattr(scope_module, "_FEW_CLASSES", -1)


def readable(database: Database, cedar: CedarEngine, who: Principal = ANA) -> list[Mapping[str, AttributeValue]]:
    """Return the attributes of what one may read: by the compiled policies, and the engine says the same."""
    with database.reading() as transaction:
        selected = set(open_scope(transaction, cedar, who, NOW).classes)
        every = access_classes(transaction)
    decided = cedar.decide_each(who, "read", [Resource.document(one.attributes) for one in every], NOW)
    assert selected == {one.id for one, decision in zip(every, decided, strict=True) if decision.allowed}
    return [one.attributes for one in every if one.id in selected]


def stored(database: Database, *classes: dict[str, AttributeValue]) -> None:
    with database.writing() as transaction:
        for attributes in classes:
            class_of(transaction, attributes)


def smuggled(superuser: Connection, database: Database, attributes: dict[str, Any]) -> int:
    """Store a class as SQL can, past everything that checks it, and return its id."""
    given = {"tenant": database.tenant, "attributes": Jsonb(attributes), "digest": json.dumps(attributes).encode()}
    superuser.execute("""INSERT INTO access_shape (tenant, types) VALUES (%(tenant)s, attribute_types(%(attributes)s))
        ON CONFLICT DO NOTHING""", given)  # fmt: skip
    row = superuser.execute("""INSERT INTO access_class (tenant, digest, attributes, shape_id)
        SELECT %(tenant)s, %(digest)s, %(attributes)s, id FROM access_shape
        WHERE tenant = %(tenant)s AND types = attribute_types(%(attributes)s)
        RETURNING id""", given).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


class TestClasses:
    def test_a_document_without_an_attribute_is_read_by_policies_that_do_not_ask_for_it(
        self,
        database: Database,
        engine: Engine,
    ) -> None:
        stored(database, {"collection": "a"}, {"collection": "a", "department": "aml"})
        guarded = engine(
            ALL.replace(";", " when { resource has department && resource.department == 'x' };").replace("'", '"')
        )
        assert readable(database, guarded) == []
        assert len(readable(database, engine(ALL))) == 2

    @pytest.mark.parametrize(
        "attributes",
        [
            {"collection": "a", "shoe_size": 44},
            {"collection": "a", "classification": "2"},
            {"collection": "a", "classification": True},
            {"collection": "a", "classification": 1.5},
            {"collection": "a", "classification": None},
            {"collection": "a", "classification": [1]},
            {"collection": "a", "classification": {"datetime": 0}},
            {"collection": "a", "tags": "x"},
            {"collection": "a", "tags": [["x"]]},
            {"collection": "a", "tags": {"x": "y"}},
            {"collection": "a", "tags": ["x", 1]},
            {"collection": "a", "tags": ["x", None]},
            {"collection": "a", "tags": [1.5]},
            {"collection": "a", "classification": 2**63},
            {"collection": "a", "classification": -(2**63) - 1},
            {"collection": "a", "classification": 10**400},
            {"collection": "a", "region": {"entity": "Group", "id": 5}},
            {"collection": 7},
            {"collection": None},
            {},
        ],
        ids=lambda attributes: json.dumps(attributes)[:60],
    )
    def test_one_that_the_schema_does_not_describe_is_nobodys(
        self,
        database: Database,
        superuser: Connection,
        engine: Engine,
        attributes: dict[str, Any],
    ) -> None:
        stored(database, {"collection": "good"})
        smuggled(superuser, database, attributes)
        with database.reading() as transaction:
            scope = open_scope(transaction, engine(ALL), ANA, NOW)
            assert scope.classes == (min(scope.classes),)

    @pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
    def test_hostile_values_are_values(self, database: Database, engine: Engine, value: str) -> None:
        stored(database, {"collection": "a", "department": value, "tags": frozenset({value})}, {"collection": value})
        stored(database, {"collection": "b", "department": f"{value} "})
        who = Principal(id="ana", attributes={"department": value})
        same = engine(
            """@id("a") permit (principal, action == Action::"read", resource)
            when { principal has department && resource has department && resource.department == principal.department }
            when { resource has tags && resource.tags.contains(principal.department) };"""
        )
        assert [one["collection"] for one in readable(database, same, who)] == ["a"]
        assert readable(database, same, Principal(id="ana", attributes={"department": value + "x"})) == []

    @pytest.mark.parametrize("value", [one for one in HOSTILE if len(one) < 100], ids=lambda value: ascii(value)[:20])
    def test_hostile_words_in_policies_are_values(self, database: Database, engine: Engine, value: str) -> None:
        written = "".join(f"\\u{{{ord(character):x}}}" for character in value)
        stored(database, {"collection": value}, {"collection": f"{value}x"})
        only = engine(f'@id("a") permit (principal, action == Action::"read", resource in Collection::"{written}");')
        assert [one["collection"] for one in readable(database, only)] == [value]

    def test_a_zero_byte_is_refused_before_it_is_stored(self, database: Database) -> None:
        with pytest.raises(psycopg.DataError):
            stored(database, {"collection": "a\0b"})

    def test_a_set_of_ten_thousand_is_a_set(self, database: Database, engine: Engine) -> None:
        many = frozenset(f"tag {n}" for n in range(10_000))
        stored(database, {"collection": "a", "tags": many}, {"collection": "b", "tags": many - {"tag 7"}})
        has_it = engine(ALL.replace(";", ' when { resource has tags && resource.tags.contains("tag 7") };'))
        assert [one["collection"] for one in readable(database, has_it)] == ["a"]
        who = Principal(id="ana", attributes={"matters": many})
        mine = engine(
            ALL.replace(";", " when { principal has matters } when { resource has matter } when { IN };").replace(
                "IN", "principal has matters && resource has matter && principal.matters.contains(resource.matter)"
            )
        )
        stored(database, {"collection": "c", "matter": "tag 9999"}, {"collection": "d", "matter": "tag 10000"})
        assert [one["collection"] for one in readable(database, mine, who)] == ["c"]


class TestPolicySets:
    @pytest.mark.parametrize("text", ["", "// nothing\n"])
    def test_an_empty_one_permits_nothing(self, database: Database, engine: Engine, text: str) -> None:
        stored(database, {"collection": "a"})
        assert readable(database, engine(text)) == []

    def test_of_contradicting_ones_the_forbid_wins(self, database: Database, engine: Engine) -> None:
        stored(database, {"collection": "a"}, {"collection": "b"})
        shut = '@id("shut") forbid (principal, action == Action::"read", resource in Collection::"a");'
        assert [one["collection"] for one in readable(database, engine(ALL, shut))] == ["b"]
        assert readable(database, engine(ALL, '@id("none") forbid (principal, action, resource);')) == []

    @pytest.mark.parametrize(
        ("policy", "schema"),
        [
            ("permit (principal, action, resource", SCHEMA),
            ("permit permit;", SCHEMA),
            ("\0", SCHEMA),
            (ALL.replace(";", " when { resource.classification > 1 };"), SCHEMA),  # optional, and nobody asked
            (ALL.replace(";", ' when { resource has region && resource.region > "a" };'), SCHEMA),
            (ALL.replace("read", "fly"), SCHEMA),
            (ALL, ""),
            (ALL, "entity User;"),
        ],
    )
    def test_what_is_wrong_is_refused_at_load(self, engine: Engine, policy: str, schema: str) -> None:
        with pytest.raises(InvalidPolicies):
            engine(policy, schema=schema)

    def test_a_thousand_policies_select_what_the_engine_permits(self, database: Database, engine: Engine) -> None:
        stored(database, *({"collection": f"c{n}", "classification": n % 4} for n in range(60)))
        permits = [
            f'@id("p{n}") permit (principal in Group::"{"aml" if n % 3 else "hr"}", action == Action::"read",'
            f' resource in Collection::"c{n % 60}")'
            f" when {{ resource has classification && resource.classification <= {n % 4} }};"
            for n in range(900)
        ]
        forbids = [
            f'@id("f{n}") forbid (principal, action == Action::"read", resource in Collection::"c{n}")'
            f" when {{ resource has classification && resource.classification == {n % 5} }};"
            for n in range(100)
        ]
        found = readable(database, engine(*permits, *forbids))
        assert 0 < len(found) < 60
