"""Say everything that is wrong with a policy folder, where loading it stops at the first.

`load_policies` alone decides whether a folder is valid. What is listed here is for the person who repairs it: each
problem with its file, line and policy. A policy with one problem is not searched for a second kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.errors import UsageError
from compliance_bot.policy.folder import (
    InvalidPolicies,
    load_policies,
    read_policies,
    require_compilable,
    schema_problems,
)
from compliance_bot.policy.schema import SchemaNotUnderstood, read_schema
from compliance_bot.policy.source import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.policy.folder import Policies
    from compliance_bot.policy.schema import Declared
    from compliance_bot.policy.source import Piece

_NUMBERED = re.compile(r"^for policy `[^`]*`, ")  # Cedar's own name of a policy, which nobody gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a folder is not valid. `line` counts from 1; `policy` is None where the problem is in no single one."""

    file: str
    message: str
    line: int | None = None
    policy: str | None = None


def check_policies(folder: Path) -> tuple[Policies | None, tuple[Problem, ...]]:
    """Return the policies of a folder, or None with all that is wrong. Raises UsageError where there is no folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    try:
        return load_policies(folder), ()
    except InvalidPolicies as error:
        found = tuple(_problems(folder))
        return None, found or (Problem(file="", message=str(error)),)


def _problems(folder: Path) -> Iterator[Problem]:
    schema, declared, wrong = _schema(folder)
    yield from wrong
    seen: dict[str, str] = {}
    for file in sorted(folder.glob("*.cedar")):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            yield Problem(file=file.name, message="cannot be read as UTF-8 text")
            continue
        for piece in pieces(text):
            yield from _in_policy(file.name, piece, schema, declared, seen)


def _schema(folder: Path) -> tuple[cedarpy.Schema | None, Declared | None, tuple[Problem, ...]]:
    files = sorted(folder.glob("*.cedarschema"))
    if len(files) != 1:
        return None, None, (Problem(file="", message=f"expected one *.cedarschema file, found {len(files)}"),)
    name = files[0].name
    try:
        schema = cedarpy.Schema.from_str(files[0].read_text(encoding="utf-8"))
        declared = read_schema(str(schema))
    except (OSError, UnicodeDecodeError):
        return None, None, (Problem(file=name, message="cannot be read as UTF-8 text"),)
    except (SchemaNotUnderstood, ValueError) as error:
        return None, None, (Problem(file=name, message=str(error)),)
    wrong = tuple(Problem(file=name, message=message) for message in schema_problems(declared))
    return schema, None if wrong else declared, wrong


def _in_policy(
    file: str, piece: Piece, schema: cedarpy.Schema | None, declared: Declared | None, seen: dict[str, str]
) -> Iterator[Problem]:
    """Yield what is wrong with one policy as written."""
    try:
        policies = read_policies(piece.text)
    except (InvalidPolicies, ValueError) as error:
        yield Problem(file=file, line=piece.line, message=str(error))
        return
    for policy in policies:
        if policy.id in seen:
            message = f"two policies have the id {policy.id!r}: the other one stands in {seen[policy.id]}"
            yield Problem(file=file, line=piece.line, policy=policy.id, message=message)
        seen.setdefault(policy.id, f"{file}, line {piece.line}")
        wrong = cedarpy.validate_policies(piece.text, schema).errors if schema else []
        for complaint in wrong:
            message = _NUMBERED.sub("", complaint.error)
            yield Problem(file=file, line=piece.line, policy=policy.id, message=message)
        if declared is None or wrong:
            continue
        try:
            require_compilable([policy], declared)
        except InvalidPolicies as refusal:
            message = str(refusal).removeprefix(f"{policy.id}: ")
            yield Problem(file=file, line=piece.line, policy=policy.id, message=message)
