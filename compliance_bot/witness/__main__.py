"""`python -m compliance_bot.witness`: make the key of a witness, or run one. Its documentation is its `--help`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.audit.note_key import NoteError, SignatureType, format_verifier_key, parse_verifier_key
from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.witness.cosigner import Cosigner
from compliance_bot.witness.faults import HOW_TO
from compliance_bot.witness.key_file import create_key, load_key
from compliance_bot.witness.server import WitnessServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.note_key import VerifierKey

_PROGRAM = "python -m compliance_bot.witness"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 done, 1 refused, 2 usage, 3 unavailable."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        if asked.new_key is not None:
            key = create_key(asked.key, asked.new_key)
            sys.stdout.write(f"{format_verifier_key(key.verifier(SignatureType.COSIGNATURE))}\n")
        elif asked.state is None or not asked.log:
            parser.error("expected --new-key, or --state and at least one --log")
        else:
            _serve(asked)
    except ComplianceError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n" if error.hint else f"{error}\n")
        return error.exit_code
    return 0


def _serve(asked: argparse.Namespace) -> None:
    key = load_key(asked.key)
    with contextlib.closing(Cosigner(key, asked.state, [_log(text) for text in asked.log])) as cosigner:
        try:
            server = WitnessServer(_address(asked.listen), cosigner)
        except (OSError, OverflowError) as error:
            raise UsageError(f"cannot listen on {asked.listen}: {error}") from error
        with server:
            host, port = server.server_address[:2]
            vkey = format_verifier_key(key.verifier(SignatureType.COSIGNATURE))
            sys.stderr.write(f"witness {vkey}\nlistening on http://{host!s}:{port}\n")
            sys.stderr.flush()
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()


def _log(text: str) -> VerifierKey:
    try:
        return parse_verifier_key(text)
    except NoteError as error:
        raise UsageError(f"--log: {error}") from error


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal()):
        raise UsageError(f"--listen: expected HOST:PORT, not {text!r}")
    return host, int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="A witness of logs: it remembers each checkpoint, and cosigns what follows from the last.",
        epilog=f"Speaks C2SP tlog-witness over plain HTTP; put TLS in front of it. {HOW_TO} says how to run it.",
        allow_abbrev=False,
    )
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the witness's private key")
    parser.add_argument("--new-key", metavar="NAME", help="make that key under this name, print its public half, end")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="what it remembers; back up, never put back")
    parser.add_argument(
        "--log", action="append", default=[], metavar="VKEY", help="verifier key of a log; its name is the log's origin"
    )
    parser.add_argument("--listen", default="127.0.0.1:8790", metavar="HOST:PORT", help="(default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
