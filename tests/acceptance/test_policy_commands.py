"""`compliance-bot policy` in the sample institution's home: what it tells, and whom it tells nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot
from compliance_bot.bundled import bundled
from compliance_bot.cli import shapes
from compliance_bot.errors import Refused
from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource
from compliance_bot.policy.files import read_files
from compliance_bot.policy.signature import NotApproved, require_approved
from compliance_bot.policy.walls import walls_alone
from compliance_bot.records import Principal
from compliance_bot.store.classes import class_holdings
from compliance_bot.store.scope import access_classes
from tests.acceptance.conftest import Cli, Result, made_home

ROOT = Path(__file__).resolve().parents[2]
ABSENT = "00000000-0000-4000-8000-000000000000"
PAPERS = {
    "public": ("retail", {"classification": 0}),
    "internal": ("retail", {"classification": 1}),
    "branch": ("retail", {"classification": 1, "department": "retail"}),
    "report": ("aml", {"classification": 2, "department": "aml", "tags": "sar"}),
    "memo": ("aml", {"classification": 2, "department": "aml"}),
    "heron": ("matter-heron", {"classification": 3, "department": "corporate", "matter": "heron"}),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the sample institution with one paper of each kind."""
    folder = tmp_path_factory.mktemp("papers")
    with made_home(tmp_path_factory.mktemp("home"), policies="sample") as path:
        with ComplianceBot.open(home=path) as bot:
            for name, (collection, attributes) in PAPERS.items():
                paper = folder / f"{name}.md"
                paper.write_text(f"# Paper {name}\n\nThe text of the paper named {name}.\n", encoding="utf-8")
                by = "dev" if name == "heron" else "admin"
                bot.ingest([paper], collection=collection, attributes=attributes, principal=by)
        yield path


@pytest.fixture
def papers(cli: Cli) -> dict[str, str]:
    """Return the ids of the papers by name."""
    found = {}
    for who in ("admin", "dev"):
        for document in cli("documents", "list", "--as", who, "--json").json["documents"]:
            found[document["title"].removeprefix("Paper ")] = document["document"]
    assert set(found) == set(PAPERS)
    return found


@pytest.fixture
def other(home: Path, tmp_path: Path) -> Path:
    """Return a copy of the home's policies, to be changed."""
    copied = shutil.copytree(home / "policies", tmp_path / "other")
    shutil.rmtree(copied / "tests")
    return Path(copied)


def fits(name: str, result: Result) -> dict[str, Any]:
    schema = json.loads((ROOT / "docs" / "reference" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result.json)
    return result.json


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def drop_wall(folder: Path) -> None:
    walls = (folder / "walls.cedar").read_text(encoding="utf-8")
    before, _, after = walls.partition('@id("ethical-wall")')
    (folder / "walls.cedar").write_text(before + after.partition(";")[2], encoding="utf-8")


def newest(cli: Cli, kind: str) -> dict[str, Any]:
    records = cli("audit", "list", "--json").json["records"]
    record = next(r for r in records if r["type"] == kind)
    return cli("audit", "show", record["record"], "--json").json


def test_a_new_home_has_the_tests_of_its_policies_and_passes_them(cli: Cli, home: Path) -> None:
    assert (home / "policies" / "tests" / "walls.yaml").is_file()
    report = fits("policy-check", cli("policy", "check", "--json"))
    assert report["problems"] == []
    assert [warning["policies"] for warning in report["warnings"]] == [["embargo"], ["expired"]]  # the clock's cost
    assert len(report["tests"]) > 50
    assert cli("policy", "check").code == 0
    assert "tests passed" in cli("policy", "test").out


def test_a_failed_test_is_told_and_ends_with_1(cli: Cli, other: Path) -> None:
    shutil.copytree(bundled("policies") / "sample" / "tests", other / "tests")
    edit(other, "reading.cedar", "resource.classification == 0", "resource.classification <= 1")
    result = cli("policy", "check", other)
    assert result.code == 1
    assert "FAILED tests/reading.yaml: auditors read nothing that is internal" in result.out
    assert "expected deny because of no policy, decided allow because of public-documents" in result.out
    assert not all(t["passed"] for t in fits("policy-check", cli("policy", "test", other, "--json"))["tests"])


def test_an_invalid_folder_ends_with_2_and_every_problem(cli: Cli, other: Path) -> None:
    (other / "bad\x1b[31m.cedar").write_text('@id("b\u202ed") permit (principal, action;\npermit (principal);')
    result = cli("policy", "check", other)
    assert result.code == 2
    assert "2 problems; nothing was tested" in result.out
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out
    assert len(fits("policy-check", cli("policy", "check", other, "--json"))["problems"]) == 2


def test_a_folder_that_is_not_there_or_has_no_schema_ends_with_2(cli: Cli, other: Path) -> None:
    assert cli("policy", "check", other / "absent").code == 2
    assert cli("policy", "test", other).code == 2  # no tests in it
    (other / "institution.cedarschema").unlink()
    assert cli("policy", "check", other).code == 2
    assert cli("policy", "what-if", "--with", other).code == 2
    assert cli("policy", "what-if", "--with", other / "absent").code == 2


def test_policies_are_checked_without_a_home_and_where_the_home_does_not_open(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "policies" / "broken.cedar").write_text("nonsense", encoding="utf-8")
    try:
        assert cli("policy", "check").code == 2
    finally:
        (home / "policies" / "broken.cedar").unlink()
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(tmp_path / "nowhere"))
    assert cli("policy", "check", bundled("policies") / "sample").code == 0


