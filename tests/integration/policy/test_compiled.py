"""Compiled policies select exactly the classes that the Cedar engine permits, errors included."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from compliance_bot.policy.decide import Resource
from compliance_bot.store import scope as scope_module
from compliance_bot.store.scope import class_attributes, class_of, open_scope
from tests.random_policies import Random, unvalidated

if TYPE_CHECKING:
    from compliance_bot.policy.decide import CedarEngine, Circumstances
    from compliance_bot.records import ClassId, Principal
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
                selected = open_scope(transaction, engine, who, now).classes
            assert selected == expected, (text, who, now)
            pairs += len(classes)
            permitted += len(expected)
    assert sets > refused
    # A test in which nothing is ever permitted, or everything, would show nothing.
    assert 0.05 < permitted / pairs < 0.6
