"""`compliance-bot vault`, and what two people see of the same documents: one may see names, the other may only read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot

from .conftest import Cli, Result, made_home

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
POLICIES = """
@id("administrator") permit (principal == User::"admin", action, resource);
@id("staff-ask") permit (principal in Group::"staff", action in [Action::"ask", Action::"search"], resource);
@id("staff-reads") permit (principal in Group::"staff", action == Action::"read", resource in Collection::"policies");
@id("desk-sees-names") permit (principal in Group::"desk", action == Action::"reveal", resource)
when { context.entity_type == "PERSON" };
@id("kept-for-the-court") @hold("litigation hold")
forbid (principal, action == Action::"delete", resource in Collection::"court");
"""
PEOPLE = """
- {id: admin}
- {id: ana, groups: [staff, desk]}
- {id: ben, groups: [staff]}
"""
LETTER = """# Complaint of Ms Maria Lopez

Maria Lopez complained about the overdraft fee on 3 March 2026. She can be reached at maria.lopez@example.net.
Mrs Maria Schmidt approved the refund of the overdraft fee. Maria Lopez was told within five days.
"""
BOARD = """# Board minutes

Maria Lopez is to leave the board. The board meets in secret every Friday.
"""
ABSENT = "00000000-0000-4000-8000-000000000000"
WHO = "Who approved the refund of the overdraft fee?"

Ingest = Callable[..., str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a letter that ana and ben may read, and minutes that they may not."""
    folder = tmp_path_factory.mktemp("papers")
    with made_home(tmp_path_factory.mktemp("home")) as path:
        (path / "policies" / "starter.cedar").write_text(POLICIES, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PEOPLE, encoding="utf-8")
        with ComplianceBot.open(home=path) as bot:
            for name, text, collection in (("letter", LETTER, "policies"), ("board", BOARD, "board")):
                (folder / f"{name}.md").write_text(text, encoding="utf-8")
                assert bot.ingest([folder / f"{name}.md"], collection=collection).ingested == 1
        yield path


@pytest.fixture
def letter(cli: Cli) -> str:
    return document(cli, "Complaint of <PERSON_1>")


@pytest.fixture
def board(cli: Cli) -> str:
    return document(cli, "Board minutes")


@pytest.fixture
def ingest(cli: Cli, tmp_path: Path) -> Ingest:
    """Ingest a text below a title and return its document's id."""

    def call(title: str, text: str, collection: str = "policies") -> str:
        path = tmp_path / f"{title}.md"
        path.write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
        assert cli("ingest", path, "--collection", collection).code == 0
        return document(cli, title)

    return call


def document(cli: Cli, title: str) -> str:
    """Return the id of the document with this title, as it is listed."""
    listed = cli("documents", "list", "--no-reveal", "--json").json["documents"]
    (found,) = [str(one["document"]) for one in listed if one["title"] == title]
    return found