def test_a_reviewer_sees_which_wall_won_and_nothing_of_what_is_behind_it(cli: Cli, papers: dict[str, str]) -> None:
    arguments = ("policy", "explain", "--document", papers["heron"], "--as", "hugo", "--by", "admin")
    shape = fits("policy-explain", cli(*arguments, "--json"))
    assert (shape["decision"], shape["determining"]) == ("deny", ["ethical-wall"])
    assert [(r["policy"], r["role"]) for r in shape["reasons"]] == [
        ("ethical-wall", "decided"),
        ("own-department-up-to-clearance", "overruled"),
    ]
    values = {value["name"]: value for value in shape["values"]}
    assert values["principal.department"]["value"] == "corporate"
    assert values["resource.matter"] == {"name": "resource.matter", "value": None, "withheld": True}
    assert shape["title"] is None
    told = cli(*arguments).out
    assert "hugo may NOT read" in told
    assert "Paper heron" not in told + json.dumps(shape)
    assert "forbid ethical-wall (walls.cedar, line 5): decided" in told


def test_a_reviewer_sees_the_attributes_of_what_is_merely_not_permitted_to_them(
    cli: Cli, papers: dict[str, str]
) -> None:
    arguments = ("policy", "explain", "--document", papers["memo"], "--as", "ben", "--by", "eve", "--json")
    shape = fits("policy-explain", cli(*arguments))
    assert shape["title"] is None  # eve may not read it
    assert {"name": "resource.collection", "value": "aml", "withheld": False} in shape["values"]
    shape = fits("policy-explain", cli(*arguments[:-2], "admin", "--json"))
    assert shape["title"] == "Paper memo"


def test_who_asks_about_themselves_is_told_why_they_may(cli: Cli, papers: dict[str, str]) -> None:
    arguments = ("policy", "explain", "--document", papers["heron"], "--as", "dev")
    shape = fits("policy-explain", cli(*arguments, "--json"))
    assert (shape["decision"], shape["determining"], shape["reasons"]) == ("allow", ["matter-team"], [])
    assert shape["title"] == "Paper heron"
    assert {"name": "resource.matter", "value": "heron", "withheld": False} in shape["values"]
    assert cli(*arguments, "--by", "dev", "--json").json == shape
    may_not = cli(*arguments, "--action", "delete", "--json").json  # they know of the document, not of the policies
    assert (may_not["decision"], may_not["reasons"], may_not["values"]) == ("deny", [], [])


