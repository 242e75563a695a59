"""The JSON that `--json` prints: one function per shape, as docs/reference/json.md describes them. Version 1."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.models import EmbedderState
    from compliance_bot.errors import ComplianceError
    from compliance_bot.records import (
        Answer,
        AttributeValue,
        DocumentSummary,
        DocumentVersion,
        Hit,
        IngestReport,
        Reclassified,
        RecordSummary,
    )

Shape = dict[str, Any]


def answer_shape(answer: Answer) -> Shape:
    """`ask`: an abstention has the notice as `answer` and no sentences."""
    return {
        "answer": answer.answer,
        "abstained": answer.abstained,
        "sentences": [
            {"text": s.text, "citations": list(s.citations), **({"prose": s.prose} if s.prose else {})}
            for s in answer.sentences
        ],
        "citations": [
            {
                "n": c.n,
                "document": c.document,
                "title": c.title,
                "version": c.version,
                "version_date": instant(c.version_date),
                "sha256": c.sha256,
                "page": c.page,
                "heading": c.heading,
                "start": c.start,
                "end": c.end,
                "quote": c.quote,
                "ref": c.ref,
            }
            for c in answer.citations
        ],
        "redactions": dict(answer.redactions),
        "record": answer.record,
        "receipt": answer.receipt,
        "model": answer.model,
        "timings_ms": dict(answer.timings_ms),
        **({"fallback": answer.fallback} if answer.fallback else {}),
        **({} if answer.is_complete else {"complete": False}),
    }


def hits_shape(hits: Sequence[Hit]) -> Shape:
    """`search`: `score` is normalised to what the asker may read; raw scores are not told."""
    names = ("ref", "document", "title", "version", "chunk", "score", "page", "heading", "start", "end", "text")
    return {"hits": [{name: getattr(hit, name) for name in names} for hit in hits]}


def models_shape(embedders: Sequence[EmbedderState], *, wanted: str, answerer: str) -> Shape:
    """`model list`: the embedders that there are vectors of, the one that the settings name, and the answerer."""
    names = ("name", "hash", "dim", "use", "vectors", "chunks")
    listed = [{name: getattr(one, name) for name in names} for one in embedders]
    return {"embedders": listed, "wanted": wanted, "answerer": answerer}


def ingest_shape(report: IngestReport) -> Shape:
    """`ingest`: what was stored, what was there already, and what was left out for which reason."""
    rejected = [{"path": item.path, "reason": item.reason} for item in report.rejected]
    shape: Shape = {"ingested": report.ingested, "skipped": report.skipped, "rejected": rejected}
    if report.deleted is not None:
        shape |= {"deleted": report.deleted, "renamed": report.renamed}
    return shape


def documents_shape(documents: Sequence[DocumentSummary]) -> Shape:
    """`documents list`."""
    return {
        "documents": [
            {
                "document": d.document,
                "title": d.title,
                "collection": d.collection,
                "version": d.version,
                "versions": d.versions,
                "attributes": attributes_shape(d.attributes),
            }
            for d in documents
        ]
    }


def version_shape(version: DocumentVersion) -> Shape:
    """`documents show`: `text` only where it was asked for."""
    shape: Shape = {
        "document": version.document,
        "title": version.title,
        "version": version.version,
        "sha256": version.sha256,
        "valid_from": instant(version.valid_from),
        "valid_to": instant(version.valid_to) if version.valid_to else None,
    }
    return shape if version.text is None else {**shape, "text": version.text}


def history_shape(versions: Sequence[DocumentVersion]) -> Shape:
    """`documents history`: newest first."""
    return {"document": versions[0].document, "versions": [version_shape(version) for version in versions]}


def reclassified_shape(done: Reclassified) -> Shape:
    """`documents set`: which documents have other attributes now, or would have."""
    return {
        "changed": list(done.changed),
        "unchanged": done.unchanged,
        "refused": done.refused,
        "unreadable": done.unreadable,
        "dry_run": done.is_rehearsal,
        "record": done.record,
    }


def records_shape(records: Sequence[RecordSummary]) -> Shape:
    """`audit list`: newest first."""
    return {
        "records": [
            {
                "record": r.record,
                "at": instant(r.at),
                "type": r.type,
                "principal": r.principal,
                "outcome": r.outcome,
                "citations": [asdict(span) for span in r.citations],
            }
            for r in records
        ]
    }


def record_shape(shown: Shown) -> Shape:
    """`audit show`: one record with everything that its reviewer may see."""
    return {
        "record": shown.record,
        "at": instant(shown.at),
        "type": shown.type,
        "principal": shown.principal,
        "outcome": shown.outcome,
        "citations": shown.envelope["public"].get("citations", []),
        "envelope": dict(shown.envelope),
        "payload": dict(shown.payload),
    }


def error_shape(error: ComplianceError) -> Shape:
    """Any refusal or failure."""
    return {"error": {"type": type(error).__name__, "message": str(error), "hint": error.hint}}


def attributes_shape(attributes: Mapping[str, AttributeValue]) -> Shape:
    """Sets are sorted lists."""
    return {name: sorted(v) if isinstance(v, frozenset) else v for name, v in sorted(attributes.items())}


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
