"""A process that writes to the log of a home until it is ended, and says what it was told: `python -m tests.writer`.

A line is written once whatever it tells of has returned, and in one piece, so that it counts whenever this is killed:
`record <id>` for a record that was acknowledged, `said <question> <sha256>` for a sentence that a reader was shown.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from compliance_bot import ComplianceBot
from compliance_bot.audit.pulse import Pulse
from compliance_bot.audit.record import Event
from compliance_bot.errors import ComplianceError
from compliance_bot.models.contract import Quote, Reply, ReplySentence, format_reply
from compliance_bot.records import Answer, Principal
from compliance_bot.testing import HashEmbedder, ListedDetector

SENTENCES = ("The ferry leaves at eight.", "It comes back at nine.", "The harbour is closed on Sundays.")
QUESTION = "When does the ferry leave?"
THREADS = 8
_REPLY = format_reply(
    Reply(sentences=tuple(ReplySentence(text=one, quotes=(Quote(id="p1", quote=one),)) for one in SENTENCES))
)
_EVENT = Event(type="note", outcome="done", public={}, private={"principal": {"id": "ana"}})
_ANA = Principal(id="ana")
_UNAVAILABLE = 3


def append(bot: ComplianceBot) -> None:
    """Append one record."""
    _tell("record", bot.parts.log.append(_EVENT, _ANA))


def append_at_once(bot: ComplianceBot) -> None:
    """Append records in many threads, a hundred in each."""

    def hundred() -> None:
        for _ in range(100):
            append(bot)

    threads = [threading.Thread(target=hundred) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask(bot: ComplianceBot) -> None:
    """Ask, and be answered in quotes."""
    _tell("record", bot.ask(QUESTION, principal="admin").record)


def stream(bot: ComplianceBot) -> None:
    """Ask a model that streams, a question that nobody else asks."""
    asked = os.urandom(8).hex()
    model = GenericFakeChatModel(messages=iter([AIMessage(_REPLY)]))
    for part in bot.stream(f"{QUESTION} {asked}", principal="admin", model=model):
        if isinstance(part, Answer):
            _tell("record", part.record)
        else:
            _tell("said", asked, hashlib.sha256(part.sentence.text.encode()).hexdigest())


WRITES: dict[str, Callable[[ComplianceBot], None]] = {
    "append": append,
    "append_at_once": append_at_once,
    "ask": ask,
    "stream": stream,
}


def _tell(*words: str) -> None:
    os.write(1, (" ".join(words) + "\n").encode())


def _opened(home: Path) -> ComplianceBot:
    """Return the bot of a home whose server may be away for a moment."""
    while True:
        try:
            bot = ComplianceBot.open(home)
        except ComplianceError as error:
            _require_unavailable(error)
        else:
            bot.embedder, bot.detector = HashEmbedder(), ListedDetector({})
            return bot


def _require_unavailable(error: ComplianceError) -> None:
    """Wait a moment, and try again, where something is away; raise what is anything else."""
    if error.exit_code != _UNAVAILABLE:
        raise error
    time.sleep(0.05)


def main(home: Path, kind: str, times: int | None) -> None:
    """Write, so many times or until this is killed, while the tree grows as fast as it can."""
    with _opened(home) as bot:
        Pulse(bot._log, bot._integrator, round_s=0.01).start()
        done = 0
        while times is None or done < times:
            try:
                WRITES[kind](bot)
                done += 1
            except ComplianceError as error:
                _require_unavailable(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
