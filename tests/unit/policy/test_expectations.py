"""Tests of policies are read strictly: what they do not say, they must not pass for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy.check import Problem
from compliance_bot.policy.expectations import Verdict, read_expectations, run_expectations
from compliance_bot.policy.folder import load_policies
from compliance_bot.records import Principal

SCHEMA = (bundled("policies") / "starter" / "starter.cedarschema").read_text(encoding="utf-8")
POLICIES = """
@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"aml");
@id("aml-asks") permit (principal in Group::"aml", action == Action::"ask", resource);
@id("for-a-purpose") permit (principal, action == Action::"read", resource)
when { context has purpose && context.purpose == "audit" && context.now < datetime("2026-06-01") };
@id("wall") forbid (principal, action == Action::"read", resource) when { resource has matter };
@id("overflows") forbid (principal, action == Action::"erase", resource)
when { principal has clearance && principal.clearance + 1 > 3 };
@id("reveals") permit (principal, action == Action::"reveal", resource) when { context.entity_type == "IBAN_CODE" };
"""
ANA = Principal(id="ana", groups=["aml"], source="local")

READS = """
- principal: ana
  action: read
  resource: {document: {collection: aml}}
  expected: allow
"""

Run = Callable[[str], tuple[Verdict, ...]]
Problems = Callable[[str], list[Problem]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.cedarschema").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "a.cedar").write_text(POLICIES, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Return a function that runs the tests in a text."""

    def runs(text: str) -> tuple[Verdict, ...]:
        (folder / "tests" / "one.yaml").write_text(text, encoding="utf-8")
        policies = load_policies(folder)
        expectations, problems = read_expectations(folder, policies, {"ana": ANA})
        assert problems == ()
        return run_expectations(policies, expectations)

    return runs


@pytest.fixture
def problems(folder: Path) -> Problems:
    """Return a function that reads the tests in a text and returns what is wrong with them."""

    def reads(text: str) -> list[Problem]:
        (folder / "tests" / "one.yaml").write_text(text, encoding="utf-8")
        expectations, found = read_expectations(folder, load_policies(folder), {"ana": ANA})
        assert expectations == ()
        return list(found)

    return reads


def test_a_test_passes_where_decision_and_reasons_are_as_expected(run: Run) -> None:
    (plain, exact) = run(READS + READS + "  because: [aml-reads]\n")
    assert plain.passed
    assert exact.passed
    assert (plain.name, exact.name) == ("test 1", "test 2")


@pytest.mark.parametrize(
    "change",
    [("allow", "deny"), ("collection: aml", "collection: hr"), ("collection: aml", "collection: aml, matter: heron")],
)
def test_a_test_fails_where_the_decision_is_another(run: Run, change: tuple[str, str]) -> None:
    (tested,) = run(READS.replace(*change))
    assert not tested.passed


@pytest.mark.parametrize("because", ["[]", "[wall]", "[aml-reads, for-a-purpose]"])
def test_a_test_fails_where_other_policies_decided(run: Run, because: str) -> None:
    (tested,) = run(READS + f"  because: {because}\n")
    assert tested.decided == tested.expected
    assert not tested.passed


def test_purpose_and_time_are_what_the_test_says(run: Run) -> None:
    text = READS.replace("collection: aml", "collection: hr")
    assert run(text + "  context: {purpose: audit}\n")[0].passed
    assert run(text + "  context: {purpose: audit, now: 2026-05-31}\n")[0].passed
    assert run(text + '  context: {purpose: audit, now: "2026-05-31T23:59:59Z"}\n')[0].passed
    assert not run(text + "  context: {purpose: audit, now: 2026-06-01}\n")[0].passed
    assert not run(text)[0].passed


