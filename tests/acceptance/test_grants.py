"""Rights for a time: granted by somebody else, taken in an emergency, stopped for everybody; each on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import ComplianceBot, Principal
from compliance_bot.chains import grants as chain
from compliance_bot.chains.grants import NotOneself
from compliance_bot.chains.reason import NoReason
from compliance_bot.errors import Refused, UsageError
from compliance_bot.home import throw_away_home
from compliance_bot.store.stops import Stopped

from .conftest import Cli

POLICIES = """
@id("administrator") permit (principal in Group::"administrators", action, resource)
unless { action == Action::"read" };
@id("staff-ask") permit (principal in Group::"staff", action in [Action::"ask", Action::"search"], resource);
@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"aml");
@id("matter") permit (principal in Group::"staff", action == Action::"read", resource)
when { principal has matters && resource has matter && principal.matters.contains(resource.matter) };
@id("doctors-break-glass") permit (principal in Group::"doctors", action == Action::"break_glass", resource);
@id("in-an-emergency") permit (principal in Group::"break-glass", action == Action::"read", resource)
when { resource in Collection::"care" };
"""
PEOPLE = """
- {id: admin, groups: [administrators]}
- {id: second, groups: [administrators]}
- {id: ana, groups: [staff]}
- {id: dora, groups: [staff, doctors]}
"""
QUESTION = "How long are the files kept?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    scratch = tmp_path_factory.mktemp("grants")
    with throw_away_home(scratch / "home") as home:
        (home / "policies" / "starter.cedar").write_text(POLICIES, encoding="utf-8")
        (home / "policies" / "principals.yaml").write_text(PEOPLE, encoding="utf-8")
        with ComplianceBot.open(home) as opened:
            for name, attributes in (("aml", {}), ("care", {}), ("deals", {"matter": "heron"})):
                document = scratch / f"{name}.md"
                document.write_text(f"# Files\n\nThe files of {name} are kept for five years.\n", encoding="utf-8")
                assert opened.ingest([document], collection=name, attributes=attributes).ingested == 1
            yield opened


def found(bot: ComplianceBot, who: str) -> set[str]:
    return {hit.passage.collection for hit in bot.search(QUESTION, principal=who)}


@pytest.fixture(autouse=True)
def _nothing_granted(bot: ComplianceBot) -> Iterator[None]:
    yield
    for grant in bot.grants(principal="admin"):
        if grant.holds(datetime.now(UTC)):
            bot.revoke(grant.id, principal="admin")


class TestGrants:
    def test_a_group_is_there_until_it_is_revoked(self, bot: ComplianceBot) -> None:
        assert found(bot, "ana") == set()
        grant = bot.grant("ana", groups=["aml"], reason="covers for Ben")
        assert found(bot, "ana") == {"aml"}
        bot.revoke(grant.id)
        assert found(bot, "ana") == set()
        with pytest.raises(Refused):
            bot.revoke(grant.id)  # it has ended

    def test_attributes_are_typed_by_the_schema_and_sets_are_joined(self, bot: ComplianceBot) -> None:
        bot.grant("ana", attributes={"matters": "heron"}, reason="joins the team")
        bot.grant("ana", attributes={"matters": "quillon"}, reason="joins another team")
        (ana,) = [person for person in bot.principals() if person.id == "ana"]
        assert ana.attributes["matters"] == frozenset({"heron", "quillon"})
        assert found(bot, "ana") == {"deals"}
        with pytest.raises(UsageError, match="shoe_size"):
            bot.grant("ana", attributes={"shoe_size": "40"}, reason="none")

    def test_one_that_begins_later_or_has_ended_gives_nothing(
        self, bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = datetime.now(UTC)
        bot.grant("ana", groups=["aml"], reason="next week", valid_from=now + timedelta(days=7))
        assert found(bot, "ana") == set()
        bot.grant("ana", groups=["aml"], reason="today", valid_to=now + timedelta(minutes=5))
        assert found(bot, "ana") == {"aml"}

        class Later(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return now + timedelta(minutes=6)

        monkeypatch.setattr("compliance_bot.wiring.datetime", Later)
        assert found(bot, "ana") == set()

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"groups": ["aml"], "reason": " \n "}, NoReason),
            ({"groups": ["aml"], "reason": "x" * 501}, NoReason),
            ({"reason": "nothing"}, UsageError),
            ({"groups": ["break-glass"], "reason": "round the back"}, UsageError),
            ({"groups": ["aml"], "reason": "past", "valid_to": datetime(2020, 1, 1, tzinfo=UTC)}, UsageError),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, bot: ComplianceBot, given: dict[str, Any], error: type[Exception]
    ) -> None:
        before = len(bot.grants(principal="admin"))
        with pytest.raises(error):
            bot.grant("ana", **given)
        assert len(bot.grants(principal="admin")) == before

    def test_nobody_grants_to_themselves_and_only_administrators_grant(self, bot: ComplianceBot) -> None:
        with pytest.raises(NotOneself):
            bot.grant("admin", groups=["aml"], reason="me too")
        with pytest.raises(NotOneself):
            bot.grant("ADMIN", groups=["aml"], reason="me too")
        for_another = Principal(id="admin", groups={"administrators"}, actor="dora")
        with pytest.raises(NotOneself):
            bot.grant("Dora", groups=["aml"], reason="as the administrator", principal=for_another)
        with pytest.raises(Refused):
            bot.grant("dora", groups=["aml"], reason="a friend", principal="ana")
        with pytest.raises(Refused):
            bot.grants(principal="ana")

    @pytest.mark.parametrize(
        "grant", ["", "nonsense", "00000000-0000-0000-0000-000000000000", "'; DROP TABLE stop; --"]
    )
    def test_an_unknown_grant_is_refused_like_any_other(self, bot: ComplianceBot, grant: str) -> None:
        with pytest.raises(Refused):
            bot.revoke(grant)

    def test_names_and_reasons_stand_in_no_row_in_the_clear(self, bot: ComplianceBot) -> None:
        bot.grant('o\'hara "x"; DROP TABLE chunk', groups=["aml"], reason="covers for Benedikt")
        with bot.parts.database.reading() as snapshot:
            rows = snapshot.connection.execute("SELECT * FROM principal_grant").fetchall()
        assert rows
        stored = b"".join(value for row in rows for value in row if isinstance(value, bytes))
        assert b"Benedikt" not in stored
        assert b"hara" not in stored
        assert "o'hara" in bot.grants(principal="admin")[0].principal

    def test_each_is_on_record_with_who_gave_what_to_whom(self, bot: ComplianceBot) -> None:
        grant = bot.grant("ana", groups=["aml"], reason="covers for Ben", principal="second")
        newest = bot.records(principal="admin", limit=1)[0]
        shown = bot.record(newest.record, principal="admin")
        assert (newest.type, newest.principal, newest.outcome) == ("grants.give", "second", "done")
        assert shown.envelope["public"]["grant"] == grant.id
        assert "ana" not in str(shown.envelope["public"])
        assert shown.payload["granted"]["reason"] == "covers for Ben"


class TestBreakingTheGlass:
    def test_it_opens_what_policies_say_for_some_hours_and_is_reviewed_by_somebody_else(
        self, bot: ComplianceBot
    ) -> None:
        assert found(bot, "dora") == set()
        grant = bot.break_glass(reason="patient in danger", hours=0.5, principal="dora")
        assert found(bot, "dora") == {"care"}
        assert grant.valid_to is not None
        assert grant.valid_to - grant.valid_from == timedelta(minutes=30)
        with pytest.raises(Refused):
            bot.review_grant(grant.id, finding="all well", principal="dora")
        bot.review_grant(grant.id, finding="was right", principal="admin")
        assert bot.grants(principal="admin")[0].reviewed_at is not None
        with pytest.raises(Refused):
            bot.review_grant(grant.id, finding="again", principal="admin")

    def test_who_broke_it_may_end_it(self, bot: ComplianceBot) -> None:
        grant = bot.break_glass(reason="patient in danger", principal="dora")
        bot.revoke(grant.id, principal="dora")
        assert found(bot, "dora") == set()

    def test_others_may_not_break_it_nor_for_long_nor_without_a_reason(self, bot: ComplianceBot) -> None:
        with pytest.raises(Refused):
            bot.break_glass(reason="curious", principal="ana")
        with pytest.raises(UsageError):
            bot.break_glass(reason="patient in danger", hours=25, principal="dora")
        with pytest.raises(NoReason):
            bot.break_glass(reason="", principal="dora")
        assert found(bot, "ana") == set()

    def test_nobody_breaks_it_for_another(self, bot: ComplianceBot) -> None:
        with pytest.raises(Refused):
            bot.break_glass(reason="curious", principal=Principal(id="dora", groups={"doctors"}, actor="ana"))

    def test_an_administrator_who_broke_it_does_not_review_it(self, bot: ComplianceBot) -> None:
        grant = bot.break_glass(reason="test of the alarm", principal="second")
        with pytest.raises(NotOneself):
            bot.review_grant(grant.id, finding="fine", principal="second")


class TestKillSwitch:
    @pytest.fixture(autouse=True)
    def _everything_runs(self, bot: ComplianceBot) -> Iterator[None]:
        yield
        for stop in bot.stops(principal="admin"):
            bot.lift(stop.kind, stop.name, principal="admin")

    def test_a_stopped_collection_is_in_nobodys_scope(self, bot: ComplianceBot) -> None:
        bot.grant("ana", groups=["aml"], reason="covers for Ben")
        assert found(bot, "ana") == {"aml"}
        assert bot.stop("collection", "aml", reason="wrong documents")
        assert found(bot, "ana") == set()
        assert bot.documents(principal="ana") == ()
        assert not bot.stop("collection", "aml", reason="again")
        assert bot.lift("collection", "aml")
        assert found(bot, "ana") == {"aml"}

    def test_while_the_tenant_is_stopped_nothing_is_asked_and_the_log_can_be_reviewed(
        self, bot: ComplianceBot, tmp_path: Path
    ) -> None:
        bot.stop("tenant", reason="incident")
        for act in (
            lambda: bot.ask(QUESTION, principal="ana"),
            lambda: bot.search(QUESTION, principal="ana"),
            lambda: bot.documents(principal="ana"),
        ):
            with pytest.raises(Stopped):
                act()
        assert bot.records(principal="admin")
        (tmp_path / "new.md").write_text("# New\n\nA new rule holds from now on.\n", encoding="utf-8")
        with pytest.raises(Stopped):
            bot.ingest([tmp_path / "new.md"], collection="aml")
        bot.lift("tenant")
        bot.search(QUESTION, principal="ana")

    def test_a_stopped_model_answers_nothing(self, bot: ComplianceBot) -> None:
        bot.grant("ana", groups=["aml"], reason="covers for Ben")
        assert not bot.ask(QUESTION, principal="ana").abstained
        name = bot.parts.composer.quote.name
        bot.stop("model", name, reason="under review")
        with pytest.raises(Stopped):
            bot.ask(QUESTION, principal="ana")
        assert found(bot, "ana") == {"aml"}  # searching needs no model

    def test_only_administrators_stop_and_only_what_there_can_be(self, bot: ComplianceBot) -> None:
        for kind, name in (("tenant", "x"), ("model", ""), ("planet", "earth"), ("collection", " ")):
            with pytest.raises(UsageError):
                bot.stop(kind, name, reason="none")
        with pytest.raises(UsageError):
            bot.stop("tenant", reason="")
        with pytest.raises(Refused):
            bot.stop("tenant", reason="curious", principal="ana")
        assert bot.stops(principal="admin") == ()


def test_a_grant_is_sealed_and_opened_again(bot: ComplianceBot) -> None:
    grant = bot.grant("ana", attributes={"clearance": 2, "matters": "heron"}, reason="joins the team")
    assert bot.grants(principal="admin")[0] == grant
    assert chain.describe_grant(grant)["reason"] == "joins the team"


def test_the_same_from_the_command_line(cli: Cli) -> None:
    """Uses the home of the file's command line, whose ana reads the collection `policies`."""
    made = cli(
        "principal", "grant", "frank", "--group", "aml", "--until", "2099-12-31", "--reason", "helps out", "--json"
    )
    grant = made.json["grant"]
    assert (grant["principal"], grant["groups"], grant["to"], grant["holds"]) == (
        "frank",
        ["aml"],
        "2100-01-01T00:00:00.000Z",
        True,
    )
    assert "helps out" in cli("principal", "list").out
    listed = {person["principal"]: person["groups"] for person in cli("principal", "list", "--json").json["principals"]}
    assert listed == {"admin": [], "ana": ["aml"], "frank": ["aml"]}
    assert cli("search", "anything", "--as", "frank").code == 0
    assert cli("principal", "revoke", grant["grant"]).code == 0
    assert cli("search", "anything", "--as", "frank").code == 1
    assert cli("principal", "grant", "frank", "--group", "aml", "--until", "tomorrow", "--reason", "x").code == 2
    assert cli("principal", "break-glass", "--reason", "x", "--as", "frank").code == 1
    assert cli("principal", "list", "--as", "frank").code == 1
    emergency = cli("principal", "break-glass", "--reason", "drill", "--json").json["grant"]
    assert emergency["groups"] == ["break-glass"]
    assert cli("principal", "review", emergency["grant"], "--finding", "fine").code == 1  # one's own
    assert cli("kill-switch", "stop", "collection", "policies", "--reason", "wrong", "--json").json == {"changed": True}
    assert "collection policies" in cli("kill-switch", "list").out
    assert cli("kill-switch", "list", "--json").json["stops"][0]["name"] == "policies"
    assert cli("kill-switch", "lift", "collection", "policies", "--json").json == {"changed": True}
    assert cli("kill-switch", "stop", "planet", "earth", "--reason", "x").code == 2
