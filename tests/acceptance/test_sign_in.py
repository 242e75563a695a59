"""Signing in to a home: who acts is proven, recorded, and nobody else; in production the account decides."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import ComplianceBot, Credential, Principal
from compliance_bot.bundled import bundled
from compliance_bot.chains.rules import Rules
from compliance_bot.errors import ComplianceError, Refused, Unavailable
from compliance_bot.identity import InvalidMapping, SignInRefused, UnknownPrincipal, UnmappedAccount, make_service_key
from compliance_bot.integrations.steps import recorded
from compliance_bot.policy.attributes import UndeclaredAttribute
from compliance_bot.policy.signature import NotApproved, new_key, sign
from compliance_bot.store.moves import MovedMeanwhile
from tests.acceptance.conftest import Cli, made_home
from tests.identity_provider import AUDIENCE, ISSUER, Provider, Served, seconds_now, serving

KEY, KEY_HASH = make_service_key()
APPROVER = new_key()
ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
PRINCIPALS = f"""
- {{id: admin}}
- {{id: ana, groups: [aml], attributes: {{clearance: 2}}, sign_in: oidc}}
- {{id: bo}}
- {{id: helper, groups: [helpers]}}
- {{id: loader, kind: service, groups: [aml], key_sha256: {KEY_HASH}}}
"""
GRANTS = """
@id("aml-asks") permit (principal in Group::"aml", action in [Action::"ask", Action::"search"], resource);
@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"policies");
@id("contractors-read-nothing") forbid (principal in Group::"contractors", action == Action::"read", resource);
@id("helpers-impersonate")
permit (principal in Group::"helpers", action == Action::"impersonate", resource)
when { context has purpose && context.purpose == "support" };
"""
SECTION = f"""
  issuer: {ISSUER}
  audience: {AUDIENCE}
  jwks: keys/provider.json
  groups: {{claim: groups, map: {{g-aml: aml}}}}
  attributes: {{clearance: clearance}}
