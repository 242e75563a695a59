"""Tests of a policy set, as its authors write them in tests/*.yaml: who asks for what, and what is to be decided.

A file that cannot be read as it was meant is refused whole: an unknown key, an undeclared attribute or a policy that
does not exist would make a test pass for no reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.policy.attributes import moment_of, typed_attributes
from compliance_bot.policy.check import Problem
from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource
from compliance_bot.policy.schema import Kind
from compliance_bot.records import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from compliance_bot.policy.folder import Policies

FOLDER = "tests"
# When nothing else is said. Fixed, so that a test does not begin to fail by itself.
DEFAULT_NOW = datetime(2026, 1, 1, tzinfo=UTC)

_Name = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _WrittenOut(_Strict):
    id: _Name
    groups: list[str] = []
    attributes: dict[str, Any] = {}


class _OnCollection(_Strict):
    collection: _Name


class _OnDocument(_Strict):
    document: dict[str, Any]


class _Test(_Strict):
    name: str = ""
    principal: _Name | _WrittenOut
    action: _Name
    resource: Literal["home"] | _OnCollection | _OnDocument
    context: dict[str, Any] = {}
    expected: Literal["allow", "deny"]
    because: list[_Name] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One test, ready to be asked. `because` are the policies that should decide, None where any may."""

    file: str
    name: str
    principal: Principal
    action: str
    resource: Resource
    circumstances: Circumstances
    expected: Literal["allow", "deny"]
    because: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a test went. `failed_policies` counts policies that could not be evaluated, which denies."""

    file: str
    name: str
    expected: Literal["allow", "deny"]
    decided: Literal["allow", "deny"]
    because: tuple[str, ...] | None
    determining: tuple[str, ...]
    failed_policies: int

    @property
    def passed(self) -> bool:
        is_reason = self.because is None or self.because == self.determining
        return self.expected == self.decided and is_reason


class NotUnderstood(UsageError):
    """It cannot be read as it was meant."""


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key may stand once: of two, the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len({repr(key) for key in keys}) != len(keys):
            raise yaml.YAMLError("a key stands twice")
        return super().construct_mapping(node, deep=deep)


def run_expectations(policies: Policies, expectations: tuple[Expectation, ...]) -> tuple[Verdict, ...]:
    """Return how each test went, in order."""
    engine = CedarEngine(policies)
    return tuple(_tested(engine, expectation) for expectation in expectations)


def _tested(engine: CedarEngine, test: Expectation) -> Verdict:
    decision = engine.decide(test.principal, test.action, test.resource, test.circumstances)
    return Verdict(
        file=test.file,
        name=test.name,
        expected=test.expected,
        decided=decision.effect,
        because=None if test.because is None else tuple(sorted(test.because)),
        determining=decision.determining,
        failed_policies=decision.errors,
    )


def read_expectations(
    folder: Path, policies: Policies, people: Mapping[str, Principal]
) -> tuple[tuple[Expectation, ...], tuple[Problem, ...]]:
    """Return the tests in a policy folder's tests/*.yaml, and all that is wrong with them."""
    read: list[Expectation] = []
    problems: list[Problem] = []
    for file in sorted((folder / FOLDER).glob("*.y*ml")):
        name = f"{FOLDER}/{file.name}"
        try:
            entries = _entries(file)
        except NotUnderstood as error:
            problems.append(Problem(file=name, message=str(error)))
            continue
        for number, entry in enumerate(entries, 1):
            try:
                read.append(_expectation(name, number, entry, policies, people))
            except ComplianceError as error:
                problems.append(Problem(file=name, message=f"test {number}: {error}"))
    return tuple(read), tuple(problems)


