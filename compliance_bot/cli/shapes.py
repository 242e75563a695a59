"""The JSON that `--json` prints: one function per shape, as docs/reference/json.md describes them. Version 1."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from compliance_bot.policy.values import to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.examine import PolicyReport
    from compliance_bot.chains.explain import Explanation, Permissions
    from compliance_bot.chains.models import EmbedderState
    from compliance_bot.chains.tenants import TenantState
    from compliance_bot.chains.what_if import Comparison, RightsChange
    from compliance_bot.errors import ComplianceError
    from compliance_bot.records import (
        Answer,
        AttributeValue,
        DocumentSummary,
        DocumentVersion,
        Grant,
        Hit,
        IngestReport,
        Principal,
        Reclassified,
        RecordSummary,
        Stop,
    )
    from compliance_bot.redaction.assignment import CollectionProfiles
    from compliance_bot.retrieval.tune import Tuned
    from compliance_bot.store.bundle import Manifest
    from compliance_bot.store.removal import Removed
    from compliance_bot.store.tuning import Reach

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
        **({"revealed": dict(answer.revealed)} if answer.revealed else {}),
        "record": answer.record,
        "receipt": answer.receipt,
        "model": answer.model,
        **({"notice": answer.notice} if answer.notice else {}),
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


def tuning_shape(tuned: Tuned) -> Shape:
    """`doctor --tune`: what was chosen, and all that was measured."""
    chosen = tuned.tuning
    return {
        "tuning": {
            **_reach(chosen),
            "recall": round(chosen.recall, 4),
            "chunks": chosen.chunks,
            "at": instant(chosen.at),
        },
        "questions": tuned.questions,
        "measured": [
            {
                "readable": one.readable,
                "kind": one.kind,
                "reach": _reach(one.reach, with_threshold=False),
                "exact_ms": round(one.exact_ms, 3),
                "walk_ms": round(one.walk_ms, 3),
                "recall": round(one.recall, 4),
                "given_up": round(one.given_up, 4),
            }
            for one in tuned.measured
        ],
    }


def _reach(reach: Reach, *, with_threshold: bool = True) -> Shape:
    base, slope, least, most = reach.fetch_base, reach.fetch_slope, reach.fetch_least, reach.fetch_most
    shape = {"ef_search": reach.ef_search, "fetch": {"base": base, "slope": slope, "least": least, "most": most}}
    return {"threshold": reach.threshold, **shape} if with_threshold else shape


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


def tenant_shape(state: TenantState) -> Shape:
    """`tenant show`: how much there is, and what is left of earlier logs."""
    return {
        "tenant": state.name,
        **asdict(state.holdings),
        "removals": [
            {
                "at": instant(one.at),
                "records": one.records,
                "last_leaf": one.last_leaf.hex() if one.last_leaf else None,
                "export": one.export.hex(),
            }
            for one in state.removals
        ],
    }


def policy_report_shape(report: PolicyReport) -> Shape:
    """`policy check` and `policy test`: where there are problems, nothing was tested."""
    return {
        "policies": report.policies,
        "problems": [
            {"file": p.file, "line": p.line, "policy": p.policy, "message": p.message} for p in report.problems
        ],
        "warnings": [{"policies": list(c.policies), "message": c.message} for c in report.cautions],
        "tests": [
            {
                "file": t.file,
                "name": t.name,
                "passed": t.passed,
                "expected": t.expected,
                "decided": t.decided,
                "because": None if t.because is None else list(t.because),
                "determining": list(t.determining),
                "failed_policies": t.failed_policies,
            }
            for t in report.tests
        ],
        "redaction": [] if report.redaction is None else _redaction_shape(report.redaction),
    }


def _redaction_shape(profiles: CollectionProfiles) -> list[Shape]:
    of = (*profiles.collections.items(), (None, profiles.default))
    return [{"collection": name, "profile": profile.name, "sha256": profile.sha256} for name, profile in of]


def bundle_shape(manifest: Manifest, file: str) -> Shape:
    """`tenant export` and `tenant import`: what the file has, by table."""
    return {
        "file": file,
        "tenant": manifest.tenant,
        "taken_at": manifest.taken_at,
        "sha256": manifest.sha256,
        "tables": {member.table: member.rows for member in manifest.members},
    }


def removed_shape(removed: Removed, tenant: str) -> Shape:
    """`tenant delete`: what is left."""
    return {
        "deleted": tenant,
        "at": instant(removed.at),
        "rows": removed.rows,
        "records": removed.records,
        "last_leaf": removed.last_leaf.hex(),
        "export": removed.export,
    }


def explanation_shape(explanation: Explanation) -> Shape:
    """`policy explain`: `reasons` are for reviewers; a withheld value and an absent one are null."""
    return {
        "document": explanation.document,
        "title": explanation.title,
        "principal": explanation.principal,
        "action": explanation.action,
        "as_of": instant(explanation.as_of) if explanation.as_of else None,
        "policies": explanation.policies,
        "decision": explanation.decision.effect,
        "determining": list(explanation.decision.determining),
        "failed_policies": explanation.decision.errors,
        "decidable": explanation.is_decidable,
        "reasons": [
            {
                "policy": r.policy,
                "effect": r.effect,
                "role": r.role,
                "file": r.file,
                "line": r.line,
                "text": r.text,
                "conditions": [
                    {"part": c.part, "text": c.text, "holds": c.holds, "reads": list(c.reads)} for c in r.conditions
                ],
            }
            for r in explanation.reasons
        ],
        "values": [
            {"name": v.name, "value": None if v.value is None else value_shape(v.value), "withheld": v.is_withheld}
            for v in explanation.values
        ],
    }


def permissions_shape(permissions: Permissions) -> Shape:
    """`policy who`: by id."""
    return {
        "document": permissions.document,
        "title": permissions.title,
        "action": permissions.action,
        "policies": permissions.policies,
        "permitted": [{"principal": p.principal, "determining": list(p.determining)} for p in permissions.permitted],
        "listed": permissions.listed,
    }


def comparison_shape(comparison: Comparison) -> Shape:
    """`policy what-if`: without what walls keep from the reviewer."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "policies": [{"policy": p.policy, "effect": p.effect, "change": p.change} for p in comparison.policies],
        "joined": list(comparison.joined),
        "left": list(comparison.left),
        "altered": list(comparison.altered),
        "changes": [_change_shape(change) for change in comparison.changes],
        "principals": comparison.principals,
        "documents": comparison.documents,
    }


