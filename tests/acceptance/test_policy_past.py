"""Past rights are explained from what was kept: the policies, the people, the grants and the documents' attributes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compliance_bot import ComplianceBot
from compliance_bot.chains.then import PastNotKept
from compliance_bot.errors import Refused
from compliance_bot.home import throw_away_home
from compliance_bot.identity import UnknownPrincipal

POLICIES = """
@id("administrator") permit (principal == User::"admin", action, resource);
@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"files")
when {{ resource has classification && resource.classification <= {level} }};
"""
PEOPLE = "- {{id: admin}}\n- {{id: ana, groups: [{groups}]}}\n"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    scratch = tmp_path_factory.mktemp("past")
    with throw_away_home(scratch / "home") as home:
        write(home / "policies" / "starter.cedar", POLICIES.format(level=1))
        write(home / "policies" / "principals.yaml", PEOPLE.format(groups="aml"))
        with ComplianceBot.open(home) as opened:
            (scratch / "file.md").write_text("# File\n\nThe file is kept for five years.\n", encoding="utf-8")
            opened.ingest([scratch / "file.md"], collection="files", attributes={"classification": 1})
            yield opened


def write(path: Path, text: str) -> None:
    """Write a file as somebody who left it alone for a while."""
    path.write_text(text, encoding="utf-8")
    then = time.time() - 10
    os.utime(path, (then, then))


def may(
    bot: ComplianceBot, document: str, as_of: datetime | None = None, who: str = "ana"
) -> tuple[bool, tuple[str, ...]]:
    found = bot.explain(document, who, principal="admin", as_of=as_of)
    return found.decision.allowed, found.decision.determining


def test_each_change_is_seen_from_its_own_moment_on(bot: ComplianceBot) -> None:
    policies = bot.settings.home / "policies"
    (document,) = bot.documents(principal="admin")
    moments = {"at first": datetime.now(UTC)}
    assert may(bot, document.document) == (True, ("aml-reads",))

    bot.set_attributes(document.document, {"classification": 2}, principal="admin")
    moments["classified"] = datetime.now(UTC)
    assert may(bot, document.document)[0] is False

    write(policies / "starter.cedar", POLICIES.format(level=2))
    assert may(bot, document.document)[0] is True
    moments["policies changed"] = datetime.now(UTC)

    write(policies / "principals.yaml", PEOPLE.format(groups=""))
    assert may(bot, document.document)[0] is False
    moments["left the group"] = datetime.now(UTC)

    grant = bot.grant("ana", groups=["aml"], reason="covers for Ben")
    assert may(bot, document.document)[0] is True
    moments["granted"] = datetime.now(UTC)
    bot.revoke(grant.id)

    answers = {what: may(bot, document.document, as_of=moment)[0] for what, moment in moments.items()}
    assert answers == {
        "at first": True,
        "classified": False,
        "policies changed": True,
        "left the group": False,
        "granted": True,
    }
    assert may(bot, document.document)[0] is False


def test_what_was_not_there_yet_is_absent_and_what_was_not_kept_is_said(bot: ComplianceBot) -> None:
    (document,) = bot.documents(principal="admin")
    with pytest.raises(PastNotKept, match="kept since 20"):
        may(bot, document.document, as_of=datetime(2020, 1, 1, tzinfo=UTC))
    now = datetime.now(UTC)
    with pytest.raises(UnknownPrincipal):
        may(bot, document.document, as_of=now, who="nobody")
    with pytest.raises(Refused):
        may(bot, "0b8f3c1e-52a4-4d55-9d0e-6f1f8f1f0a11", as_of=now)


def test_the_past_opens_nothing_of_today(bot: ComplianceBot) -> None:
    (document,) = bot.documents(principal="admin")
    with bot.parts.database.reading() as snapshot:
        from compliance_bot.store.classes import attributes_then

        assert attributes_then(snapshot, document.document, datetime.now(UTC) + timedelta(seconds=1))
        assert snapshot.connection.execute("SELECT count(*) FROM document").fetchone() == (0,)


def test_a_deleted_document_had_its_attributes_then(bot: ComplianceBot, tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("# Gone\n\nThis is deleted soon.\n", encoding="utf-8")
    bot.ingest([tmp_path / "gone.md"], collection="other", attributes={"classification": 3})
    (gone,) = [one for one in bot.documents(principal="admin") if one.collection == "other"]
    then = datetime.now(UTC)
    bot.delete(gone.document, principal="admin")
    assert may(bot, gone.document, as_of=then, who="admin") == (True, ("administrator",))
    with pytest.raises(Refused):
        may(bot, gone.document, who="admin")
