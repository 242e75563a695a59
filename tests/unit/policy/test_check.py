"""Everything that is wrong with a policy folder is listed at once, with its file, line and policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.errors import UsageError
from compliance_bot.policy.check import Problem, check_policies

SCHEMA = (bundled("policies") / "starter" / "starter.cedarschema").read_text(encoding="utf-8")
GOOD = '@id("good") permit (principal in Group::"aml", action == Action::"read", resource);'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.cedarschema").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "good.cedar").write_text(GOOD, encoding="utf-8")
    return tmp_path


def problems(folder: Path) -> list[Problem]:
    policies, found = check_policies(folder)
    assert policies is None
    return list(found)


def test_a_valid_folder_has_no_problems(folder: Path) -> None:
    policies, found = check_policies(folder)
    assert policies is not None
    assert policies.ids == ("good",)
    assert found == ()


def test_every_problem_is_listed_with_its_place(folder: Path) -> None:
    (folder / "bad.cedar").write_text(
        """
permit (principal, action, resource);
@id("typo") permit (principal in Grup::"aml", action == Action::"raed", resource);
@id("half") permit (principal, action resource);
@id("good") forbid (principal, action, resource);

@id("loose") permit (principal, action == Action::"read", resource) when { resource.classification < 2 };
@id("uncompilable") forbid (principal, action == Action::"read", resource)
when { resource has classification && resource.classification + 1 > 2 };
""",
        encoding="utf-8",
    )
    (folder / "worse.cedar").write_bytes(b"\xff\xfe")
    found = [(problem.file, problem.line, problem.policy) for problem in problems(folder)]
    assert ("bad.cedar", 2, None) in found
    assert found.count(("bad.cedar", 3, "typo")) >= 2  # the group and the action
    assert ("bad.cedar", 4, None) in found
    assert ("good.cedar", 1, "good") in found
    assert ("bad.cedar", 7, "loose") in found
    assert ("bad.cedar", 8, "uncompilable") in found
    assert ("worse.cedar", None, None) in found
    messages = " ".join(problem.message for problem in problems(folder))
    assert "bad.cedar, line 5" in messages  # where the other one stands
    assert "policy `policy" not in messages  # Cedar's own name of a policy


def test_a_broken_schema_does_not_hide_broken_policies(folder: Path) -> None:
    (folder / "a.cedarschema").write_text("entity Group", encoding="utf-8")
    (folder / "bad.cedar").write_text('@id("half") permit (principal, action', encoding="utf-8")
    assert {problem.file for problem in problems(folder)} == {"a.cedarschema", "bad.cedar"}


def test_all_that_a_schema_lacks_is_listed(folder: Path) -> None:
    schema = SCHEMA.replace("collection: String,", "collection?: String, box?: ipaddr,")
    (folder / "a.cedarschema").write_text(schema, encoding="utf-8")
    assert len([problem for problem in problems(folder) if problem.file == "a.cedarschema"]) == 2


def test_a_folder_without_a_schema_or_with_two_is_told(folder: Path) -> None:
    shutil.copy(folder / "a.cedarschema", folder / "b.cedarschema")
    assert "found 2" in problems(folder)[0].message
    (folder / "a.cedarschema").unlink()
    (folder / "b.cedarschema").unlink()
    assert "found 0" in problems(folder)[0].message


def test_a_folder_that_is_not_there_is_a_mistake_in_typing(folder: Path) -> None:
    for absent in (folder / "absent", folder / "good.cedar"):
        with pytest.raises(UsageError, match="there is no such folder"):
            check_policies(absent)


def test_what_is_refused_and_not_understood_here_is_still_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.cedar").write_text("nonsense", encoding="utf-8")
    monkeypatch.setattr("compliance_bot.policy.check._problems", lambda _: iter(()))
    assert "bad.cedar" in problems(folder)[0].message