def _change_shape(change: RightsChange) -> Shape:
    names = ("principal", "effect", "action", "collection", "documents", "passages", "kinds_left_out")
    kinds = [
        {"attributes": attributes_shape(k.attributes), "documents": k.documents, "passages": k.passages}
        for k in change.kinds
    ]
    return {**{name: getattr(change, name) for name in names}, "context": dict(change.context), "kinds": kinds}


def error_shape(error: ComplianceError) -> Shape:
    """Any refusal or failure."""
    return {"error": {"type": type(error).__name__, "message": str(error), "hint": error.hint}}


def principals_shape(listed: Sequence[Principal], grants: Sequence[Grant], *, now: datetime) -> Shape:
    """`principal list`: the people with what they have now, and every grant with its dates."""
    people = [
        {"principal": p.id, "groups": sorted(p.groups), "attributes": attributes_shape(p.attributes)} for p in listed
    ]
    return {"principals": people, "grants": [grant_shape(grant, now=now) for grant in grants]}


def grant_shape(grant: Grant, *, now: datetime) -> Shape:
    """One grant: what, for whom, from when until when, and whether it holds now."""
    return {
        "grant": grant.id,
        "principal": grant.principal,
        "groups": sorted(grant.groups),
        "attributes": attributes_shape(grant.attributes),
        "reason": grant.reason,
        "emergency": grant.emergency,
        "granted_at": instant(grant.granted_at),
        "from": instant(grant.valid_from),
        "to": instant(grant.valid_to) if grant.valid_to else None,
        "revoked_at": instant(grant.revoked_at) if grant.revoked_at else None,
        "reviewed_at": instant(grant.reviewed_at) if grant.reviewed_at else None,
        "holds": grant.holds(now),
    }


def stops_shape(stops: Sequence[Stop]) -> Shape:
    """`kill-switch list`: what is stopped; the tenant has no name."""
    return {"stops": [{"kind": one.kind.value, "name": one.name, "since": instant(one.at)} for one in stops]}


def attributes_shape(attributes: Mapping[str, AttributeValue]) -> Shape:
    """Sets are sorted lists."""
    return to_plain(attributes)


def value_shape(value: AttributeValue) -> Any:
    """A set is a sorted list, a time ISO 8601 in UTC, an entity its id."""
    return to_plain({"value": value})["value"]


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
