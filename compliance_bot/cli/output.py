"""What the command line prints: answers to stdout, everything else to stderr, and nothing that steers the terminal.

Text from documents passes through `printable`: control characters, escape sequences and direction marks do not.
"""

from __future__ import annotations

import json
import sys
import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any

from compliance_bot.policy.values import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from compliance_bot.errors import ComplianceError
    from compliance_bot.records import (
        Answer,
        AnswerPart,
        Citation,
        DocumentSummary,
        DocumentVersion,
        Grant,
        Hit,
        IngestReport,
        Principal,
        Reclassified,
        Sentence,
    )

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WIDTH = 100


def printable(text: str) -> str:
    """Return text that a terminal shows and does not obey; line breaks and tabs stay."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in _UNSAFE else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def line(text: str) -> str:
    """Return printable text on one line."""
    return " ".join(printable(text).split())


def say(text: str) -> None:
    """Print to stdout, at once: a sentence must not wait in a buffer for the next."""
    print(text, flush=True)


def tell(text: str) -> None:
    """Print to stderr: what is not the result."""
    print(text, file=sys.stderr)


def say_json(shape: dict[str, Any]) -> None:
    """Print one JSON document, ASCII only, so that no terminal or pipe changes it."""
    print(json.dumps(shape, indent=2))


def tell_error(error: ComplianceError) -> None:
    """Print a refusal and what can be done about it."""
    tell(f"{type(error).__name__}: {line(str(error))}")
    if error.hint:
        tell(f"  {line(error.hint)}")


def answer_lines(answer: Answer) -> Iterator[str]:
    """Yield an answer for reading: sentences, then the numbered quotes they stand on."""
    if answer.abstained:
        yield answer.answer
    for sentence in answer.sentences:
        yield from sentence_lines(sentence)
    for citation in answer.citations:
        yield from _citation_lines(citation)
    yield from closing_lines(answer)


def sentence_lines(sentence: Sentence) -> Iterator[str]:
    """Yield one sentence, and beneath it what the model said in words of its own."""
    numbers = "".join(f"[{n}]" for n in sentence.citations)
    yield from textwrap.wrap(f"{line(sentence.text)} {numbers}", _WIDTH)
    if sentence.prose:
        said = f"the model's words, not verified: {line(sentence.prose)}"
        yield from textwrap.wrap(said, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield ""


def part_lines(part: AnswerPart) -> Iterator[str]:
    """Yield a sentence of an answer that is still being made, with the quotes that came with it."""
    yield from sentence_lines(part.sentence)
    for citation in part.citations:
        yield from _citation_lines(citation)


def last_lines(answer: Answer) -> Iterator[str]:
    """Yield what follows the parts of an answer."""
    if answer.abstained:
        yield answer.answer
    yield from closing_lines(answer)


def closing_lines(answer: Answer) -> Iterator[str]:
    """Yield what is to be known of a whole answer."""
    if answer.notice:
        yield from textwrap.wrap(line(answer.notice), _WIDTH)
    if answer.fallback:
        yield f"answered by {line(answer.model)}: {line(answer.fallback)}"
    if not answer.is_complete:
        yield "The model broke off: the answer is not whole."
    masked = ", ".join(f"{count} {type_}" for type_, count in answer.redactions.items())
    shown = ", ".join(f"{count} {type_}" for type_, count in answer.revealed.items())
    yield " · ".join(
        (
            f"record {answer.record}",
            *([f"masked: {masked}"] if masked else []),
            *([f"revealed: {shown}"] if shown else []),
        )
    )


def _citation_lines(citation: Citation) -> Iterator[str]:
    place = [line(citation.title), f"version {citation.version} of {citation.version_date:%Y-%m-%d}"]
    if citation.page:
        place.append(f"page {citation.page}")
    if citation.heading:
        place.append(line(citation.heading))
    if citation.ref:
        place.append(line(citation.ref))
    yield f"[{citation.n}] " + ", ".join(place)
    yield from textwrap.wrap(f"“{line(citation.quote)}”", _WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield ""


def hit_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Yield hits for reading, the best first."""
    if not hits:
        yield "No passage was found among the documents that you may read."
    for hit in hits:
        passage = hit.passage
        place = [line(passage.title)] + ([f"page {passage.page}"] if passage.page else [])
        place += [line(passage.heading)] if passage.heading else []
        yield f"{hit.rank}. {', '.join(place)} (version {passage.version}, score {hit.score:.3f})"
        short = textwrap.shorten(line(passage.text), 3 * _WIDTH, placeholder=" …")
        yield from textwrap.wrap(short, _WIDTH, initial_indent="   ", subsequent_indent="   ")
        yield ""


def report_lines(report: IngestReport) -> Iterator[str]:
    """Yield what became of an ingest run."""
    moved = "".join(f", {n} {what}" for n, what in ((report.renamed, "renamed"), (report.deleted or 0, "deleted")) if n)
    yield f"{report.ingested} ingested, {report.skipped} unchanged, {len(report.rejected)} rejected{moved}"
    for rejected in report.rejected:
        yield f"  {line(rejected.path)}: {line(rejected.reason)}"


def reclassified_lines(done: Reclassified) -> Iterator[str]:
    """Yield what became of documents whose attributes were to change."""
    would = "would be " if done.is_rehearsal else ""
    yield f"{len(done.changed)} {would}changed, {done.unchanged} already so, {done.refused} not permitted"
    if done.unreadable:
        yield f"  {done.unreadable} of them {'would be' if done.is_rehearsal else 'are'} closed to you from now on"
    yield f"record {done.record}"


def document_lines(documents: Sequence[DocumentSummary]) -> Iterator[str]:
    """Yield a line for each document."""
    for document in documents:
        yield f"{document.document}  v{document.version}  {line(document.collection)}  {line(document.title)}"


def principal_lines(listed: Sequence[Principal], grants: Sequence[Grant], *, now: datetime) -> Iterator[str]:
    """Yield the people with what they have now, then the grants: those that hold first."""
    for person in listed:
        given = ", ".join(f"{name}={value}" for name, value in to_plain(person.attributes).items())
        yield f"{line(person.id):<16} {line(', '.join(sorted(person.groups)))}" + (f"  {line(given)}" if given else "")
    for grant in sorted(grants, key=lambda one: not one.holds(now)):
        what = [*sorted(grant.groups), *(f"{name}={value}" for name, value in to_plain(grant.attributes).items())]
        until = f"{grant.valid_to:%Y-%m-%d %H:%M}" if grant.valid_to else "revoked"
        state = "holds" if grant.holds(now) else "ended" if grant.granted_at <= now else "later"
        if grant.emergency and grant.reviewed_at is None:
            state += ", to be reviewed"
        yield f"{grant.id}  {line(grant.principal)}: {line(', '.join(what))}"
        yield f"    {grant.valid_from:%Y-%m-%d %H:%M} until {until} UTC, {state}: {line(grant.reason)}"


def version_lines(version: DocumentVersion) -> Iterator[str]:
    """Yield what is known of one version."""
    until = f"{version.valid_to:%Y-%m-%d %H:%M}" if version.valid_to else "now"
    yield f"version {version.version}  {version.valid_from:%Y-%m-%d %H:%M} to {until} UTC  {version.sha256[:16]}"
