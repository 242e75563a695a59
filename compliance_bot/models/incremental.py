"""Read a reply while it comes: each sentence as soon as its JSON object is whole, never before.

Text around the one object (a code fence, a word of courtesy) is passed over, since not every model can be held to a
schema. The reader keeps the object that is not finished and nothing else; what is too long is refused.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from compliance_bot.models.contract import REPLY_LIMIT, UnreadableReply, parse_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.models.contract import ReplySentence

_LIST = re.compile(r'"sentences"\s*:\s*\[')
_OBJECT = re.compile(r"[\s,]*\{")
_LIST_END = re.compile(r"[\s,]*\]")
_REST = re.compile(r'\s*(?:,\s*"abstain"\s*:\s*(true|false)\s*)?\}')
_ABSTAINED = re.compile(r'\{\s*"abstain"\s*:\s*(true|false)\s*,\s*$')
MOST_SENTENCES = 50  # an answer has a few; a model that does not stop has more


class ReplyReader:
    """Collects the pieces of one reply. Call `finish` at the end of the stream."""

    def __init__(self) -> None:
        self._buffer = ""
        self._scanned = 0  # how much of the buffer belongs to the open object and was looked at
        self._depth = 0
        self._in_string = self._escaped = False
        self._received = 0
        self._count = 0
        self._state = "before"
        self._abstained: bool | None = None

    def feed(self, piece: str) -> Iterator[ReplySentence]:
        """Yield the sentences that a piece completes. Raises UnreadableReply."""
        self._received += len(piece)
        if self._received > REPLY_LIMIT:
            raise UnreadableReply(f"a reply has at most {REPLY_LIMIT} characters; the model sent more")
        self._buffer += piece
        if self._state == "before":
            self._find_list()
        while self._state == "list":
            text = self._next_object()
            if text is None:
                return
            self._count += 1
            if self._count > MOST_SENTENCES:
                raise UnreadableReply(f"a reply has at most {MOST_SENTENCES} sentences; the model sent more")
            yield parse_sentence(text)

    def finish(self) -> None:
        """Raise UnreadableReply unless the reply came to its end and says one thing: sentences, or an abstention."""
        if self._state != "after":
            raise UnreadableReply("the model's reply broke off or is not of the agreed form")
        rest = _REST.match(self._buffer)
        if rest is None:
            raise UnreadableReply("the model's reply broke off or is not of the agreed form")
        said = json.loads(rest[1]) if rest[1] else self._abstained
        if said is not None and said == bool(self._count):
            raise UnreadableReply("a reply has sentences or abstains; the model's does both or neither")

    def _find_list(self) -> None:
        found = _LIST.search(self._buffer)
        if found:
            before = _ABSTAINED.search(self._buffer[: found.start()])
            self._abstained = json.loads(before[1]) if before else None
            self._buffer, self._state = self._buffer[found.end() :], "list"

    def _next_object(self) -> str | None:
        """Return the next whole object of the list; None where it has not come yet, or the list is at its end."""
        if not self._scanned:
            if end := _LIST_END.match(self._buffer):
                self._buffer, self._state = self._buffer[end.end() :], "after"
                return None
            start = _OBJECT.match(self._buffer)
            if start is None:
                if self._buffer.strip(" \t\r\n,"):
                    raise UnreadableReply("the model's reply is not of the agreed form: sentences: object expected")
                return None
            self._buffer = self._buffer[start.end() - 1 :]
        for at in range(self._scanned, len(self._buffer)):
            self._step(self._buffer[at])
            if self._depth == 0:
                whole, self._buffer, self._scanned = self._buffer[: at + 1], self._buffer[at + 1 :], 0
                return whole
        self._scanned = len(self._buffer)
        return None

    def _step(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif self._in_string:
            self._escaped = character == "\\"
            self._in_string = character != '"'
        elif character == '"':
            self._in_string = True
        else:
            self._depth += (character in "{[") - (character in "}]")
