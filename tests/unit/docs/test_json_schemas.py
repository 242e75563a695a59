"""What `--json` prints is what its JSON Schema says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from compliance_bot import cli
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SigningKey
from compliance_bot.audit.receipt import Proven, Receipt
from compliance_bot.audit.record import Event, canonical, describe, new_record_id, open_record, seal
from compliance_bot.audit.review import WITHHELD, show, summarise
from compliance_bot.chains.anchor_room import AnchorState, LossAccepted
from compliance_bot.chains.log_room import LogKeys
from compliance_bot.chains.tenants import TenantState
from compliance_bot.cli import anchor_shapes, audit_shapes, doctor, redaction_shapes, shapes
from compliance_bot.errors import Refused
from compliance_bot.evaluation import retrieval
from compliance_bot.evaluation.labelled import Labelled, LabelledText
from compliance_bot.evaluation.retrieval import Scores
from compliance_bot.evaluation.trial import labels_of, try_out
from compliance_bot.keys import Keyring
from compliance_bot.records import (
    Answer,
    ChunkId,
    Citation,
    ClassId,
    DocumentId,
    DocumentSummary,
    DocumentVersion,
    Grant,
    GrantId,
    Hit,
    IngestReport,
    Passage,
    Principal,
    Reclassified,
    Rejected,
    Sentence,
    Stop,
    StopKind,
    VersionId,
)
from compliance_bot.redaction.mask import mask
from compliance_bot.store.bundle import Manifest, Member
from compliance_bot.store.removal import Removed
from compliance_bot.store.tenants import Holdings, Removal
from compliance_bot.testing import ListedDetector
from compliance_bot.witness.evidence import Filed, Timestamped
from compliance_bot.witness.quorum import Attested, Seen

SCHEMAS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "schemas"
NAMES = sorted(file.stem for file in SCHEMAS.glob("*.json"))

DOCUMENT = DocumentId("0b8f3c1e-52a4-4d55-9d0e-6f1f8f1f0a11")
SHA = "a" * 64
NOON = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
ANA = Principal(id="ana", groups=["aml"], attributes={"clearance": 2, "matters": frozenset({"heron"})})


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


def check(name: str, shape: Any) -> None:
    """Validate a shape as a reader gets it: through JSON."""
    validator(name).validate(json.loads(json.dumps(shape)))


def citation(**other: Any) -> Citation:
    given: dict[str, Any] = {
        "n": 1, "document": DOCUMENT, "title": "KYC", "version": 2, "version_date": NOON, "sha256": SHA, "page": 3,
        "heading": "4 Records > 4.2", "start": 10, "end": 24, "quote": "for six years.", "ref": None,
        "chunk": ChunkId("0123456789abcdef"),
    }  # fmt: skip
    return Citation(**{**given, **other})


def answer(**other: Any) -> Answer:
    given: dict[str, Any] = {
        "answer": "For six years. [1]", "abstained": False,
        "sentences": (Sentence(text="for six years.", citations=(1,)),), "citations": (citation(),),
        "redactions": {"EMAIL_ADDRESS": 1}, "record": new_record_id(), "receipt": None, "model": "quote@abc",
        "timings_ms": {"decide": 0.25, "retrieve": 4.0},
    }  # fmt: skip
    return Answer(**{**given, **other})


def passage(**other: Any) -> Passage:
    given: dict[str, Any] = {
        "chunk": ChunkId("00000000000000ff"), "document": DOCUMENT, "title": "KYC", "collection": "aml", "version": 1,
        "version_id": VersionId("v"), "version_sha256": SHA, "valid_from": NOON, "sha256": SHA, "ref": "p-1",
        "page": None, "page_starts": (), "heading": "", "start": 0, "end": 4, "text": "Text", "class_id": ClassId(1),
    }  # fmt: skip
    return Passage(**{**given, **other})


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_versioned_and_closed(name: str) -> None:
    schema = validator(name).schema
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:compliance-bot:{name}:1"
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "given",
    [answer(), answer(abstained=True, sentences=(), citations=()), answer(citations=(citation(page=None, ref="p-1"),))],
)
def test_answers_fit(given: Answer) -> None:
    check("ask", shapes.answer_shape(given))


def test_hits_fit() -> None:
    hit = Hit(passage=passage(), rank=1, score=1.0, lexical=3.2, cosine=0.7)
    check("search", shapes.hits_shape([hit]))
    check("search", shapes.hits_shape([]))


def test_raw_scores_are_not_told() -> None:
    shape = shapes.hits_shape([Hit(passage=passage(), rank=1, score=1.0, lexical=3.2, cosine=0.7)])
    with pytest.raises(ValidationError, match="lexical"):
        check("search", {"hits": [{**shape["hits"][0], "lexical": 3.2}]})


def test_masked_texts_fit() -> None:
    masked = mask("Write to Ida.", ListedDetector({"Ida": "PERSON"}))
    check("redact", redaction_shapes.redacted_shape(masked))
    check("redact", redaction_shapes.redacted_shape(mask("Nobody.", ListedDetector({}))))


@pytest.mark.parametrize("values", [{"Ida": "PERSON", "Bo": "DATE_TIME"}, {}])
def test_reports_on_redaction_fit(values: dict[str, str]) -> None:
    spans = [Labelled(start=0, end=3, label="PER"), Labelled(start=8, end=12, label="GPE")]
    text = LabelledText(where="a.json record 1", text="Ida and Mara, Bo", spans=tuple(spans), language="en")
    reports = try_out([text], {"one": ListedDetector(values)})
    shape = redaction_shapes.redaction_shape(reports, labels_of([text]), profile="everything")
    check("evaluate-redaction", shape)
    assert "Xxxx" in [miss["shape"] for miss in shape["detectors"][0]["misses"]]
    with pytest.raises(ValidationError, match="Mara"):
        check("evaluate-redaction", {**shape, "value": "Mara"})


def test_ingest_reports_fit() -> None:
    report = IngestReport(ingested=1, skipped=0, rejected=(Rejected(path="a.pdf", reason="it is empty"),))
    check("ingest", shapes.ingest_shape(report))


def test_tenants_fit() -> None:
    holdings = Holdings(documents=1, versions=2, chunks=3, records=4)
    removals = tuple(
        Removal(at=NOON, records=2, last_leaf=leaf, export=bytes.fromhex(SHA)) for leaf in (bytes.fromhex(SHA), None)
    )
    check("tenant-show", shapes.tenant_shape(TenantState(name="x", holdings=holdings, removals=removals)))
    member = Member(table="compliance_bot.chunk", columns=("id",), rows=3, size_bytes=9, sha256=SHA)
    manifest = Manifest(
        tenant="x", number=1, fingerprint=SHA, taken_at="2026-11-03T12:00:00+00:00", migrations=(), models=(),
        members=(member,),
    )  # fmt: skip
    for name in ("tenant-export", "tenant-import"):
        check(name, shapes.bundle_shape(manifest, "x.zip"))
    removed = Removed(at=NOON, records=2, rows=9, last_leaf=bytes.fromhex(SHA), export=SHA)
    check("tenant-delete", shapes.removed_shape(removed, "x"))


def test_documents_fit() -> None:
    attributes = {"collection": "aml", "tags": frozenset({"b", "a"}), "classification": 2}
    summary = DocumentSummary(
        document=DOCUMENT, title="KYC", collection="aml", version=2, versions=2, attributes=attributes
    )
    check("documents-list", shapes.documents_shape([summary]))


@pytest.mark.parametrize("text", [None, "Text"])
def test_versions_fit_with_text_and_without(text: str | None) -> None:
    version = DocumentVersion(
        document=DOCUMENT, title="KYC", version=1, sha256=SHA, valid_from=NOON, valid_to=NOON, text=text
    )
    check("documents-show", shapes.version_shape(version))
    check("documents-delete", {"deleted": DOCUMENT})


@pytest.mark.parametrize("changed", [(), (DOCUMENT,)])
def test_changed_attributes_fit(changed: tuple[DocumentId, ...]) -> None:
    done = Reclassified(
        changed=changed, unchanged=2, refused=1, unreadable=0, is_rehearsal=True, record=new_record_id()
    )
    check("documents-set", shapes.reclassified_shape(done))


def test_histories_fit() -> None:
    version = DocumentVersion(document=DOCUMENT, title="KYC", version=1, sha256=SHA, valid_from=NOON, valid_to=None)
    check("documents-history", shapes.history_shape([version]))


@pytest.mark.parametrize("outcome", ["answered", "abstained", "refused", "failed", "done"])
@pytest.mark.parametrize("readable", [True, False])
def test_records_fit_as_they_were_sealed_and_opened(outcome: str, *, readable: bool) -> None:
    keyring = Keyring(b"k" * 32)
    event = Event(
        type="answer",
        outcome=outcome,
        public={"citations": [{"n": 1, "document": DOCUMENT, "version": 2, "sha256": SHA, "start": 5, "end": 19}]},
        private={
            "principal": describe(ANA),
            "question": "How long?",
            "answer": "For six years. [1]",
            "sentences": [{"text": "For six years.", "citations": [1]}],
            "citations": [{"n": 1, "title": "KYC", "heading": "", "quote": "For six years."}],
        },
    )
    lane = {"writer": DOCUMENT, "counter": 0, "previous": ""}
    sealed = seal(event, id=new_record_id(), at=NOON, tenant=1, actor=DOCUMENT, lane=lane, keyring=keyring)
    opened = open_record(sealed, keyring)
    shape = shapes.record_shape(show(opened, [DOCUMENT] if readable else []))
    check("audit-list", shapes.records_shape(summarise([opened])))
    check("audit-show", shape)
    assert (shape["payload"]["answer"] == WITHHELD) is not readable
    assert canonical(shape["envelope"]) == sealed.envelope


def test_errors_fit() -> None:
    check("error", shapes.error_shape(Refused()))


def test_error_of_a_command_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["documents", "show", "--bad", "--json"]) == 2
    check("error", json.loads(capsys.readouterr().out))


def test_scores_fit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    metrics = {"recall@10": 0.8, "map@10": 0.6, "ndcg@10": 1.0}
    monkeypatch.setattr(retrieval, "evaluate_folder", lambda *_, **__: Scores(metrics=metrics, n=3))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q\tp\t1\n", encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "why"}\n', encoding="utf-8")
    assert cli.run(["evaluate", "retrieval", str(tmp_path), "--json"]) == 0
    check("evaluate-retrieval", json.loads(capsys.readouterr().out))
    assert set(metrics) == set(retrieval._METRICS)


def test_findings_of_the_doctor_fit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    finding = doctor.Finding(check="home", ok=True, detail="only its owner can enter it")
    monkeypatch.setattr(doctor, "examine", lambda **_: (finding,))
    assert cli.run(["doctor", "--json"]) == 0
    check("doctor", json.loads(capsys.readouterr().out))


def test_init_fits() -> None:
    check("init", {"home": "/srv/bot", "created": True})


def test_grants_and_stops() -> None:
    grant = Grant(
        id=GrantId(DOCUMENT),
        principal="ana",
        groups=frozenset({"aml"}),
        attributes={"clearance": 2, "matters": frozenset({"heron"})},
        reason="covers for Ben",
        emergency=False,
        granted_at=NOON,
        valid_from=NOON,
        valid_to=None,
    )
    check("principal-list", shapes.principals_shape([ANA], [grant], now=NOON))
    for name in ("principal-grant", "principal-break-glass"):
        check(name, {"grant": shapes.grant_shape(replace(grant, valid_to=NOON, revoked_at=NOON), now=NOON)})
    check("principal-revoke", {"revoked": grant.id})
    check("principal-review", {"reviewed": grant.id})
    check("kill-switch-list", shapes.stops_shape([Stop(kind=StopKind.TENANT, name="", at=NOON)]))
    for name in ("kill-switch-stop", "kill-switch-lift"):
        check(name, {"changed": True})


def test_keys_and_signatures_of_policies() -> None:
    check("policy-key", {"key": "abc="})
    check("policy-sign", {"author": "gita", "approver": "lena", "at": shapes.instant(NOON)})


def test_keys_checkpoints_and_proofs_of_the_log_fit() -> None:
    key = SigningKey(name="log/1", private_key=Ed25519PrivateKey.from_private_bytes(b"k" * 32))
    known = LogKeys(origin="log/1", signing="log/1+0+k", earlier=("log/1+1+e",))
    for name in ("audit-keys", "audit-rotate-key", "audit-begin-anew"):
        check(name, audit_shapes.keys_shape(known))
    note = sign_note(format_checkpoint(Checkpoint(origin="log/1", size=3, root=bytes(32))), key)
    seen = (
        Seen(witness="archive", evidence=Filed(path=Path("checkpoints"), at=1)),
        Seen(witness="authority", evidence=Timestamped(response=b"", at=NOON)),
    )
    attested = Attested(seen=seen, not_seen=(), enough=2, required=frozenset())
    for given in (None, attested):
        check("audit-checkpoint", audit_shapes.checkpoint_shape(note, given))
    check("audit-proof", audit_shapes.proof_shape(new_record_id(), b"c2sp.org/tlog-proof@v1"))
    receipt = Receipt(origin="log/1", record=new_record_id(), leaf_hash=bytes(32), answer=bytes(32), salt=bytes(32))
    for proven in (None, Proven(receipt=receipt, index=0, size=3)):
        check("audit-receipt", audit_shapes.receipt_shape(receipt, proven))
        assert receipt.record in audit_shapes.receipt_line(receipt, proven)


def test_anchors_fit() -> None:
    path = Path("/mnt/other/anchor.jsonl")
    for first, last, at in ((None, 0, None), (1, 7, NOON)):
        state = AnchorState(path=path, first=first, last=last, written_at=at)
        check("anchor-show", anchor_shapes.state_shape(state))
        assert str(path) in "".join(anchor_shapes.state_lines(state))
    accepted = LossAccepted(path=path, record=new_record_id(), lost="AnchorLost", applied=2)
    check("anchor-accept-loss", anchor_shapes.loss_shape(accepted))
