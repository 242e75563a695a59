"""What policies cost: compiling, selecting the access classes, the re-check; and a million pairs of SQL and engine.

Classes are made by SQL in tenants of their own, documents are not needed: what is timed is the decision about classes.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from compliance_bot.bot import ComplianceBot
from compliance_bot.bundled import bundled
from compliance_bot.home import throw_away_home
from compliance_bot.policy import Circumstances, Resource, load
from compliance_bot.records import Principal
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.kept import KeptScopes
from compliance_bot.store.scope import class_attributes, class_of, open_scope, permitted_classes
from tests.benchmarks.measure import clock, percentiles
from tests.random_policies import Random, unvalidated

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.policy import CedarEngine
    from tests.benchmarks.homes import Setup

CLASSES = (10, 4_000, 100_000)
PAIRS = 1_000_000
_SEED = 11
_NOW = Circumstances(now=datetime(2026, 3, 3, tzinfo=UTC), purpose="care")
_ASKER = Principal(
    id="dev",
    groups={"staff", "heron-team"},
    attributes={"clearance": 2, "department": "d3", "matters": frozenset({"m1", "m2"}), "region": "west"},
)
# Some of the rules of the sample institution, then as many more as are wanted, of the same kinds.
_RULES = """
@id("public") permit (principal in Group::"staff", action == Action::"read", resource)
when {{ resource has classification && resource.classification == 0 }};
@id("own-department") permit (principal in Group::"staff", action == Action::"read", resource)
when {{ principal has department && resource has department && principal.department == resource.department }}
when {{ principal has clearance && resource has classification && resource.classification <= principal.clearance }};
@id("matter") permit (principal in Group::"staff", action == Action::"read", resource)
when {{ principal has matters && resource has matter && principal.matters.contains(resource.matter) }};
@id("wall") forbid (principal, action == Action::"read", resource) when {{ resource has matter }}
unless {{ principal has matters && principal.matters.contains(resource.matter) }};
@id("sar") forbid (principal, action == Action::"read", resource)
when {{ resource has tags && resource.tags.contains("sar") }} unless {{ principal in Group::"aml" }};
{more}
"""
_MORE = """
@id("team-{n}") permit (principal in Group::"team-{n}", action == Action::"read", resource in Collection::"c{n}")
when {{ resource has region && principal has region && resource.region == principal.region }};
@id("hold-{n}") forbid (principal, action == Action::"read", resource in Collection::"c{n}")
when {{ resource has tags && resource.tags.containsAny(["hold-{n}", "sealed-{n}"]) }};
"""
_FILL = """
INSERT INTO access_shape (tenant, types)
SELECT DISTINCT %(tenant)s::integer, attribute_types(attributes) FROM ({made}) AS made;
INSERT INTO access_class (tenant, digest, attributes, shape_id)
SELECT %(tenant)s, sha256(attributes::text::bytea), attributes, s.id
FROM ({made}) AS made JOIN access_shape s ON s.tenant = %(tenant)s AND s.types = attribute_types(attributes);
INSERT INTO class_count (tenant, acl_id, chunks, terms)
SELECT tenant, id, 3, 300 FROM access_class WHERE tenant = %(tenant)s;
"""
_MADE = """
SELECT jsonb_strip_nulls(jsonb_build_object(
  'collection', 'c' || n %% 40, 'classification', n %% 4, 'department', 'd' || n %% 20, 'owner', 'u' || n,
  'matter', CASE WHEN n %% 5 = 0 THEN 'm' || n %% 50 END, 'region', (ARRAY['west', 'east'])[n %% 2 + 1],
  'tags', CASE WHEN n %% 3 = 0 THEN jsonb_build_array('t' || n %% 7, 'sar') END)) AS attributes
