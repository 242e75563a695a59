"""`python -m compliance_bot.audit.verify`, and what `verify.pyz` runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.audit.note import MAX_NOTE_BYTES
from compliance_bot.audit.note_key import NoteError, SignatureType, parse_verifier_key
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.export import verify_export
from compliance_bot.audit.verify.keep import keep_checkpoint
from compliance_bot.audit.verify.report import report_lines, report_shape
from compliance_bot.audit.verify.times import LONGEST_ACT_S
from compliance_bot.audit.verify.witness_files import NotAWitnessFile, open_witness_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.note_key import VerifierKey

_EPILOG = "Exit status: 0 intact, 1 tampered with, 2 incomplete: something that was asked could not be checked."


def main(arguments: Sequence[str] | None = None) -> int:
    """Check an export, print what was found, and return the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        asked = _asked(given)
    except (NoteError, NotAWitnessFile, OSError, ValueError) as error:
        parser.error(str(error))
    report = verify_export(given.export, asked)
    if given.json:
        print(json.dumps(report_shape(report), indent=2))
    else:
        print("\n".join(report_lines(report)))
    if given.save_checkpoint is not None and report.checkpoint is not None:
        keep_checkpoint(given.save_checkpoint, report.checkpoint)
    return report.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify", description="Check an export of an audit log, without a network.", epilog=_EPILOG
    )
    add = parser.add_argument
    add("export", type=Path, metavar="EXPORT", help="folder or ZIP archive")
    add("--key", action="append", default=[], metavar="KEY", help="verifier key of the log; an older one will do")
    add("--witness", action="append", default=[], metavar="KEY", help="verifier key of a witness that you trust")
    add("--quorum", type=int, metavar="K", help="how many of the witnesses have to have signed; default: all")
    add("--checkpoint", type=Path, metavar="FILE", help="the checkpoint that you kept the last time")
    add(
        "--witness-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="checkpoints that a witness kept; each has to be what the log was",
    )
    add("--save-checkpoint", type=Path, metavar="FILE", help="where to keep this one, if all is intact")
    add("--no-content", action="store_true", help="do not open contents")
    add("--max-silence", type=int, metavar="SECONDS", help="longest time without a record")
    add("--max-delay", type=int, default=LONGEST_ACT_S, metavar="SECONDS", help="longest act; default: %(default)s")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes; default: %(default)s")
    add("--json", action="store_true", help="print the report as JSON")
    return parser


def _asked(given: argparse.Namespace) -> Asked:
    """Return what the arguments ask for. Raises NoteError, NotAWitnessFile, OSError and ValueError."""
    keys = tuple(_key(text, SignatureType.ED25519, "--key") for text in given.key)
    witnesses = tuple(_key(text, SignatureType.COSIGNATURE, "--witness") for text in given.witness)
    quorum = len(witnesses) if given.quorum is None else given.quorum
    if not 0 <= quorum <= len(witnesses):
        raise ValueError(f"--quorum is from 0 to the number of witnesses, {len(witnesses)}")
    if given.jobs < 1 or given.max_delay < 0 or (given.max_silence is not None and given.max_silence < 0):
        raise ValueError("--jobs is at least 1, and times are not negative")
    return Asked(
        keys=keys,
        witnesses=witnesses,
        quorum=quorum,
        witness_files=tuple(map(open_witness_file, given.witness_file)),
        old_checkpoint=_read_note(given.checkpoint) if given.checkpoint else None,
        opens_content=not given.no_content,
        longest_act_s=given.max_delay,
        longest_silence_s=given.max_silence,
        jobs=given.jobs,
    )


def _key(text: str, kind: SignatureType, option: str) -> VerifierKey:
    key = parse_verifier_key(text)
    if key.type is not kind:
        raise ValueError(f"the key after {option} is of another kind: logs and witnesses sign differently")
    return key


def _read_note(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_NOTE_BYTES + 1)


if __name__ == "__main__":
    sys.exit(main())
