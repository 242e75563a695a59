"""Read a folder of Cedar policies and refuse it unless every part of it is valid.

A folder holds one `*.cedarschema`, any number of `*.cedar` files and `principals.yaml` (read by `identity`). Validated
here: syntax, types against the schema, an `@id` on every policy and no id twice, the product's own part of the schema,
and that every policy about reading has an exact form in SQL. Nothing in it decides by default.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cedarpy

from compliance_bot.policy.compilable import CompilabilityCheck
from compliance_bot.policy.compile import Policy
from compliance_bot.policy.expressions import RESOURCE
from compliance_bot.policy.files import InvalidPolicies as InvalidPolicies
from compliance_bot.policy.files import read_files
from compliance_bot.policy.operators import Uncompilable
from compliance_bot.policy.schema import Kind, SchemaNotUnderstood, Type, read_schema
from compliance_bot.policy.source import Source, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from compliance_bot.policy.files import PolicyFiles
    from compliance_bot.policy.schema import Declared

_CORE = ("User", "Group", "Home", "Collection", RESOURCE)
_SEARCHED = "read"  # the action whose policies are compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """A valid policy set. `hash` names exactly this schema and these policies."""

    schema: cedarpy.Schema
    declared: Declared
    policies: cedarpy.PolicySet
    compilable: tuple[Policy, ...]
    hash: str
    sources: tuple[Source, ...] = ()  # where each policy stands, in the order of the files

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all policies, sorted."""
        return tuple(sorted(policy.id for policy in self.compilable))


def load_policies(folder: Path) -> Policies:
    """Return the policies of a folder. Raises InvalidPolicies, naming the file or policy that is wrong."""
    return policies_of(read_files(folder))


def policies_of(files: PolicyFiles) -> Policies:
    """Return the policies in the files of a folder. Raises as `load_policies` does."""
    folder, schema_files = files.folder, files.with_suffix(".cedarschema")
    if len(schema_files) != 1:
        raise InvalidPolicies(f"{folder}: expected one *.cedarschema file, found {len(schema_files)}")
    schema_text = files.text(schema_files[0])
    try:
        schema = cedarpy.Schema.from_str(schema_text)
    except ValueError as error:
        raise InvalidPolicies(f"{schema_files[0]}: {error}") from error
    try:
        declared = read_schema(str(schema))
    except SchemaNotUnderstood as error:
        raise InvalidPolicies(f"{schema_files[0]}: {error}") from error
    for problem in schema_problems(declared):
        raise InvalidPolicies(f"{schema_files[0]}: {problem}")
    written = {name: _parsed(files, name) for name in files.with_suffix(".cedar")}
    text = "\n".join(written.values())
    policies = read_policies(text)
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        named = result.id_annotations_by_policy_id
        problems = (f"{named.get(error.policy_id, error.policy_id)}: {error.error}" for error in result.errors)
        raise InvalidPolicies(f"{folder}: " + "; ".join(problems))
    digest = hashlib.sha256(json.dumps([schema_text, text]).encode()).hexdigest()
    require_compilable(policies, declared)
    return Policies(
        schema=schema,
        declared=declared,
        policies=cedarpy.PolicySet.from_str(text),
        compilable=policies,
        hash=digest,
        sources=tuple(source for name, part in written.items() for source in _sources(name, part)),
    )


def _sources(file: str, text: str) -> Iterator[Source]:
    for piece in pieces(text):
        for policy in read_policies(piece.text):
            yield Source(id=policy.id, file=file, line=piece.line, text=piece.text)


def _parsed(files: PolicyFiles, name: str) -> str:
    """Return the text of one policy file, so that a syntax error can be told with the file's name."""
    text = files.text(name)
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        raise InvalidPolicies(f"{name}: {error}") from error
    return text


def read_policies(text: str) -> tuple[Policy, ...]:
    """Return the policies in Cedar's JSON form. Raises InvalidPolicies where an `@id` is missing or stands twice."""
    parsed = json.loads(cedarpy.policies_to_json_str(text))
    if parsed.get("templates") or parsed.get("templateLinks"):
        raise InvalidPolicies("policy templates are not supported: write the policies out")
    policies: dict[str, Policy] = {}
    for body in parsed["staticPolicies"].values():
        annotations = body.get("annotations") or {}
        name = annotations.get("id")
        if not name:
            raise InvalidPolicies(f'a {body["effect"]} policy has no @id("…"): records could not name it')
        if name in policies:
            raise InvalidPolicies(f"two policies have the id {name!r}")
        policies[name] = Policy(
            id=name,
            permits=body["effect"] == "permit",
            body=body,
            is_checked_after=_is_checked_after(name, body["effect"], annotations),
        )
    return tuple(policies.values())


def policy_set(bodies: Sequence[Mapping[str, Any]]) -> str:
    """Return policies in Cedar's JSON form as one set, as Cedar reads it: the inverse of `read_policies`."""
    numbered = {f"policy{number}": body for number, body in enumerate(bodies)}
    return json.dumps({"staticPolicies": numbered, "templates": {}, "templateLinks": []})


def _is_checked_after(name: str, effect: str, annotations: Mapping[str, str]) -> bool:
    """Return whether a policy is left to the engine. Raises InvalidPolicies for a permit, or another word."""
    if "enforce" not in annotations:
        return False
    if annotations["enforce"] != "postcheck":
        raise InvalidPolicies(f'{name}: expected @enforce("postcheck"), found {annotations["enforce"]!r}')
    if effect == "permit":
        raise InvalidPolicies(f'{name}: only a forbid can be marked @enforce("postcheck"): a permit selects passages')
    return True


def schema_problems(declared: Declared) -> Iterator[str]:
    """Yield what the product's own part of the schema lacks, and what of a document could not be searched by."""
    for name in _CORE:
        if name not in declared.entities:
            yield f"entity {name} is missing: it belongs to the schema's fixed part"
            return
    attributes = declared.attributes(RESOURCE)
    for parent in declared.entities[RESOURCE].parents:
        lies_in = attributes.get(parent.lower())
        if lies_in is None or lies_in.type != Type(Kind.STRING):
            yield f"{RESOURCE} is in {parent}: expected an attribute {parent.lower()}: String that says in which"
    if not attributes["collection"].required:
        yield f"{RESOURCE}.collection must not be optional"
    for attribute in attributes.values():
        if attribute.type.kind is Kind.OTHER:
            yield (
                f"{RESOURCE}.{attribute.name} has a type that cannot be searched by: expected String, Long, Bool, "
                "datetime, an entity, or a set of texts, numbers or entities"
            )


def require_compilable(policies: Sequence[Policy], declared: Declared) -> None:
    """Raise InvalidPolicies for the first policy about reading that has no exact form in SQL."""
    check = CompilabilityCheck(declared)
    groups = declared.groups_of(_SEARCHED)
    for policy in policies:
        constraint = policy.body["action"]
        named = [constraint["entity"]] if "entity" in constraint else constraint.get("entities", [])
        if constraint["op"] != "All" and not groups & {action["id"] for action in named}:
            continue
        if policy.is_checked_after:
            continue
        try:
            check.check(policy.body)
        except Uncompilable as error:
            cure = 'rewrite it, or mark the policy @enforce("postcheck")' if not policy.permits else "rewrite it"
            raise InvalidPolicies(f"{policy.id}: {error}; {cure}") from error
