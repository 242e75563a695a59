"""`compliance-bot redact`: find and mask personal data in any text. Needs no home and no database."""

from __future__ import annotations

import codecs
import functools
import os
import sys
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from compliance_bot.cli import output, redaction_shapes
from compliance_bot.cli.common import AsJson
from compliance_bot.errors import ComplianceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.redaction.detect import Detector
    from compliance_bot.redaction.lines import Answers, Batch
    from compliance_bot.redaction.profile import Profile

PIECE = 1 << 16  # bytes read at once

ProfileName = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="A profile that ships, one of the home's, or a YAML file of one."),
]


class NotUtf8(ComplianceError):
    """The input is not UTF-8 text."""

    hint = "Convert it first, for example with `iconv -t utf-8`. What was written before is masked."


def redact(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]…", help="Files, or `-` for the input; by default the input.")
    ] = None,
    profile: ProfileName = None,
    as_lines: Annotated[
        bool, typer.Option("--lines", help='Lines of JSON: {"id", "text"} in, {"id", "spans"} out, in order.')
    ] = False,
    masked: Annotated[bool, typer.Option("--masked", help="With --lines, the masked text besides.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="With --lines, processes; by default one for each core.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Mask the personal data in a text, and print what remains.

    Streams: a text of any length, in little memory. With --json the masked text, what was found where, and counts.
    """
    if as_json and as_lines:
        raise UsageError("--json prints one document for one text, --lines a line for each: choose one of them")
    if (masked or workers) and not as_lines:
        raise UsageError("--masked and --workers go with --lines")
    given = files or [Path("-")]
    if as_json and len(given) > 1:
        raise UsageError("--json takes one text; for several use --lines, or one command each")
    profile_for(profile)  # refused before anything is read
    with ExitStack() as stack:
        opened = [(str(path) if path != Path("-") else "", _opened(path, stack)) for path in given]
        if as_lines:
            raise typer.Exit(_lines(opened, profile, masked=masked, workers=workers))
        detector = detector_for(profile)
        for name, stream in opened:
            if as_json:
                from compliance_bot.redaction.mask import mask

                output.say_json(redaction_shapes.redacted_shape(mask("".join(_pieces(name, stream)), detector)))
            else:
                _stream(name, stream, detector)


def profile_for(name: str | None) -> Profile:
    """Return the profile that an option names; everything there is where it names none."""
    from compliance_bot.redaction.profile import EVERYTHING
    from compliance_bot.redaction.profiles import FOLDER, bundled_profiles, parse_profiles, profile_named, read_profiles
    from compliance_bot.settings import load_settings

    if name is None or name == EVERYTHING.name:
        return EVERYTHING
    if name.endswith((".yaml", ".yml")):
        (profile,) = parse_profiles({name: _content(Path(name))}).values()
        return profile
    known = {**bundled_profiles(), EVERYTHING.name: EVERYTHING}
    if name not in known:
        known = {**known, **read_profiles(load_settings().home / "policies" / FOLDER)}
    return profile_named(name, known)


def detector_for(name: str | None, threads: int | None = None) -> Detector:
    """Return what finds personal data under a profile, by the name that `profile_for` takes."""
    from compliance_bot.redactor import load_detector

    return load_detector(profile_for(name), threads=threads)


def _stream(name: str, stream: BinaryIO, detector: Detector) -> None:
    """Mask a stream as it comes: what is written is masked, whatever comes later."""
    from compliance_bot.redaction.stream import StreamRedactor

    redactor = StreamRedactor(detector)
    for piece in _pieces(name, stream):
        _write(redactor.feed(piece).encode())
    _write(redactor.finish().encode())


def _lines(opened: list[tuple[str, BinaryIO]], profile: str | None, *, masked: bool, workers: int | None) -> int:
    """Answer each line, and return the exit code. What fits into one batch needs no process of its own."""
    from compliance_bot.redaction.lines import Batch, batches
    from compliance_bot.redaction.workers import Workers

    do = functools.partial(_answer, with_text=masked)
    every = chain.from_iterable(batches(stream, name) for name, stream in opened)
    first = list(islice(every, 2))
    count = workers or (os.cpu_count() or 1)
    failed = 0
    if count == 1 or len(first) < 2:
        detector = detector_for(profile)
        failed = sum(_written(do(detector, batch)) for batch in chain(first, every))
    else:
        load = functools.partial(detector_for, profile, 1)  # processes work side by side instead
        with Workers[Batch, "Answers"](count, load=load, do=do, place=lambda batch: batch.place) as pool:
            failed = sum(map(_written, pool.each(chain(first, every))))
    if failed:
        output.tell(f"{failed} lines were not looked through: each has an error in its place")
    return 1 if failed else 0


def _answer(detector: Detector, batch: Batch, *, with_text: bool) -> Answers:
    from compliance_bot.redaction.lines import answer

    return answer(batch, detector, with_text=with_text)


def _written(answers: Answers) -> int:
    _write(answers.written)
    return answers.failed


def _pieces(name: str, stream: BinaryIO) -> Iterator[str]:
    """Yield a stream as text, as it comes. Raises NotUtf8, naming the byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    while piece := stream.read1(PIECE):  # type: ignore[attr-defined]  # both files and the input are buffered
        try:
            yield decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise _not_utf8(name, read + error.start - len(decoder.getstate()[0])) from None
        read += len(piece)
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_utf8(name, read - len(decoder.getstate()[0])) from None


def _not_utf8(name: str, byte: int) -> NotUtf8:
    return NotUtf8(f"{name or 'the input'}: expected UTF-8, and byte {byte + 1} is not")


def _opened(path: Path, stack: ExitStack) -> BinaryIO:
    if path == Path("-"):
        return sys.stdin.buffer
    try:
        return stack.enter_context(path.open("rb"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _write(content: bytes) -> None:
    """Write to the output, at once, as bytes: no platform changes an ending of a line."""
    if content:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
