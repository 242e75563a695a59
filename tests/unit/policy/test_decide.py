"""Decisions: forbid wins, errors and absence refuse, and names are only names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from compliance_bot.policy.decide import CedarEngine, Circumstances, Decision, Resource
from compliance_bot.records import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.records import AttributeValue

    Engine = Callable[..., CedarEngine]

NOW = Circumstances(now=datetime(2026, 3, 3, 12, tzinfo=UTC))
ANA = Principal(id="ana", groups={"aml"}, attributes={"clearance": 2, "matters": frozenset({"heron"})})
BOB = Principal(id="bob")

AML_READS = (
    '@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"aml");'
)
CLEARED = """@id("cleared") permit (principal, action == Action::"read", resource)
  when { principal has clearance && resource has classification && principal.clearance >= resource.classification };"""
WALL = """@id("wall") forbid (principal, action, resource)
  when { resource has matter && !(principal has matters && principal.matters.contains(resource.matter)) };"""
OVERFLOW = """@id("broken") forbid (principal, action == Action::"read", resource)
  when { resource has classification && resource.classification >= 1 && 9223372036854775807 + 1 > 0 };"""


def read(engine: CedarEngine, who: Principal, now: Circumstances = NOW, **attributes: AttributeValue) -> Decision:
    document = Resource.document({"collection": "aml", **attributes})
    return engine.decide_each(who, "read", [document], now)[0]


class TestOneRequest:
    def test_nothing_is_permitted_by_an_empty_set(self, engine: Engine) -> None:
        refused = Decision(allowed=False, determining=(), errors=0)
        assert read(engine(), ANA) == refused
        for action in ("ask", "search", "review", "administer", "impersonate", "export", "hold", "erase"):
            assert engine().decide_each(ANA, action, [Resource.home()], NOW) == (refused,)

    def test_a_matching_permit_allows_and_is_named(self, engine: Engine) -> None:
        assert read(engine(AML_READS), ANA) == Decision(allowed=True, determining=("aml-reads",), errors=0)

    def test_no_match_refuses(self, engine: Engine) -> None:
        assert not read(engine(AML_READS), BOB).allowed
        assert not read(engine(AML_READS), Principal(id="aml")).allowed

    def test_forbid_wins_over_permit_and_is_named_alone(self, engine: Engine) -> None:
        decision = read(engine(AML_READS, WALL), ANA, matter="quillon")
        assert decision == Decision(allowed=False, determining=("wall",), errors=0)
        assert read(engine(AML_READS, WALL), ANA, matter="heron").allowed

    def test_all_determining_policies_are_named_in_order(self, engine: Engine) -> None:
        decision = read(engine(CLEARED, AML_READS), ANA, classification=2)
        assert decision.determining == ("aml-reads", "cleared")

    def test_an_error_in_a_policy_refuses_although_another_permits(self, engine: Engine) -> None:
        # Cedar by itself skips the failing forbid and allows.
        assert read(engine(AML_READS, OVERFLOW), ANA) == Decision(allowed=True, determining=("aml-reads",), errors=0)
        assert read(engine(AML_READS, OVERFLOW), ANA, classification=1) == Decision(
            allowed=False, determining=("aml-reads",), errors=1
        )

    @pytest.mark.parametrize(
        "who",
        [
            Principal(id="ana", groups={"aml"}, attributes={"shoe_size": 40}),
            Principal(id="ana", groups={"aml"}, attributes={"clearance": "2"}),
        ],
        ids=["undeclared", "wrong type"],
    )
    def test_a_principal_whose_attributes_do_not_fit_the_schema_is_refused(
        self, engine: Engine, who: Principal
    ) -> None:
        assert read(engine(AML_READS), who) == Decision(allowed=False, determining=(), errors=1)

    @pytest.mark.parametrize("attribute", [{"colour": "red"}, {"classification": "2"}, {"tags": "a"}])
    def test_a_document_whose_attributes_do_not_fit_the_schema_is_refused(
        self, engine: Engine, attribute: dict[str, AttributeValue]
    ) -> None:
        assert not read(engine(AML_READS), ANA, NOW, **attribute).allowed

    def test_an_unknown_action_refuses(self, engine: Engine) -> None:
        permit_all = '@id("all") permit (principal, action, resource);'
        assert not engine(permit_all).decide_each(ANA, "fly", [Resource.home()], NOW)[0].allowed

    def test_an_action_on_a_resource_it_is_not_for_refuses(self, engine: Engine) -> None:
        permit_all = '@id("all") permit (principal, action, resource);'
        assert not engine(permit_all).decide_each(ANA, "read", [Resource.home()], NOW)[0].allowed

    def test_missing_context_refuses(self, engine: Engine) -> None:
        permit_all = '@id("all") permit (principal, action, resource);'
        document = [Resource.document({"collection": "aml"})]
        assert not engine(permit_all).decide_each(ANA, "reveal", document, NOW)[0].allowed
        said = Circumstances(now=NOW.now, more={"entity_type": "PERSON"})
        assert engine(permit_all).decide_each(ANA, "reveal", document, said)[0].allowed


class TestCollections:
    def test_a_document_is_in_its_collection_and_in_no_other(self, engine: Engine) -> None:
        assert read(engine(AML_READS), ANA).allowed
        assert not read(engine(AML_READS), ANA, collection="hr").allowed

    def test_a_collection_can_be_acted_on_itself(self, engine: Engine) -> None:
        ingest = (
            '@id("in") permit (principal in Group::"aml", action == Action::"ingest", resource == Collection::"aml");'
        )
        decide = engine(ingest).decide_each
        named = [Resource.collection("aml"), Resource.collection("hr")]
        assert [decision.allowed for decision in decide(ANA, "ingest", named, NOW)] == [True, False]


class TestManyResources:
    def test_each_gets_its_own_decision_in_order(self, engine: Engine) -> None:
        levels = [3, 1, 2, 9, 2]
        documents = [Resource.document({"collection": "x", "classification": level}) for level in levels]
        decisions = engine(CLEARED).decide_each(ANA, "read", documents, NOW)
        assert [decision.allowed for decision in decisions] == [level <= 2 for level in levels]

    def test_none_get_none(self, engine: Engine) -> None:
        assert engine(AML_READS).decide_each(ANA, "read", [], NOW) == ()

    def test_an_error_for_one_refuses_that_one_alone(self, engine: Engine) -> None:
        documents = [
            Resource.document({"collection": "aml"}),
            Resource.document({"collection": "aml", "classification": 1}),
        ]
        decisions = engine(AML_READS, OVERFLOW).decide_each(ANA, "read", documents, NOW)
        assert [(decision.allowed, decision.errors) for decision in decisions] == [(True, 0), (False, 1)]


class TestCircumstances:
    DEADLINE = """@id("early") permit (principal, action == Action::"read", resource)
      when { context.now < datetime("2026-03-03T12:00:00Z") };"""
    PURPOSE = """@id("audit") permit (principal, action == Action::"read", resource)
      when { context has purpose && context.purpose == "audit" };"""

    @pytest.mark.parametrize(
        ("now", "allowed"),
        [
            (datetime(2026, 3, 3, 11, 59, 59, 999_000, tzinfo=UTC), True),
            (datetime(2026, 3, 3, 12, tzinfo=UTC), False),
            (datetime(2026, 3, 3, 13, 59, tzinfo=timezone(timedelta(hours=2))), True),
            (datetime(2026, 3, 3, 11, 59, tzinfo=timezone(timedelta(hours=-2))), False),
        ],
        ids=["before", "at", "before, east", "after, west"],
    )
    def test_a_time_is_a_moment_whatever_its_zone(self, engine: Engine, now: datetime, allowed: bool) -> None:
        assert read(engine(self.DEADLINE), ANA, Circumstances(now=now)).allowed is allowed

    def test_a_time_without_its_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="without its zone"):
            Circumstances(now=datetime(2026, 3, 3, 12))  # noqa: DTZ001

    @pytest.mark.parametrize(
        ("purpose", "allowed"), [(None, False), ("", False), ("curiosity", False), ("audit", True)]
    )
    def test_a_purpose_can_be_asked_for(self, engine: Engine, purpose: str | None, allowed: bool) -> None:
        assert read(engine(self.PURPOSE), ANA, Circumstances(now=NOW.now, purpose=purpose)).allowed is allowed


NAMES = [
    'o\'neil "the\\bank"',
    "a\nb",
    "Zoë 客户 🦔",
    '") , permit (principal, action, resource); //',
    'User::"admin"',
    "x" * 500,
]


class TestNames:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_principal_is_only_itself(self, engine: Engine, name: str) -> None:
        admin = '@id("admin") permit (principal == User::"admin", action, resource);'
        assert not read(engine(admin), Principal(id=name)).allowed
        assert read(engine('@id("all") permit (principal, action, resource);'), Principal(id=name)).allowed

    @pytest.mark.parametrize("name", NAMES)
    def test_a_group_or_collection_is_only_itself(self, engine: Engine, name: str) -> None:
        assert not read(engine(AML_READS), Principal(id="x", groups={name})).allowed
        assert not read(engine(AML_READS), ANA, collection=name).allowed
        member = Principal(id="x", groups={name, "aml"})
        assert read(engine(AML_READS), member, owner=name, tags=frozenset({name})).allowed

    def test_a_policy_finds_a_name_with_quotes_and_newlines(self, engine: Engine) -> None:
        policy = engine(r'@id("q") permit (principal == User::"o\"n\neil", action, resource);')
        assert read(policy, Principal(id='o"n\neil')).allowed
        assert not read(policy, Principal(id='o"n neil')).allowed


class TestCompiledAgain:
    def test_what_looks_at_the_clock_is_compiled_each_time_and_nothing_else_is(self, engine: Engine) -> None:
        plain = engine(
            '@id("a") permit (principal, action, resource) when { context has purpose && context.purpose == "x" };'
        )
        later = Circumstances(now=NOW.now + timedelta(hours=1))
        assert plain.compile(ANA, "read", NOW) is plain.compile(ANA, "read", later)
        for condition in ('context.now < datetime("2030-01-01")', "context == context"):
            clocked = engine(f'@id("a") permit (principal, action, resource) when {{ !(1 == 2 && {condition}) }};')
            assert clocked.compile(ANA, "read", NOW) is not clocked.compile(ANA, "read", NOW)

    def test_another_asker_action_or_purpose_is_compiled_for_itself(self, engine: Engine) -> None:
        in_aml = 'principal in Group::"aml", action == Action::"read", resource'
        made = engine(f'@id("a") permit ({in_aml}) when {{ principal has clearance }};')
        plain = Principal(id="ana", groups={"aml"})
        cleared = Principal(id="ana", groups={"aml"}, attributes={"clearance": 1})
        asked = [(plain, "read"), (cleared, "read"), (cleared, "delete"), (Principal(id="ana"), "read")]
        first = [made.compile(who, action, NOW).sql for who, action in asked]
        assert [made.compile(who, action, NOW).sql for who, action in asked] == first
        assert [sql == "false" for sql in first] == [True, False, True, True]
        spoken = Circumstances(now=NOW.now, purpose="x")
        asks = engine('@id("a") permit (principal, action, resource) when { context has purpose };')
        assert (asks.compile(plain, "read", NOW).sql, asks.compile(plain, "read", spoken).sql) == ("false", "(true)")

    def test_an_attribute_of_a_wrong_type_is_not_taken_for_one_of_the_right_type(self, engine: Engine) -> None:
        made = engine('@id("a") permit (principal, action, resource) when { principal has clearance };')
        assert made.compile(Principal(id="ana", attributes={"clearance": 1}), "read", NOW).sql != "false"
        assert made.compile(Principal(id="ana", attributes={"clearance": True}), "read", NOW).sql == "false"