def test_the_home_and_a_collection_and_a_written_out_person_can_be_asked_about(run: Run) -> None:
    tested = run("""
- {name: asks, principal: {id: bo, groups: [aml]}, action: ask, resource: home, expected: allow, because: [aml-asks]}
- {principal: {id: bo}, action: ingest, resource: {collection: aml}, expected: deny, because: []}
- principal: ana
  action: reveal
  resource: {document: {collection: aml, tags: [x]}}
  context: {entity_type: IBAN_CODE}
  expected: allow
""")
    assert [one.passed for one in tested] == [True, True, True]
    assert tested[0].name == "asks"


def test_a_policy_that_fails_denies_and_is_counted(run: Run) -> None:
    most = 2**63 - 1
    person = f"{{id: bo, attributes: {{clearance: {most}}}}}"
    (tested,) = run(f"- {{principal: {person}, action: erase, resource: home, expected: deny}}")
    assert tested.passed
    assert tested.failed_policies == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- [", "cannot be read as YAML, line 1"),
        ("- {a: 1, a: 2}", "a key stands twice"),
        ("- !!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("principal: ana", "expected a list of tests"),
        ("", "expected a list of tests"),
        ("- ana", "test 1: the test: "),
        (READS + "  expect: allow\n", "expect: Extra inputs"),
        (READS.replace("allow", "maybe"), "expected: Input should be 'allow' or 'deny'"),
        (READS.replace("  expected: allow\n", ""), "expected: Field required"),
        (READS.replace("ana", "nobody"), "'nobody' is not in principals.yaml"),
        (READS.replace("ana", "{id: ana, groups: [hr]}"), "'ana' is in principals.yaml: name it alone"),
        (READS + "  groups: [hr]\n", "groups: Extra inputs"),
        (READS.replace("ana", "{id: bo, role: boss}"), "Extra inputs"),
        (READS.replace("ana", "{id: bo, attributes: {rank: 2}}"), "'rank' is not declared for User"),
        (READS.replace("ana", "{id: ' bo'}"), "without surrounding blanks"),
        (READS.replace("read", "raed"), "action: there is no 'raed'; known: .*read"),
        (READS.replace("{document: {collection: aml}}", "home"), "read is done to Document, not to Home"),
        (READS.replace("{document: {collection: aml}}", "house"), "resource"),
        (READS.replace("document: {collection: aml}", "collection: aml"), "read is done to Document, not to Coll"),
        (READS.replace("collection: aml", "department: aml"), "a document has the attribute collection"),
        (READS.replace("collection: aml", "collection: aml, level: 2"), "'level' is not declared for Document"),
        (READS + "  because: [aml-read]\n", "because: there is no policy 'aml-read'"),
        (READS + "  because: aml-reads\n", "because: Input should be a valid list"),
        (READS + "  context: {now: tomorrow}\n", r"context\.now: expected a day"),
        (READS + "  context: {now: 2026-05-31 12:00:00}\n", r"context\.now: expected a day"),
        (READS + "  context: {mood: good}\n", r"context\.mood is not declared for read"),
        (READS + "  context: {purpose: 7}\n", r"context\.purpose is not declared for read, or its value has another"),
        (READS.replace("read", "reveal"), r"context\.entity_type is missing"),
    ],
)
def test_a_test_that_cannot_be_read_as_it_was_meant_is_a_problem(problems: Problems, text: str, message: str) -> None:
    (problem,) = problems(text)
    assert problem.file == "tests/one.yaml"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(problem.message)


def test_bytes_that_are_no_text_are_a_problem(folder: Path) -> None:
    (folder / "tests" / "one.yml").write_bytes(b"\xff")
    _, (problem,) = read_expectations(folder, load_policies(folder), {})
    assert "UTF-8" in problem.message


def test_every_test_with_a_problem_is_listed_and_the_others_are_read(folder: Path) -> None:
    text = READS + READS.replace("ana", "x") + READS.replace("allow", "x")
    (folder / "tests" / "one.yaml").write_text(text, encoding="utf-8")
    expectations, problems = read_expectations(folder, load_policies(folder), {"ana": ANA})
    assert len(expectations) == 1
    assert [problem.message[:6] for problem in problems] == ["test 2", "test 3"]