@pytest.mark.parametrize("json_", [(), ("--json",)])
def test_forbidden_and_absent_documents_are_refused_alike(
    cli: Cli, papers: dict[str, str], json_: tuple[str, ...]
) -> None:
    def asked(document: str, *more: str) -> Result:
        return cli("policy", "explain", "--document", document, *more, *json_)

    absent = asked(ABSENT, "--as", "hugo")
    assert absent.code == 1
    for document in (papers["heron"], papers["memo"], "no id at all", "x\x00\x1b"):
        assert asked(document, "--as", "hugo") == absent
        assert asked(document, "--as", "hugo", "--action", "no-such-action") == absent
        assert asked(document, "--as", "hugo", "--as-of", "2026-03-03") == absent
    assert asked(ABSENT, "--as", "hugo", "--by", "admin") == absent
    assert asked(papers["public"], "--as", "hugo", "--by", "ben") == absent
    assert asked(papers["public"], "--as", "no\nbody", "--by", "ben") == absent
    for document in (papers["public"], papers["heron"], ABSENT):
        assert cli("policy", "who", "--document", document, "--as", "ben", *json_) == absent
    assert cli("policy", "who", "--document", ABSENT, *json_) == absent


def test_a_reviewer_is_told_that_there_is_no_such_person(cli: Cli, papers: dict[str, str]) -> None:
    result = cli("policy", "explain", "--document", papers["public"], "--as", "no\x1b[31mbody", "--by", "admin")
    assert result.code == 1
    assert "UnknownPrincipal" in result.err
    assert "\x1b" not in result.err


def test_an_action_is_explained_with_its_own_context(cli: Cli, papers: dict[str, str]) -> None:
    arguments = ("policy", "explain", "--document", papers["branch"], "--as", "salma", "--by", "admin")
    reveal = (*arguments, "--action", "reveal")
    assert "entity_type is missing" in cli(*reveal).err
    number = cli(*reveal, "--context", "entity_type=US_SSN", "--purpose", "complaint", "--json").json
    assert number["determining"] == ["no-casual-identity-numbers"]
    phone = cli(*reveal, "--context", "entity_type=PHONE_NUMBER", "--purpose", "complaint", "--json").json
    assert phone["determining"] == ["reveal-in-own-department"]
    assert {"name": "context.purpose", "value": "complaint", "withheld": False} in phone["values"]
    process = (*arguments, "--action", "process", "--context", "model=m", "--context")
    assert cli(*process, "on_premises=true", "--json").json["decision"] == "allow"
    assert cli(*process, "on_premises=false", "--json").json["decision"] == "deny"
    assert cli(*arguments, "--action", "ask").code == 2
    assert cli(*arguments, "--context", "mood=good").code == 2


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "2026-03-03T12:00:00", "2999-01-01", ""])
def test_a_moment_that_is_none_or_still_to_come_is_a_mistake_in_typing(
    cli: Cli, papers: dict[str, str], moment: str
) -> None:
    arguments = ("policy", "explain", "--document", papers["public"], "--as", "ben", "--as-of", moment)
    result = cli(*arguments)
    assert result.code == 2
    assert "--as-of" in result.err


@pytest.mark.parametrize("moment", ["2026-03-03", "2026-03-03T12:00:00+01:00"])
def test_a_past_that_was_not_kept_is_refused(cli: Cli, papers: dict[str, str], moment: str) -> None:
    arguments = ("policy", "explain", "--document", papers["public"], "--as", "ben", "--by", "admin")
    result = cli(*arguments, "--as-of", moment)
    assert result.code == 1
    assert "kept since" in result.err


def test_who_may_is_listed_with_the_policies_that_say_so(cli: Cli, papers: dict[str, str]) -> None:
    shape = fits("policy-who", cli("policy", "who", "--document", papers["heron"], "--json"))
    assert [p["principal"] for p in shape["permitted"]] == ["dev", "lena"]
    assert (shape["title"], shape["listed"]) == (None, 16)
    shape = fits("policy-who", cli("policy", "who", "--document", papers["report"], "--as", "admin", "--json"))
    assert {p["principal"]: p["determining"] for p in shape["permitted"]} == {
        "admin": ["administrator"],
        "ana": ["aml-team", "own-department-up-to-clearance"],
    }
    assert "  ana: aml-team, own-department-up-to-clearance" in cli("policy", "who", "--document", papers["report"]).out


