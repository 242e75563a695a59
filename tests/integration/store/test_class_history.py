"""Which class a document had when: kept by the database itself, whatever changes a class, and closed to rewriting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.records import DocumentId
from compliance_bot.store import documents
from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER
from compliance_bot.store.moves import class_at

from ..shelf import all_classes, draft, store
from .test_migrate import ALL, emptied, only_first, run  # noqa: F401  # a fixture
from .test_moves import move

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compliance_bot.records import AttributeValue
    from compliance_bot.store.connect import Database
    from compliance_bot.store.embedded import EmbeddedServer

    Superuser = psycopg.Connection[Any]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def moment(database: Database) -> datetime:
    """Return the time that the database's clock shows."""
    with database.reading() as transaction:
        (now,) = transaction.connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert isinstance(now, datetime)
    return now


def attributes_at(database: Database, document: str, at: datetime) -> Mapping[str, AttributeValue] | None:
    with database.reading() as transaction:
        classes = all_classes(transaction)
        found = class_at(transaction, DocumentId(document), at)
    return None if found is None else classes[found]


def intervals(superuser: Superuser, document: str) -> list[tuple[datetime, datetime | None]]:
    query = "SELECT since, until FROM document_class_history WHERE document_id = %s ORDER BY since"
    return [(since, until) for since, until in superuser.execute(query, [document])]


def test_each_time_has_its_class_and_the_times_are_without_gap(database: Database, superuser: Superuser) -> None:
    before = moment(database)
    (stored,) = store(database, draft("a", "keep five years"))
    first = moment(database)
    move(database, {stored.document: {"collection": "aml", "matter": "heron"}})
    second = moment(database)
    store(database, draft("a", "keep six years", collection="hr"))  # ingested with other attributes
    third = moment(database)
    store(database, draft("a", "keep seven years", collection="hr"))  # a new version moves nothing
    with database.writing() as transaction:
        documents.lock_writers(transaction)
        all_classes(transaction)
        documents.delete_document(transaction, DocumentId(stored.document))
    after = moment(database)
    assert attributes_at(database, stored.document, before) is None
    assert attributes_at(database, stored.document, first) == {"collection": "aml"}
    assert attributes_at(database, stored.document, second) == {"collection": "aml", "matter": "heron"}
    assert attributes_at(database, stored.document, third) == {"collection": "hr"}
    assert attributes_at(database, stored.document, after) is None
    times = intervals(superuser, stored.document)
    assert len(times) == 3
    assert [until for _, until in times[:-1]] == [since for since, _ in times[1:]]
    assert all(until is not None and since < until for since, until in times)


def test_a_class_begins_with_its_first_moment_and_ends_before_its_last(
    database: Database, superuser: Superuser
) -> None:
    (stored,) = store(database, draft("a", "x"))
    move(database, {stored.document: {"collection": "hr"}})
    (_, moved), (since, _) = intervals(superuser, stored.document)
    assert moved == since
    assert attributes_at(database, stored.document, since) == {"collection": "hr"}
    assert attributes_at(database, stored.document, since - timedelta(microseconds=1)) == {"collection": "aml"}


def test_a_move_that_is_rolled_back_never_was(database: Database, superuser: Superuser) -> None:
    (stored,) = store(database, draft("a", "x"))
    before = intervals(superuser, stored.document)
    with database.writing() as transaction:
        all_classes(transaction)
        documents.delete_document(transaction, DocumentId(stored.document))
        raise psycopg.Rollback
    assert intervals(superuser, stored.document) == before == [(before[0][0], None)]


def test_a_clock_that_was_set_back_does_not_turn_times_around(database: Database, superuser: Superuser) -> None:
    (stored,) = store(database, draft("a", "x"))
    ahead = moment(database) + timedelta(days=1)
    superuser.execute("UPDATE document_class_history SET since = %s WHERE document_id = %s", [ahead, stored.document])
    move(database, {stored.document: {"collection": "hr"}})
    (first, second) = intervals(superuser, stored.document)
    assert first == (ahead, ahead + timedelta(microseconds=1))
    assert second == (ahead + timedelta(microseconds=1), None)


def test_the_past_of_a_class_that_is_not_open_is_not_seen(database: Database) -> None:
    (stored,) = store(database, draft("a", "x"))
    with database.reading() as transaction:
        assert class_at(transaction, DocumentId(stored.document), moment(database)) is None
        assert class_at(transaction, DocumentId("no id"), LONG_AGO) is None


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE document_class_history SET until = NULL",
        "DELETE FROM document_class_history",
        "INSERT INTO document_class_history SELECT 1, gen_random_uuid(), 1, now()",
        "TRUNCATE document_class_history",
        "ALTER TABLE document DISABLE TRIGGER class_history_goes_on",
        "DROP TRIGGER class_history_goes_on ON document",
        "CREATE OR REPLACE FUNCTION continue_class_history() RETURNS trigger LANGUAGE sql AS ''",
    ],
)
def test_the_application_account_cannot_rewrite_it(server: EmbeddedServer, attempt: str) -> None:
    with (
        psycopg.connect(server.conninfo(APP_ROLE), options=SEARCH_PATH) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(attempt)


def test_documents_of_an_older_version_have_had_their_class_since_they_were_made(
    emptied: EmbeddedServer,  # noqa: F811
    tmp_path: Path,
) -> None:
    with only_first(ALL.index("0013_class_history"), tmp_path / "old"):
        run(emptied)
    document = "0b8f3c1e-52a4-4d55-9d0e-6f1f8f1f0a11"
    with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        shape = "INSERT INTO access_shape (tenant, types) VALUES (7, '{}') RETURNING id"
        made = f"""WITH shape AS ({shape}) INSERT INTO access_class (tenant, digest, attributes, shape_id)
                   SELECT 7, 'x', '{{}}', id FROM shape RETURNING id"""
        (class_id,) = connection.execute(made).fetchone() or (0,)
        insert = "INSERT INTO document (tenant, id, acl_id, title, created_at) VALUES (7, %s, %s, 'T', %s)"
        connection.execute(insert, [document, class_id, LONG_AGO])
    run(emptied)
    with psycopg.connect(emptied.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        rows = connection.execute("SELECT tenant, document_id::text, acl_id, since, until FROM document_class_history")
        assert rows.fetchall() == [(7, document, class_id, LONG_AGO, None)]
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'document'::regclass"
        assert connection.execute(forced).fetchone() == (True,)
