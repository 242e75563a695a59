"""The sample institution: documents, attributes, questions and policies agree with each other."""

from __future__ import annotations

import csv
import itertools
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import cedarpy
import docx
import lxml.html
import pypdfium2
import pytest
import yaml
from docx.oxml.ns import qn

from compliance_bot.evaluation.labelled import LabelledText
from compliance_bot.evaluation.readers import read_labelled

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
DOCUMENTS = SAMPLES / "documents"
POLICIES = ROOT / "policies" / "sample"
WORDS_PER_PAGE = 400  # for formats without pages; a PDF counts its own

TEST_CARDS = {"4111111111111111"}
DOCUMENTATION_IBANS = {
    "GB82WEST12345698765432",
    "GB29NWBK60161331926819",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
}
# Numbers that were printed in advertising and declared void, so that they belong to nobody.
VOID_SSNS = {"219-09-9999", "212-09-9999", "306-30-2348", "165-18-7999"}
DOCUMENTATION_NETWORKS = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


@cache
def text_of(path: Path) -> str:
    """Return the document's text with runs of white space as one blank."""
    if path.suffix == ".pdf":
        text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))
    elif path.suffix == ".docx":
        text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).element.body.iter(qn("w:p")))
    elif path.suffix == ".html":
        text = " ".join(str(piece) for piece in lxml.html.parse(str(path)).getroot().itertext())
    elif path.suffix == ".jsonl":
        text = "\n".join(json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
    else:
        text = path.read_text(encoding="utf-8")
    return " ".join(text.split())


def documents() -> list[str]:
    return sorted(str(path.relative_to(DOCUMENTS)) for path in DOCUMENTS.rglob("*") if path.is_file())


def attribute_rows() -> dict[str, dict[str, str]]:
    with (SAMPLES / "attributes.csv").open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row for row in csv.DictReader(lines)}


def questions() -> list[dict[str, Any]]:
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def principals() -> dict[str, dict[str, Any]]:
    people = yaml.safe_load((POLICIES / "principals.yaml").read_text(encoding="utf-8"))
    return {person["id"]: person for person in people}


class TestDocuments:
    def test_each_has_a_row_of_attributes_and_each_row_a_document(self) -> None:
        assert sorted(attribute_rows()) == documents()

    def test_there_are_thirty_documents_and_ninety_pages_in_all_formats(self) -> None:
        paths = [DOCUMENTS / name for name in documents()]
        pages = sum(
            len(pypdfium2.PdfDocument(path)) if path.suffix == ".pdf" else len(text_of(path).split()) / WORDS_PER_PAGE
            for path in paths
        )
        counts = {suffix: sum(path.suffix == suffix for path in paths) for suffix in {path.suffix for path in paths}}
        least = {".pdf": 10, ".docx": 6, ".html": 4, ".md": 6, ".txt": 4, ".jsonl": 1}
        assert len(paths) >= 30
        assert pages >= 90
        assert all(counts[suffix] >= number for suffix, number in least.items()), counts

    def test_readme_lists_each_and_everybody(self) -> None:
        readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
        assert [name for name in (*documents(), *principals()) if f"| `{name}` |" not in readme] == []

    def test_ready_passages_have_an_id_a_title_and_a_text(self) -> None:
        lines = (DOCUMENTS / "compliance/corpus.jsonl").read_text(encoding="utf-8").splitlines()
        passages = [json.loads(line) for line in lines]
        assert len({passage["_id"] for passage in passages}) == len(passages) >= 25
        assert all(set(passage) == {"_id", "title", "text"} for passage in passages)

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("aml/kyc-standard.pdf", "records are kept for five years after", "records are kept for six years after"),
            ("aml/kyc-standard.pdf", "transaction of 15,000 crowns", "transaction of 12,000 crowns"),
            ("retail/complaints-procedure.pdf", "is sent within eight weeks", "is sent within 35 days"),
            ("retail/complaints-procedure.pdf", "kept for three years after", "kept for four years after"),
        ],
    )
    def test_a_superseded_version_says_otherwise(self, name: str, old: str, new: str) -> None:
        superseded, current = text_of(SAMPLES / "superseded" / name), text_of(DOCUMENTS / name)
        assert old in superseded
        assert old not in current
        assert new in current
        assert new not in superseded

    def test_the_vendor_notice_instructs_the_assistant_openly_and_in_hiding(self) -> None:
        page = (DOCUMENTS / "it-security/vendor-notice-quillon-2026-10.html").read_text(encoding="utf-8")
        visible = re.sub(r'<!--.*?-->|<p (class="small"|style="color:white").*?</p>', "", page, flags=re.DOTALL)
        assert "ignore previous instructions" in visible
        assert len(page) - len(visible) > 400
        assert "<!-- SYSTEM" in page


