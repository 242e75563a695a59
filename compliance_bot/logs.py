"""What the program says of its own working: events with ids, counts and times, and nothing that anybody wrote.

Never in a log: questions, answers, passages, titles, names, paths, personal values, words of exceptions. An event is
a fixed name with the fields listed here; whatever else is handed in is a bug and raises. The evidence of an act is its
audit record; each event of an act carries that record's id. Importing this package configures nothing: applications
that embed it find the logger `compliance_bot` and decide themselves; our own programs call `configure`.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Value = str | int | float | bool | None | dict[str, float]

LOGGER = "compliance_bot"
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "off": 60}

# INVARIANT: every field is an id, a count, a time, or a word that the program or its operator chose.
FIELDS = frozenset(
    "record tenant type outcome error model fallback complete sentences unsupported citations hits candidates denied "
    "exact redactions documents ingested skipped rejected migrations timings_ms".split()
)

_logger = logging.getLogger(LOGGER)
_logger.addHandler(logging.NullHandler())


class LogFileUnwritable(UsageError):
    """The file of the setting log_file cannot be written."""

    hint = "Choose a file in a folder that this account may write, or leave log_file out."


def note(event: str, *, level: Literal["debug", "info", "warning"] = "info", **fields: Value) -> None:
    """Log an event. Raises RuntimeError for a field that is not on the list: nobody has thought about what it tells."""
    if strangers := fields.keys() - FIELDS:
        raise RuntimeError(f"not a field of the log: {', '.join(sorted(strangers))}")
    number = LEVELS[level]
    if _logger.isEnabledFor(number):
        _logger.log(number, event, extra={"fields": {k: v for k, v in fields.items() if v is not None}})


def configure(*, level: str, format: Literal["text", "json"], file: Path | None = None) -> None:  # noqa: A002
    """Write events to stderr, or to a file that this account alone can read. For programs, not for libraries.

    Other libraries' loggers get no handler: on DEBUG some of them write the bodies of requests.
    """
    handler = logging.StreamHandler() if file is None else _file_handler(file)
    handler.setFormatter(_Json() if format == "json" else _Text())
    for old in tuple(_logger.handlers):
        _logger.removeHandler(old)
        old.close()
    _logger.addHandler(handler)
    _logger.setLevel(LEVELS[level])
    _logger.propagate = False
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())  # without one Python prints other libraries' warnings to stderr


def _file_handler(path: Path) -> logging.Handler:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise LogFileUnwritable(f"{path}: {error.strerror}") from error


def _fields(record: logging.LogRecord) -> Mapping[str, Value]:
    found: Mapping[str, Value] = getattr(record, "fields", {})
    return found


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        # Not the message's arguments and not the exception: neither is ours to tell.
        head = {"at": _at(record), "level": record.levelname.lower(), "event": str(record.msg)}
        return json.dumps({**head, **_fields(record)}, ensure_ascii=True)


class _Text(logging.Formatter):
    """One line for reading."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={_short(value)}" for name, value in _fields(record).items())
        return f"{_at(record)} {record.levelname.lower():7} {record.msg} {fields}".rstrip()


def _short(value: Value) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")) if not isinstance(value, str) else value


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
