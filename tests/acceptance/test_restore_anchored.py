"""`compliance-bot backup restore` with the anchor: what happened since holds before anybody is served."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot
from compliance_bot.errors import Refused
from compliance_bot.store.embedded import destroy
from compliance_bot.testing import ListedDetector
from tests.acceptance.conftest import Cli, made_home

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
WHY = "a request of 3 March"
POLICIES = """
@id("administrator") permit (principal == User::"admin", action, resource);
@id("staff") permit (principal in Group::"staff", action in [Action::"ask", Action::"search", Action::"read"], resource)
unless { resource has matter };
@id("care") permit (principal in Group::"care", action == Action::"reveal", resource);
"""


class Home:
    """A home with a backup, and what has happened in it since."""

    def __init__(self, path: Path, backup: Path, keys: Path) -> None:
        self.path, self.backup, self.keys = path, backup, keys

    @property
    def anchor(self) -> Path:
        return self.path.with_name(f"{self.path.name}.anchor.jsonl")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("papers")
    for name, text in (
        ("letter", "Zorblax Quindle paid the overdraft fee."),
        ("memo", "The branch is closed on Friday."),
        ("plan", "The heron plan is to be told to nobody."),
    ):
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", encoding="utf-8")
    with made_home(tmp_path_factory.mktemp("original")) as path:
        _write(path / "policies" / "starter.cedar", POLICIES)
        _write(path / "policies" / "principals.yaml", "- {id: admin}\n- {id: ben, groups: [staff]}\n")
        with _opened(path) as bot:
            assert bot.ingest([folder], collection="files").ingested == 3
            grant = bot.grant("ben", groups=["care"], reason=WHY)
            assert "Quindle" in bot.ask("Who paid the overdraft fee?", principal="ben").answer
            bot.create_backup(folder / "home.backup")
        shutil.copytree(path / "keys", folder / "keys")
        with _opened(path) as bot:
            found = {one.title: one.document for one in bot.documents(principal="admin")}
            assert bot.erase("Zorblax Quindle", reason=WHY, principal="admin").placeholders == 1
            bot.revoke(grant.id)
            bot.delete(found["Memo"], principal="admin")
            bot.set_attributes(found["Plan"], {"matter": "heron"}, principal="admin")
            bot.stop("model", "some", reason=WHY)
            bot.mark(found["Letter"], "overdraft fee", entity_type="ORGANIZATION", reason=WHY, principal="admin")
        yield Home(path, folder / "home.backup", folder / "keys")


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Path]:
    path = tmp_path / "target"
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(path))
    yield path
    if path.exists():
        destroy(path)


def _opened(path: Path) -> ComplianceBot:
    bot = ComplianceBot.open(path)
    bot.detector = ListedDetector({"Zorblax Quindle": "PERSON"})
    return bot


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - 100,) * 2)


def _restore(cli: Cli, home: Home, *options: str | Path) -> Any:
    told = cli("backup", "restore", home.backup, "--keys", home.keys, *options, "--json")
    assert told.code == 0, told
    shape = json.loads(told.out)
    schema = json.loads((SCHEMAS / "backup-restore.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(shape)
    return shape


def test_what_happened_since_holds_in_the_home_that_comes_back(home: Home, target: Path, cli: Cli) -> None:
    before = home.anchor.read_bytes()
    told = _restore(cli, home)
    assert told["applied"] == {
        "placeholders_erased": 1,
        "placeholders_restricted": 0,
        "documents_deleted": 1,
        "documents_refiled": 1,
        "grants_revoked": 1,
        "grants_lost": 0,
        "corrections_lost": 1,
        "stops": 1,
        "lifts": 0,
    }
    with _opened(target) as bot:
        titles = {one.title: one.document for one in bot.documents(principal="admin")}
        assert titles.keys() == {"Letter", "Plan"}
        assert bot.ask("Who paid the overdraft fee?", principal="admin").answer.startswith("<PERSON_1> paid")
        assert bot.reveal(titles["Letter"], principal="admin") == ()
        assert {one.title for one in bot.documents(principal="ben")} == {"Letter"}
        with pytest.raises(Refused):
            bot.document(titles["Plan"], principal="ben")
        assert [one.name for one in bot.stops(principal="admin")] == ["some"]
        assert [one.revoked_at is None for one in bot.grants(principal="admin")] == [False]
    # The old home's anchor is as it was; the new one has its own, which begins with the same lines.
    assert home.anchor.read_bytes() == before
    assert Path(told["anchor"]) == target.with_name("target.anchor.jsonl")
    assert Path(told["anchor"]).read_bytes().startswith(before)


def test_an_anchor_that_was_moved_is_given(home: Home, target: Path, cli: Cli, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    home.anchor.rename(kept)
    try:
        refused = cli("backup", "restore", home.backup, "--keys", home.keys)
        assert (refused.code, "AnchorNotFound" in refused.err, target.exists()) == (3, True, False)
        assert _restore(cli, home, "--anchor", kept)["applied"]["placeholders_erased"] == 1
    finally:
        kept.rename(home.anchor)


def test_an_anchor_that_ends_before_the_backup_or_is_another_is_refused(
    home: Home, target: Path, cli: Cli, tmp_path: Path
) -> None:
    (first, *_) = home.anchor.read_bytes().splitlines(keepends=True)
    for name, content, error in (
        ("short", first, "AnchorNotFound"),
        ("changed", home.anchor.read_bytes().replace(b'"kind"', b'"king"', 1), "AnchorAltered"),
        ("absent", None, "AnchorNotFound"),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        refused = cli("backup", "restore", home.backup, "--keys", home.keys, "--anchor", path)
        assert (refused.code, error in refused.err, target.exists()) == (3, True, False), refused


def test_a_copy_that_is_behind_gives_way_to_the_one_that_goes_on(home: Home, target: Path, cli: Cli) -> None:
    """As after a restore that was killed between bringing the anchor and its end."""
    lines = home.anchor.read_bytes().splitlines(keepends=True)
    own = target.with_name("target.anchor.jsonl")
    own.write_bytes(b"".join(lines[:-2]))
    assert _restore(cli, home)["applied"]["corrections_lost"] == 1
    assert own.read_bytes().startswith(home.anchor.read_bytes())


def test_without_an_anchor_it_serves_nobody_until_somebody_accepts_that(home: Home, target: Path, cli: Cli) -> None:
    told = _restore(cli, home, "--without-anchor")
    assert (told["anchor"], told["applied"]) == (None, None)
    refused = cli("ask", "Who paid?")
    assert (refused.code, "AnchorLost" in refused.err) == (3, True)
    assert cli("anchor", "accept-loss", "--reason", WHY).code == 0
    assert cli("ask", "Who paid the overdraft fee?").code == 0


def test_policies_that_others_replaced_are_not_put_back_unasked(
    home: Home, target: Path, cli: Cli, tmp_path: Path
) -> None:
    now = tmp_path / "policies"
    shutil.copytree(home.path / "policies", now)
    _write(now / "starter.cedar", POLICIES.replace('@id("care")', '// nobody reveals\n@id("care")'))
    shutil.copytree(now, home.path / "policies", dirs_exist_ok=True)
    _write(home.path / "policies" / "starter.cedar", (now / "starter.cedar").read_text(encoding="utf-8"))
    with _opened(home.path):
        pass  # they come into force
    refused = cli("backup", "restore", home.backup, "--keys", home.keys)
    assert (refused.code, "PoliciesOutdated" in refused.err, target.exists()) == (1, True, False), refused
    _restore(cli, home, "--policies", now)
    assert "nobody reveals" in (target / "policies" / "starter.cedar").read_text(encoding="utf-8")
    destroy(target)
    shutil.rmtree(target)
    target.with_name("target.anchor.jsonl").unlink()
    _restore(cli, home, "--policies-of-backup")
    assert "nobody reveals" not in (target / "policies" / "starter.cedar").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options", [("--anchor", "x", "--without-anchor"), ("--policies", "x", "--policies-of-backup")]
)
def test_options_that_contradict_each_other_are_refused(
    home: Home, target: Path, cli: Cli, options: tuple[str, ...]
) -> None:
    refused = cli("backup", "restore", home.backup, "--keys", home.keys, *options)
    assert (refused.code, "expected one of them" in refused.err) == (2, True)
