"""The way that the server takes through a search: into the indexes by class, however many classes may be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from pgvector.psycopg import register_vector
from psycopg import sql

from compliance_bot.records import ClassId, Scope
from compliance_bot.retrieval.fuse import K1, B
from compliance_bot.store import search as queries
from compliance_bot.store.connect import SEARCH_PATH, Transaction
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER
from compliance_bot.store.models import VectorModel
from compliance_bot.store.scope import enter

from ..shelf import EMBEDDER, embedding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.store.embedded import EmbeddedServer

TENANT = 99
CLASSES = 4_200
TERMS = 30
CHUNKS = 12_600
MODEL = VectorModel(id=99, hash="plans", name="plans", dim=EMBEDDER.dim)

# As many classes, chunks and postings as a large customer has, made by the server itself.
FILL = """
INSERT INTO access_shape (tenant, types) VALUES ({tenant}, '{{}}');

INSERT INTO access_class (tenant, digest, attributes, shape_id)
SELECT {tenant}, decode(md5(n::text), 'hex'), '{{}}', s.id
FROM generate_series(1, {classes}) AS n JOIN access_shape s ON s.tenant = {tenant};

CREATE TEMP TABLE class AS
SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM access_class WHERE tenant = {tenant};

INSERT INTO posting
SELECT {tenant}, t, class.id, c, 1 + (c + t) % 3, 40
FROM generate_series(1, {terms}) AS t, generate_series(1, {chunks}) AS c JOIN class ON class.n = c % {classes}
WHERE c % t = 0;

INSERT INTO term_stat SELECT tenant, term, acl_id, count(*) FROM posting WHERE tenant = {tenant} GROUP BY 1, 2, 3;

INSERT INTO embedding_model (id, hash, dim) OVERRIDING SYSTEM VALUE
VALUES ({model}, 'plans', {dim});

-- Vectors of one direction, and no chunks to them: neither the graph nor texts matter here.
SET session_replication_role = replica;
INSERT INTO embedding
SELECT {tenant}, c, class.id, {model}, array_fill(0.0625::real, ARRAY[{dim}])::halfvec
FROM generate_series(1, {chunks}) AS c JOIN class ON class.n = c % {classes};
RESET session_replication_role;
SELECT index_model({model}::smallint);
"""
CLEAR = (
    "DELETE FROM posting WHERE tenant = {tenant}",
    "DELETE FROM term_stat WHERE tenant = {tenant}",
    "DELETE FROM embedding WHERE tenant = {tenant}",
    "DELETE FROM access_class WHERE tenant = {tenant}",
    "DELETE FROM access_shape WHERE tenant = {tenant}",
    "DROP INDEX embedding_hnsw_{model}",
    "DELETE FROM embedding_model WHERE id = {model}",
)


class Watched:
    """A connection that asks for the plan of each query beforehand, with its values and without knowing them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    def execute(self, query: str | sql.Composable, given: dict[str, Any] | None = None) -> Any:
        text = query if isinstance(query, str) else query.as_string(self._connection)
        if given and "FROM" in text:
            names = list(given)
            unknown = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", text)
            for explain, values in (("EXPLAIN (FORMAT JSON) " + text, given), (_GENERIC + unknown, None)):
                row = self._connection.execute(cast("Any", explain), values).fetchone()
                assert row is not None
                self.plans.append(row[0][0]["Plan"])
        return self._connection.execute(cast("Any", query), given)


_GENERIC = "EXPLAIN (FORMAT JSON, GENERIC_PLAN) "


@pytest.fixture(scope="module")
def many_classes(server: EmbeddedServer) -> Iterator[tuple[ClassId, ...]]:
    """Fill a tenant with thousands of classes; yields their ids."""
    values = {"tenant": TENANT, "classes": CLASSES, "terms": TERMS, "chunks": CHUNKS, "model": MODEL.id}
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        connection.execute(cast("Any", FILL.format(**values, dim=MODEL.dim)))
        for table in ("posting", "term_stat", "embedding"):
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
        rows = connection.execute("SELECT id FROM access_class WHERE tenant = %s ORDER BY id", [TENANT]).fetchall()
        yield tuple(ClassId(id_) for (id_,) in rows)
        for statement in CLEAR:
            connection.execute(cast("Any", statement.format(**values)))


