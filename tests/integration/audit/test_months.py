"""The months to come are opened once a day, and whatever keeps them shut keeps no record out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.months import Months
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.store.connect import SEARCH_PATH, Database
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER
from tests.months import month, name, record_id

from ..store.test_migrate import emptied, run  # noqa: F401  # a fixture
from ..store.test_months import ANA, EVENT, PARTITIONS, take_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.embedded import EmbeddedServer

TABLES = ("audit.entry", "audit.payload")


@pytest.fixture
def alone(emptied: EmbeddedServer) -> Iterator[psycopg.Connection[Any]]:  # noqa: F811
    """Return a superuser's connection to a database of its own, in which a month is missing."""
    run(emptied)
    with psycopg.connect(emptied.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        take_out(connection, 2, *TABLES)
        yield connection


@pytest.fixture
def log(emptied: EmbeddedServer, keyring: Keyring) -> Iterator[AuditLog]:  # noqa: F811
    database = Database(emptied.conninfo(APP_ROLE))
    yield AuditLog(database, keyring)
    database.close()


def is_open(connection: psycopg.Connection[Any]) -> bool:
    return {(name(2, table),) for table in TABLES} <= set(connection.execute(PARTITIONS).fetchall())


def test_who_opens_a_log_opens_its_months(
    alone: psycopg.Connection[Any], log: AuditLog, keyring: Keyring, tmp_path: Path
) -> None:
    for _ in range(2):  # one that begins its tree, and one that has one
        Integrator(log, keyring, SigningKeyFiles(tmp_path / "keys")).begin()
        assert is_open(alone)
        take_out(alone, 2, *TABLES)


def test_whoever_reads_for_long_keeps_a_month_shut_and_no_record_out(
    alone: psycopg.Connection[Any], log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    months = Months(log)
    with alone.transaction(), caplog.at_level(logging.WARNING, "compliance_bot"):
        alone.execute("SELECT count(*) FROM audit.entry")
        months.look()
        assert [record.message for record in caplog.records] == ["log.months"]
        log.append(EVENT, ANA)
    assert not is_open(alone)
    months.look()
    assert not is_open(alone), "the next look is tomorrow's"
    Months(log).look()
    assert is_open(alone)


def test_a_month_that_stays_in_the_default_partition_is_told(
    alone: psycopg.Connection[Any], log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.append(EVENT, ANA, id=record_id(month(2)))
    with caplog.at_level(logging.WARNING, "compliance_bot"):
        Months(log).look()
    assert [record.message for record in caplog.records] == ["log.month_in_default"] * 2
    assert len(log.newest(10)) == 1
