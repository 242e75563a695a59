"""A policy set is approved when somebody other than its author has signed exactly these files."""

from __future__ import annotations

import base64
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.errors import UsageError
from compliance_bot.policy.files import read_files
from compliance_bot.policy.signature import APPROVAL, NotApproved, new_key, read_approvers, require_approved, sign

if TYPE_CHECKING:
    from pathlib import Path

KEY, PUBLIC = new_key()
OTHER_KEY, OTHER_PUBLIC = new_key()
APPROVERS = {"lena": PUBLIC, "eve": OTHER_PUBLIC}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(bundled("policies") / "sample", tmp_path / "policies")


@pytest.fixture
def signed(folder: Path) -> Path:
    sign(folder, author="gita", approver="lena", private_key=KEY)
    return folder


def test_what_was_signed_is_approved(signed: Path) -> None:
    approval = require_approved(read_files(signed), APPROVERS)
    assert (approval.author, approval.approver) == ("gita", "lena")


def test_what_was_not_signed_is_not(folder: Path) -> None:
    with pytest.raises(NotApproved, match=r"there is no approval\.json"):
        require_approved(read_files(folder), APPROVERS)


@pytest.mark.parametrize("name", ["walls.cedar", "principals.yaml", "institution.cedarschema", "redaction.yaml"])
def test_a_changed_missing_or_added_file_is_not_what_was_approved(signed: Path, name: str) -> None:
    whole = (signed / name).read_bytes()
    (signed / name).write_bytes(whole + b"\n")
    with pytest.raises(NotApproved, match="not those that were approved"):
        require_approved(read_files(signed), APPROVERS)
    (signed / name).unlink()
    with pytest.raises(NotApproved, match="not those that were approved"):
        require_approved(read_files(signed), APPROVERS)
    (signed / name).write_bytes(whole)
    require_approved(read_files(signed), APPROVERS)
    (signed / "more.cedar").write_text("", encoding="utf-8")
    with pytest.raises(NotApproved, match="not those that were approved"):
        require_approved(read_files(signed), APPROVERS)


def test_redaction_profiles_of_the_homes_own_are_signed_with_the_rest(folder: Path) -> None:
    profile = folder / "redaction" / "own.yaml"
    profile.parent.mkdir()
    profile.write_text("name: own\ndescription: Names.\ntypes: [PERSON, LOCATION]\n", encoding="utf-8")
    sign(folder, author="gita", approver="lena", private_key=KEY)
    require_approved(read_files(folder), APPROVERS)
    profile.write_text("name: own\ndescription: Names.\ntypes: [PERSON]\n", encoding="utf-8")
    with pytest.raises(NotApproved, match="not those that were approved"):
        require_approved(read_files(folder), APPROVERS)


def test_the_author_cannot_approve(folder: Path) -> None:
    for approver in ("gita", "Gita", " GITA "):
        with pytest.raises(UsageError, match="other than the author"):
            sign(folder, author="gita", approver=approver, private_key=KEY)


def test_a_signature_counts_for_the_one_whose_key_it_is(signed: Path) -> None:
    with pytest.raises(NotApproved, match="not listed"):
        require_approved(read_files(signed), {"eve": PUBLIC})
    with pytest.raises(NotApproved, match="not valid"):
        require_approved(read_files(signed), {"lena": OTHER_PUBLIC})
    with pytest.raises(NotApproved, match="not listed"):
        require_approved(read_files(signed), {})


@pytest.mark.parametrize("change", ["author", "approver", "at", "files"])
def test_a_statement_that_was_altered_is_not_approved(signed: Path, change: str) -> None:
    outer = json.loads((signed / APPROVAL).read_text(encoding="utf-8"))
    statement = json.loads(outer["statement"])
    statement[change] = {"author": "ben", "approver": "eve", "at": "2020-01-01T00:00:00+00:00", "files": {}}[change]
    outer["statement"] = json.dumps(statement, sort_keys=True)
    (signed / APPROVAL).write_text(json.dumps(outer), encoding="utf-8")
    with pytest.raises(NotApproved):
        require_approved(read_files(signed), APPROVERS)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"statement": "{}", "signature": "!"}', '{"statement": 1, "signature": ""}']
)
def test_what_is_no_approval_is_refused(folder: Path, text: str) -> None:
    (folder / APPROVAL).write_text(text, encoding="utf-8")
    with pytest.raises(NotApproved):
        require_approved(read_files(folder), APPROVERS)


@pytest.mark.parametrize("key", [b"", b"nonsense", base64.b64decode(PUBLIC)], ids=["empty", "nonsense", "public"])
def test_what_is_no_private_key_signs_nothing(folder: Path, key: bytes) -> None:
    with pytest.raises(UsageError, match="Ed25519"):
        sign(folder, author="gita", approver="lena", private_key=key)
    assert not (folder / APPROVAL).exists()


def test_the_list_of_approvers_is_read_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "approvers.yaml"
    with pytest.raises(NotApproved, match="cannot be read"):
        read_approvers(path)
    path.write_text(f"- {{id: lena, key: {PUBLIC}}}\n- {{id: eve, key: {OTHER_PUBLIC}}}\n", encoding="utf-8")
    assert read_approvers(path) == APPROVERS
    lena, eve = f"{{id: lena, key: {PUBLIC}}}", f"{{id: eve, key: {OTHER_PUBLIC}}}"
    twice = [f"- {lena}\n- {eve.replace('eve', 'LENA')}", f"- {lena}\n- {eve.replace(OTHER_PUBLIC, PUBLIC)}"]
    for text in ("{", "lena", "- lena", "- {id: lena}", "- {id: lena, key: abc}", *twice):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(NotApproved):
            read_approvers(path)
