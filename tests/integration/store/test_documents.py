"""The life of a document: whatever happens to it, the index says exactly what its live chunks say."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from compliance_bot.records import DocumentId
from compliance_bot.store import documents, index
from compliance_bot.store.index import EmbedderMismatch, require_model

from ..shelf import EMBEDDER, Draft, all_classes, draft, put, scope_of, store

if TYPE_CHECKING:
    from compliance_bot.store.connect import Database, Transaction

WORDS = "record customer bank risk review keep year file report limit approval duty check owner policy".split()


def recount(transaction: Transaction) -> dict[str, Counter[Any]]:
    """Return postings, document frequencies, counts and vectors as the live chunks alone would have them."""
    rows = transaction.connection.execute("SELECT id, acl_id, length, terms FROM chunk").fetchall()
    return {
        "postings": Counter((term, acl, id_, length) for id_, acl, length, terms in rows for term in terms),
        "frequencies": Counter((term, acl) for _, acl, _, terms in rows for term in terms),
        "chunks": Counter(acl for _, acl, _, _ in rows),
        "terms": Counter({acl: sum(r[2] for r in rows if r[1] == acl) for acl in {r[1] for r in rows}}),
        "vectors": Counter((id_, acl) for id_, acl, _, _ in rows),
    }


def kept(transaction: Transaction) -> dict[str, Counter[Any]]:
    """Return the same as it is kept. A count that fell to zero says what an absent one says."""

    def fetch(query: LiteralString) -> list[tuple[Any, ...]]:
        return transaction.connection.execute(query).fetchall()

    counts = fetch("SELECT acl_id, chunks, terms FROM class_count WHERE chunks > 0 OR terms > 0")
    return {
        "postings": Counter(fetch("SELECT term, acl_id, chunk_id, length FROM posting")),
        "frequencies": Counter({r[:2]: r[2] for r in fetch("SELECT term, acl_id, df FROM term_stat WHERE df > 0")}),
        "chunks": Counter({acl: number for acl, number, _ in counts}),
        "terms": Counter({acl: int(number) for acl, _, number in counts}),
        "vectors": Counter(fetch("SELECT chunk_id, acl_id FROM embedding")),
    }


def require_in_step(database: Database) -> None:
    with database.reading() as transaction:
        all_classes(transaction)
        assert kept(transaction) == recount(transaction)
        sums = "SELECT chunk_id, sum(tf) FROM posting GROUP BY 1"
        lengths = "SELECT id, length FROM chunk WHERE length > 0"
        assert Counter(transaction.connection.execute(sums)) == Counter(transaction.connection.execute(lengths))
        duplicates = "SELECT document_id FROM document_version WHERE valid_to IS NULL GROUP BY 1 HAVING count(*) > 1"
        assert transaction.connection.execute(duplicates).fetchall() == []


def live_texts(database: Database) -> list[str]:
    with database.reading() as transaction:
        all_classes(transaction)
        return sorted(text for (text,) in transaction.connection.execute("SELECT text FROM chunk"))


def history_texts(database: Database) -> list[str]:
    with database.reading() as transaction:
        all_classes(transaction)
        return sorted(text for (text,) in transaction.connection.execute("SELECT text FROM chunk_history"))


def delete(database: Database, document: str) -> None:
    with database.writing() as transaction:
        documents.lock_writers(transaction)
        all_classes(transaction)
        documents.delete_document(transaction, DocumentId(document))


class TestLifeCycle:
    def test_a_first_version_is_current_and_searchable(self, database: Database) -> None:
        (stored,) = store(database, draft("a", "keep the records", "six years"))
        assert stored.number == 1
        assert live_texts(database) == ["keep the records", "six years"]
        require_in_step(database)

    def test_a_document_that_is_indexed_in_several_steps_is_indexed_whole(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(index, "_CHUNKS_AT_ONCE", 2)
        store(database, draft("long", *(f"Keep record {number} of the bank." for number in range(5))))
        require_in_step(database)
        assert len(live_texts(database)) == 5

    def test_a_changed_version_replaces_the_old_which_stays_in_history(self, database: Database) -> None:
        (first,) = store(database, draft("a", "keep five years", title="Old"))
        (second,) = store(database, draft("a", "keep six years", title="New"))
        assert (second.document, second.number) == (first.document, 2)
        assert live_texts(database) == ["keep six years"]
        assert history_texts(database) == ["keep five years"]
        with database.reading() as transaction:
            scope = scope_of(transaction, ["aml"])
            new, old = documents.document_versions(transaction, scope, DocumentId(first.document))
            assert (new.version, new.title, new.valid_to) == (2, "New", None)
            assert (old.version, old.title, old.valid_to) == (1, "Old", new.valid_from)
            past = documents.version_text(transaction, scope, DocumentId(first.document), 1)
            assert past is not None
            assert past.text == "keep five years"
            current = documents.version_text(transaction, scope, DocumentId(first.document), None)
            assert current is not None
            assert current.text == "keep six years"
        require_in_step(database)

    def test_a_version_may_return_to_what_it_was(self, database: Database) -> None:
        for text in ("keep five years", "keep six years", "keep five years"):
            store(database, draft("a", text))
        assert live_texts(database) == ["keep five years"]
        require_in_step(database)

    def test_a_deleted_document_leaves_nothing(self, database: Database) -> None:
        (first,) = store(database, draft("a", "keep five years"))
        store(database, draft("a", "keep six years"), draft("b", "another duty"))
        delete(database, first.document)
        assert (live_texts(database), history_texts(database)) == (["another duty"], [])
        with database.reading() as transaction:
            all_classes(transaction)
            assert documents.class_of_sources(transaction, [b"a"]) == {}
            for table in ("document", "document_version", "document_source"):
                assert transaction.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
        require_in_step(database)
        (again,) = store(database, draft("a", "keep five years"))
        assert (again.number, again.document != first.document) == (1, True)

    def test_a_reclassified_document_moves_with_all_its_versions(self, database: Database) -> None:
        store(database, draft("a", "keep five years"), draft("b", "keep what"))
        store(database, draft("a", "keep six years"))
        store(database, draft("a", "keep seven years", collection="board"))
        with database.reading() as transaction:
            scope_of(transaction, ["board"])
            for table, rows in (("document", 1), ("document_version", 3), ("chunk", 1), ("chunk_history", 2)):
                assert transaction.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,), table
        with database.reading() as transaction:
            scope_of(transaction, ["aml"])
            assert transaction.connection.execute("SELECT DISTINCT text FROM chunk").fetchall() == [("keep what",)]
            assert transaction.connection.execute("SELECT count(*) FROM chunk_history").fetchone() == (0,)
        require_in_step(database)

    def test_a_failed_batch_leaves_everything_as_it_was(self, database: Database) -> None:
        store(database, draft("a", "keep five years"))
        with pytest.raises(ZeroDivisionError), database.writing() as transaction:
            _ = put(transaction, [draft("a", "keep six years"), draft("b", "new")]), 1 // 0
        assert live_texts(database) == ["keep five years"]
        require_in_step(database)

    @pytest.mark.parametrize("seed", range(4))
    def test_any_sequence_of_changes_keeps_the_index_in_step(self, database: Database, seed: int) -> None:
        rng = random.Random(seed)
        model: dict[str, Draft] = {}
        ids: dict[str, str] = {}
        for _ in range(25):
            source = f"doc {rng.randrange(5)}"
            if source in ids and rng.random() < 0.2:
                delete(database, ids.pop(source))
                del model[source]
            else:
                sources = {source, *(f"doc {rng.randrange(5)}" for _ in range(rng.randrange(3)))}
                drafts = [
                    draft(
                        name,
                        *(" ".join(rng.choices(WORDS, k=rng.randrange(1, 9))) for _ in range(rng.randrange(1, 4))),
                        collection=rng.choice(["aml", "hr", "board"]),
                    )
                    for name in sorted(sources)
                ]
                model |= {one.source: one for one in drafts}
                ids |= {
                    one.source: stored.document for one, stored in zip(drafts, store(database, *drafts), strict=True)
                }
            require_in_step(database)
        assert live_texts(database) == sorted(piece for one in model.values() for piece in one.pieces)


class TestConcurrency:
    def test_writers_of_one_source_make_one_document(self, database: Database) -> None:
        start = threading.Barrier(6)

        def write(number: int) -> int:
            start.wait()
            return store(database, draft("a", f"version of writer {number}"), draft("b", "shared duty"))[0].number

        with ThreadPoolExecutor(6) as pool:
            numbers = list(pool.map(write, range(6)))
        assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
        assert len(live_texts(database)) == 2
        assert len(history_texts(database)) == 10
        require_in_step(database)

    def test_a_reader_sees_a_document_before_or_after_a_change(self, database: Database) -> None:
        store(database, draft("a", "old first", "old second"))
        with database.reading() as transaction:
            all_classes(transaction)
            transaction.connection.execute("SELECT 1 FROM chunk")
            store(database, draft("a", "new first", "new second"))
            rows = transaction.connection.execute("SELECT text FROM chunk ORDER BY ordinal").fetchall()
        assert rows == [("old first",), ("old second",)]


class TestReading:
    def test_lists_come_by_title_with_what_is_readable_alone(self, database: Database) -> None:
        store(
            database,
            draft("1", "x", title="B"),
            draft("2", "y", title="A"),
            draft("3", "z", title="C", collection="hr"),
        )
        store(database, draft("2", "y2", title="A"))
        with database.reading() as transaction:
            listed = documents.list_documents(transaction, scope_of(transaction, ["aml"]))
        assert [(one.title, one.version, one.versions, one.collection) for one in listed] == [
            *(("A", 2, 2, "aml"), ("B", 1, 1, "aml")),
        ]

    def test_a_forbidden_document_and_an_absent_one_look_the_same(self, database: Database) -> None:
        (stored,) = store(database, draft("1", "x", collection="hr", ref="r1"))
        store(database, draft("2", "y", ref="r2"))
        with database.reading() as transaction:
            scope = scope_of(transaction, ["aml"])
            for id_ in (stored.document, str(uuid.uuid4()), "no id", ""):
                document = DocumentId(id_)
                assert documents.document_versions(transaction, scope, document) == ()
                assert documents.version_text(transaction, scope, document, None) is None
                assert documents.version_text(transaction, scope, document, 1) is None
                assert documents.class_of_document(transaction, scope, document) is None
            for ref in ("r1", "r9"):
                assert documents.classes_of_refs(transaction, scope, [ref]) == ()
            assert documents.classes_of_refs(transaction, scope, ["r1", "r2"]) == (("r2", scope.classes[0]),)

    def test_ids_are_random(self, database: Database) -> None:
        stored = store(database, *(draft(f"{n}", f"text {n}") for n in range(40)))
        assert {uuid.UUID(id_).version for one in stored for id_ in (one.document, one.version)} == {4}
        with database.reading() as transaction:
            all_classes(transaction)
            ids = [id_ for (id_,) in transaction.connection.execute('SELECT id FROM chunk ORDER BY text COLLATE "C"')]
        assert ids not in (sorted(ids), sorted(ids, reverse=True))
        assert sum(id_ > 2**55 for id_ in ids) > 30


class TestEmbeddingModel:
    def test_the_first_one_is_the_only_one(self, database: Database) -> None:
        with database.writing() as transaction:
            number = require_model(transaction, hash=EMBEDDER.manifest_hash, name="test", dim=384)
            assert require_model(transaction, hash=EMBEDDER.manifest_hash, name="test", dim=384) == number
            with pytest.raises(EmbedderMismatch, match="made by another embedding model"):
                require_model(transaction, hash="other", name="other", dim=384)


def test_one_document_cannot_have_two_current_versions(database: Database, superuser: psycopg.Connection[Any]) -> None:
    (stored,) = store(database, draft("a", "one"))
    copy = """INSERT INTO document_version
      SELECT tenant, gen_random_uuid(), document_id, acl_id, 2, title, ref, text, sha256, content, page_starts, actor,
             valid_from, NULL
      FROM document_version WHERE document_id = %s"""
    with pytest.raises(psycopg.errors.UniqueViolation, match="document_version_current"):
        superuser.execute(copy, [stored.document])
