"""Moving documents between classes: everything goes with them, nothing is computed anew, answers keep their order."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, LiteralString

import pytest

from compliance_bot.records import ClassId, DocumentId, Scope
from compliance_bot.store import documents, moves
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.store.moves import (
    MovedMeanwhile,
    documents_in,
    move_documents,
    require_standing,
    wait_for_answers,
)
from compliance_bot.store.scope import access_classes, class_of, enter

from ..shelf import all_classes, draft, hold, review, revise, store
from .test_documents import WORDS, kept, recount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from compliance_bot.records import AttributeValue
    from compliance_bot.store.connect import Database, Transaction

    Superuser = psycopg.Connection[Any]

# Rows that tell of a class itself, or of the past, and stay.
STAYING = {"class_count", "term_stat", "document_class_history"}


def move(database: Database, wanted: Mapping[str, Mapping[str, AttributeValue]]) -> None:
    """Move documents to the classes with these attributes."""
    with database.writing() as transaction:
        documents.lock_writers(transaction)
        targets = {DocumentId(document): class_of(transaction, given) for document, given in wanted.items()}
        all_classes(transaction)
        move_documents(transaction, targets)
        wait_for_answers(transaction)


def class_with(transaction: Transaction, **attributes: AttributeValue) -> ClassId:
    (found,) = [one.id for one in access_classes(transaction) if one.attributes == attributes]
    return found


def tables_with_a_class(superuser: Superuser) -> list[str]:
    query = """SELECT c.oid::regclass::text
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attname = 'acl_id'
      WHERE relnamespace = 'compliance_bot'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"""
    return [name for (name,) in superuser.execute(query)]


def rows_of(superuser: Superuser, table: str, tenant: int, class_id: ClassId) -> int:
    row = superuser.execute(f"SELECT count(*) FROM {table} WHERE tenant = %s AND acl_id = %s", [tenant, class_id])
    (count,) = row.fetchone() or (0,)
    return int(count)


class TestWhatMoves:
    def test_every_table_that_names_a_class_goes_with_its_document(
        self, database: Database, superuser: Superuser
    ) -> None:
        (stored,) = store(database, draft("a", "keep five years"))
        store(database, draft("a", "keep six years", "and no longer"))
        hold(database, stored)
        revise(database, stored)
        review(database, stored)
        with database.reading() as transaction:
            old = class_with(transaction, collection="aml")
        before = {table: rows_of(superuser, table, database.tenant, old) for table in tables_with_a_class(superuser)}
        assert all(before.values()), "a table that this test does not fill would not be noticed"
        move(database, {stored.document: {"collection": "aml", "matter": "heron"}})
        with database.reading() as transaction:
            new = class_with(transaction, collection="aml", matter="heron")
        after = {table: rows_of(superuser, table, database.tenant, old) for table in before}
        assert {table: rows for table, rows in after.items() if rows} == {
            table: rows for table, rows in before.items() if table in STAYING
        }
        del before["term_stat"]  # has rows that say no more than an absent one
        assert {table: rows_of(superuser, table, database.tenant, new) for table in before} == before
        with database.reading() as transaction:
            all_classes(transaction)
            left = "SELECT (SELECT sum(df) FROM term_stat WHERE acl_id = %(a)s), chunks, terms FROM class_count"
            assert transaction.connection.execute(f"{left} WHERE acl_id = %(a)s", {"a": old}).fetchone() == (0, 0, 0)

    def test_vectors_are_moved_to_the_byte(self, database: Database) -> None:
        def vectors() -> list[tuple[Any, ...]]:
            with database.reading() as transaction:
                all_classes(transaction)
                query = """SELECT c.text, e.chunk_id, e.model_id, e.vector::text FROM chunk c
                  JOIN embedding e ON e.chunk_id = c.id UNION ALL
                  SELECT c.text, e.chunk_id, e.model_id, e.vector::text FROM chunk_history c
                  JOIN history_embedding e ON e.chunk_id = c.id ORDER BY 1, 2"""
                return transaction.connection.execute(query).fetchall()

        (stored,) = store(database, draft("a", "keep five years"))
        store(database, draft("a", "keep six years"))
        before = vectors()
        assert len(before) == 2
        move(database, {stored.document: {"collection": "hr"}})
        assert vectors() == before

    def test_a_document_without_words_moves_too(self, database: Database) -> None:
        (stored,) = store(database, draft("a"))
        move(database, {stored.document: {"collection": "hr"}})
        with database.reading() as transaction:
            classes = all_classes(transaction)
            rows = transaction.connection.execute("SELECT acl_id FROM document").fetchall()
        assert [classes[ClassId(class_id)] for (class_id,) in rows] == [{"collection": "hr"}]

    @pytest.mark.parametrize("seed", range(4))
    def test_statistics_after_any_moves_are_those_of_a_fresh_ingest(
        self, new_tenant: Callable[[], Database], seed: int
    ) -> None:
        rng = random.Random(seed)
        moved, fresh = new_tenant(), new_tenant()
        collections = ["aml", "hr", "board"]
        placed: dict[str, dict[str, AttributeValue]] = {}
        ids: dict[str, str] = {}
        drafts = []
        for number in range(8):
            pieces = [" ".join(rng.choices(WORDS, k=rng.randrange(1, 9))) for _ in range(rng.randrange(1, 4))]
            one = draft(f"doc {number}", *pieces, collection=rng.choice(collections))
            drafts.append(one)
            placed[one.source] = dict(one.attributes)
        for one, stored in zip(drafts, store(moved, *drafts), strict=True):
            ids[one.source] = stored.document
        for _ in range(6):
            chosen = rng.sample(sorted(ids), k=rng.randrange(1, 6))
            for source in chosen:
                placed[source] = {"collection": rng.choice(collections)}
                if rng.random() < 0.5:
                    placed[source]["matter"] = rng.choice(["heron", "quillon"])
            move(moved, {ids[source]: placed[source] for source in chosen})
            with moved.reading() as transaction:
                all_classes(transaction)
                assert kept(transaction) == recount(transaction)
        store(fresh, *(draft(one.source, *one.pieces, **placed[one.source]) for one in drafts))
        assert statistics(moved) == statistics(fresh)


def statistics(database: Database) -> dict[str, Counter[Any]]:
    """Return what searches count with, by the attributes of classes: ids are random."""

    def fetch(query: LiteralString) -> list[tuple[Any, ...]]:
        return transaction.connection.execute(query).fetchall()

    with database.reading() as transaction:
        classes = {class_id: str(sorted(given.items())) for class_id, given in all_classes(transaction).items()}
        terms = fetch("SELECT acl_id, term, df FROM term_stat WHERE df > 0")
        counts = fetch("SELECT acl_id, chunks, terms FROM class_count WHERE chunks > 0")
        postings = fetch("SELECT acl_id, term, tf, length FROM posting")
        vectors = fetch("SELECT acl_id, vector::text FROM embedding")
    return {
        name: Counter((classes[row[0]], *row[1:]) for row in rows)
        for name, rows in {"terms": terms, "counts": counts, "postings": postings, "vectors": vectors}.items()
    }


class TestFinding:
    def test_documents_are_found_in_the_scope_alone(self, database: Database) -> None:
        (aml, hr) = store(database, draft("a", "one"), draft("b", "two", collection="hr"))
        with database.reading() as transaction:
            classes = {one.attributes["collection"]: one.id for one in access_classes(transaction)}
            scope = Scope(
                tenant=database.tenant, principal="ana", classes=(classes["aml"],), chunks=1, terms=1, policies="",
                determining=(),
            )  # fmt: skip
            enter(transaction, scope)
            assert documents_in(transaction, scope, classes.values()) == {aml.document: classes["aml"]}
            assert documents_in(transaction, scope, [classes["hr"]]) == {}
        assert hr.document != aml.document


class TestOrder:
    """The order of commits is the order of events: an answer is on record before a move, or knows of it."""

    def test_what_was_moved_or_deleted_does_not_stand(self, database: Database) -> None:
        one, two = store(database, draft("a", "one"), draft("b", "two"))
        with database.reading() as transaction:
            old = class_with(transaction, collection="aml")
        read = {DocumentId(one.document): old, DocumentId(two.document): old}
        with database.writing() as transaction:
            require_standing(transaction, read)
            require_standing(transaction, {})
        move(database, {two.document: {"collection": "hr"}})
        with database.writing() as transaction, pytest.raises(MovedMeanwhile, match="reclassified or deleted"):
            require_standing(transaction, read)
        with database.writing() as transaction:
            all_classes(transaction)
            documents.delete_document(transaction, DocumentId(one.document))
        with database.writing() as transaction, pytest.raises(MovedMeanwhile):
            require_standing(transaction, {DocumentId(one.document): old})

    def test_a_move_waits_for_an_answer_that_is_about_to_be_recorded(self, database: Database) -> None:
        (stored,) = store(database, draft("a", "one"))
        with database.reading() as transaction:
            old = class_with(transaction, collection="aml")
        done = threading.Event()

        def later() -> None:
            move(database, {stored.document: {"collection": "hr"}})
            done.set()

        with ThreadPoolExecutor(1) as pool:
            with database.writing() as transaction:
                require_standing(transaction, {DocumentId(stored.document): old})
                moving = pool.submit(later)
                assert not done.wait(0.5)
                # Another answer does not wait for the first one.
                with database.writing() as other:
                    require_standing(other, {})
            moving.result(20)
        assert done.is_set()

    def test_one_who_falls_silent_holds_up_nobody_for_good(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (stored,) = store(database, draft("a", "one"))
        with database.reading() as transaction:
            old = class_with(transaction, collection="aml")
        monkeypatch.setattr(moves, "_SILENCE_MS", 500)
        passed = threading.Event()

        def fall_silent() -> None:
            with database.writing() as silent:
                wait_for_answers(silent)
                with database.writing() as other:
                    other.connection.execute("SET LOCAL lock_timeout = '20s'")
                    require_standing(other, {DocumentId(stored.document): old})
                passed.set()

        with pytest.raises(StoreUnavailable):
            fall_silent()
        assert passed.is_set()

    def test_an_answer_waits_for_a_move_that_is_about_to_be_committed_and_sees_it(self, database: Database) -> None:
        (stored,) = store(database, draft("a", "one"))
        with database.reading() as transaction:
            old = class_with(transaction, collection="aml")
        waiting = threading.Event()

        def record() -> None:
            with database.writing() as transaction:
                waiting.set()
                require_standing(transaction, {DocumentId(stored.document): old})

        with ThreadPoolExecutor(1) as pool:
            with database.writing() as transaction:
                documents.lock_writers(transaction)
                new = class_of(transaction, {"collection": "hr"})
                all_classes(transaction)
                move_documents(transaction, {DocumentId(stored.document): new})
                wait_for_answers(transaction)
                answering = pool.submit(record)
                assert waiting.wait(20)
                with pytest.raises(TimeoutError):
                    answering.result(0.5)
            with pytest.raises(MovedMeanwhile):
                answering.result(20)
