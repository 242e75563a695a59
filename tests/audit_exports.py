"""Exports as somebody changes them: files are written anew, and, by one who holds the key, vouched for anew."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from compliance_bot.audit.bundle.form import MANIFEST, MANIFEST_NOTE
from compliance_bot.audit.bundle.manifest import Counts, File, format_manifest, parse_manifest, sign_manifest
from compliance_bot.audit.note_key import SigningKey, VerifierKey
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.export import verify_export
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.audit.verify.report import Report

Line = dict[str, Any]
RECORDS = "records/0000000000.jsonl"


def verified(path: Path, *keys: VerifierKey, **asked: Any) -> Report:
    """Return what a verifier tells of an export, in one process."""
    return verify_export(path, Asked(keys=keys, jobs=1, **asked))


def kinds(report: Report) -> set[Kind]:
    """Return what is wrong."""
    return {fault.kind for fault in report.faults}


def change_lines(export: Path, change: Callable[[list[Line]], Iterable[Line]], name: str = RECORDS) -> None:
    """Write a file of records anew."""
    path = export / name
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    changed = (json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in change(lines))
    path.write_text("".join(line + "\n" for line in changed), encoding="utf-8")


def vouch(export: Path, key: SigningKey, counts: Counts | None = None) -> None:
    """Write the manifest anew for what is there, and sign it: what somebody with the key can do."""
    manifest = parse_manifest((export / MANIFEST).read_bytes())
    names = {str(path.relative_to(export)) for path in export.rglob("*") if path.is_file()} - {MANIFEST, MANIFEST_NOTE}
    files = tuple(
        File(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in ((name, (export / name).read_bytes()) for name in sorted(names))
    )
    encoded = format_manifest(dataclasses.replace(manifest, files=files, counts=counts or manifest.counts))
    (export / MANIFEST).write_bytes(encoded)
    (export / MANIFEST_NOTE).write_bytes(sign_manifest(manifest.origin, encoded, key))