@pytest.fixture(params=[APP_ROLE, SUPERUSER], ids=["locked", "unlocked"])
def connection(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """Return a connection on which row-level security acts, and one on which the query's own condition is all."""
    with psycopg.connect(server.conninfo(request.param), options=SEARCH_PATH) as connection:
        register_vector(connection)
        connection.execute("SELECT set_config('compliance_bot.tenant', %s, true)", [str(TENANT)])
        yield connection


@pytest.fixture(params=[1, 100, 4_000])
def scope(many_classes: tuple[ClassId, ...], request: pytest.FixtureRequest) -> Scope:
    """Return a scope of one, many, or nearly all classes."""
    permitted = many_classes[: request.param]
    share = len(permitted) / CLASSES
    return Scope(
        tenant=TENANT,
        principal="ana",
        classes=permitted,
        chunks=round(share * CHUNKS),
        terms=round(share * CHUNKS * 40),
        policies="",
        determining=(),
    )


@pytest.fixture
def watched(connection: psycopg.Connection[Any], scope: Scope) -> tuple[Watched, Transaction]:
    enter(Transaction(connection, TENANT), scope)
    watch = Watched(connection)
    return watch, Transaction(cast("Any", watch), TENANT)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def conditions(watch: Watched, index: str) -> list[str]:
    """Return what each look into the index asks it for; any way past the index fails."""
    assert watch.plans
    looks = []
    for plan in watch.plans:
        kinds = {node["Node Type"] for node in nodes(plan)}
        assert not {"Seq Scan", "Hash Join", "Merge Join"} & kinds, "the whole table is read"
        looks.append([node for node in nodes(plan) if "Index Name" in node])
    assert all(looks)
    assert {node["Index Name"] for found in looks for node in found} == {index}
    return [node.get("Index Cond", "") for found in looks for node in found]


class TestPostings:
    def test_classes_are_filtered_inside_the_index(self, watched: tuple[Watched, Transaction], scope: Scope) -> None:
        watch, transaction = watched
        found = queries.lexical(transaction, scope, {7: 2.0, 11: 2.0, 29: 3.0}, k1=K1, b=B, limit=100)
        assert found or len(scope.classes) == 1
        for condition in conditions(watch, "posting_pkey"):
            assert "term = q.term" in condition
            assert "acl_id = ANY" in condition

    def test_so_are_those_of_document_frequencies(self, watched: tuple[Watched, Transaction], scope: Scope) -> None:
        watch, transaction = watched
        queries.document_frequencies(transaction, scope, [7, 11, 29])
        for condition in conditions(watch, "term_stat_pkey"):
            assert "term = ANY" in condition
            assert "acl_id = ANY" in condition


class TestVectors:
    def test_the_cosines_of_some_chunks_are_looked_up_one_by_one(
        self, watched: tuple[Watched, Transaction], scope: Scope
    ) -> None:
        watch, transaction = watched
        some = list(range(CHUNKS // 2, CHUNKS // 2 + 150))
        queries.cosines(transaction, scope, MODEL, embedding("fee"), some)
        for condition in conditions(watch, "embedding_pkey"):
            assert "chunk_id = asked.id" in condition

    def test_the_walk_goes_through_the_index_of_the_model_whatever_the_planner_makes_of_the_classes(
        self, watched: tuple[Watched, Transaction], scope: Scope
    ) -> None:
        watch, transaction = watched
        walk = queries.Walk(ef_search=40, fetch=200, longest=1000)
        queries.nearest_approximate(transaction, scope, MODEL, embedding("fee"), walk=walk)
        conditions(watch, f"embedding_hnsw_{MODEL.id}")
