"""Policy folders are examined as a whole; the shipped ones are valid, and their tests reach every policy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.chains.examine import FolderNotValid, examine_policies, load_folder, try_policies
from compliance_bot.cli.policy_output import report_lines
from compliance_bot.errors import UsageError
from compliance_bot.policy.folder import load_policies

SHIPPED = ("starter", "sample")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the sample policies."""
    return Path(shutil.copytree(bundled("policies") / "sample", tmp_path / "policies"))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_folders_pass_their_tests(name: str) -> None:
    report = examine_policies(bundled("policies") / name)
    assert [test.name for test in report.tests if not test.passed] == []
    assert report.problems == ()
    assert report.exit_code == 0


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_decides_in_a_test_and_every_test_says_why(name: str) -> None:
    folder = bundled("policies") / name
    tests = examine_policies(folder).tests
    assert {policy for test in tests for policy in test.determining} == set(load_policies(folder).ids)
    assert all(test.because is not None for test in tests)
    for file in {test.file for test in tests}:
        assert {test.decided for test in tests if test.file == file} == {"allow", "deny"}


@pytest.mark.parametrize("policy", load_policies(bundled("policies") / "sample").ids)
def test_without_any_one_policy_the_tests_of_the_sample_fail(folder: Path, policy: str) -> None:
    for file in folder.glob("*.cedar"):
        text = file.read_text(encoding="utf-8")
        (source,) = [s for s in load_policies(bundled("policies") / "sample").sources if s.id == policy]
        file.write_text(text.replace(source.text, ""), encoding="utf-8")
    for tests in (folder / "tests").glob("*.yaml"):  # or the reason would be the one that fails
        lines = tests.read_text(encoding="utf-8").splitlines(keepends=True)
        tests.write_text("".join(line for line in lines if "because:" not in line), encoding="utf-8")
    report = examine_policies(folder)
    assert report.problems == ()
    assert report.exit_code == 1, f"no test notices that {policy} is gone"


def test_redaction_is_examined_with_the_policies(folder: Path) -> None:
    (folder / "redaction.yaml").write_text("collections: {benefits: hipaa}", encoding="utf-8")
    report = examine_policies(folder)
    assert report.redaction is not None
    assert report.redaction.of("benefits").name == "hipaa"
    assert report.redaction.of("aml").name == "minimal"
    assert list(report_lines(report))[-1] == "masked under benefits: hipaa; all other collections: minimal"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("redaction.yaml", "default: hippa", "default: no redaction profile 'hippa'; known: everything, gdpr, glba"),
        ("redaction/own.yaml", "name: own\ndescription: x\ntypes: [PERSN]", "types: there is no type 'PERSN'"),
    ],
)
def test_redaction_that_is_not_valid_is_a_problem_of_its_file(folder: Path, name: str, text: str, message: str) -> None:
    (folder / "redaction").mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "walls.cedar").write_text("forbid (", encoding="utf-8")
    problems = examine_policies(folder).problems  # with those of the policies
    assert [problem.file for problem in problems] == ["walls.cedar", name]
    assert problems[1].message.startswith(message)
    shutil.copy(bundled("policies") / "sample" / "walls.cedar", folder)
    report = examine_policies(folder)
    assert (report.exit_code, report.redaction, report.tests) == (2, None, ())


def test_tests_are_no_part_of_the_set_and_leave_its_hash_alone(folder: Path) -> None:
    whole = load_policies(folder)
    (folder / "tests" / "hidden.cedar").write_text('@id("x") permit (principal, action, resource);', encoding="utf-8")
    assert load_policies(folder).hash == whole.hash
    shutil.rmtree(folder / "tests")
    assert load_policies(folder).hash == whole.hash
    assert examine_policies(folder).tests == ()
    assert examine_policies(folder).exit_code == 0


def test_the_tests_that_the_page_shows_pass(folder: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "test-and-explain-policies.md"
    (block,) = re.findall(r"```text\n(- name: .*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    shutil.rmtree(folder / "tests")
    (folder / "tests").mkdir()
    (folder / "tests" / "shown.yaml").write_text(block, encoding="utf-8")
    report = examine_policies(folder)
    assert [test.passed for test in report.tests] == [True, True]


def test_asking_for_tests_where_there_are_none_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "tests")
    with pytest.raises(UsageError, match="expected tests in tests/"):
        try_policies(folder)


def test_people_are_part_of_what_is_examined(folder: Path) -> None:
    (folder / "principals.yaml").write_text("- {id: ana, attributes: {clearance: high}}\n", encoding="utf-8")
    report = examine_policies(folder)
    assert report.exit_code == 2
    assert report.tests == ()
    assert report.problems[0].file == "principals.yaml"
    assert "ana" in report.problems[0].message
    with pytest.raises(FolderNotValid, match=r"principals\.yaml: ana: "):
        load_folder(folder)
    (folder / "principals.yaml").unlink()
    assert examine_policies(folder).exit_code == 2


def test_a_folder_that_is_not_valid_is_not_loaded(folder: Path) -> None:
    (folder / "bad.cedar").write_text('@id("bad") permit (principal, action == Action::"x", resource);')
    with pytest.raises(FolderNotValid, match=r"bad\.cedar: bad: "):
        load_folder(folder)
    (folder / "bad.cedar").unlink()
    policies, people = load_folder(folder)
    assert set(people) >= {"admin", "hugo"}
    assert people["hugo"].attributes["clearance"] == 3
    assert "ethical-wall" in policies.ids


def test_somebody_with_a_capital_is_known_as_policies_name_them(folder: Path) -> None:
    with (folder / "principals.yaml").open("a", encoding="utf-8") as file:
        file.write("- {id: Dora}\n")
    (folder / "dora.cedar").write_text(
        '@id("dora-exports") permit (principal == User::"Dora", action == Action::"export", resource);'
    )
    (folder / "tests" / "dora.yaml").write_text(
        "- {name: Dora exports, principal: Dora, action: export, resource: home, expected: allow}\n", encoding="utf-8"
    )
    report = examine_policies(folder)
    assert report.problems == ()
    assert [test.passed for test in report.tests if test.name == "Dora exports"] == [True]
    assert load_folder(folder)[1]["Dora"].id == "Dora"
