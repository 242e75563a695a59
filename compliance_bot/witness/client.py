"""A witness that is asked by HTTP, as C2SP tlog-witness has it (https://c2sp.org/tlog-witness).

What it answers is believed as far as its key signed it: a cosignature by the configured key, over the text that was
shown, with a time near to ours. What it says of sizes decides only which proof it is sent.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from compliance_bot.audit.checkpoint import Checkpoint, parse_checkpoint
from compliance_bot.audit.note import Note, format_note, open_note, parse_note
from compliance_bot.audit.note_key import NoteError, SignatureType
from compliance_bot.witness.evidence import Cosigned
from compliance_bot.witness.faults import (
    WitnessAhead,
    WitnessDisputes,
    WitnessForked,
    WitnessRefuses,
    WitnessUnavailable,
    WitnessUnbelievable,
)
from compliance_bot.witness.post import post
from compliance_bot.witness.request import PATH, SIZE_TYPE, format_request, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.note import Signature
    from compliance_bot.audit.note_key import VerifierKey
    from compliance_bot.witness.evidence import Prove
    from compliance_bot.witness.post import Answer

MAX_SKEW_S: Final = 300  # between a witness's clock and ours
_MOST_REQUESTS = 3  # one to learn the size it knows, one with the proof, and one where somebody else was faster
_OK, _CONFLICT, _UNPROCESSABLE, _TOO_MANY = 200, 409, 422, 429
_REFUSALS = {
    400: "it does not understand the request",
    403: "it does not know the key that signed the checkpoint",
    404: "it does not know this log, or there is no witness at this address",
}


class HttpWitness:
    """A witness at an address, known by its key. Safe to share between threads."""

    def __init__(
        self,
        name: str,
        url: str,
        key: VerifierKey,
        *,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if key.type is not SignatureType.COSIGNATURE:
            raise WitnessRefuses("the key of a witness is one that cosigns (type 0x04), and this one is not")
        self.name, self._url, self._key = name, f"{url.rstrip('/')}/{PATH}", key
        self._timeout_s, self._clock = timeout_s, clock
        self._seen = 0  # what the witness knew when it was last asked: a guess, which it corrects

    def witness(self, note: bytes, prove: Prove) -> Cosigned:
        """Return the witness's cosignature, verified. At most three requests, each within the time allowed."""
        checkpoint = parse_checkpoint(parse_note(note).text)
        old_size = min(self._seen, checkpoint.size)
        for _ in range(_MOST_REQUESTS):
            answer = self._ask(note, old_size, prove)
            if answer.status != _CONFLICT:
                break
            old_size = _size_it_knows(answer, checkpoint, old_size)
        else:
            raise WitnessUnavailable("the witness named one size after another: who else asks it?")
        _require_ok(answer)
        cosigned = self._believed(answer.body, note)
        self._seen = checkpoint.size
        return cosigned

    def _ask(self, note: bytes, old_size: int, prove: Prove) -> Answer:
        body = format_request(old_size, tuple(prove(old_size)), note)
        return post(self._url, body, content_type="text/plain", timeout_s=self._timeout_s)

    def _believed(self, lines: bytes, note: bytes) -> Cosigned:
        """Return the cosignature in an answer. Lines of other keys are passed over (tlog-witness)."""
        text = parse_note(note).text
        try:
            # INVARIANT: of the note only its text is taken, so that no signature but the answer's is counted.
            signatures = _lines_below(text, lines)
            (verified,) = open_note(format_note(Note(text=text, signatures=signatures)), [self._key]).verified
        except NoteError as error:
            raise WitnessUnbelievable(f"the witness's answer is no cosignature by its key: {error}") from error
        at = verified.at or 0
        if abs(at - self._clock()) > MAX_SKEW_S:
            raise WitnessUnbelievable(f"the witness's time is more than {MAX_SKEW_S} s from ours: set both clocks")
        (signature, *_) = (one for one in signatures if (one.name, one.key_id) == (self._key.name, self._key.id))
        return Cosigned(signature=signature, key=self._key, at=at)


def _lines_below(text: str, lines: bytes) -> tuple[Signature, ...]:
    """Return the signatures that an answer has for a text. Raises NoteError where it brings a text of its own."""
    parsed = parse_note(text.encode() + b"\n" + lines)
    if parsed.text != text:
        raise NoteError("signature lines were expected, and a text came before them")
    return parsed.signatures


def _size_it_knows(answer: Answer, checkpoint: Checkpoint, sent: int) -> int:
    """Return the size in the answer to a wrong old size. Raises WitnessDisputes where there is no way on from it."""
    if answer.content_type != SIZE_TYPE:
        raise WitnessForked(checkpoint.size)
    try:
        size = parse_size(answer.body)
    except NoteError as error:
        raise WitnessUnbelievable(f"the witness named no size: {error}") from error
    if size > checkpoint.size:
        raise WitnessAhead(seen=size, shown=checkpoint.size)
    if size == sent:  # then it was not the size that it did not like
        raise WitnessForked(checkpoint.size)
    return size


def _require_ok(answer: Answer) -> None:
    if answer.status == _OK:
        return
    if answer.status == _UNPROCESSABLE:
        raise WitnessDisputes("the witness was shown no proof that this checkpoint follows from what it remembers")
    if answer.status in _REFUSALS:
        raise WitnessRefuses(f"the witness answered {answer.status}: {_REFUSALS[answer.status]}")
    if answer.status >= 500 or answer.status == _TOO_MANY:
        raise WitnessUnavailable(f"the witness answered {answer.status}")
    raise WitnessUnbelievable(f"the witness answered {answer.status}, which says neither yes nor no")