def test_explanations_and_refusals_are_on_record_without_a_name_in_the_open_part(
    cli: Cli, papers: dict[str, str], other: Path
) -> None:
    cli("policy", "explain", "--document", papers["heron"], "--as", "hugo", "--by", "admin")
    shown = newest(cli, "policy.explain")
    assert (shown["principal"], shown["outcome"]) == ("admin", "done")
    assert shown["payload"]["explained"] == {"principal": "hugo"}
    assert shown["envelope"]["public"]["explained"]["determining"] == ["ethical-wall"]
    assert "hugo" not in json.dumps(shown["envelope"])
    cli("policy", "explain", "--document", papers["heron"], "--as", "hugo")
    assert newest(cli, "policy.explain")["outcome"] == "refused"
    cli("policy", "who", "--document", papers["heron"])
    assert newest(cli, "policy.who")["envelope"]["public"]["explained"]["permitted"] == 2
    cli("policy", "what-if", "--with", other)
    assert newest(cli, "policy.what-if")["envelope"]["public"]["compared"]["gains"] == 0


def test_nobody_gains_or_loses_by_the_same_policies(cli: Cli, other: Path) -> None:
    result = cli("policy", "what-if", "--with", other, "--fail-on-gain")
    assert result.code == 0
    assert "nobody gains or loses anything" in result.out


def test_somebody_with_a_capital_neither_joins_nor_leaves(cli: Cli, home: Path, other: Path) -> None:
    listed = home / "policies" / "principals.yaml"
    before = listed.read_text(encoding="utf-8")
    for file in (listed, other / "principals.yaml"):
        file.write_text(before + "- {id: Dora, groups: [staff]}\n", encoding="utf-8")
    try:
        assert "nobody gains or loses anything" in cli("policy", "what-if", "--with", other).out
        edit(other, "principals.yaml", "{id: Dora, groups: [staff]}", "{id: Dora, groups: [staff, aml]}")
        shape = cli("policy", "what-if", "--with", other, "--json").json
        assert (shape["joined"], shape["left"], shape["altered"]) == ([], [], ["Dora"])
    finally:
        listed.write_text(before, encoding="utf-8")


def test_gains_and_losses_are_counted_by_person_and_collection(cli: Cli, other: Path) -> None:
    edit(other, "principals.yaml", "{id: ben, groups: [staff]", "{id: ben, groups: [staff, aml]")
    edit(other, "principals.yaml", "- {id: salma,", "- {id: nina,")
    edit(other, "reading.cedar", "resource.classification == 0", "resource.classification < 0")
    result = cli("policy", "what-if", "--with", other, "--json")
    shape = fits("policy-what-if", result)
    assert result.code == 0
    assert cli("policy", "what-if", "--with", other, "--fail-on-gain").code == 1
    assert shape["policies"] == [{"policy": "public-documents", "effect": "permit", "change": "changed"}]
    assert (shape["joined"], shape["left"], shape["altered"]) == (["nina"], ["salma"], ["ben"])
    read = {
        (c["principal"], c["effect"], c["collection"]): c["documents"]
        for c in shape["changes"]
        if c["action"] == "read"
    }
    assert read == {
        ("ben", "gains", "aml"): 2,
        ("eve", "loses", "retail"): 1,  # staff still read it as an internal document of no department
        ("nina", "gains", "retail"): 3,
        ("salma", "loses", "retail"): 3,
    }
    (gain,) = [c for c in shape["changes"] if (c["principal"], c["effect"], c["action"]) == ("ben", "gains", "read")]
    assert [kind["attributes"].get("tags") for kind in gain["kinds"]] in ([["sar"], None], [None, ["sar"]])
    done = {(c["principal"], c["effect"], c["action"]) for c in shape["changes"] if c["collection"] is None}
    assert done == {(p, e, a) for p, e in (("nina", "gains"), ("salma", "loses")) for a in ("ask", "search")}
    told = cli("policy", "what-if", "--with", other).out
    assert "ben gains read in aml: 2 documents" in told
    assert "classification 2; department aml; tags sar" in told
    assert "Paper" not in told + result.out