class TestInventedPersonalData:
    """Whatever looks like personal data comes from a range that belongs to nobody."""

    @staticmethod
    def found(pattern: str) -> set[str]:
        everywhere = [*DOCUMENTS.rglob("*.*"), *(SAMPLES / "superseded").rglob("*.*")]
        return {match for path in everywhere for match in re.findall(pattern, text_of(path))}

    def test_telephone_numbers_are_from_555_01(self) -> None:
        numbers = self.found(r"\b555[- ]?\d{4}\b")
        assert len(numbers) >= 30
        assert {number for number in numbers if not re.fullmatch(r"555[- ]01\d\d", number)} == set()

    def test_mail_addresses_are_at_reserved_domains(self) -> None:
        domains = self.found(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
        reserved = re.compile(r"example\.(com|org|net)|(.+\.)?[\w-]+\.test")
        assert len(domains) >= 5
        assert {domain for domain in domains if not reserved.fullmatch(domain)} == set()

    def test_card_numbers_are_test_numbers(self) -> None:
        in_fours = self.found(r"(?<![A-Z0-9] )\b\d{4}(?:[ -]?\d{4}){2}[ -]?\d{3,4}\b")
        assert {re.sub(r"\D", "", card) for card in in_fours} == TEST_CARDS

    def test_ibans_are_documentation_examples(self) -> None:
        ibans = {
            match.replace(" ", "") for match in self.found(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b")
        }
        assert ibans == DOCUMENTATION_IBANS

    def test_social_security_numbers_are_void(self) -> None:
        assert self.found(r"\b\d{3}-\d{2}-\d{4}\b") == VOID_SSNS

    def test_addresses_of_machines_are_for_documentation(self) -> None:
        addresses = self.found(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
        assert len(addresses) >= 5
        assert {a for a in addresses if not any(ip_address(a) in net for net in DOCUMENTATION_NETWORKS)} == set()


def build(target: Path, *options: str) -> Path:
    command = [sys.executable, str(SAMPLES / "build.py"), str(target), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


class TestBuild:
    def test_what_is_committed_is_what_the_sources_say(self, built: Path) -> None:
        made = {str(path.relative_to(built)) for path in built.rglob("*.*")}
        committed = {
            str(path.relative_to(SAMPLES))
            for folder in ("documents", "superseded")
            for suffix in ("pdf", "docx")
            for path in (SAMPLES / folder).rglob(f"*.{suffix}")
        }
        assert made == committed
        assert [name for name in sorted(made) if text_of(built / name) != text_of(SAMPLES / name)] == []

    def test_the_same_sources_give_the_same_bytes(self, built: Path, tmp_path: Path) -> None:
        again = build(tmp_path, "--only", "matter-heron")
        made = {path.relative_to(again): path.read_bytes() for path in again.rglob("*.*")}
        assert {path.suffix for path in made} == {".pdf", ".docx"}
        assert made == {path: (built / path).read_bytes() for path in made}

    def test_the_committed_binaries_stay_small(self) -> None:
        binaries = [path for path in SAMPLES.rglob("*") if path.suffix in {".pdf", ".docx"}]
        assert sum(path.stat().st_size for path in binaries) < 3_000_000


class Court:
    """The sample policies with the people of `principals.yaml` and the documents of `attributes.csv`."""

    def __init__(self, *, without: str = "") -> None:
        policies = "\n".join(path.read_text(encoding="utf-8") for path in sorted(POLICIES.glob("*.cedar")))
        if without:
            policies, cut = re.subn(rf'@id\("{without}"\)[^;]*;', "", policies)
            assert cut == 1
        self.text = policies
        self.policies = cedarpy.PolicySet.from_str(policies)
        self.schema = cedarpy.Schema.from_str((POLICIES / "institution.cedarschema").read_text(encoding="utf-8"))
        entities = [*map(self._user, principals().values()), *map(self._document, attribute_rows().values())]
        self.entities = cedarpy.Entities.from_json_str(json.dumps(entities), schema=self.schema)

    def allows(self, who: str, action: str, kind: str, what: str, **context: object) -> bool:
        now = {"__extn": {"fn": "datetime", "arg": "2026-11-02"}}
        request = {
            "principal": {"type": "User", "id": who},
            "action": f'Action::"{action}"',
            "resource": {"type": kind, "id": what},
            "context": {"now": now, **context},
        }
        result = cedarpy.is_authorized(request, self.policies, self.entities, self.schema)
        assert result.diagnostics.errors == []
        return bool(result.allowed)

    def reads(self, who: str, document: str) -> bool:
        return self.allows(who, "read", "Document", document)

    @staticmethod
    def _user(person: dict[str, Any]) -> dict[str, Any]:
        parents = [{"type": "Group", "id": group} for group in person["groups"]]
        return {"uid": {"type": "User", "id": person["id"]}, "attrs": person.get("attributes", {}), "parents": parents}

    @staticmethod
    def _document(row: dict[str, str]) -> dict[str, Any]:
        collection = row["path"].split("/", maxsplit=1)[0]
        attributes: dict[str, Any] = {key: value for key, value in row.items() if value and key != "path"}
        attributes["collection"] = collection
        attributes["classification"] = int(row["classification"])
        attributes["tags"] = row["tags"].split("|")
        parents = [{"type": "Collection", "id": collection}]
        return {"uid": {"type": "Document", "id": row["path"]}, "attrs": attributes, "parents": parents}


@pytest.fixture(scope="module")
def court() -> Court:
    return Court()


PUBLIC, INTERNAL = "retail/account-terms.pdf", "compliance/records-retention-schedule.pdf"
BRANCH, MEMO, LETTER = (
    "retail/branch-notice-harbour-lights.md",
    "aml/harbour-lights-monitoring-memo.docx",
    "retail/letter-complaint-2026-3381.docx",
)
MONITORING, MANUAL = "aml/transaction-monitoring-procedure.docx", "benefits/claims-adjudication-manual.docx"
CLINICAL, CREDIT, HERON = (
    "benefits/case-notes-2026-10.txt",
    "lending/credit-policy-small-business.pdf",
    "matter-heron/heron-briefing.pdf",
)
READERS = {
    "admin": {PUBLIC, INTERNAL, BRANCH, MEMO, LETTER, MONITORING, MANUAL, CLINICAL, CREDIT},
    "ana": {PUBLIC, INTERNAL, MONITORING, MEMO},
    "ben": {PUBLIC, INTERNAL, BRANCH},
    "bertil": {PUBLIC, INTERNAL, MANUAL},
    "carla": {PUBLIC, INTERNAL, MANUAL, CLINICAL},
    "dev": {PUBLIC, INTERNAL, CREDIT, HERON},
    "eve": {PUBLIC},
    "frank": set(),
    "gita": {PUBLIC, INTERNAL},
    "hugo": {PUBLIC, INTERNAL, CREDIT},
    "iris": {PUBLIC, INTERNAL},
    "jonas": {PUBLIC, INTERNAL},
    "lena": {PUBLIC, INTERNAL, HERON},
    "moses": {PUBLIC, INTERNAL, MONITORING},
    "priya": {PUBLIC, INTERNAL},
    "salma": {PUBLIC, INTERNAL, BRANCH, LETTER},
}


class TestPolicies:
    def test_they_are_valid_against_the_schema(self, court: Court) -> None:
        result = cedarpy.validate_policies(court.text, court.schema)
        assert (result.validation_passed, result.errors) == (True, [])

    def test_each_has_an_id_of_its_own(self, court: Court) -> None:
        ids = re.findall(r'^@id\("([a-z-]+)"\)$', court.text, flags=re.MULTILINE)
        policies = re.findall(r"^(?:permit|forbid) \(", court.text, flags=re.MULTILINE)
        assert len(ids) == len(set(ids)) == len(policies)

    @pytest.mark.parametrize("who", sorted(READERS))
    def test_each_person_reads_these_and_no_others(self, court: Court, who: str) -> None:
        asked = (PUBLIC, INTERNAL, BRANCH, MEMO, LETTER, MONITORING, MANUAL, CLINICAL, CREDIT, HERON)
        assert {document for document in asked if court.reads(who, document)} == READERS[who]

    def test_the_table_of_readers_has_everybody(self) -> None:
        assert set(READERS) == set(principals())

    @pytest.mark.parametrize("action", ["read", "delete", "reclassify"])
    @pytest.mark.parametrize("who", sorted(set(READERS) - {"dev", "lena"}))
    def test_the_wall_holds_for_everyone_outside_the_matter(self, court: Court, who: str, action: str) -> None:
        behind = [path for path, row in attribute_rows().items() if row["matter"]]
        assert len(behind) == 3
        assert not any(court.allows(who, action, "Document", path) for path in behind)

    @pytest.mark.parametrize(
        ("wall", "who", "document"),
        [
            ("ethical-wall", "hugo", HERON),
            ("ethical-wall", "admin", HERON),
            ("no-tipping-off", "moses", MEMO),
            ("clinical-files", "bertil", CLINICAL),
            ("contractors-read-nothing", "frank", INTERNAL),
        ],
    )
    def test_it_is_the_wall_that_holds(self, court: Court, wall: str, who: str, document: str) -> None:
        assert not court.reads(who, document)
        assert Court(without=wall).reads(who, document)

    def test_revealing_needs_a_purpose_and_never_shows_a_card_for_convenience(self, court: Court) -> None:
        def reveals(who: str, kind: str, **context: object) -> bool:
            return court.allows(who, "reveal", "Document", LETTER, entity_type=kind, **context)

        assert reveals("salma", "PHONE_NUMBER", purpose="complaint 2026-3381")
        assert not reveals("salma", "PHONE_NUMBER")
        assert not reveals("salma", "PHONE_NUMBER", purpose="")
        assert not reveals("salma", "CREDIT_CARD", purpose="complaint 2026-3381")
        assert not reveals("ben", "PHONE_NUMBER", purpose="complaint 2026-3381")

    def test_a_model_elsewhere_sees_general_rules_only(self, court: Court) -> None:
        def processes(document: str, *, on_premises: bool) -> bool:
            return court.allows("ben", "process", "Document", document, model="m", on_premises=on_premises)

        assert processes(INTERNAL, on_premises=False)
        assert processes(BRANCH, on_premises=True)
        assert not processes(BRANCH, on_premises=False)
        assert not processes("benefits/member-handbook-2026.pdf", on_premises=False)

    @pytest.mark.parametrize(
        ("action", "kind", "what", "allowed"),
        [
            ("ask", "Home", "home", set(READERS)),
            ("review", "Home", "home", {"admin", "eve"}),
            ("hold", "Home", "home", {"admin", "lena"}),
            ("erase", "Home", "home", {"admin", "priya"}),
            ("administer", "Home", "home", {"admin"}),
            ("ingest", "Collection", "compliance", {"admin", "gita"}),
            ("ingest", "Collection", "matter-heron", {"admin", "dev", "lena"}),
        ],
    )
    def test_each_duty_is_for_these_people(
        self, court: Court, action: str, kind: str, what: str, allowed: set[str]
    ) -> None:
        assert {who for who in READERS if court.allows(who, action, kind, what)} == allowed


class TestQuestions:
    def test_there_are_sixty_and_both_kinds_without_an_answer(self) -> None:
        unanswerable = [question["why"] for question in questions() if not question["answerable"]]
        assert len({question["id"] for question in questions()}) == len(questions()) >= 60
        assert len(unanswerable) >= 15
        assert set(unanswerable) == {"not in corpus", "not readable by this person"}

    def test_each_gold_passage_stands_in_its_document(self) -> None:
        golds = [(question["id"], gold) for question in questions() for gold in question["gold"]]
        assert [(i, gold) for i, gold in golds if gold["contains"] not in text_of(DOCUMENTS / gold["path"])] == []

    def test_each_answer_is_said_in_a_gold_document(self) -> None:
        for question in questions():
            texts = [text_of(DOCUMENTS / gold["path"]) for gold in question["gold"]]
            assert question["answerable"] == bool(texts), question["id"]
            assert not texts or any(question["answer_contains"] in text for text in texts), question["id"]

    def test_the_asker_may_read_what_answers_and_not_what_is_behind(self, court: Court) -> None:
        for question in questions():
            who = question["as"]
            assert all(court.reads(who, gold["path"]) for gold in question["gold"]), question["id"]
            hidden = [document["path"] for document in question.get("behind", [])]
            assert not any(court.reads(who, path) for path in hidden), question["id"]
            assert bool(hidden) == (question.get("why") == "not readable by this person"), question["id"]

    def test_the_demonstration_asks_what_the_questions_ask(self) -> None:
        demo = yaml.safe_load((SAMPLES / "demo.yaml").read_text(encoding="utf-8"))
        asked = {q["as"]: q.get("answer_contains") for q in questions() if q["question"] == demo["question"]}
        shown = {person["id"]: person.get("expects") for person in (*demo["people"], *demo["without_answer"])}
        assert shown == asked
        assert len(set(asked.values())) == len(asked)


class TestLabelledTexts:
    """The texts that `evaluate redaction --sample` takes."""

    @staticmethod
    def texts() -> list[LabelledText]:
        return list(read_labelled(SAMPLES / "redaction"))

    def test_there_are_sixty_in_five_languages_and_some_without_personal_data(self) -> None:
        texts = self.texts()
        languages = Counter(text.language for text in texts)
        assert len(texts) >= 60
        assert set(languages) == {"en", "de", "fr", "es", "it"}
        assert languages["en"] >= 50
        assert {text.domain for text in texts} >= {"bank", "clinic", "court", "hr", "email"}
        assert sum(not text.spans for text in texts) >= 3

    def test_each_label_stands_there_at_least_three_times(self) -> None:
        labels = Counter(span.label for text in self.texts() for span in text.spans)
        assert len(labels) > 60
        assert [label for label, times in labels.items() if times < 3] == []

    def test_labels_begin_and_end_with_their_value_and_do_not_overlap(self) -> None:
        for text in self.texts():
            values = [text.text[span.start : span.end] for span in text.spans]
            assert values == [value.strip() for value in values]
            assert all(a.end <= b.start for a, b in itertools.pairwise(text.spans)), text.where

    def test_what_could_belong_to_somebody_is_from_ranges_that_do_not(self) -> None:
        def values(label: str) -> set[str]:
            return {t.text[s.start : s.end] for t in self.texts() for s in t.spans if s.label == label}

        bare = {value.replace(" ", "") for value in values("IBAN_CODE")}
        assert bare <= DOCUMENTATION_IBANS | {"ES9121000418450200051332", "IT60X0542811101000000123456"}
        assert {re.sub(r"\D", "", value) for value in values("CREDIT_CARD")} <= TEST_CARDS | {
            "5555555555554444",
            "378282246310005",
        }
        assert values("US_SSN") <= VOID_SSNS
        assert all(re.search(r"@example\.(com|org|net|es)$", value) for value in values("EMAIL_ADDRESS"))
        fictitious = r"555.01\d\d|20 7946 0|7700 900|30 23125|01 99 00"  # of the regulators of five countries
        numbers = values("PHONE_NUMBER") | values("FAX_NUMBER")
        assert [number for number in numbers if not re.search(fictitious, number)] == []
        for address in map(ip_address, values("IP_ADDRESS")):
            assert address.is_private or any(address in net for net in DOCUMENTATION_NETWORKS)
