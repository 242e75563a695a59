"""`documents set`: who may move which document where, what is refused, and what the record tells of it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import ComplianceBot, Principal
from compliance_bot.audit.record import MAX_ENVELOPE_BYTES
from compliance_bot.audit.record import canonical as record_bytes
from compliance_bot.chains import filing
from compliance_bot.errors import Refused, UsageError
from compliance_bot.records import Reclassified
from compliance_bot.store.scope import canonical
from tests.acceptance.conftest import Cli

POLICIES = """
@id("desk-reads")
permit (principal in Group::"desk", action in [Action::"ask", Action::"search", Action::"read"], resource)
unless { resource has classification && resource.classification >= 2 };
@id("filers-file")
permit (principal in Group::"filers", action in [Action::"read", Action::"reclassify"], resource)
unless { resource has classification && resource.classification >= 2 };
@id("filers-bring-papers")
permit (principal in Group::"filers", action == Action::"ingest", resource == Collection::"archive");
@id("insiders-read")
permit (principal, action == Action::"read", resource)
when { principal has matters && resource has matter && principal.matters.contains(resource.matter) };
@id("wall")
forbid (principal, action in [Action::"read", Action::"delete", Action::"reclassify"], resource)
when { resource has matter }
unless { principal has matters && principal.matters.contains(resource.matter) };
@id("nobody-publishes")
forbid (principal, action == Action::"reclassify", resource)
when { resource has classification && resource.classification == 0 };
@id("reviewers-review")
permit (principal in Group::"reviewers", action == Action::"review", resource);
"""
PRINCIPALS = """
- {id: admin}
- {id: ana, groups: [desk]}
- {id: fay, groups: [filers]}
- {id: rob, groups: [reviewers]}
- {id: ida, groups: [desk, filers], attributes: {matters: [heron]}}
"""
INSIDER = Principal(id="ira", groups={"reviewers"}, attributes={"matters": frozenset({"heron"})})
ABSENT = "6a1bd5a5-58f3-4eb2-9c1c-1d1a5b5cf1a1"
Named = dict[str, str]


@pytest.fixture(scope="module", autouse=True)
def policies(home: Path) -> None:
    (home / "policies" / "filing.cedar").write_text(POLICIES, encoding="utf-8")
    (home / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")


@pytest.fixture(scope="module")
def bot(home: Path, policies: None) -> Iterator[ComplianceBot]:
    with ComplianceBot.open(home) as opened:
        yield opened


@pytest.fixture
def papers(bot: ComplianceBot, tmp_path: Path, request: pytest.FixtureRequest) -> Named:
    """Ingest three papers of a collection that no other test has, and return their ids by title."""
    collection = request.node.name[:90]
    for name in ("One", "Two", "Three"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nPaper {name} of {collection}.\n", encoding="utf-8")
    bot.ingest([tmp_path / f"{name}.md" for name in ("One", "Two", "Three")], collection=collection)
    return {d.title: d.document for d in bot.documents(principal="admin") if d.collection == collection}


@pytest.fixture(scope="module")
def untouched(bot: ComplianceBot, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ingest a paper that no test changes, and return its id."""
    file = tmp_path_factory.mktemp("untouched") / "untouched.md"
    file.write_text("# Untouched\n\nThis paper stays as it is.\n", encoding="utf-8")
    bot.ingest([file], collection="untouched")
    return next(d.document for d in bot.documents(principal="admin") if d.title == "Untouched")


def attributes(bot: ComplianceBot, document: str, principal: str = "admin") -> dict[str, Any]:
    (found,) = [d for d in bot.documents(principal=principal) if d.document == document]
    return {name: value for name, value in found.attributes.items() if name != "collection"}