def test_rights_to_act_are_compared_too(cli: Cli, other: Path) -> None:
    edit(other, "duties.cedar", 'permit (principal in Group::"legal", action == Action::"hold"',
         'permit (principal in Group::"aml", action == Action::"administer"')  # fmt: skip
    edit(other, "duties.cedar", 'resource == Collection::"matter-heron"', 'resource == Collection::"retail"')
    changes = cli("policy", "what-if", "--with", other, "--json").json["changes"]
    assert {(c["principal"], c["effect"], c["action"], c["collection"]) for c in changes} >= {
        ("ana", "gains", "administer", None),
        ("lena", "loses", "hold", None),
        ("dev", "gains", "ingest", "retail"),
    }


def test_what_may_be_done_to_readable_documents_is_compared_in_each_context_that_matters(cli: Cli, other: Path) -> None:
    edit(other, "duties.cedar", 'action in [Action::"delete", Action::"reclassify"]', 'action == Action::"reclassify"')
    edit(other, "disclosure.cedar", 'context.entity_type == "US_SSN" || ', 'context.entity_type == "IBAN_CODE" || ')
    edit(other, "disclosure.cedar", "when { context.on_premises };", "when { context.on_premises && false };")
    result = cli("policy", "what-if", "--with", other, "--json")
    changes = fits("policy-what-if", result)["changes"]
    found = {(c["effect"], c["action"], *c["context"].values()) for c in changes}
    assert found == {
        ("loses", "delete"),
        ("gains", "reveal", "US_SSN"),
        ("loses", "reveal", "IBAN_CODE"),
        ("loses", "process", "(another)", True),
    }
    losing = {c["principal"] for c in changes if c["action"] == "delete"}
    assert losing == {"gita"}
    assert all(c["collection"] and c["documents"] for c in changes)
    told = cli("policy", "what-if", "--with", other).out
    assert "gains reveal (entity_type US_SSN) in retail: " in told
    assert "gita loses delete in retail: " in told


def test_what_a_wall_keeps_from_the_reviewer_is_in_no_figure(cli: Cli, other: Path) -> None:
    """The other set drops the wall: who stands outside it today learns that it falls, and nothing of what is behind."""
    drop_wall(other)
    result = cli("policy", "what-if", "--with", other, "--json")
    assert result.json["changes"] == []
    assert result.json["policies"] == [{"policy": "ethical-wall", "effect": "forbid", "change": "removed"}]
    assert result.json["documents"] == len(PAPERS) - 1
    assert "heron" not in result.out.replace("matter-heron", "") + result.err
    assert "matter-heron" not in result.out
    assert cli("policy", "what-if", "--with", other, "--fail-on-gain").code == 1  # a wall is lowered
    assert cli("policy", "what-if", "--with", other, "--as", "ben").code == 1