def fits(name: str, result: Result) -> dict[str, Any]:
    """Return what a command printed, which fits its schema."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result.json)
    return result.json


def text_for(cli: Cli, id_: str, *more: str) -> str:
    return str(fits("documents-show", cli("documents", "show", id_, "--text", *more, "--json"))["text"])


def revealed(cli: Cli, id_: str, *more: str) -> dict[str, list[str]]:
    shown = fits("vault-reveal", cli("vault", "reveal", id_, *more, "--json"))["revealed"]
    return {one["placeholder"]: one["values"] for one in shown}


def state(cli: Cli) -> dict[str, Any]:
    return fits("vault-show", cli("vault", "show", "--json"))


def proposed(cli: Cli, name: str) -> dict[str, dict[str, Any]]:
    """Return what is proposed with a name, by value."""
    result = fits("vault-erase", cli("vault", "erase", name, "--reason", "they asked for it", "--json"))
    assert result["erased"] is None
    return {one["value"]: one for one in result["proposed"]}


def erased(cli: Cli, name: str, *more: str) -> dict[str, Any]:
    """Return the certificate of an erasure."""
    done = cli("vault", "erase", name, "--reason", "they asked for it", "--confirm", *more, "--json")
    result = fits("vault-erase", done)
    assert result["proposed"] == []
    return dict(result["erased"])


class TestWhatTwoPeopleSee:
    @pytest.mark.parametrize(
        ("who", "title", "quote"),
        [
            ("ana", "Complaint of Ms Maria Lopez", "Mrs Maria Schmidt approved the refund of the overdraft fee."),
            ("ben", "Complaint of <PERSON_1>", "<PERSON_2> approved the refund of the overdraft fee."),
        ],
    )
    def test_an_answer_is_drawn_for_its_asker_and_stands_in_what_they_are_shown(
        self, cli: Cli, letter: str, who: str, title: str, quote: str
    ) -> None:
        answer = fits("ask", cli("ask", WHO, "--as", who, "--json"))
        (citation,) = answer["citations"]
        assert (citation["document"], citation["title"], citation["quote"]) == (letter, title, quote)
        assert answer["answer"] == f"{quote} [1]"
        text = text_for(cli, letter, "--as", who)
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert answer.get("revealed") == ({"PERSON": 2} if who == "ana" else None)

    @pytest.mark.parametrize("who", ["ana", "ben", "admin"])
    def test_a_passage_that_is_found_stands_in_what_its_reader_is_shown(self, cli: Cli, who: str) -> None:
        hits = fits("search", cli("search", "overdraft fee", "--as", who, "--json"))["hits"]
        assert hits
        for hit in hits:
            text = text_for(cli, hit["document"], "--as", who)
            assert text[hit["start"] : hit["end"]] == hit["text"]
        assert ("Maria Lopez" in hits[0]["text"]) == (who != "ben")
        assert ("maria.lopez@example.net" in hits[0]["text"]) == (who == "admin")

    def test_a_document_is_shown_with_the_types_that_its_reader_may_see(self, cli: Cli, letter: str) -> None:
        everything, names, nothing = (text_for(cli, letter, "--as", who) for who in ("admin", "ana", "ben"))
        assert "at maria.lopez@example.net." in everything
        assert names == everything.replace("maria.lopez@example.net", "<EMAIL_ADDRESS_1>")
        assert nothing == (
            names.replace("Ms Maria Lopez", "<PERSON_1>")
            .replace("Mrs Maria Schmidt", "<PERSON_2>")
            .replace("Maria Lopez", "<PERSON_1>")
        )
        shown = cli("documents", "show", letter, "--text", "--as", "ben").out
        assert "Lopez" not in shown
        assert "Schmidt" not in shown

    def test_without_revealing_who_may_see_names_sees_what_everybody_does(self, cli: Cli, letter: str) -> None:
        for_ben = text_for(cli, letter, "--as", "ben")
        assert text_for(cli, letter, "--no-reveal", "--as", "ana") == for_ben
        assert text_for(cli, letter, "--no-reveal") == for_ben
        answer = fits("ask", cli("ask", WHO, "--no-reveal", "--as", "ana", "--json"))
        assert answer["citations"][0]["quote"] == "<PERSON_2> approved the refund of the overdraft fee."
        assert "revealed" not in answer
        assert "Maria" not in cli("search", "overdraft fee", "--no-reveal", "--as", "ana").out
        assert "Maria" not in cli("ask", WHO, "--stream", "--no-reveal", "--as", "ana").out
        assert "Mrs Maria Schmidt approved" in cli("ask", WHO, "--stream", "--as", "ana").out

    def test_by_a_name_only_those_find_who_may_see_it(self, cli: Cli) -> None:
        question = "What did Maria Lopez complain about?"
        found = fits("ask", cli("ask", question, "--as", "ana", "--json"))
        assert found["citations"][0]["quote"].startswith("Maria Lopez complained about the overdraft fee")
        for nobody in ("Maria Lopez", "Xenia Novak"):
            asked = fits("ask", cli("ask", question.replace("Maria Lopez", nobody), "--as", "ben", "--json"))
            assert not any("<PERSON_1>" in one["quote"] for one in asked["citations"])

    def test_what_an_answer_disclosed_is_on_record_and_no_value_is(self, cli: Cli, letter: str) -> None:
        answer = cli("ask", WHO, "--as", "ana", "--json").json
        record = cli("audit", "show", answer["record"], "--json")
        assert record.json["envelope"]["public"]["revealed"]["counts"] == {"PERSON": 2}
        assert record.json["payload"]["disclosed"][0]["placeholders"] == ["<PERSON_1>", "<PERSON_2>"]
        assert record.json["payload"]["disclosed"][0]["document"] == letter
        assert "Schmidt" not in record.out


class TestReveal:
    def test_it_shows_every_way_in_which_a_document_writes_a_value(self, cli: Cli, letter: str) -> None:
        assert revealed(cli, letter, "--as", "ana") == {
            "<PERSON_1>": ["Ms Maria Lopez", "Maria Lopez"],
            "<PERSON_2>": ["Mrs Maria Schmidt"],
        }
        assert revealed(cli, letter)["<EMAIL_ADDRESS_1>"] == ["maria.lopez@example.net"]
        assert revealed(cli, letter, "--as", "ben") == {}
        assert cli("vault", "reveal", letter, "PERSON_2", "--as", "ana").out == "<PERSON_2>  Mrs Maria Schmidt\n"

    def test_a_placeholder_is_named_with_or_without_its_brackets(self, cli: Cli, letter: str) -> None:
        one = revealed(cli, letter, "PERSON_2", "--as", "ana")
        assert one == revealed(cli, letter, "<PERSON_2>", "--as", "ana") == {"<PERSON_2>": ["Mrs Maria Schmidt"]}

    def test_what_is_absent_and_what_is_forbidden_are_refused_alike(self, cli: Cli, letter: str, board: str) -> None:
        refused = [
            cli("vault", "reveal", ABSENT, "--as", "ana"),
            cli("vault", "reveal", "no id", "--as", "ana"),
            cli("vault", "reveal", board, "--as", "ana"),
            cli("vault", "reveal", board, "PERSON_1", "--as", "ana"),
            cli("vault", "reveal", letter, "EMAIL_ADDRESS_1", "--as", "ana"),
            cli("vault", "reveal", letter, "PERSON_1", "EMAIL_ADDRESS_1", "--as", "ana"),
            cli("vault", "reveal", letter, "PERSON_9", "--as", "ana"),
            cli("vault", "reveal", letter, "PERSON_Q1", "--as", "ana"),
            cli("vault", "reveal", letter, "nonsense", "--as", "ana"),
            cli("vault", "reveal", letter, "--version", "2", "--as", "ana"),
            cli("vault", "reveal", letter, "PERSON_1", "--as", "ben"),
        ]
        assert {(one.code, one.out, one.err) for one in refused} == {(1, "", refused[0].err)}
        assert "Not permitted, or there is no such thing" in refused[0].err
        shape = fits("error", cli("vault", "reveal", ABSENT, "--as", "ana", "--json"))
        assert shape == cli("vault", "reveal", letter, "PERSON_1", "--as", "ben", "--json").json

    def test_each_is_on_record_with_its_purpose_and_without_a_value(self, cli: Cli, letter: str) -> None:
        cli("vault", "reveal", letter, "PERSON_2", "--purpose", "a call back", "--as", "ana")
        newest = cli("audit", "list", "--json").json["records"][0]
        record = cli("audit", "show", newest["record"], "--json")
        assert (newest["type"], newest["principal"], newest["outcome"]) == ("reveal", "ana", "done")
        assert record.json["payload"]["disclosed"][0]["placeholders"] == ["<PERSON_2>"]
        assert record.json["payload"]["reason"] == "a call back"
        assert "Schmidt" not in record.out


class TestTheKey:
    def test_the_vault_is_shown_to_administrators_alone(self, cli: Cli) -> None:
        shown = state(cli)
        assert shown["placeholders"] >= 5
        assert shown["documents"] >= 2
        assert shown["epochs"][-1]["has_key"]
        assert sum(one["values"] for one in shown["epochs"]) == shown["placeholders"]
        assert "its key is there" in cli("vault", "show").out
        for command in (("show",), ("rotate",), ("discard", "1")):
            assert cli("vault", *command, "--as", "ana").code == 1

    def test_after_a_rotation_the_old_key_can_go_and_values_still_open(self, cli: Cli, home: Path, letter: str) -> None:
        old = state(cli)["epochs"][-1]["epoch"]
        in_use = cli("vault", "discard", str(old))
        assert in_use.code == 2
        assert f"the key of epoch {old} is in use" in in_use.err
        before = revealed(cli, letter)
        rotated = fits("vault-rotate", cli("vault", "rotate", "--json"))
        assert rotated == {"epoch": old + 1, "wrapped": state(cli)["placeholders"]}
        assert fits("vault-discard", cli("vault", "discard", str(old), "--json")) == {"discarded": old}
        assert [path.name for path in (home / "keys" / "vault").iterdir()] == [f"epoch-{old + 1}"]
        assert revealed(cli, letter) == before
        shown = state(cli)["epochs"]
        assert [one["values"] for one in shown[-2:]] == [0, rotated["wrapped"]]
        assert [one["has_key"] for one in shown[-2:]] == [False, True]
        assert shown[-2]["discarded_at"] is not None
        assert "its key was discarded on" in cli("vault", "show").out

    def test_an_unknown_epoch_and_one_that_none_can_be_are_refused(self, cli: Cli) -> None:
        unknown = cli("vault", "discard", "999")
        assert (unknown.code, unknown.out) == (2, "")
        assert "there is no epoch 999" in unknown.err
        assert cli("vault", "discard", "0").code == 2

    def test_making_the_home_again_brings_no_discarded_key_back(self, cli: Cli, home: Path) -> None:
        first = state(cli)["epochs"][0]
        if first["discarded_at"] is None:
            cli("vault", "rotate")
            cli("vault", "discard", "1")
        assert cli("init").code == 0
        assert not (home / "keys" / "vault" / "epoch-1").exists()


class TestALostKey:
    """The key is lost, damaged or another one: nothing is shown or stored as if nothing had happened."""

    @pytest.fixture(params=["missing", "wrong"])
    def lost(self, request: pytest.FixtureRequest, cli: Cli, home: Path, letter: str) -> Iterator[str]:
        """Take the key away for the length of a test, and return how the loss is told."""
        epoch = state(cli)["epochs"][-1]["epoch"]
        path = home / "keys" / "vault" / f"epoch-{epoch}"
        kept = path.rename(home / "keys" / "kept")
        if request.param == "wrong":
            path.write_bytes(os.urandom(32))
            path.chmod(0o600)
        yield {
            "missing": f"the vault's key of epoch {epoch} is missing",
            "wrong": f"the vault's key of epoch {epoch} is not the one that this database was written with",
        }[request.param]
        kept.replace(path)

    def test_nothing_is_stored(self, cli: Cli, lost: str, tmp_path: Path) -> None:
        before = cli("documents", "list", "--no-reveal", "--json").json
        path = tmp_path / "new.md"
        path.write_text("# New\n\nHenry Miller approves a new account.\n", encoding="utf-8")
        result = cli("ingest", path, "--collection", "policies")
        assert result.code == 3
        assert lost in result.err
        assert "backup" in result.err
        assert "Miller" not in result.err
        assert cli("documents", "list", "--no-reveal", "--json").json == before

    def test_nothing_is_revealed(self, cli: Cli, lost: str, letter: str) -> None:
        for command in (
            ("vault", "reveal", letter, "--as", "ana"),
            ("documents", "show", letter, "--text", "--as", "ana"),
            ("ask", WHO, "--as", "ana"),
            ("search", "overdraft fee", "--as", "ana"),
        ):
            result = cli(*command)
            assert (result.code, result.out) == (3, "")
            assert lost in result.err
        assert fits("error", cli("vault", "reveal", letter, "--json"))["error"]["message"] == lost

    def test_who_may_see_no_values_is_served(self, cli: Cli, lost: str, letter: str) -> None:
        answer = fits("ask", cli("ask", WHO, "--as", "ben", "--json"))
        assert answer["citations"][0]["quote"] == "<PERSON_2> approved the refund of the overdraft fee."
        assert fits("search", cli("search", "overdraft fee", "--as", "ben", "--json"))["hits"]
        assert "<PERSON_1>" in text_for(cli, letter, "--as", "ben")
        assert not fits("ask", cli("ask", WHO, "--no-reveal", "--as", "ana", "--json"))["abstained"]

    def test_no_new_epoch_begins(self, cli: Cli, lost: str) -> None:
        before = state(cli)["epochs"]
        result = cli("vault", "rotate")
        assert (result.code, result.out) == (3, "")
        assert lost in result.err
        assert state(cli)["epochs"] == before

    def test_the_vault_says_so(self, cli: Cli, lost: str) -> None:
        assert not state(cli)["epochs"][-1]["has_key"]
        assert "ITS KEY IS MISSING, OR ANOTHER" in cli("vault", "show").out

    def test_keys_that_are_none_are_told_by_their_place_and_not_quoted(
        self, cli: Cli, letter: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COMPLIANCE_BOT_VAULT_KEYS", "1:bm90IGEga2V5")
        result = cli("vault", "reveal", letter, "--as", "ana")
        assert (result.code, result.out) == (3, "")
        assert "vault_keys: part 1 is not EPOCH:BASE64" in result.err
        assert "bm90" not in result.err
        assert "<PERSON_1>" in text_for(cli, letter, "--as", "ben")

    def test_a_key_command_that_fails_is_told(self, cli: Cli, letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for command in ("kms 'unfinished", "false"):
            monkeypatch.setenv("COMPLIANCE_BOT_VAULT_KEY_COMMAND", command)
            result = cli("vault", "reveal", letter, "--as", "ana")
            assert (result.code, result.out) == (3, "")
            assert "Traceback" not in result.err

    def test_once_it_is_restored_everything_opens_again(self, cli: Cli, letter: str) -> None:
        assert "<PERSON_1>" in revealed(cli, letter, "--as", "ana")


class TestWhoSawWhat:
    def test_what_is_held_and_who_was_shown_it(self, cli: Cli, ingest: Ingest) -> None:
        id_ = ingest("Parking note", "Ingrid Halvorsen parks in bay nine.")
        assert "Ingrid Halvorsen" in text_for(cli, id_)
        held = cli("privacy", "held", "ingrid halvorsen", "--reason", "a request", "--json")
        report = fits("privacy-held", held)
        (here,) = [one for one in report["held"] if one["document"] == id_]
        assert (here["value"], here["times"], here["placeholder"]) == ("Ingrid Halvorsen", 1, "<PERSON_1>")
        assert {one["type"] for one in report["seen"] if one["document"] == id_} == {"documents.show"}
        said = cli("privacy", "held", "Ingrid Halvorsen", "--reason", "a request").out
        assert "Parking note, version 1: <PERSON_1> 1 times, Ingrid Halvorsen" in said
        record = next(one for one in cli("audit", "list", "--json").json["records"] if one["type"] == "privacy.held")
        assert "Ingrid" not in cli("audit", "show", record["record"]).out

    def test_who_saw_a_document(self, cli: Cli, ingest: Ingest) -> None:
        id_ = ingest("Bicycle note", "Ingrid Halvorsen keeps her bicycle in the cellar.")
        text_for(cli, id_, "--as", "ben")
        report = fits("privacy-exposure", cli("privacy", "exposure", id_, "--reason", "a check", "--json"))
        assert [(one["principal"], one["placeholders"]) for one in report["seen"]] == [("ben", [])]
        said = cli("privacy", "exposure", id_, "--reason", "a check").out
        assert f"ben documents.show {id_}: with placeholders" in said

    def test_it_is_refused_to_others_and_needs_a_reason(self, cli: Cli, ingest: Ingest) -> None:
        id_ = ingest("Garden note", "Ingrid Halvorsen waters the garden.")
        for command in (("held", "Ingrid Halvorsen"), ("exposure", id_)):
            assert cli("privacy", *command, "--reason", "a check", "--as", "ben").code == 1
            assert cli("privacy", *command, "--reason", " ").code == 2
        assert cli("privacy", "exposure", "nothing", "--reason", "a check").code == 1


class TestErasing:
    def test_nothing_is_erased_before_it_is_confirmed(self, cli: Cli, letter: str) -> None:
        before, held = text_for(cli, letter), state(cli)
        (named, first), *others = proposed(cli, "Maria Lopez").items()
        assert named in {"Maria Lopez", "Ms Maria Lopez"}  # one of the ways to write it
        assert (first["why"], first["placeholders"], first["documents"]) == ("named", 5, 2)
        assert [(name, one["why"], one["shared"]) for name, one in others] == [
            ("Mrs Maria Schmidt", "part", 0),
            ("maria.lopez@example.net", "beside", 1),
        ]
        shown = cli("vault", "erase", "Maria Lopez", "--reason", "she asked")
        assert "is what was named" in shown.out
        assert "nothing is erased yet" in shown.err
        assert (text_for(cli, letter), state(cli)) == (before, held)

    def test_a_name_is_erased_everywhere_and_its_namesake_stays(self, cli: Cli, ingest: Ingest) -> None:
        note = ingest(
            "Loan note", "Nora Quill asked for a loan. Ms Nora Winter refused the loan that Nora Quill wanted."
        )
        minutes = ingest("Secret minutes", "Nora Quill is to leave the board.", "board")
        certificate = erased(cli, "nora  QUILL")
        assert {key: certificate[key] for key in ("values", "placeholders", "documents", "restricted", "reasons")} == {
            "values": 1,
            "placeholders": 3,
            "documents": 2,
            "restricted": 0,
            "reasons": [],
        }
        assert text_for(cli, note).endswith(
            "<PERSON_1> asked for a loan. Ms Nora Winter refused the loan that <PERSON_1> wanted."
        )
        assert "<PERSON_1> is to leave the board." in text_for(cli, minutes)
        assert revealed(cli, note) == {"<PERSON_2>": ["Ms Nora Winter"]}
        refused = cli("vault", "reveal", note, "PERSON_1")
        assert (refused.code, refused.err) == (1, cli("vault", "reveal", ABSENT).err)
        assert proposed(cli, "Nora Quill").keys() <= {"Ms Nora Winter"}

    def test_a_second_time_there_is_nothing_left(self, cli: Cli, ingest: Ingest) -> None:
        ingest("Card note", "Olga Petrova lost the card.")
        assert erased(cli, "Olga Petrova")["placeholders"] == 1
        again = erased(cli, "Olga Petrova")
        assert (again["values"], again["placeholders"], again["documents"]) == (0, 0, 0)
        said = cli("vault", "erase", "Olga Petrova", "--reason", "once more", "--confirm")
        assert (said.code, said.out.splitlines()[0]) == (0, "erased: 0 values, 0 placeholders in 0 documents")

    def test_what_is_proposed_is_erased_with_it_when_its_handle_is_given(self, cli: Cli, ingest: Ingest) -> None:
        note = ingest("Mandate note", "Paula Jensen signs the mandate. Write to paula.jensen@example.net about it.")
        handle = proposed(cli, "Paula Jensen")["paula.jensen@example.net"]["handle"]
        assert erased(cli, "Paula Jensen", "--also", handle)["values"] == 2
        assert revealed(cli, note) == {}

    def test_what_has_to_be_kept_is_shown_to_nobody_and_the_certificate_says_why(
        self, cli: Cli, ingest: Ingest
    ) -> None:
        kept = ingest("Claim note", "Quentin Baker claims the deposit.", "court")
        gone = ingest("Deposit note", "Quentin Baker opened the deposit.")
        certificate = erased(cli, "Quentin Baker")
        assert (certificate["placeholders"], certificate["restricted"]) == (1, 1)
        assert certificate["reasons"] == ["litigation hold"]
        for id_ in (kept, gone):
            assert revealed(cli, id_) == {}
            assert "Quentin" not in text_for(cli, id_)

    def test_a_handle_that_is_not_proposed_erases_nothing(self, cli: Cli, letter: str) -> None:
        before = state(cli)
        result = cli(*("vault", "erase", "Maria Lopez", "--reason", "she asked", "--confirm", "--also", "0123456789ab"))
        assert (result.code, result.out) == (2, "")
        assert "not proposed with this name" in result.err
        assert "Maria" not in result.err
        assert state(cli) == before

    @pytest.mark.parametrize(
        "arguments",
        [
            ("Maria Lopez", "--reason", "she asked", "--also", "0123456789ab"),
            ("Maria Lopez",),
            ("Maria Lopez", "--confirm"),
            ("Maria Lopez", "--confirm", "--reason", " "),
            ("Maria Lopez", "--confirm", "--reason", "x" * 501),
            (" ", "--confirm", "--reason", "she asked"),
        ],
    )
    def test_what_is_no_request_erases_nothing(self, cli: Cli, arguments: tuple[str, ...]) -> None:
        before = state(cli)
        result = cli("vault", "erase", *arguments)
        assert (result.code, result.out) == (2, "")
        assert state(cli) == before

    def test_nobody_erases_without_the_right_to(self, cli: Cli) -> None:
        before = state(cli)
        for more in ((), ("--confirm",)):
            result = cli("vault", "erase", "Maria Lopez", "--reason", "I asked", *more, "--as", "ana")
            assert (result.code, result.out) == (1, "")
        assert state(cli) == before

    def test_each_is_on_record_without_the_name(self, cli: Cli, ingest: Ingest) -> None:
        ingest("Rent note", "Rosa Lindgren pays the rent.")
        done = cli(*("vault", "erase", "Rosa Lindgren", "--reason", "asked by rosa@example.net", "--confirm", "--json"))
        record = cli("audit", "show", fits("vault-erase", done)["erased"]["record"], "--json")
        assert [place[2] for place in record.json["payload"]["tombstones"]] == ["<PERSON_1>"]
        assert record.json["payload"]["kept"] == []
        assert "Rosa" not in record.out
        assert "rosa@example.net" not in record.out
