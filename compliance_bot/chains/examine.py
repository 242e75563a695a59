"""Examine a policy folder before it is put in force: is it valid, is it meant so, and does it decide as its tests say.

Needs no home and leaves no record: it looks at files alone, and permits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.identity import InvalidPrincipals, load_principals
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.cautions import Caution, cautions
from compliance_bot.policy.check import Problem, check_policies
from compliance_bot.policy.expectations import FOLDER, Verdict, read_expectations, run_expectations
from compliance_bot.policy.files import InvalidPolicies, read_files
from compliance_bot.records import Principal
from compliance_bot.redaction.assignment import read_assignment
from compliance_bot.redaction.profiles import InvalidProfile, UnknownProfile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compliance_bot.policy.folder import Policies
    from compliance_bot.redaction.assignment import CollectionProfiles

_PEOPLE = "principals.yaml"


class FolderNotValid(ComplianceError):
    """The policy folder is not valid."""

    exit_code = 2
    hint = "`compliance-bot policy check DIR` lists everything that is wrong with it."


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReport:
    """What was found in a policy folder. Where there are problems, nothing was tested."""

    policies: int
    problems: tuple[Problem, ...]
    cautions: tuple[Caution, ...]
    tests: tuple[Verdict, ...]
    redaction: CollectionProfiles | None = None  # None where the folder is not valid

    @property
    def exit_code(self) -> int:
        """2 where the folder is not valid, 1 where a test failed, else 0."""
        if self.problems:
            return 2
        return 0 if all(test.passed for test in self.tests) else 1


def examine_policies(folder: Path) -> PolicyReport:
    """Return what is wrong with a folder, what is doubtful, and how its tests went. Raises UsageError."""
    policies, problems = check_policies(folder)
    redaction, unmasked = read_redaction(folder)
    if policies is None:
        return PolicyReport(policies=0, problems=(*problems, *unmasked), cautions=(), tests=())
    people, problems = read_people(folder, policies)
    expectations, misread = read_expectations(folder, policies, people)
    problems = (*problems, *misread, *unmasked)
    return PolicyReport(
        policies=len(policies.ids),
        problems=problems,
        cautions=cautions(policies),
        tests=() if problems else run_expectations(policies, expectations),
        redaction=redaction,
    )


def try_policies(folder: Path) -> PolicyReport:
    """Return how the tests of a folder went, and no warnings. Raises UsageError where there are none."""
    report = examine_policies(folder)
    if not report.problems and not report.tests:
        raise UsageError(f"{folder}: expected tests in {FOLDER}/*.yaml, found none")
    return PolicyReport(
        policies=report.policies, problems=report.problems, cautions=(), tests=report.tests, redaction=report.redaction
    )


def load_folder(folder: Path) -> tuple[Policies, Mapping[str, Principal]]:
    """Return the policies and the people of a folder. Raises FolderNotValid with the first problem, UsageError."""
    policies, problems = check_policies(folder)
    if policies is not None:
        people, problems = read_people(folder, policies)
        if not problems:
            return policies, people
    first = problems[0]
    where = ": ".join(part for part in (first.file, first.policy) if part)
    raise FolderNotValid(f"{where}: {first.message}" if where else first.message)


def read_people(folder: Path, policies: Policies) -> tuple[dict[str, Principal], tuple[Problem, ...]]:
    """Return the people that a folder lists, typed by its schema, and what is wrong with the others."""
    try:
        listed = load_principals(folder / _PEOPLE)
    except InvalidPrincipals as error:
        return {}, (Problem(file=_PEOPLE, message=str(error)),)
    people: dict[str, Principal] = {}
    problems: list[Problem] = []
    for one in listed.values():  # by their ids as written: policies name them so
        try:
            attributes = typed_attributes(policies, "User", one.attributes)
            people[one.id] = Principal(id=one.id, groups=one.groups, attributes=attributes, source="local")
        except (ComplianceError, ValueError) as error:
            problems.append(Problem(file=_PEOPLE, message=f"{one.id}: {error}"))
    return people, tuple(problems)


def read_redaction(folder: Path) -> tuple[CollectionProfiles | None, tuple[Problem, ...]]:
    """Return which collection a folder has masked under which profile, or what is wrong with that."""
    try:
        return read_assignment(read_files(folder).content), ()
    except (InvalidPolicies, InvalidProfile, UnknownProfile) as error:
        file, _, message = str(error).partition(": ")
        return None, (Problem(file=file, message=message),)
