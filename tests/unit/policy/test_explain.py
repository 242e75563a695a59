"""An explanation names the policies that decided, what each asks, and what of it holds, as the engine says."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource
from compliance_bot.policy.explain import Reason, Reasons, explain
from compliance_bot.policy.folder import Policies, load_policies
from compliance_bot.policy.walls import walls_alone
from compliance_bot.records import AttributeValue, Principal

NOW = Circumstances(now=datetime(2026, 3, 3, tzinfo=UTC))
HUGO = Principal(id="hugo", groups=["staff"], attributes={"clearance": 3, "department": "corporate"})
DEV = Principal(id="dev", groups=["staff"], attributes={"clearance": 2, "matters": frozenset({"heron"})})
HERON = {"collection": "matter-heron", "matter": "heron", "department": "corporate", "classification": 3}

Load = Callable[..., Policies]


@pytest.fixture(scope="module")
def sample() -> Policies:
    return load_policies(bundled("policies") / "sample")


def why(policies: Policies, who: Principal, action: str = "read", **attributes: AttributeValue) -> Reasons:
    return explain(policies, who, action, Resource.document(attributes), NOW)


def by_role(reasons: Reasons) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for reason in reasons.reasons:
        roles.setdefault(reason.role, []).append(reason.policy)
    return roles


def failing(reason: Reason) -> list[tuple[str, bool | None]]:
    return [(condition.text, condition.holds) for condition in reason.conditions if not condition.holds]


def test_the_forbid_that_won_comes_before_the_permit_that_it_overruled(sample: Policies) -> None:
    found = why(sample, HUGO, **HERON)
    assert not found.decision.allowed
    assert by_role(found) == {"decided": ["ethical-wall"], "overruled": ["own-department-up-to-clearance"]}
    wall = found.reasons[0]
    assert (wall.effect, wall.file, wall.text.partition("\n")[0]) == ("forbid", "walls.cedar", '@id("ethical-wall")')
    assert failing(wall) == []
    assert {"principal.matters", "resource.matter"} <= {name for c in wall.conditions for name in c.reads}


def test_a_permission_is_explained_by_the_permits_that_hold(sample: Policies) -> None:
    found = why(sample, DEV, **HERON)
    assert found.decision.allowed
    assert by_role(found) == {"decided": ["matter-team"]}
    assert [c.text for c in found.reasons[0].conditions if c.part in {"principal", "action"}] == [
        'principal in Group::"staff"',
        'action == Action::"read"',
    ]


def test_the_permits_that_came_nearest_say_which_condition_failed(sample: Policies) -> None:
    ben = Principal(id="ben", groups=["staff"], attributes={"clearance": 1, "department": "retail"})
    found = why(sample, ben, collection="aml", department="aml", classification=1)
    nearest = {reason.policy: failing(reason) for reason in found.reasons}
    assert nearest["own-department-up-to-clearance"] == [("principal.department == resource.department", False)]
    assert nearest["internal-documents-of-no-department"] == [("resource has department", False)]
    assert nearest["aml-team"] == [('principal in Group::"aml"', False)]
    assert set(by_role(found)) == {"nearest"}
    assert "matter-team" not in nearest  # it lacks more
    assert "staff-ask" not in nearest  # it is about something else


def test_each_alternative_of_an_unless_is_a_condition(load: Load) -> None:
    policies = load(
        '@id("p") permit (principal, action == Action::"read", resource)\n'
        'unless { principal in Group::"a" || resource has matter || resource in Collection::"x" };'
    )
    (reason,) = why(policies, HUGO, collection="x").reasons
    assert [(c.part, c.text, c.holds, c.reads) for c in reason.conditions[1:]] == [
        ("unless", 'principal in Group::"a"', True, ("principal.groups",)),
        ("unless", "resource has matter", True, ("resource.matter",)),
        ("unless", 'resource in Collection::"x"', False, ("resource.collection",)),
    ]


def test_what_cannot_be_evaluated_is_told_from_what_does_not_hold(load: Load) -> None:
    policies = load(
        '@id("p") permit (principal, action == Action::"read", resource)\n'
        'when { resource has matter && resource.matter == "x" };'
    )
    (reason,) = why(policies, HUGO, collection="x").reasons
    assert [c.holds for c in reason.conditions] == [True, False, None]


def test_a_policy_that_fails_is_named_as_what_denied(load: Load) -> None:
    policies = load(
        '@id("all") permit (principal, action, resource);',
        '@id("bad") forbid (principal, action, resource)'
        "when { principal has clearance && principal.clearance + 9223372036854775807 > 3 };",
    )
    found = why(policies, HUGO, collection="x")
    assert not found.decision.allowed
    assert found.decision.errors == 1
    assert by_role(found) == {"failed": ["bad"], "overruled": ["all"]}


def test_a_document_that_does_not_fit_the_schema_is_said_to_be_undecidable(sample: Policies) -> None:
    found = why(sample, HUGO, collection="x", level=3)
    assert not found.is_decidable
    assert not found.decision.allowed
    assert found.reasons == ()


def test_a_set_that_came_from_no_folder_is_explained_in_cedars_words(sample: Policies) -> None:
    found = why(replace(sample, sources=()), DEV, **HERON)
    (reason,) = found.reasons
    assert (reason.file, reason.line) == ("", 0)
    assert reason.text.startswith('@id("matter-team")')


def test_names_with_quotes_and_newlines_are_explained(load: Load) -> None:
    policies = load('@id("a\\"b\\n;c") permit (principal == User::"x\\"\\n;--", action == Action::"read", resource);')
    found = why(policies, Principal(id='x"\n;--'), collection="c")
    assert found.decision.allowed
    assert found.reasons[0].policy == 'a"b\n;c'


def test_the_roles_are_those_that_the_engine_gives_by_itself(sample: Policies) -> None:
    """Whatever is asked, the policies said to have decided are the determining ones, no more and no fewer."""
    chance = random.Random(4)
    groups = ["staff", "aml", "contractors", "benefits-review", "administrators", "auditors"]
    effects = set()
    for _ in range(300):
        attributes: dict[str, AttributeValue] = {"collection": chance.choice(["aml", "benefits", "x"])}
        for name, values in {
            "classification": [0, 1, 2, 3],
            "department": ["aml", "hr"],
            "matter": ["heron"],
            "tags": [frozenset({"sar"}), frozenset({"clinical"})],
        }.items():
            if chance.random() < 0.6:
                attributes[name] = chance.choice(values)  # type: ignore[arg-type]
        person: dict[str, AttributeValue] = {"clearance": chance.randrange(4), "department": "aml"}
        if chance.random() < 0.5:
            person["matters"] = frozenset({"heron"})
        who = Principal(id="p", groups=chance.sample(groups, chance.randrange(4)), attributes=person)
        found = why(sample, who, chance.choice(["read", "delete"]), **attributes)
        assert tuple(by_role(found).get("decided", [])) == found.decision.determining
        for reason in found.reasons:
            assert (reason.role in {"decided", "overruled"}) == all(c.holds for c in reason.conditions)
        effects.add(found.decision.effect)
    assert effects == {"allow", "deny"}


def test_a_wall_is_a_forbid_and_not_the_lack_of_a_permit(sample: Policies) -> None:
    walls = walls_alone(sample)

    def is_open(who: Principal, **attributes: AttributeValue) -> bool:
        return walls.decide(who, "read", Resource.document(attributes), NOW).allowed

    nobody = Principal(id="nobody")
    assert is_open(nobody, collection="hr", classification=3, department="hr")
    assert not is_open(nobody, **HERON)
    assert is_open(DEV, **HERON)
    assert not is_open(nobody, collection="aml", tags=frozenset({"sar"}))
    assert walls.hash != CedarEngine(sample).hash


def test_a_wall_that_fails_holds(load: Load) -> None:
    walls = walls_alone(
        load(
            '@id("bad") forbid (principal, action, resource)'
            "when { principal has clearance && principal.clearance + 9223372036854775807 > 3 };"
        )
    )
    assert not walls.decide(HUGO, "read", Resource.document({"collection": "x"}), NOW).allowed
    assert walls.compile(HUGO, "read", NOW).permits_nothing