class TestChanging:
    def test_attributes_are_typed_set_and_unset(self, cli: Cli, bot: ComplianceBot, papers: Named) -> None:
        one = papers["One"]
        result = cli("documents", "set", one, "classification=1", "tags=a|b", "owner= Ida ", "--as", "fay", "--json")
        assert result.code == 0, result.err
        assert {k: v for k, v in result.json.items() if k != "record"} == {
            "changed": [one], "unchanged": 0, "refused": 0, "unreadable": 0, "dry_run": False,
        }  # fmt: skip
        assert attributes(bot, one) == {"classification": 1, "tags": frozenset({"a", "b"}), "owner": "Ida"}
        cli("documents", "set", one, "--unset", "tags", "--unset", "owner", "--unset", "region", "--as", "fay")
        assert attributes(bot, one) == {"classification": 1}
        assert attributes(bot, papers["Two"]) == {}

    def test_no_change_at_all_is_said_and_is_no_failure(self, cli: Cli, papers: Named) -> None:
        cli("documents", "set", papers["One"], "classification=1")
        result = cli("documents", "set", papers["One"], "classification=1", "--unset", "tags")
        assert (result.code, "0 changed, 1 already so" in result.err) == (0, True)

    def test_an_id_may_be_written_in_capitals(self, bot: ComplianceBot, papers: Named) -> None:
        done = bot.set_attributes(papers["One"].upper(), {"classification": 1}, principal="fay")
        assert done.changed == (papers["One"],)

    def test_all_versions_go_along(self, bot: ComplianceBot, papers: Named, tmp_path: Path) -> None:
        (collection,) = {d.collection for d in bot.documents(principal="admin") if d.document == papers["One"]}
        (tmp_path / "One.md").write_text("# One\n\nThe second version.\n", encoding="utf-8")
        bot.ingest([tmp_path / "One.md"], collection=collection)
        bot.set_attributes(papers["One"], {"matter": "heron"}, principal="admin")
        with pytest.raises(Refused):
            bot.document(papers["One"], principal="ana", version=1)
        assert "Paper One" in str(bot.document(papers["One"], principal="ida", version=1).text)

    def test_the_collection_is_changed_by_whoever_may_ingest_there(
        self, cli: Cli, bot: ComplianceBot, papers: Named
    ) -> None:
        refused = cli("documents", "set", papers["One"], "collection=elsewhere", "--as", "fay", "--json")
        assert refused.code == 1
        assert cli("documents", "set", papers["One"], "collection= archive ", "--as", "fay").code == 0
        (moved,) = [d for d in bot.documents(principal="ana") if d.document == papers["One"]]
        assert moved.collection == "archive"

    def test_two_people_setting_one_document_at_once_both_have_their_way(self, home: Path, papers: Named) -> None:
        start = threading.Barrier(8)

        def change(number: int) -> Reclassified:
            with ComplianceBot.open(home) as own:
                start.wait(60)
                name, value = [("owner", "o"), ("region", "r"), ("department", "d"), ("classification", 1)][number % 4]
                return own.set_attributes(papers["One"], {name: value}, principal="fay")

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(change, range(8)))
        assert sum(len(one.changed) for one in done) == 4
        assert sum(one.unchanged for one in done) == 4
        with ComplianceBot.open(home) as bot:
            assert attributes(bot, papers["One"]) == {
                "owner": "o", "region": "r", "department": "d", "classification": 1,
            }  # fmt: skip


class TestSeveral:
    def test_a_dry_run_tells_what_would_change_and_changes_nothing(
        self, cli: Cli, bot: ComplianceBot, papers: Named, request: pytest.FixtureRequest
    ) -> None:
        command = ["documents", "set", "--collection", request.node.name[:90], "classification=1", "--as", "fay"]
        would = cli(*command, "--dry-run", "--json").json
        assert (sorted(would["changed"]), would["dry_run"]) == (sorted(papers.values()), True)
        assert attributes(bot, papers["One"]) == {}
        assert "3 changed, 0 already so, 0 not permitted" in cli(*command).err
        assert {attributes(bot, one)["classification"] for one in papers.values()} == {1}

    def test_what_may_not_be_moved_stays_and_what_may_not_be_read_is_not_counted(
        self, bot: ComplianceBot, papers: Named, request: pytest.FixtureRequest
    ) -> None:
        bot.set_attributes(papers["One"], {"matter": "heron", "classification": 2}, principal="admin")
        bot.set_attributes(papers["Two"], {"matter": "quillon"}, principal="admin")
        where = {"collection": request.node.name[:90]}
        done = bot.set_attributes_where(where, {"region": "north"}, principal="ida")
        assert (done.changed, done.refused, done.unchanged) == ((papers["Three"],), 1, 0)
        assert attributes(bot, papers["One"], "ida") == {"matter": "heron", "classification": 2}
        nothing = bot.set_attributes_where(where, {"region": "north"}, principal="rob")
        unknown = bot.set_attributes_where({"collection": "no such"}, {"region": "north"}, principal="fay")
        for one in (nothing, unknown):
            assert (one.changed, one.refused, one.unchanged) == ((), 0, 0)

    def test_documents_are_chosen_by_their_attributes(
        self, cli: Cli, bot: ComplianceBot, papers: Named, request: pytest.FixtureRequest
    ) -> None:
        bot.set_attributes(papers["One"], {"tags": ["x", request.node.name], "classification": 1}, principal="admin")
        bot.set_attributes(papers["Two"], {"tags": [request.node.name], "classification": 1}, principal="admin")
        chosen = ["documents", "set", "--where", f"tags={request.node.name}", "--where", "classification=1"]
        assert sorted(cli(*chosen, "owner=a", "--json").json["changed"]) == sorted([papers["One"], papers["Two"]])
        assert cli(*chosen, "--where", "region=none", "owner=b", "--json").json["changed"] == []
        narrow = ["documents", "set", "--where", f"tags=x|{request.node.name}", "owner=c", "--json"]
        assert cli(*narrow).json["changed"] == [papers["One"]]