FROM generate_series(1, {classes}) AS n
"""


def run(setup: Setup) -> dict[str, Any]:
    """Return the figures; with a limit, of few classes and pairs."""
    sizes = CLASSES if setup.limit is None else (CLASSES[0], setup.limit)
    with tempfile.TemporaryDirectory() as scratch, throw_away_home(Path(scratch) / "home", policies="sample") as home:
        engines = {count: _engine(Path(scratch) / str(count), count) for count in (14, 100)}
        with ComplianceBot.open(home) as bot:
            database = bot.parts.database
            return {
                "compile_ms": {
                    str(count): percentiles(_times(lambda e=engine: _compile(e), 300))
                    for count, engine in engines.items()
                },
                "scope_ms": _scopes(home, database, engines, sizes),
                "recheck_ms": {str(count): percentiles(_recheck(engine)) for count, engine in engines.items()},
                "agreement": agreement(home, database, PAIRS if setup.limit is None else 100 * setup.limit),
            }


def _compile(engine: CedarEngine) -> None:
    engine._compiled.clear()  # what is kept takes no time
    engine.compile(_ASKER, "read", _NOW)


def _tenant(home: Path, database: Database, number: int) -> Database:
    """Return a tenant of its own in the same database."""
    server = EmbeddedServer.open(home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
            connection.execute("INSERT INTO tenant (id, name) VALUES (%s, %s)", [number, f"benchmark {number}"])
    finally:
        server.close()
    return Database(database._conninfo, tenant=number)


def _engine(folder: Path, count: int) -> CedarEngine:
    folder.mkdir()
    schema = (bundled("policies") / "sample" / "institution.cedarschema").read_text(encoding="utf-8")
    (folder / "a.cedarschema").write_text(schema, encoding="utf-8")
    more = "".join(_MORE.format(n=n) for n in range(count))
    engine_text = _RULES.format(more="")
    wanted = count - engine_text.count("@id")
    more = "@id".join(more.split("@id")[: wanted + 1])
    (folder / "a.cedar").write_text(engine_text + more, encoding="utf-8")
    engine = load(folder)
    assert len(engine.policies.ids) == count, "as many policies as were asked for"
    return engine


def _scopes(home: Path, database: Database, engines: dict[int, CedarEngine], sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return the times of opening a scope, by classes and policies: selected anew, and kept from the time before."""
    figures: dict[str, Any] = {}
    for number, classes in enumerate(sizes):
        tenant = _tenant(home, database, 1_000 + number)
        try:
            with tenant.writing() as transaction:
                for statement in _FILL.format(made=_MADE.format(classes=classes)).strip().split(";"):
                    if statement.strip():
                        transaction.connection.execute(statement, {"tenant": tenant.tenant})
            times = 200 if classes < CLASSES[-1] else 30
            for count, engine in engines.items():
                figures.setdefault(str(classes), {})[str(count)] = {
                    "anew": percentiles(_times(lambda e=engine, t=tenant: _open(t, e, forget=True), times)),
                    "kept": percentiles(_times(lambda e=engine, t=tenant: _open(t, e, forget=False), times)),
                    "permitted": _open(tenant, engine, forget=False),
                }
        finally:
            tenant.close()
    return figures


def _open(database: Database, engine: CedarEngine, *, forget: bool) -> int:
    if forget:
        database._scopes = KeptScopes()
    with database.reading() as snapshot:
        return len(open_scope(snapshot, engine, _ASKER, _NOW).classes)


def _recheck(engine: CedarEngine) -> list[float]:
    """Return the milliseconds of deciding about ten passages, each of a class of its own."""
    made = [
        Resource.document({"collection": f"c{n}", "classification": n % 4, "department": f"d{n % 5}", "region": "west"})
        for n in range(10)
    ]
    return _times(lambda: engine.decide_each(_ASKER, "read", made, _NOW), 300)


def _times(call: Callable[[], object], times: int) -> list[float]:
    call()
    found = []
    for _ in range(times):
        with clock() as seconds:
            call()
        found.append(seconds() * 1000)
    return found


def agreement(home: Path, database: Database, wanted: int) -> dict[str, int]:
    """Return how many pairs of principal and class were decided twice, and how often SQL and the engine disagreed."""
    made = Random(random.Random(_SEED))
    pairs = permitted = mismatches = sets = 0
    tenant = _tenant(home, database, 2_000)
    try:
        with tenant.writing() as transaction:
            classes = class_attributes(transaction, {class_of(transaction, made.document()) for _ in range(400)})
        resources = [Resource.document(attributes) for attributes in classes.values()]
        while pairs < wanted:
            engine = unvalidated(made.policies())
            if engine is None:
                continue
            sets += 1
            for _ in range(4):
                who, now = made.principal(), made.circumstances()
                decisions = engine.decide_each(who, "read", resources, now)
                expected = tuple(id_ for id_, one in zip(classes, decisions, strict=True) if one.allowed)
                with tenant.reading() as snapshot:
                    # What the SQL selects: a scope of few classes asks the engine as well.
                    selected = permitted_classes(snapshot, engine, who, now, kept={})
                mismatches += len(set(selected) ^ set(expected))
                permitted += len(expected)
                pairs += len(classes)
    finally:
        tenant.close()
    return {"policy_sets": sets, "pairs": pairs, "permitted": permitted, "mismatches": mismatches}
