"""Read a folder of Cedar policies and refuse it unless every part of it is valid.

A folder holds one `*.cedarschema`, any number of `*.cedar` files and `principals.yaml` (read by `identity`). Validated
here: syntax, types against the schema, an `@id` on every policy and no id twice. Nothing in it decides by default.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from pathlib import Path


class InvalidPolicies(ComplianceError):
    """The policy folder is not valid."""

    exit_code = 2
    hint = "Nothing is permitted until the policy folder is valid. `compliance-bot doctor` repeats this check."


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """A valid policy set. `hash` names exactly this schema and these policies."""

    schema: cedarpy.Schema
    policies: cedarpy.PolicySet
    hash: str
    ids: tuple[str, ...]


def load_policies(folder: Path) -> Policies:
    """Return the policies of a folder. Raises InvalidPolicies, naming the file or policy that is wrong."""
    schema_files = sorted(folder.glob("*.cedarschema"))
    if len(schema_files) != 1:
        raise InvalidPolicies(f"{folder}: expected one *.cedarschema file, found {len(schema_files)}")
    schema_text = _read(schema_files[0])
    try:
        schema = cedarpy.Schema.from_str(schema_text)
    except ValueError as error:
        raise InvalidPolicies(f"{schema_files[0].name}: {error}") from error
    text = "\n".join(_parsed(file) for file in sorted(folder.glob("*.cedar")))
    ids = _ids(text)
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        named = result.id_annotations_by_policy_id
        problems = (f"{named.get(error.policy_id, error.policy_id)}: {error.error}" for error in result.errors)
        raise InvalidPolicies(f"{folder}: " + "; ".join(problems))
    digest = hashlib.sha256(json.dumps([schema_text, text]).encode()).hexdigest()
    return Policies(schema=schema, policies=cedarpy.PolicySet.from_str(text), hash=digest, ids=ids)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPolicies(f"{file}: cannot be read as UTF-8 text") from error


def _parsed(file: Path) -> str:
    """Return the text of one policy file, so that a syntax error can be told with the file's name."""
    text = _read(file)
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        raise InvalidPolicies(f"{file.name}: {error}") from error
    return text


def _ids(text: str) -> tuple[str, ...]:
    """Return the `@id` of each policy. Raises InvalidPolicies where one is missing or stands twice."""
    parsed = json.loads(cedarpy.policies_to_json_str(text))
    if parsed.get("templates") or parsed.get("templateLinks"):
        raise InvalidPolicies("policy templates are not supported: write the policies out")
    ids: list[str] = []
    for policy in parsed["staticPolicies"].values():
        name = (policy.get("annotations") or {}).get("id")
        if not name:
            raise InvalidPolicies(f'a {policy["effect"]} policy has no @id("…"): records could not name it')
        if name in ids:
            raise InvalidPolicies(f"two policies have the id {name!r}")
        ids.append(name)
    return tuple(sorted(ids))