"""
MAPPING = f"oidc:{SECTION}\nheader:{SECTION.replace(AUDIENCE, 'proxy')}  name: X-Assertion\n  single_use: true\n"


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Path]:
    with made_home(tmp_path_factory.mktemp("home")) as path:
        (path / "policies" / "grants.cedar").write_text(GRANTS, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")
        (path / "policies" / "identity.yaml").write_text(MAPPING, encoding="utf-8")
        (path / "keys" / "provider.json").write_bytes(provider.key_set())
        document = path.parent / "retention.txt"
        document.write_text("KYC records are kept for six years.", encoding="utf-8")
        with ComplianceBot.open(path) as bot:
            assert bot.ingest([document], collection="policies").ingested == 1
        yield path


@pytest.fixture(scope="module")
def bot(home: Path) -> Iterator[ComplianceBot]:
    with ComplianceBot.open(home) as bot:
        yield bot


Token = Callable[..., Credential]


@pytest.fixture
def token(provider: Provider) -> Token:
    return lambda **changes: Credential(token=provider.token(now=seconds_now(), **changes))


@pytest.fixture
def header(provider: Provider) -> Token:
    return lambda **changes: Credential(header=provider.token(now=seconds_now(), **{"aud": "proxy", **changes}))


def last(bot: ComplianceBot) -> tuple[str, dict[str, Any]]:
    """Return outcome and principal of the newest record."""
    newest = bot.records(principal="admin", limit=1)[0]
    shown = bot.record(newest.record, principal="admin")
    return newest.outcome, dict(shown.payload["principal"])


def titles(bot: ComplianceBot, asker: Any) -> list[str]:
    return [document.title for document in bot.documents(principal=asker)]


def test_a_token_asks_with_the_groups_it_brings_and_is_on_record(bot: ComplianceBot, token: Token) -> None:
    answer = bot.ask("How long are KYC records kept?", principal=token(groups=["g-aml"], clearance=2))
    assert "six years" in answer.answer
    outcome, who = last(bot)
    assert outcome == "answered"
    assert who == {"id": "u-17", "groups": ["aml"], "attributes": {"clearance": 2}, "source": "token"}


def test_a_listed_person_who_signs_in_has_the_groups_of_the_token_alone(bot: ComplianceBot, token: Token) -> None:
    assert titles(bot, "ana") == titles(bot, "ANA") != []
    assert titles(bot, token(sub="ana", groups=["other"])) == []
    assert last(bot)[1] == {"id": "ana", "groups": ["other"], "attributes": {}, "source": "token"}


def test_a_forbid_on_a_group_of_the_token_holds(bot: ComplianceBot, token: Token) -> None:
    assert titles(bot, token(groups=["g-aml"])) != []
    assert titles(bot, token(groups=["g-aml", "contractors"])) == []


@pytest.mark.parametrize(
    "changes",
    [{"aud": "x"}, {"exp": 1}, {"sub": "admin"}, {"sub": "аdmin"}, {"groups": None}, {"hasgroups": True},
     {"clearance": "secret"}, {"clearance": {"of": 2}}],
)  # fmt: skip
def test_a_refused_token_tells_nothing_and_leaves_a_record_of_nobody(
    bot: ComplianceBot, token: Token, changes: dict[str, Any]
) -> None:
    for act in (
        lambda who: bot.ask("How long?", principal=who),
        lambda who: bot.documents(principal=who),
        lambda who: bot.delete("no-such", principal=who),
        lambda who: bot.embedders(principal=who),
        lambda who: bot.records(principal=who),
        lambda who: bot.ingest(["/nowhere"], collection="policies", principal=who),
    ):
        with pytest.raises(SignInRefused, match=r"^The sign-in was not accepted.$"):
            act(token(**changes))
        outcome, who = last(bot)
        assert (outcome, who["id"]) == ("refused", "-")


def test_a_proxys_header_is_used_once_and_an_act_that_begins_anew_uses_it_once(
    bot: ComplianceBot, header: Token
) -> None:
    one = header(jti="1", groups=["g-aml"])
    identify = bot.opening(principal=one)[1]
    assert identify() == identify()
    assert identify().source == "header"
    with pytest.raises(SignInRefused):
        bot.documents(principal=one)


def test_an_act_that_begins_anew_because_a_document_moved_uses_a_header_once(
    bot: ComplianceBot, header: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    (document,) = bot.documents(principal="ana")
    commit, moved = bot._log.commit, [True]

    def moved_once(*given: Any, read: Any = None, **more: Any) -> Any:
        if read and moved and moved.pop():
            raise MovedMeanwhile
        return commit(*given, **({"read": read} if read else {}), **more)

    monkeypatch.setattr(bot._log, "commit", moved_once)
    shown = bot.document(document.document, principal=header(jti="moved", groups=["g-aml"]))
    assert shown.title == document.title
    assert moved == []


def test_what_is_kept_at_hand_is_asked_for_anew_with_each_call(bot: ComplianceBot, header: Token) -> None:
    tenant = bot.tenant(principal=header(jti="room", groups=["g-aml"]))
    with pytest.raises(Refused) as first:
        tenant.show()  # known, and not permitted
    assert not isinstance(first.value, SignInRefused)
    with pytest.raises(SignInRefused):
        tenant.show()


def test_somebody_listed_meanwhile_is_nobody_whom_a_token_names(home: Path, token: Token) -> None:
    listed = home / "policies" / "principals.yaml"
    try:
        with ComplianceBot.open(home) as bot:
            assert titles(bot, token(groups=["g-aml"])) != []
            listed.write_text(f"{PRINCIPALS}\n- {{id: u-17}}\n", encoding="utf-8")
            os.utime(listed, (time.time() - 10,) * 2)
            with pytest.raises(SignInRefused):
                titles(bot, token(groups=["g-aml"]))
            assert titles(bot, token(sub="u-18", groups=["g-aml"])) != []
    finally:
        listed.write_text(PRINCIPALS, encoding="utf-8")
        os.utime(listed, (time.time() - 5,) * 2)


def test_every_act_takes_its_rules_once(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (document,) = bot.documents(principal="ana")
    note = tmp_path / "note.txt"
    note.write_text("A note.", encoding="utf-8")
    live, taken = bot._live.now, [0]

    def counted() -> Rules:
        taken[0] += 1
        return live()

    monkeypatch.setattr(bot._live, "now", counted)
    acts: dict[str, Callable[[], object]] = {
        "ask": lambda: bot.ask("How long?", principal="ana"),
        "stream": lambda: list(bot.stream("How long?", principal="ana")),
        "search": lambda: bot.search("How long?", principal="ana"),
        "documents": lambda: bot.documents(principal="ana"),
        "document": lambda: bot.document(document.document, principal="ana"),
        "history": lambda: bot.history(document.document, principal="ana"),
        "ingest": lambda: bot.ingest([note], collection="notes"),
        "set_attributes": lambda: bot.set_attributes(
            document.document, {"collection": "policies"}, principal="admin", dry_run=True
        ),
        "explain": lambda: bot.explain(document.document, "ana", principal="admin"),
        "who_may": lambda: bot.who_may(document.document, principal="admin"),
        "what_if": lambda: bot.what_if(bundled("policies") / "starter", principal="admin"),
        "grants": lambda: bot.grants(principal="admin"),
        "grant": lambda: bot.grant("bo", groups=["aml"], reason="a test"),
        "stops": lambda: bot.stops(principal="admin"),
        "records": lambda: bot.records(principal="admin"),
        "tenant": lambda: bot.tenant(principal="admin").show(),
        "embedders": lambda: bot.embedders(principal="admin"),
        "recorded": lambda: _opened_steps(bot),
    }
    found = {}
    for name, act in acts.items():
        taken[0] = 0
        act()
        found[name] = taken[0]
    assert found == dict.fromkeys(acts, 1)


def _opened_steps(bot: ComplianceBot) -> None:
    with recorded(bot, principal="ana") as steps:
        masked = steps.mask.invoke("How long?")
        assert masked


def test_a_header_for_single_use_is_accepted_once_by_two_open_homes(home: Path, header: Token) -> None:
    one = header(jti="2", groups=["g-aml"])
    with ComplianceBot.open(home) as first, ComplianceBot.open(home) as second:
        assert titles(first, one) != []
        with pytest.raises(SignInRefused):
            second.documents(principal=one)


def test_many_can_sign_in_at_once_though_connections_are_few(bot: ComplianceBot, header: Token) -> None:
    many = [header(jti=f"many-{number}", groups=["g-aml"]) for number in range(48)]
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(lambda one: titles(bot, one), many))


def test_a_service_acts_with_its_key(bot: ComplianceBot) -> None:
    assert titles(bot, Credential(service="loader", key=KEY)) != []
    assert last(bot)[1]["source"] == "service"
    with pytest.raises(SignInRefused):
        bot.documents(principal=Credential(service="loader", key=make_service_key()[0]))


def test_a_secret_is_in_no_representation() -> None:
    shown = Credential(token="tttt"), Credential(header="hhhh"), Credential(service="loader", key=KEY)
    text = repr(shown) + str(shown)
    assert not any(secret in text for secret in ("tttt", "hhhh", KEY))
    for wrong in ({}, {"token": "a", "header": "b"}, {"service": "a"}, {"key": "b"}, {"token": "a", "key": "b"}):
        with pytest.raises(ValueError, match="a credential is one of"):
            Credential(**wrong)
    with pytest.raises(TypeError, match="are text"):
        Credential(token=b"bytes")  # type: ignore[arg-type]


def test_nothing_of_a_token_comes_into_the_log_of_the_program(
    bot: ComplianceBot, token: Token, caplog: pytest.LogCaptureFixture
) -> None:
    shown = token(aud="x")
    with caplog.at_level("DEBUG"), pytest.raises(SignInRefused):
        bot.documents(principal=shown)
    codes = [record.__dict__["fields"] for record in caplog.records if record.msg == "sign_in.refused"]
    assert codes == [{"error": "audience"}]
    written = " ".join(str(record.__dict__) for record in caplog.records)
    assert shown.token is not None
    assert not any(part in written for part in shown.token.split("."))


class TestMapping:
    """A mapping that is wrong is told when the home is opened."""

    @pytest.fixture
    def opening(self, home: Path) -> Iterator[Callable[[str], None]]:
        def open_with(mapping: str) -> None:
            (home / "policies" / "identity.yaml").write_text(mapping, encoding="utf-8")
            ComplianceBot.open(home).close()

        yield open_with
        (home / "policies" / "identity.yaml").write_text(MAPPING, encoding="utf-8")

    def test_a_key_file_that_is_missing(self, opening: Callable[[str], None]) -> None:
        with pytest.raises(InvalidMapping, match=r"identity.yaml: oidc.jwks: keys/none.json: No such file"):
            opening(MAPPING.replace("keys/provider.json", "keys/none.json"))

    def test_an_attribute_that_the_schema_does_not_declare(self, opening: Callable[[str], None]) -> None:
        with pytest.raises(UndeclaredAttribute, match="rank"):
            opening(MAPPING.replace("clearance: clearance", "rank: clearance"))

    def test_without_the_file_no_token_is_accepted(self, home: Path, token: Token) -> None:
        (home / "policies" / "identity.yaml").unlink()
        try:
            with ComplianceBot.open(home) as bot, pytest.raises(SignInRefused):
                bot.documents(principal=token())
        finally:
            (home / "policies" / "identity.yaml").write_text(MAPPING, encoding="utf-8")


class TestDiscovery:
    """Keys that are fetched from the provider."""

    @pytest.fixture
    def served(self) -> Iterator[Served]:
        with serving() as served:
            yield served

    @pytest.fixture
    def discovering(self, home: Path, served: Served) -> Iterator[tuple[ComplianceBot, Provider]]:
        provider = Provider(issuer=served.url)
        about = f'{{"issuer": "{served.url}", "jwks_uri": "{served.url}/keys"}}'
        served.answers["/.well-known/openid-configuration"] = (200, about.encode())
        served.answers["/keys"] = (200, provider.key_set())
        rules = f"oidc: {{issuer: '{served.url}', audience: {AUDIENCE}, groups: {{claim: groups}}}}"
        (home / "policies" / "identity.yaml").write_text(rules, encoding="utf-8")
        with ComplianceBot.open(home) as bot:
            yield bot, provider
        (home / "policies" / "identity.yaml").write_text(MAPPING, encoding="utf-8")

    def test_a_home_opens_while_its_provider_is_away_and_signs_nobody_in(
        self, discovering: tuple[ComplianceBot, Provider], served: Served
    ) -> None:
        bot, provider = discovering
        served.answers.clear()
        credential = Credential(token=provider.token(now=seconds_now()))
        for _ in range(3):
            with pytest.raises(Unavailable):
                bot.documents(principal=credential)
            assert last(bot)[1]["id"] == "-"
        assert len(served.asked) == 1

    def test_keys_are_fetched_once_for_many_sign_ins(
        self, discovering: tuple[ComplianceBot, Provider], served: Served
    ) -> None:
        bot, provider = discovering
        for _ in range(5):
            assert titles(bot, Credential(token=provider.token(now=seconds_now()))) != []
        assert served.asked == ["/.well-known/openid-configuration", "/keys"]


def approve(home: Path) -> None:
    """Sign the policies of a home as somebody whose key the home knows."""
    (home / "approvers.yaml").write_text(f"- {{id: lena, key: {APPROVER[1]}}}\n", encoding="utf-8")
    sign(home / "policies", author="gita", approver="lena", private_key=APPROVER[0])


def left_alone(folder: Path) -> None:
    """Let the files of a folder look as if nobody had touched them for a while: then changes come into force."""
    then = time.time() - 10
    for path in folder.iterdir():
        os.utime(path, (then, then))


class TestProduction:
    """In production the account of the operating system is one principal."""

    @pytest.fixture
    def as_account(self, home: Path) -> Iterator[Callable[[str | None], ComplianceBot]]:
        opened: list[ComplianceBot] = []

        def open_one(person: str | None) -> ComplianceBot:
            accounts = f"accounts: {{{ACCOUNT}: {person}}}\n" if person else "accounts: {somebody-else: admin}\n"
            (home / "policies" / "identity.yaml").write_text(MAPPING + accounts, encoding="utf-8")
            approve(home)
            opened.append(ComplianceBot.open(home, production=True))
            return opened[-1]

        yield open_one
        for bot in opened:
            bot.close()
        (home / "policies" / "identity.yaml").write_text(MAPPING, encoding="utf-8")

    Open = Callable[[str | None], ComplianceBot]

    def test_an_account_is_its_own_principal(self, bot: ComplianceBot, as_account: Open) -> None:
        assert titles(as_account("ana"), "Ana") != []
        assert last(bot)[1] == {"id": "ana", "groups": ["aml"], "attributes": {"clearance": 2}, "source": "local"}

    @pytest.mark.parametrize("asker", ["ana", "admin", "nobody", Principal(id="ana", groups={"aml"})])
    def test_an_account_that_is_not_mapped_is_nobody(self, bot: ComplianceBot, as_account: Open, asker: Any) -> None:
        with pytest.raises(UnmappedAccount):
            as_account(None).documents(principal=asker)
        outcome, who = last(bot)
        assert (outcome, who["id"]) == ("refused", "-")

    def test_an_environment_variable_makes_nobody_of_another_account(
        self, as_account: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"):
            monkeypatch.setenv(name, "somebody-else")
        with pytest.raises(UnmappedAccount):
            as_account(None).documents(principal="admin")

    def test_acting_as_another_needs_permission_and_both_are_on_record(
        self, bot: ComplianceBot, as_account: Open
    ) -> None:
        helper = as_account("helper")
        answer = helper.ask("How long are KYC records kept?", principal="ana", purpose="support")
        assert "six years" in answer.answer
        assert last(bot)[1] == {
            "id": "ana", "groups": ["aml"], "attributes": {"clearance": 2}, "source": "local", "actor": "helper",
        }  # fmt: skip

    @pytest.mark.parametrize("asker", ["ana", "nobody", Principal(id="ana", groups={"aml"})], ids=str)
    def test_a_refused_attempt_is_the_same_for_anybody_and_names_who_tried(
        self, bot: ComplianceBot, as_account: Open, asker: Any
    ) -> None:
        bo = as_account("bo")
        for act in (
            lambda: bo.documents(principal=asker),
            lambda: bo.ask("How long?", principal=asker, purpose="support"),
            lambda: bo.delete("no-such", principal=asker),
            lambda: bo.embedders(principal=asker),
            lambda: bo.ingest(["/nowhere"], collection="policies", principal=asker),
        ):
            with pytest.raises(Refused, match=r"^Not permitted, or there is no such principal.$"):
                act()
            outcome, who = last(bot)
            assert (outcome, who["id"], who["source"]) == ("refused", "bo", "local")

    def test_who_may_act_as_others_learns_that_somebody_is_not_listed(self, as_account: Open) -> None:
        with pytest.raises(UnknownPrincipal):
            as_account("admin").documents(principal="nobody")

    def test_an_assertion_in_code_is_the_accounts_also_about_itself(self, bot: ComplianceBot, as_account: Open) -> None:
        asserted = Principal(id="bo", groups={"aml"}, source="local")
        with pytest.raises(Refused):
            as_account("bo").documents(principal=asserted)
        assert titles(as_account("admin"), asserted) != []
        who = last(bot)[1]
        assert (who["id"], who["source"], who["actor"]) == ("bo", "asserted", "admin")

    def test_whoever_acts_as_another_never_reviews(self, bot: ComplianceBot, as_account: Open) -> None:
        admin = as_account("admin")
        assert admin.records(principal="admin", limit=1)  # the policies let admin review
        with pytest.raises(Refused):
            admin.records(principal=Principal(id="admin"))
        outcome, who = last(bot)
        assert (outcome, who["id"], who["actor"]) == ("refused", "admin", "admin")

    def test_a_token_is_whose_it_is_whatever_account_runs_the_program(
        self, bot: ComplianceBot, as_account: Open, token: Token
    ) -> None:
        assert titles(as_account(None), token(groups=["g-aml"])) != []
        assert last(bot)[1]["id"] == "u-17"
        assert "actor" not in last(bot)[1]

    def test_policies_that_nobody_else_signed_do_not_run(self, home: Path, as_account: Open) -> None:
        approve(home)
        (home / "policies" / "identity.yaml").write_text(MAPPING + "\n", encoding="utf-8")  # after the signature
        with pytest.raises(NotApproved, match="not those that were approved"):
            ComplianceBot.open(home, production=True)
        (home / "approvers.yaml").unlink()
        with pytest.raises(NotApproved):
            ComplianceBot.open(home, production=True)
        ComplianceBot.open(home).close()

    def test_a_change_that_nobody_else_signed_leaves_the_approved_set_in_force(
        self, home: Path, as_account: Open
    ) -> None:
        bot = as_account("ana")
        assert titles(bot, "Ana") != []
        change = home / "policies" / "more.cedar"
        change.write_text('@id("closed") forbid (principal, action, resource);\n', encoding="utf-8")
        left_alone(home / "policies")
        try:
            assert titles(bot, "Ana") != []
            approve(home)
            left_alone(home / "policies")
            assert titles(bot, "Ana") == []
        finally:
            change.unlink()

    def test_outside_production_accounts_mean_nothing(self, home: Path, as_account: Open) -> None:
        as_account(None).close()
        with ComplianceBot.open(home) as bot:
            assert titles(bot, "ana") != []

    def test_the_command_line_acts_as_the_account(
        self, as_account: Open, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_account("ana").close()
        monkeypatch.setenv("COMPLIANCE_BOT_PRODUCTION", "true")
        assert cli("search", "KYC records", "--as", "ANA", "--json").json["hits"]
        refused = cli("search", "KYC records", "--as", "bo", "--json")
        assert refused.code == 1
        assert refused.json["error"]["message"] == "Not permitted, or there is no such principal."


def test_every_refusal_here_is_one_of_ours() -> None:
    for kind in (SignInRefused, UnmappedAccount, InvalidMapping):
        assert issubclass(kind, ComplianceError)