class TestPermission:
    def test_a_document_may_be_moved_behind_a_wall_by_somebody_outside_it(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        done = bot.set_attributes(papers["One"], {"matter": "heron"}, principal="fay")
        assert (done.changed, done.unreadable) == ((papers["One"],), 1)
        assert papers["One"] not in {d.document for d in bot.documents(principal="fay")}
        assert papers["One"] in {d.document for d in bot.documents(principal="ida")}

    def test_nobody_outside_a_wall_carries_a_document_out_and_a_member_does(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        bot.set_attributes(papers["One"], {"matter": "heron"}, principal="fay")
        for outsider in ("fay", "admin", "ana"):
            with pytest.raises(Refused, match=r"^Not permitted, or there is no such thing\.$"):
                bot.set_attributes(papers["One"], {}, ["matter"], principal=outsider)
        assert bot.set_attributes(papers["One"], {}, ["matter"], principal="ida").changed == (papers["One"],)
        assert attributes(bot, papers["One"], "ana") == {}

    def test_nobody_moves_a_document_to_where_they_could_not_reclassify_it(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        with pytest.raises(Refused):
            bot.set_attributes(papers["One"], {"classification": 2}, principal="fay")
        assert bot.set_attributes(papers["One"], {"classification": 2}, principal="admin").changed

    def test_nobody_takes_a_document_from_where_they_may_not_reclassify_it(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        bot.set_attributes(papers["One"], {"matter": "heron", "classification": 2}, principal="admin")
        with pytest.raises(Refused):
            bot.set_attributes(papers["One"], {"classification": 1}, principal="ida")
        assert attributes(bot, papers["One"], "ida") == {"matter": "heron", "classification": 2}

    def test_a_forbid_that_leaves_the_mover_reading_is_no_wall(self, bot: ComplianceBot, papers: Named) -> None:
        with pytest.raises(Refused):
            bot.set_attributes(papers["One"], {"classification": 0}, principal="admin")

    def test_who_may_read_and_not_reclassify_is_refused_like_a_stranger(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        with pytest.raises(Refused, match=r"^Not permitted, or there is no such thing\.$"):
            bot.set_attributes(papers["One"], {"region": "north"}, principal="ana")
        assert attributes(bot, papers["One"]) == {}


class TestRefusals:
    def test_forbidden_and_absent_and_no_id_at_all_are_told_in_the_same_words(
        self, cli: Cli, bot: ComplianceBot, papers: Named
    ) -> None:
        bot.set_attributes(papers["One"], {"matter": "heron"}, principal="admin")
        ids = (papers["One"], ABSENT, "no id at all", "", papers["One"] + "0")
        results = [cli("documents", "set", id_, "region=north", "--as", "fay", "--json") for id_ in ids]
        assert {(one.code, one.out, one.err) for one in results} == {(1, results[0].out, "")}
        assert results[0].json["error"]["message"] == "Not permitted, or there is no such thing."
        told = [bot.record(one.record, principal="rob") for one in bot.records(principal="rob", limit=len(ids))]
        for one in told:
            assert (one.type, one.outcome, one.principal) == ("documents.set", "refused", "fay")
        publics = [{k: v for k, v in one.envelope["public"].items() if k != "timings_us"} for one in told]
        assert all(public == publics[0] for public in publics)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["shoe_size=44"], "attribute 'shoe_size' is not declared"),
            (["classification=high"], "attribute 'classification' is not declared for Document, or its value"),
            (["classification=99999999999999999999999"], "'classification'"),
            (["region=north", "shoe_size=44"], "'shoe_size'"),
            (["--unset", "shoe_size"], "'shoe_size'"),
            (["region"], "expects key=value"),
            (["=north"], "expects key=value"),
            (["region=north", "region=south"], "each key once"),
            (["region="], "attribute 'region' has no value"),
            (["region=north", "--unset", "region"], "to be set and unset"),
            (["--unset", "collection"], "every document is in a collection"),
            (["collection=" + 101 * "x"], "a collection needs a printable name"),
            (["collection=a\x1bb"], "a collection needs a printable name"),
            ([], "nothing to set"),
            (["region=north", "--where", "owner=x"], "expects key=value"),  # an id besides a choice
        ],
    )
    def test_what_was_not_understood_changes_nothing_whether_the_document_is_there_or_not(
        self, cli: Cli, bot: ComplianceBot, untouched: str, words: list[str], message: str
    ) -> None:
        there, absent = (cli("documents", "set", id_, *words, "--as", "admin", "--json") for id_ in (untouched, ABSENT))
        assert (there.code, there.out) == (absent.code, absent.out)
        assert there.code == 2
        assert message in there.json["error"]["message"]
        assert attributes(bot, untouched) == {}

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["region=north"], "which documents"),
            ([], "which documents"),
            (["--where", "owner", "region=north"], "--where expects key=value"),
            (["--where", "owner=", "region=north"], "attribute 'owner' has no value"),
            (["--where", "shoe_size=44", "region=north"], "'shoe_size'"),
            (["--collection", "", "region=north"], "attribute 'collection' has no value"),
            (["--collection", "a", "--where", "collection=b", "region=north"], "given twice"),
            (["--collection", "a"], "nothing to set"),
        ],
    )
    def test_a_choice_that_was_not_understood_chooses_nothing(self, cli: Cli, words: list[str], message: str) -> None:
        result = cli("documents", "set", *words, "--json")
        assert result.code == 2
        assert message in result.json["error"]["message"]

    def test_in_code_one_document_and_several_are_not_mixed(self, bot: ComplianceBot) -> None:
        with pytest.raises(UsageError, match="which documents"):
            bot.set_attributes_where({}, {"region": "north"}, principal="admin")

    def test_an_unknown_person_is_refused_on_record(self, cli: Cli, bot: ComplianceBot, papers: Named) -> None:
        assert cli("documents", "set", papers["One"], "region=north", "--as", "mallory").code == 1
        (newest,) = bot.records(principal="admin", limit=1)
        assert (newest.type, newest.outcome) == ("documents.set", "refused")


