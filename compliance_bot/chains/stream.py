"""The governed answer, sentence by sentence: the steps of `answer`, with a record before each sentence is shown.

`answer.started` before a chat model is asked, `answer.part` before each sentence, `answer.completed` before the end; an
`answer.aborted` where it came to none: the asker left, or something failed. Quote mode and whatever it stands in for
show nothing before the completed record. If a model breaks off after sentences that were shown, these are the answer,
and the record says that it is not whole.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, describe
from compliance_bot.chains.answer import ground
from compliance_bot.chains.case import closing
from compliance_bot.chains.cite import Cited, cite
from compliance_bot.chains.compose import compose, instead, sentences
from compliance_bot.chains.conclude import conclude
from compliance_bot.chains.draw import Drawing, draw_part, drawn
from compliance_bot.chains.receipts import promise, receipted
from compliance_bot.chains.recorded import cited_spans, quoted_fields, sentence_fields
from compliance_bot.chains.screen import screen, without_straddling
from compliance_bot.models.contract import Reply
from compliance_bot.models.converse import ChatModelFailed
from compliance_bot.records import AnswerPart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.chains.answer import Grounds, Parts
    from compliance_bot.chains.case import Case
    from compliance_bot.models.contract import ReplySentence
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import Answer, Principal

_NOTHING = Cited(sentences=(), citations=(), unsupported=0)


def stream(
    parts: Parts, question: str, identify: Callable[[], Principal], circumstances: Callable[[], Circumstances]
) -> Iterator[AnswerPart | Answer]:
    """Yield each sentence once its record is committed, and the answer last. Raises as `answer` does."""
    shown = _NOTHING
    # 0 open record
    with closing(parts.log, "answer") as case:
        # 1 to 5: what the answer may rest on
        grounds = ground(parts, question, identify, circumstances, case)
        if grounds.sending.passages:
            case.type = "answer.aborted"  # until it is completed
            _start(parts, case, grounds)
            failure: ChatModelFailed | None = None
            cited = _NOTHING
            watch = _Watch()
            drawing = Drawing.of(parts, case, grounds.now)
            try:
                # 6 compose, 7 cite and verify, 8 screen the output, for each sentence
                for reply in sentences(grounds.composer, grounds.sending):
                    cited = _with(cited, reply, parts, grounds)
                    if len(cited.sentences) > len(shown.sentences):
                        part = _commit(parts, case, grounds, shown, cited, drawing)
                        shown = cited
                        with watch.stopped():
                            yield part
            except ChatModelFailed as error:
                failure = error
            case.timings_ms["compose"] = watch.read_ms()
            if failure is not None and not shown.sentences:
                if grounds.composer.fallback == "refuse":
                    raise failure
                composed = instead(
                    grounds.composer, grounds.question, grounds.hits, grounds.found, failure.failure.value
                )
                cited = screen(cite(composed.reply, grounds.passages), parts.redaction, grounds.passages)
                result = conclude(case, parts, grounds, cited, composed.model, fallback=composed.fallback)
            else:
                is_complete = failure is None
                result = conclude(case, parts, grounds, cited, parts.composer.chat, is_complete=is_complete)
            case.type = "answer.completed"
        else:
            with case.step("compose"):
                composed = compose(grounds.composer, grounds.question, grounds.hits, grounds.found, grounds.sending)
            with case.step("cite"):
                cited = screen(cite(composed.reply, grounds.passages), parts.redaction, grounds.passages)
            result = conclude(case, parts, grounds, cited, composed.model, fallback=composed.fallback)
        # 9 draw it for its asker
        result = promise(case, drawn(case, parts, result, grounds.now))
    # 10 the record is committed
    yield from _unshown(result, len(shown.sentences))
    yield receipted(case, result, parts.signs)


class _Watch:
    """Measures the time spent here, without that of whoever reads the stream."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count the block."""
        left = time.perf_counter()
        try:
            yield
        finally:
            self._began += time.perf_counter() - left

    def read_ms(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 3)


def _with(cited: Cited, reply: ReplySentence, parts: Parts, grounds: Grounds) -> Cited:
    """Return what stands so far with one more sentence verified and screened; numbers of citations go on."""
    one = screen(cite(Reply(sentences=(reply,)), grounds.passages), parts.redaction, grounds.passages)
    if not one.sentences:
        return replace(cited, unsupported=cited.unsupported + one.unsupported)
    known = {(c.document, c.version, c.start, c.end): c.n for c in cited.citations}
    numbers: dict[int, int] = {}
    fresh = []
    for citation in one.citations:
        place = (citation.document, citation.version, citation.start, citation.end)
        if place not in known:
            known[place] = len(known) + 1
            fresh.append(replace(citation, n=known[place]))
        numbers[citation.n] = known[place]
    (sentence,) = one.sentences
    sentence = replace(sentence, citations=tuple(numbers[n] for n in sentence.citations))
    sentence = without_straddling(cited.sentences, sentence, parts.redaction.strict.detector)
    if any((sentence.text, sentence.citations) == (s.text, s.citations) for s in cited.sentences):
        return cited  # the model repeats itself
    return replace(cited, sentences=(*cited.sentences, sentence), citations=(*cited.citations, *fresh))


def _start(parts: Parts, case: Case, grounds: Grounds) -> None:
    """Commit that a chat model is about to be asked, and with what."""
    public = {**case.public, "answer": case.id, "candidates": [hit.passage.chunk for hit in grounds.hits]}
    private = {
        "principal": describe(case.principal),
        "question": grounds.question,
        "prompt": case.private.pop("prompt"),  # said once, before it is sent
    }
    parts.log.append(Event(type="answer.started", outcome="started", public=public, private=private), case.principal)


def _commit(parts: Parts, case: Case, grounds: Grounds, shown: Cited, cited: Cited, drawing: Drawing) -> AnswerPart:
    """Return the last sentence as a part, drawn for its asker, its record committed."""
    sentence = cited.sentences[-1]
    fresh = cited.citations[len(shown.citations) :]
    used = [citation for citation in cited.citations if citation.n in sentence.citations]
    public = {
        "answer": case.id,
        "n": len(cited.sentences),
        "sentence_sha256": hashlib.sha256(sentence.text.encode()).hexdigest(),
        "citations": cited_spans(used, grounds.hits),
        "sent": {"documents": sorted({passage.document for passage in grounds.sending.passages.values()})},
    }
    private = {
        "principal": describe(case.principal),
        "sentences": [sentence_fields(sentence)],
        "citations": quoted_fields(used),
    }
    part = AnswerPart(sentence=sentence, citations=fresh)
    if parts.reveals:
        part = draw_part(drawing, parts.database, part, used)
        told, sealed = drawing.told()
        public, private = public | told, private | sealed
    event = Event(type="answer.part", outcome="shown", public=public, private=private)
    parts.log.append(event, case.principal, read=case.read, erasures=case.erasures)
    return part


def _unshown(result: Answer, shown: int) -> Iterator[AnswerPart]:
    """Yield the sentences that were not shown yet as parts."""
    told = {n for sentence in result.sentences[:shown] for n in sentence.citations}
    for sentence in result.sentences[shown:]:
        fresh = tuple(c for c in result.citations if c.n in sentence.citations and c.n not in told)
        told |= {citation.n for citation in fresh}
        yield AnswerPart(sentence=sentence, citations=fresh)
