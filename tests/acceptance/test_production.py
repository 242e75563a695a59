"""`doctor --production`: each thing that production asks for is missing for real, is named, and is then put right."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import ComplianceBot
from compliance_bot.policy.signature import new_key, sign
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE, EmbeddedServer
from tests.acceptance.conftest import Cli

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
CHECKS = (
    "production mode",
    "signed policies",
    "signing keys",
    "separate database",
    "database accounts",
    "sign-in",
    "acting for others",
    "emergencies",
)
BREAKS = '@id("frank-breaks") permit (principal == User::"frank", action == Action::"break_glass", resource);\n'


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    """Keep the server running: it stands in for one that somebody else runs."""
    opened = EmbeddedServer.open(home)
    yield opened
    opened.close()


def states(cli: Cli) -> dict[str, tuple[str, str]]:
    """Return what each check of production says, and check that the exit code follows them."""
    result = cli("doctor", "--production", "--json")
    found: list[dict[str, Any]] = result.json["checks"]
    assert result.code == (1 if any(one["state"] == "problem" for one in found) else 0)
    assert all(one["hint"] for one in found if one["state"] != "ok" and one["check"] in CHECKS)
    return {one["check"]: (one["state"], one["detail"]) for one in found if one["check"] in CHECKS}


def test_without_the_option_nothing_of_it_is_asked(cli: Cli, server: EmbeddedServer) -> None:
    assert not {one["check"] for one in cli("doctor", "--json").json["checks"]} & set(CHECKS)


def test_a_home_of_one_person_is_told_all_that_is_missing(cli: Cli, server: EmbeddedServer) -> None:
    found = states(cli)
    assert tuple(found) == CHECKS
    assert {name for name, (state, _) in found.items() if state == "problem"} == set(CHECKS) - {
        "acting for others", "emergencies"
    }  # fmt: skip
    assert found["acting for others"] == ("warning", "1 of those listed may act as anybody, the first is admin")


def test_a_home_that_is_set_up_for_it_has_no_problem(
    cli: Cli, home: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(home)
    monkeypatch.setenv("COMPLIANCE_BOT_PRODUCTION", "true")
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", server.conninfo(APP_ROLE))
    found = states(cli)
    assert {state for state, _ in found.values()} == {"ok", "warning"}
    assert found["signing keys"][0] == "warning"  # of the same account as the policies
    (home / "approvers.yaml").chmod(0o400)
    assert states(cli)["signing keys"][0] == "ok"
    assert found["database accounts"] == ("ok", f"the service has {APP_ROLE} alone")
    assert found["sign-in"] == ("ok", "no tokens; 1 accounts are principals")

    with monkeypatch.context() as patch:
        patch.setenv("COMPLIANCE_BOT_DATABASE_OWNER_URL", server.conninfo(OWNER_ROLE))
        assert states(cli)["database accounts"][0] == "problem"
    (home / "policies" / "lena.pem").write_bytes(new_key()[0])
    assert states(cli)["signing keys"] == (
        "problem",
        "policies/lena.pem holds a private key: whoever runs this home could sign its policies",
    )
    (home / "policies" / "lena.pem").unlink()
    (home / "policies" / "more.cedar").write_text(BREAKS, encoding="utf-8")
    assert states(cli)["signed policies"][0] == "problem"
    (home / "policies" / "more.cedar").unlink()
    assert states(cli)["signed policies"][0] == "ok"


def test_a_broken_glass_that_nobody_reviewed_is_told(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    (home / "policies" / "breaks.cedar").write_text(BREAKS, encoding="utf-8")
    with ComplianceBot.open(home) as bot:
        grant = bot.break_glass(reason="a drill", principal="frank")
        assert states(cli)["emergencies"][0] == "ok"  # it is not over
        bot.revoke(grant.id, principal="frank")
        state, detail = states(cli)["emergencies"]
        assert (state, detail[:28]) == ("warning", "1 were never reviewed, the o")
        bot.review_grant(grant.id, finding="a drill, nothing was read", principal="admin")
        assert states(cli)["emergencies"] == ("ok", "1 so far, all that are over were reviewed")
    (home / "policies" / "breaks.cedar").unlink()


def test_where_nobody_is_named_a_command_acts_as_its_account(
    cli: Cli, home: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(home, person="frank")
    monkeypatch.setenv("COMPLIANCE_BOT_PRODUCTION", "true")
    assert cli("audit", "list").code == 1  # frank is no reviewer, and admin was not meant
    with ComplianceBot.open(home, production=False) as bot:
        newest = bot.records(principal="admin", limit=1)[0]
        assert (newest.type, newest.principal, newest.outcome) == ("audit.list", "frank", "refused")
    monkeypatch.setenv("COMPLIANCE_BOT_PRODUCTION", "false")
    assert cli("audit", "list").code == 0


def set_up(home: Path, *, person: str = "admin") -> None:
    """Let an account be somebody, and have the policies signed."""
    (home / "policies" / "identity.yaml").write_text(f"accounts: {{{ACCOUNT}: {person}}}\n", encoding="utf-8")
    private, public = new_key()
    (home / "approvers.yaml").unlink(missing_ok=True)
    (home / "approvers.yaml").write_text(f"- {{id: lena, key: {public}}}\n", encoding="utf-8")
    sign(home / "policies", author="gita", approver="lena", private_key=private)
    then = time.time() - 10
    for path in (home / "policies").iterdir():
        os.utime(path, (then, then))
