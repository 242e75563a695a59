"""A scope and a search where there are very many access classes, made in SQL in a tenant of a throw-away home.

How long a scope takes when it is made and when it is kept, a search within it, and the memory of this process.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from compliance_bot.home import throw_away_home
from compliance_bot.policy import Circumstances, load
from compliance_bot.records import Principal
from compliance_bot.retrieval.search import search
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import open_scope
from tests.benchmarks.measure import peak_mb
from tests.integration.shelf import TERM_KEY, draft, embedding, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.homes import Setup

TENANT = 7
CLASSES = 1_000_000
POLICIES = """
@id("read") permit (principal in Group::"some", action == Action::"read", resource)
  when { principal has clearance && resource has classification && resource.classification <= principal.clearance };
@id("one") permit (principal in Group::"one", action == Action::"read", resource)
  when { principal has department && resource has department && resource.department == principal.department };
@id("all") permit (principal in Group::"all", action == Action::"read", resource);
@id("wall") forbid (principal, action == Action::"read", resource) when { resource has matter };
"""
FILL = """
INSERT INTO access_shape (tenant, types) VALUES (%(tenant)s,
  '{"collection": "String", "department": "String", "classification": "Long"}') ON CONFLICT DO NOTHING;
INSERT INTO access_class (tenant, digest, attributes, shape_id)
  SELECT %(tenant)s, sha256(n::text::bytea), jsonb_build_object(
           'collection', 'c' || n %% 100, 'department', 'd' || n, 'classification', n %% 1000),
         (SELECT max(id) FROM access_shape WHERE tenant = %(tenant)s)
  FROM generate_series(1, %(classes)s) AS n;
INSERT INTO class_count (tenant, acl_id, chunks, terms)
  SELECT tenant, id, 1, 20 FROM access_class c WHERE tenant = %(tenant)s
  ON CONFLICT (tenant, acl_id) DO NOTHING;
ANALYZE access_class; ANALYZE class_count
"""
ASKERS = {
    "one class": Principal(id="one", groups={"one"}, attributes={"department": "d17"}),
    "0.1 %": Principal(id="few", groups={"some"}, attributes={"clearance": 0}),
    "10 %": Principal(id="some", groups={"some"}, attributes={"clearance": 99}),
    "all": Principal(id="all", groups={"all"}),
    "none": Principal(id="none"),
}


def ms(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def run(setup: Setup) -> dict[str, Any]:
    """Return the figures, of fewer classes with a limit."""
    classes = CLASSES if setup.limit is None else 100 * setup.limit
    with tempfile.TemporaryDirectory() as folder, throw_away_home(Path(folder) / "home") as home:
        (home / "policies" / "classes.cedar").write_text(POLICIES, encoding="utf-8")
        server = EmbeddedServer.open(home)
        with psycopg.connect(server.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
            connection.execute("INSERT INTO tenant (id, name) VALUES (%s, 'benchmark')", [TENANT])
        database = Database(server.conninfo(APP_ROLE), tenant=TENANT)
        try:
            store(database, draft("a", "the fee for a transfer", collection="c1", department="d17", classification=0))
            with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
                for statement in FILL.split(";"):
                    connection.execute(statement, {"tenant": TENANT, "classes": classes})
            before = peak_mb()
            return {"classes": classes, "before_mb": before, "by": _measure(database, home)}
        finally:
            database.close()
            server.close()


def _measure(database: Database, home: Path) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    engine, now = load(home / "policies"), Circumstances(now=datetime.now(UTC))
    for name, who in ASKERS.items():
        took = []
        for _ in range(3):  # made, and kept twice
            with database.reading() as transaction:
                took.append(ms(lambda t=transaction, p=who: open_scope(t, engine, p, now)))
        with database.reading() as transaction:
            scope = open_scope(transaction, engine, who, now)

            def find(transaction: object = transaction, scope: object = scope) -> None:
                model = serving_model(transaction)
                question = "fee transfer"
                search(transaction, scope, question, lambda: embedding(question), model=model, term_key=TERM_KEY, k=10)

            searched = sorted(ms(find) for _ in range(5))[2]
        figures[name] = {
            "readable": len(scope.classes),
            "made_ms": round(took[0], 1),
            "kept_ms": round(min(took[1:]), 1),
            "search_ms": round(searched, 1),
            "peak_mb": peak_mb(),
        }
    return figures
