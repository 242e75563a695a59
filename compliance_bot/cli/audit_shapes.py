"""The JSON shapes and lines of `compliance-bot audit` beside those of records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.note import parse_note
from compliance_bot.cli.shapes import instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.audit.bundle.manifest import Manifest
    from compliance_bot.audit.receipt import Proven, Receipt
    from compliance_bot.chains.log_room import LogKeys
    from compliance_bot.witness.evidence import Evidence
    from compliance_bot.witness.quorum import Attested

Shape = dict[str, Any]


def keys_shape(keys: LogKeys) -> Shape:
    """Return `audit keys` and `audit rotate-key`."""
    return {"origin": keys.origin, "signing": keys.signing, "earlier": list(keys.earlier)}


def checkpoint_shape(note: bytes, attested: Attested | None = None) -> Shape:
    """Return `audit checkpoint`; `witnesses` is null where nobody was to be asked."""
    parsed = parse_checkpoint(parse_note(note).text)
    return {
        "origin": parsed.origin,
        "size": parsed.size,
        "root": parsed.root.hex(),
        "note": note.decode(),
        "witnesses": None
        if attested is None
        else [{"witness": one.witness, "at": instant(_moment(one.evidence))} for one in attested.seen],
    }


def attested_lines(attested: Attested) -> Iterator[str]:
    """Yield who has seen a checkpoint, and why somebody has not."""
    for seen in attested.seen:
        yield f"{seen.witness}: seen at {instant(_moment(seen.evidence))}"
    for missed in attested.not_seen:
        yield f"{missed.witness}: {missed.reason}"


def proof_shape(record: str, encoded: bytes) -> Shape:
    """Return `audit proof`."""
    return {"record": record, "proof": encoded.decode()}


def receipt_shape(receipt: Receipt, proven: Proven | None) -> Shape:
    """Return `audit receipt`; `index` and `size` are null for a receipt without a proof."""
    return {
        "record": receipt.record,
        "origin": receipt.origin,
        "kind": "receipt" if proven is None else "proof",
        "index": None if proven is None else proven.index,
        "size": None if proven is None else proven.size,
    }


def receipt_line(receipt: Receipt, proven: Proven | None) -> str:
    """Return what `audit receipt` says."""
    if proven is None:
        return f"The log {receipt.origin} signed for this text: record {receipt.record}. Its tree may not have it yet."
    return (
        f"This text is that of record {receipt.record}, leaf {proven.index} of {proven.size} in the signed tree of "
        f"the log {receipt.origin}."
    )


def _moment(evidence: Evidence) -> datetime:
    """Return when a witness says that it saw a checkpoint."""
    at = evidence.at
    return at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromtimestamp(at, tz=UTC)


def export_shape(path: Path, manifest: Manifest) -> Shape:
    """Return `audit export`."""
    return {
        "export": str(path),
        "origin": manifest.origin,
        "size": manifest.size,
        "first": manifest.first,
        "end": manifest.end,
        "selected": manifest.counts.selected,
        "disclosed": manifest.counts.disclosed,
        "withheld": manifest.counts.withheld,
    }


def export_lines(path: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what `audit export` tells."""
    yield f"{path}: records {manifest.first} to before {manifest.end} of {manifest.size}"
    counts = manifest.counts
    yield f"{counts.selected} selected; contents of {counts.disclosed} disclosed, of {counts.withheld} withheld"
    yield "Whoever checks it needs the log's public key from you by another way: `compliance-bot audit keys`."
