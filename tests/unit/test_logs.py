"""Log lines: their form, where they go, and that nobody else's lines go with them."""

from __future__ import annotations

import json
import logging
import stat
from typing import TYPE_CHECKING

import pytest

from compliance_bot.logs import LOGGER, LogFileUnwritable, configure, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    loggers = [logging.getLogger(LOGGER), logging.getLogger()]
    before = [(one.level, one.propagate, one.handlers[:]) for one in loggers]
    yield
    for one, (level, propagate, handlers) in zip(loggers, before, strict=True):
        for handler in set(one.handlers) - set(handlers):
            handler.close()
        one.level, one.propagate, one.handlers = level, propagate, handlers
    logging.getLogger(LOGGER).setLevel(before[0][0])


def test_a_line_is_a_json_object_with_the_fields_of_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="info", format="json")
    note("answer.done", record="r1", outcome="answered", timings_ms={"total": 4.5}, error=None)
    line = json.loads(capsys.readouterr().err)
    assert line.pop("at").endswith("+00:00")
    expected = {"level": "info", "event": "answer.done", "record": "r1", "outcome": "answered"}
    assert line == {**expected, "timings_ms": {"total": 4.5}}


def test_text_lines_are_for_reading(capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="info", format="text")
    note("ingest.done", ingested=3, rejected=0)
    assert capsys.readouterr().err.endswith(" info    ingest.done ingested=3 rejected=0\n")


def test_a_lower_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="warning", format="text")
    note("ingest.done", ingested=3)
    assert capsys.readouterr().err == ""


def test_a_field_that_is_not_on_the_list_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="not a field of the log: question"):
        note("answer.done", question="canary")


def test_neither_arguments_nor_exceptions_nor_other_loggers_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="debug", format="text")
    logging.getLogger("httpx").error("canary body")
    try:
        raise ValueError("canary error")  # noqa: TRY301
    except ValueError:
        logging.getLogger(LOGGER).exception("answer.done %s", "canary argument")
    assert "canary" not in capsys.readouterr().err


def test_a_log_file_is_its_owners_alone_and_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    for _ in range(2):
        configure(level="info", format="json", file=path)
        note("server.started")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogFileUnwritable, match="No such file or directory"):
        configure(level="info", format="json", file=tmp_path / "none" / "bot.log")
