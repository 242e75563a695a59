"""Rules are read anew when their files change, come into force with a record, and never when they are not valid."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from compliance_bot.anchor.standing import Anchor
from compliance_bot.audit.log import AuditLog
from compliance_bot.bundled import bundled
from compliance_bot.chains.rules import LiveRules, open_files
from compliance_bot.errors import ComplianceError, Unavailable
from compliance_bot.policy import InvalidPolicies
from compliance_bot.store import rules as rows
from compliance_bot.store.connect import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.audit.record import Opened
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.files import PolicyFiles
    from compliance_bot.store.connect import Database

WALL = '@id("wall") forbid (principal, action, resource) when { principal in Group::"sales" };'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(bundled("policies") / "starter", tmp_path / "policies")


@pytest.fixture
def log(database: Database, keyring: Keyring, tmp_path: Path) -> AuditLog:
    return AuditLog(database, keyring, Anchor(tmp_path / "anchor.jsonl", keyring, database.tenant))


@pytest.fixture
def live(folder: Path, database: Database, log: AuditLog, keyring: Keyring) -> Callable[..., LiveRules]:
    return lambda **more: LiveRules(folder, database=database, log=log, keyring=keyring, **more)


def changed(path: Path, text: str, *, age_s: float = 10) -> None:
    """Write a file as somebody who left it alone for a while."""
    path.write_text(text, encoding="utf-8")
    then = time.time() - age_s
    os.utime(path, (then, then))


def records(log: AuditLog) -> list[Opened]:
    return [record for record in reversed(log.newest(50)) if record.envelope["type"].startswith("policy.")]


def test_the_first_set_of_a_home_is_on_record_and_the_same_one_is_not_again(
    live: Callable[..., LiveRules], log: AuditLog
) -> None:
    first = live().now()
    live()
    (record,) = records(log)
    assert record.envelope["type"] == "policy.change"
    assert record.envelope["public"] == {"from": None, "to": first.policies.hash, "policies": 1}


def test_a_change_holds_for_the_next_act_and_is_on_record(
    live: Callable[..., LiveRules], folder: Path, log: AuditLog, database: Database, keyring: Keyring
) -> None:
    rules = live()
    before = rules.now()
    changed(folder / "walls.cedar", WALL)
    after = rules.now()
    assert after.policies.ids == ("administrator-may-do-everything", "wall")
    assert before.policies.ids == ("administrator-may-do-everything",)  # an act that began with them goes on with them
    record = records(log)[-1]
    assert (record.envelope["public"]["from"], record.envelope["public"]["to"]) == (
        before.policies.hash,
        after.policies.hash,
    )
    assert record.private["files"] == ["walls.cedar"]
    with database.reading() as snapshot:
        kept = rows.in_force(snapshot)
    assert kept is not None
    assert open_files(kept, keyring)["walls.cedar"] == WALL
    assert b"forbid" not in kept.sealed


def test_listed_people_are_read_anew_too(live: Callable[..., LiveRules], folder: Path) -> None:
    rules = live()
    changed(folder / "principals.yaml", "- {id: admin}\n- {id: ana, groups: [aml]}\n")
    assert set(rules.now().principals) == {"admin", "ana"}
    changed(folder / "principals.yaml", "- {id: admin}\n", age_s=5)
    assert set(rules.now().principals) == {"admin"}


def test_redaction_is_read_anew_too_and_is_kept_with_the_set(
    live: Callable[..., LiveRules], folder: Path, log: AuditLog, database: Database, keyring: Keyring
) -> None:
    rules = live()
    assert rules.now().redaction.of("patients").name == "minimal"
    (folder / "redaction").mkdir()
    own = "name: own\ndescription: Names.\ntypes: [PERSON]\n"
    changed(folder / "redaction" / "own.yaml", own)
    changed(folder / "redaction.yaml", "collections: {patients: own}")
    assert rules.now().redaction.of("patients").types == {"PERSON"}
    assert records(log)[-1].private["files"] == ["redaction.yaml", "redaction/own.yaml"]
    with database.reading() as snapshot:
        kept = rows.in_force(snapshot)
    assert kept is not None
    assert open_files(kept, keyring)["redaction/own.yaml"] == own
    changed(folder / "redaction" / "own.yaml", own.replace("PERSON", "LOCATION"), age_s=5)
    assert rules.now().redaction.of("patients").types == {"LOCATION"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("walls.cedar", "forbid (principal"),
        ("walls.cedar", "forbid (principal, action, resource);"),
        ("walls.cedar", '@id("a") permit (principal, action, resource) when { resource.colour == 1 };'),
        ("starter.cedarschema", "entity User;"),
        ("second.cedarschema", "entity User;"),
        ("principals.yaml", "- {name: ana}"),
        ("principals.yaml", "{"),
        ("redaction.yaml", "default: hippa"),
        ("redaction.yml", "default: minimal"),
        ("redaction/own.yaml", "name: own"),
    ],
)
def test_the_last_good_set_stays_where_the_next_is_not_valid(
    live: Callable[..., LiveRules], folder: Path, log: AuditLog, name: str, text: str
) -> None:
    rules = live()
    good = rules.now()
    before = (folder / name).read_text(encoding="utf-8") if (folder / name).exists() else None
    (folder / "redaction").mkdir()
    changed(folder / name, text)
    for _ in range(3):
        assert rules.now() is good
    rejected = [record for record in records(log) if record.envelope["type"] == "policy.rejected"]
    assert [record.envelope["public"]["policies"] for record in rejected] == [good.policies.hash]  # said once
    with pytest.raises(ComplianceError) as refusal:
        live()  # nobody starts with it
    assert refusal.value.exit_code == InvalidPolicies.exit_code
    if before is None:
        (folder / name).unlink()
    else:
        changed(folder / name, before, age_s=5)
    assert rules.now().policies.hash == good.policies.hash


def test_a_folder_that_is_gone_permits_no_more_than_before(live: Callable[..., LiveRules], folder: Path) -> None:
    rules = live()
    good = rules.now()
    folder.rename(folder.with_name("elsewhere"))
    assert rules.now() is good


def test_a_file_that_is_being_written_is_left_until_it_is_still(live: Callable[..., LiveRules], folder: Path) -> None:
    changed(folder / "walls.cedar", WALL)
    rules = live(settle_s=3600)
    (folder / "walls.cedar").write_text("", encoding="utf-8")  # as when a file is opened for writing
    assert "wall" in rules.now().policies.ids
    changed(folder / "walls.cedar", WALL + "\n// the same\n", age_s=4000)
    assert "wall" in rules.now().policies.ids


def test_a_change_that_cannot_be_recorded_does_not_come_into_force(
    live: Callable[..., LiveRules], folder: Path, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = live()

    def away(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(log, "recording", away)
        changed(folder / "walls.cedar", WALL)
        with pytest.raises(Unavailable):
            rules.now()
    assert "wall" in rules.now().policies.ids


def test_what_is_required_of_a_folder_is_asked_before_it_comes_into_force(
    live: Callable[..., LiveRules], folder: Path
) -> None:
    def unsigned(_: PolicyFiles) -> None:
        raise InvalidPolicies("not signed")

    with pytest.raises(InvalidPolicies, match="not signed"):
        live(require=unsigned)


def test_what_was_checked_is_what_comes_into_force_and_is_kept(
    live: Callable[..., LiveRules], folder: Path, database: Database, keyring: Keyring
) -> None:
    changed(folder / "walls.cedar", WALL)

    def swap(_: PolicyFiles) -> None:
        changed(folder / "walls.cedar", "")  # by somebody quick, once it is approved

    assert "wall" in live(require=swap).now().policies.ids
    with database.reading() as snapshot:
        kept = rows.in_force(snapshot)
    assert kept is not None
    assert open_files(kept, keyring)["walls.cedar"] == WALL


def test_a_file_beside_it_that_is_no_text_is_told_and_changes_nothing(
    live: Callable[..., LiveRules], folder: Path, log: AuditLog
) -> None:
    rules = live()
    good = rules.now()
    (folder / "notes.yaml").write_bytes(b"\xff\xfe")
    os.utime(folder / "notes.yaml", (time.time() - 10,) * 2)
    assert rules.now() is good
    assert "notes.yaml" in str(records(log)[-1].private["message"])
    with pytest.raises(InvalidPolicies, match=r"notes\.yaml"):
        live()