class TestRecord:
    def test_it_names_documents_and_keyed_classes_and_no_values_in_the_open(
        self, bot: ComplianceBot, papers: Named
    ) -> None:
        first = bot.set_attributes(papers["One"], {"region": "north"}, principal="fay").record
        second = bot.set_attributes(papers["One"], {"matter": "heron"}, ["region"], principal="fay").record
        one, two = (bot.record(record, principal=INSIDER) for record in (first, second))
        (to_north,), (behind,) = (shown.envelope["public"]["moved"] for shown in (one, two))
        assert to_north["documents"] == behind["documents"] == [papers["One"]]
        assert to_north["to"] == behind["from"]
        assert len({to_north["from"], to_north["to"], behind["to"]}) == 3
        collection = bot.documents(principal="ida")[0].collection
        plain = hashlib.sha256(canonical({"collection": collection, "matter": "heron"})).hexdigest()
        assert behind["to"] != plain
        assert "heron" not in json.dumps(dict(two.envelope))
        assert "north" not in json.dumps(dict(one.envelope))
        assert two.envelope["public"]["policies"]["action"] == "reclassify"
        assert two.envelope["public"]["policies"]["determining"] == ["filers-file", "wall"]
        assert two.payload["attributes"] == {"set": [["matter", "heron"]], "unset": ["region"], "where": []}

    def test_who_may_not_read_the_document_is_not_told_what_it_became(self, bot: ComplianceBot, papers: Named) -> None:
        record = bot.set_attributes(papers["One"], {"matter": "heron"}, principal="fay").record
        for reviewer in ("rob", "admin"):
            shown = bot.record(record, principal=reviewer)
            assert "heron" not in str(shown)
            assert "withheld" in shown.payload["attributes"]
            assert shown.payload["principal"]["id"] == "fay"

    def test_of_very_many_documents_the_open_half_has_a_digest_and_the_sealed_half_the_names(
        self, bot: ComplianceBot, papers: Named, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        monkeypatch.setattr(filing, "_MOST_DOCUMENTS", 2)
        where = {"collection": request.node.name[:90]}
        record = bot.set_attributes_where(where, {"matter": "heron"}, principal="fay").record
        shown = bot.record(record, principal=INSIDER)
        assert "moved" not in shown.envelope["public"]
        named = "\n".join(sorted(papers.values())).encode()
        assert shown.envelope["public"]["moved_sha256"] == hashlib.sha256(named).hexdigest()
        assert sorted(shown.payload["moved"][0]["documents"]) == sorted(papers.values())
        withheld = bot.record(record, principal="rob").payload
        assert set(withheld) == {"principal", "attributes"}

    def test_an_envelope_has_room_for_as_many_as_are_named_in_it(self) -> None:
        classes, each = filing._MOST_CLASSES, filing._MOST_DOCUMENTS // filing._MOST_CLASSES
        moved = [{"from": 64 * "a", "to": 64 * "b", "documents": [ABSENT] * each} for _ in range(classes)]
        assert len(record_bytes({"moved": moved})) < MAX_ENVELOPE_BYTES - 5_000