def test_who_stands_inside_the_wall_sees_what_falls_with_it(
    cli: Cli, home: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_wall(other)
    grant = home / "policies" / "grant.cedar"
    grant.write_text('@id("dev-reviews") permit (principal == User::"dev", action == Action::"review", resource);')
    shutil.copy(grant, other)
    try:
        changes = cli("policy", "what-if", "--with", other, "--as", "dev", "--json").json["changes"]
        assert cli("policy", "what-if", "--with", other, "--as", "dev", "--json").json["documents"] == 5  # no report
    finally:
        grant.unlink()
    gained = {(c["principal"], c["collection"]): c["documents"] for c in changes if c["effect"] == "gains"}
    assert gained == {("admin", "matter-heron"): 1, ("hugo", "matter-heron"): 1}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("reading.cedar", "resource.classification <= 1", "resource.classification <= 0"),
        ("walls.cedar", 'resource.tags.contains("sar")', 'resource.tags.contains("clinical")'),
        ("principals.yaml", "clearance: 2", "clearance: 1"),
        ("institution.cedarschema", "  owner?: String,\n", "  owner?: String,\n  desk?: String,\n"),
        ("institution.cedarschema", "  tags?: Set<String>,\n", "  tags?: Set<String>,\n  must: String,\n"),
    ],
)
def test_the_comparison_is_the_engines(home: Path, other: Path, file: str, old: str, new: str) -> None:
    edit(other, file, old, new)
    with ComplianceBot.open(home=home) as bot:
        compared = bot.what_if(other, principal="admin")
        now = Circumstances(now=bot._explainer("admin", None).act.circumstances().now)
        admin = bot._listed(bot._live.now(), "admin")
        today = {person.id: person for person in bot.principals()}
        with bot._home.database.reading() as snapshot:
            held = class_holdings(snapshot)
            classes = [one for one in access_classes(snapshot) if one.id in held]
    from compliance_bot.chains.examine import load_folder

    policies, people = load_folder(other)
    before, after = bot._live.now().engine, CedarEngine(policies)
    walls = walls_alone(bot._live.now().policies)
    expected: dict[tuple[str, str, str], int] = {}
    for one in classes:
        resource = Resource.document(one.attributes)
        if not walls.decide(admin, "read", resource, now).allowed:
            continue
        for person in people.values():
            was = before.decide(today[person.id], "read", resource, now).allowed
            will = after.decide(person, "read", resource, now).allowed
            if was != will:
                key = (person.id, "gains" if will else "loses", str(one.attributes["collection"]))
                expected[key] = expected.get(key, 0) + held[one.id].documents
    found = {(c.principal, c.effect, c.collection): c.documents for c in compared.changes if c.action == "read"}
    assert found == expected
    assert bool(expected) == (old != "  owner?: String,\n")


def test_an_application_gets_the_same_from_the_bot(home: Path, cli: Cli, papers: dict[str, str], other: Path) -> None:
    with ComplianceBot.open(home=home) as bot:
        explanation = bot.explain(papers["report"], "moses", principal="admin")
        assert explanation.decision.determining == ("no-tipping-off",)
        told = cli("policy", "explain", "--document", papers["report"], "--as", "moses", "--by", "admin", "--json").json
        assert shapes.explanation_shape(explanation) == told
        assert [p.principal for p in bot.who_may(papers["report"], principal="admin").permitted] == ["admin", "ana"]
        assert bot.what_if(other, principal="admin").changes == ()
        assert bot.check_policies().exit_code == 0
        assert bot.check_policies(other).tests == ()
        dora = Principal(id="dora", groups={"staff", "aml"})  # in no list: the application's own assertion
        assert bot.explain(papers["report"], principal=dora).decision.determining == ("aml-team",)
        with pytest.raises(Refused):
            bot.explain(papers["report"], "moses", principal=Principal(id="moses", groups={"staff"}))


def test_a_folder_is_signed_by_an_approver_who_did_not_write_it(cli: Cli, other: Path, tmp_path: Path) -> None:
    key = tmp_path / "approver.pem"
    public = cli("policy", "key", key, "--json").json["key"]
    assert key.stat().st_mode & 0o777 == 0o600
    assert cli("policy", "key", key).code == 2  # never over another one
    signing = ("policy", "sign", other, "--key", key, "--author", "gita")
    assert cli(*signing, "--approver", "Gita").code == 2
    assert cli(*signing, "--approver", "lena", "--json").json["approver"] == "lena"
    assert require_approved(read_files(other), {"lena": public}).author == "gita"
    (other / "walls.cedar").write_text("forbid (", encoding="utf-8")
    assert cli(*signing, "--approver", "lena").code == 2  # what is not valid is not signed
    with pytest.raises(NotApproved):
        require_approved(read_files(other), {"lena": public})
