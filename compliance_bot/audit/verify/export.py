"""Check an export: its log, and then its files against what the log vouched for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.files import open_files, pieces, read
from compliance_bot.audit.bundle.form import (
    MANIFEST,
    MANIFEST_NOTE,
    README,
    TABLE,
    VERIFIER,
    BundleMalformed,
    FileMissing,
    shown,
)
from compliance_bot.audit.bundle.manifest import manifest_note_text, parse_manifest
from compliance_bot.audit.bundle.table import HEADER
from compliance_bot.audit.note_key import NoteError
from compliance_bot.audit.verify.exported import Export
from compliance_bot.audit.verify.findings import Findings, Kind
from compliance_bot.audit.verify.log import LogCheck
from compliance_bot.audit.verify.report import Report, Unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.audit.bundle.files import Files
    from compliance_bot.audit.verify.asked import Asked


def verify_export(path: Path, asked: Asked) -> Report:
    """Return the outcome of a check of a folder or an archive. Raises nothing: what cannot be read is a finding."""
    findings = Findings()
    try:
        files = open_files(path)
        encoded = read(files, MANIFEST)
        export = Export(path.absolute(), files, parse_manifest(encoded))
    except FileMissing as error:
        findings.add(Kind.NOT_THERE, str(error))
        return _unread(findings)
    except BundleMalformed as error:
        findings.add(Kind.FORM, str(error))
        return _unread(findings)
    log = LogCheck(export, asked, findings=findings)
    table = _Table(files, findings)
    for batch in log.check():
        is_all = all(fault.kind is not Kind.NOT_THERE for fault in batch.faults)
        table.expect(batch.table.encode(), is_all=is_all)
    table.finish(is_all=Kind.NOT_THERE not in findings.by_kind)
    _check_manifest(export, files, encoded, log)
    _check_files(export, files, findings)
    return log.report()


def _unread(findings: Findings) -> Report:
    return Report(
        verdict=findings.verdict,
        origin=None,
        size=0,
        first=0,
        end=0,
        records=0,
        opened=0,
        withheld=0,
        faults=findings.faults,
        silences=0,
        first_silence=None,
        unchecked=tuple(Unchecked),
    )


def _check_manifest(export: Export, files: Files, encoded: bytes, log: LogCheck) -> None:
    """Compare the manifest with what the log signed, and what it counts with what is there."""
    said, findings = export.manifest, log.findings
    if log.signed is not None and (said.origin, said.size) != (log.signed.origin, log.signed.size):
        findings.add(Kind.MANIFEST, "the manifest is of another log or another tree than the checkpoint")
    if said.counts != log.counts and Kind.NOT_THERE not in findings.by_kind:
        message = f"the manifest counts {said.counts.selected} records, and {log.counts.selected} are there"
        if said.counts.selected == log.counts.selected:
            message = "the manifest counts other contents, disclosed and withheld, than are there"
        findings.add(Kind.SELECTION, message)
    try:
        note = read(files, MANIFEST_NOTE)
        if not log.trust.is_empty and log.trust.opened(note) != manifest_note_text(said.origin, encoded):
            findings.add(Kind.MANIFEST, "manifest.note is of another manifest")
    except FileMissing as error:
        findings.add(Kind.NOT_THERE, str(error))
    except BundleMalformed as error:
        findings.add(Kind.FORM, str(error))
    except NoteError as error:
        findings.add(Kind.MANIFEST, f"manifest.note cannot be believed: {error}")


def _check_files(export: Export, files: Files, findings: Findings) -> None:
    """Compare every file with the manifest. Those of the records were compared while they were read."""
    listed = {file.name: file for file in export.manifest.files}
    there = files.names() - {MANIFEST, MANIFEST_NOTE}
    for name in sorted(there - listed.keys()):
        findings.add(Kind.FILE, f"the manifest does not list {shown(name)}")
    for name in sorted(listed.keys() - there):
        findings.add(Kind.NOT_THERE, f"{name} is missing")
    for name in sorted({TABLE, README, VERIFIER} - listed.keys()):
        findings.add(Kind.MANIFEST, f"the manifest does not list {name}, which every export has")
    for name in sorted(there & listed.keys()):
        if name.startswith("records/"):
            continue
        size, digest = 0, hashlib.sha256()
        try:
            for piece in pieces(files, name):
                size += len(piece)
                digest.update(piece)
        except BundleMalformed as error:
            findings.add(Kind.FORM, str(error))
            continue
        if (size, digest.hexdigest()) != (listed[name].size, listed[name].sha256):
            findings.add(Kind.FILE, f"{name} is not the file that the manifest lists")


class _Table:
    """records.csv, compared with the rows that the records give, piece by piece."""

    def __init__(self, files: Files, findings: Findings) -> None:
        self._findings = findings
        self._pieces: Iterator[bytes] = pieces(files, TABLE)
        self._rest = b""
        self._is_done = False
        self.expect(HEADER.encode(), is_all=True)

    def expect(self, rows: bytes, *, is_all: bool) -> None:
        """Compare the next rows. Where they are not all that there were to be, nothing more can be compared."""
        self._is_done |= not is_all
        try:
            while not self._is_done and len(self._rest) < len(rows):
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest += piece
        except FileMissing:
            self._is_done = True  # it is said once, with the other files
        except BundleMalformed as error:
            self._differs(str(error))
        if not self._is_done and not self._rest.startswith(rows):
            self._differs("records.csv does not have the rows that the records give")
        self._rest = self._rest[len(rows) :]

    def finish(self, *, is_all: bool) -> None:
        """Note what stands behind the last row."""
        if is_all and not self._is_done and (self._rest or next(self._pieces, None)):
            self._differs("records.csv has more rows than the records give")

    def _differs(self, message: str) -> None:
        self._findings.add(Kind.TABLE, message)
        self._is_done = True
