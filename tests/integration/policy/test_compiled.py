"""Compiled policies select exactly the classes that the Cedar engine permits, errors included."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import cedarpy
import pytest

from compliance_bot.policy.decide import Resource, _context
from compliance_bot.store import scope as scope_module
from compliance_bot.store.scope import class_attributes, class_of, permitted_classes
from tests.random_policies import MATTERS, Random, unvalidated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.policy.decide import CedarEngine, Circumstances
    from compliance_bot.records import AttributeValue, ClassId, Principal
    from compliance_bot.store.connect import Database
    from compliance_bot.store.scope import ClassAttributes

PAIRS = 20_000
DOCUMENTS = 250


@pytest.fixture(autouse=True)
def compiled_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but the compiled policies make a scope: the engine would make up for their mistakes."""
    monkeypatch.setattr(scope_module, "_FEW_CLASSES", -1)


@pytest.fixture(scope="module")
def classes(module_database: Database) -> ClassAttributes:
    """Return access classes at random, stored."""
    made = Random(random.Random(0))
    with module_database.writing() as transaction:
        ids = {class_of(transaction, made.document()) for _ in range(DOCUMENTS)}
        return class_attributes(transaction, ids)


def decided(engine: CedarEngine, who: Principal, now: Circumstances, classes: ClassAttributes) -> tuple[ClassId, ...]:
    resources = [Resource.document(attributes) for attributes in classes.values()]
    decisions = engine.decide_each(who, "read", resources, now)
    return tuple(id_ for id_, decision in zip(classes, decisions, strict=True) if decision.allowed)


def test_sql_and_the_engine_agree(module_database: Database, classes: ClassAttributes) -> None:
    made = Random(random.Random(4))
    pairs = permitted = sets = refused = 0
    while pairs < PAIRS:
        text = made.policies()
        engine = unvalidated(text)
        if engine is None:
            refused += 1
            continue
        sets += 1
        for _ in range(3):
            who, now = made.principal(), made.circumstances()
            expected = decided(engine, who, now, classes)
            with module_database.reading() as transaction:
                # What the SQL selects: a scope of few classes asks the engine as well.
                selected = permitted_classes(transaction, engine, who, now, kept={})
            assert selected == set(expected), (text, who, now)
            pairs += len(classes)
            permitted += len(expected)
    assert sets > refused
    # A test in which nothing is ever permitted, or everything, would show nothing.
    assert 0.05 < permitted / pairs < 0.6


def test_partial_evaluation_agrees_as_a_second_oracle(module_database: Database, classes: ClassAttributes) -> None:
    """Cedar's partial evaluator: with the document unknown, what it can tell holds for every class.

    With the document known it decides about one; a part of the classes is asked about.
    """
    made = Random(random.Random(5))
    some = dict(list(classes.items())[:25])
    blind = {True: 0, False: 0, None: 0}
    decided_ = {True: 0, False: 0, None: 0}
    while decided_[True] + decided_[False] < 2_000 or not blind[False]:
        text = made.policies()
        engine = unvalidated(text)
        if engine is None:
            continue
        who, now = made.principal(), made.circumstances()
        with module_database.reading() as transaction:
            selected = permitted_classes(transaction, engine, who, now, kept={})
        without = partial(engine, who, now, None)
        blind[without] += 1
        assert without is not False or not selected, text
        assert without is not True or selected == set(classes), text
        for class_id, attributes in some.items():
            decision = partial(engine, who, now, attributes)
            assert decision in (None, class_id in selected), (text, who, now, attributes)
            decided_[decision] += 1
    # What it leaves open shows nothing: that must not be much.
    assert decided_[None] < decided_[True] + decided_[False]
    assert 0.02 < decided_[True] / 2_000 < 0.6


def partial(
    engine: CedarEngine, who: Principal, now: Circumstances, attributes: Mapping[str, AttributeValue] | None
) -> bool | None:
    """Return what partial evaluation decides, None for what it leaves open. An error denies, as in this product."""
    known = [] if attributes is None else [Resource.document(attributes)]
    entities = [
        *engine._principal_entities(who),
        *engine._resource_entities(known, [{"type": "Document", "id": "d"}] * len(known)),
        # What it does not know of is unknown to it, and not absent.
        {"uid": {"type": "Action", "id": "look"}, "attrs": {}, "parents": []},
        {"uid": {"type": "Action", "id": "read"}, "attrs": {}, "parents": [{"type": "Action", "id": "look"}]},
        *({"uid": {"type": "Matter", "id": matter}, "attrs": {}, "parents": []} for matter in MATTERS),
    ]
    request = {
        "principal": f'User::"{who.id}"',
        "action": 'Action::"read"',
        "resource": 'Document::"d"' if known else None,
        "context": _context(now),
    }
    # Without a schema: the policies of this test are not valid under one.
    result = cedarpy.is_authorized_partial(request, engine.policies.policies, json.dumps(entities))
    if result.diagnostics.errors:
        return False
    bodies = [c["body"] for one in result.residuals.values() for c in one["conditions"]]
    is_settled = all(isinstance(body.get("Value"), bool) for body in bodies)
    if result.decision is cedarpy.Decision.NoDecision or (result.allowed and not is_settled):
        return None  # a policy that is left could still fail or forbid
    return bool(result.allowed)