def _entries(file: Path) -> list[Any]:
    try:
        entries = yaml.load(file.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506  # a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise NotUnderstood("cannot be read as UTF-8 text") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        at = getattr(error, "problem_mark", None)
        where = f", line {at.line + 1}" if at else ""
        raise NotUnderstood(f"cannot be read as YAML{where}: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(entries, list):
        raise NotUnderstood("expected a list of tests")
    return entries


def _expectation(
    file: str, number: int, entry: Any, policies: Policies, people: Mapping[str, Principal]
) -> Expectation:
    try:
        test = _Test.model_validate(entry)
    except ValidationError as error:
        raise NotUnderstood("; ".join(_complaints(error))) from error
    resource = _resource(test, policies)
    unknown = sorted(set(test.because or ()) - set(policies.ids))
    if unknown:
        raise NotUnderstood(f"because: there is no policy {unknown[0]!r}")
    return Expectation(
        file=file,
        name=test.name or f"test {number}",
        principal=_principal(test.principal, policies, people),
        action=test.action,
        resource=resource,
        circumstances=context_of(test.context, test.action, policies),
        expected=test.expected,
        because=None if test.because is None else frozenset(test.because),
    )


def _complaints(error: ValidationError) -> Iterator[str]:
    """Yield where the text does not fit and why; of alternatives, each says why it is not the one."""
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part).removeprefix("_") for part in problem["loc"]) or "the test"
        yield f"{place}: {problem['msg']}"


def _principal(given: str | _WrittenOut, policies: Policies, people: Mapping[str, Principal]) -> Principal:
    if isinstance(given, str):
        if given not in people:
            raise NotUnderstood(f"principal: {given!r} is not in principals.yaml, and is not written out")
        return people[given]
    if given.id in people:
        raise NotUnderstood(f"principal: {given.id!r} is in principals.yaml: name it alone, or write out somebody else")
    try:
        return Principal(
            id=given.id, groups=given.groups, attributes=typed_attributes(policies, "User", given.attributes)
        )
    except ValueError as error:
        raise NotUnderstood(f"principal: {error}") from error


def _resource(test: _Test, policies: Policies) -> Resource:
    action = policies.declared.actions.get(test.action)
    if action is None or not action.resources:
        known = sorted(name for name, one in policies.declared.actions.items() if one.resources)
        raise NotUnderstood(f"action: there is no {test.action!r}; known: {', '.join(known)}")
    resource = _as_resource(test.resource, policies)
    if resource.type not in action.resources:
        raise NotUnderstood(f"resource: {test.action} is done to {', '.join(action.resources)}, not to {resource.type}")
    return resource


def _as_resource(given: str | _OnCollection | _OnDocument, policies: Policies) -> Resource:
    if isinstance(given, _OnCollection):
        return Resource.collection(given.collection)
    if not isinstance(given, _OnDocument):
        return Resource.home()
    attributes = typed_attributes(policies, "Document", given.document)
    for attribute in policies.declared.attributes("Document").values():
        if attribute.required and attribute.name not in attributes:
            raise NotUnderstood(f"resource: a document has the attribute {attribute.name}")
    return Resource.document(attributes)


def context_of(
    given: Mapping[str, Any], action: str, policies: Policies, *, now: datetime = DEFAULT_NOW
) -> Circumstances:
    """Return the circumstances that a context as written means. Raises a ComplianceError naming what does not fit."""
    declared = policies.declared.actions[action].context
    more: dict[str, str | bool] = {}
    for name, value in given.items():
        kind = declared[name].type.kind if name in declared else None
        if name == "now":
            at = moment_of(value)
            if at is None:
                raise NotUnderstood("context.now: expected a day, or a time with its zone")
            now = at
        elif (kind is Kind.BOOL and isinstance(value, bool)) or (kind is Kind.STRING and isinstance(value, str)):
            more[name] = value
        else:
            raise NotUnderstood(f"context.{name} is not declared for {action}, or its value has another type")
    for attribute in declared.values():
        if attribute.required and attribute.name not in {"now", *more}:
            raise NotUnderstood(f"context.{attribute.name} is missing: {action} is decided with it")
    purpose = more.pop("purpose", None)
    return Circumstances(now=now, purpose=purpose if isinstance(purpose, str) else None, more=more)
