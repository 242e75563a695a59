"""The audit log under load: killed, its server killed, its key changed. What somebody was told of is in the tree."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from compliance_bot import ComplianceBot
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.note_key import NoteError, parse_verifier_key
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.store import tree
from compliance_bot.store.connect import DEFAULT_TENANT
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import made_home
from tests.servers import server_pid
from tests.whole_log import WholeLog, require_whole
from tests.writer import SENTENCES, THREADS

ROOT = Path(__file__).parents[2]
KINDS = ("append", "ask", "stream")
KILLS_OF_EACH_WRITER = 14  # of three
KILLS_OF_THE_SERVER = 8
PATIENCE_S = 60.0  # a busy machine is not a defect


class Writer:
    """A process of `tests.writer`, and what it said."""

    def __init__(self, home: Path, kind: str, times: int | None = None) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.writer", str(home), kind, *([str(times)] if times else [])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for_more(self) -> None:
        """Wait until it has said something that it has not said yet."""
        before = len(self.said)
        until(lambda: len(self.said) > before)

    def end(self) -> int:
        """Wait until it has ended by itself, and return how."""
        code = self._child.wait(4 * PATIENCE_S)
        self._reader.join()
        return code

    def kill(self) -> None:
        """End it without a word."""
        self._child.kill()
        assert self._child.wait() == -signal.SIGKILL, "it was still writing"
        self._reader.join()

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as told:
            self.said += (line.strip() for line in told if line.endswith("\n"))


@contextmanager
def loaded_home(folder: Path) -> Iterator[Path]:
    """Make a home with one document, whose server runs all the time."""
    with made_home(folder) as home:
        path = folder / "ferry.md"
        path.write_text(f"# Ferry\n\n{' '.join(SENTENCES)}\n", encoding="utf-8")
        with ComplianceBot.open(home) as bot:
            bot.ingest([path], collection="policies")
        yield home


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def require_all(home: Path, said: list[str]) -> WholeLog:
    """Return the log of a home. Fails unless all that was said is in its tree, and the tree is right."""
    with ComplianceBot.open(home) as bot:
        bot.audit_log(principal="admin").checkpoint()
    with closing(EmbeddedServer.open(home)) as server:
        whole = require_whole(server.conninfo(SUPERUSER), DEFAULT_TENANT, SigningKeyFiles(home / "keys").load())
    told = [line.split(" ") for line in said]
    acknowledged = [words[1] for words in told if words[0] == "record"]
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= whole.ids, "nothing that was acknowledged is lost"
    shown = {(asked, sentence) for kind, asked, *rest in told if kind == "said" for sentence in rest}
    assert shown <= parts_on_record(home), "nothing was shown without its record"
    with ComplianceBot.open(home) as bot:
        assert sum(1 for _ in bot.parts.log.each()) >= len(whole.ids), "each can be opened"
    return whole


def parts_on_record(home: Path) -> set[tuple[str, str]]:
    """Return which sentences were shown in answer to which question, as the records tell."""
    questions: dict[str, str] = {}
    parts: dict[str, list[str]] = defaultdict(list)
    with ComplianceBot.open(home) as bot:
        for record in bot.parts.log.each():
            public = record.envelope["public"]
            if record.envelope["type"] == "answer.started":
                questions[public["answer"]] = record.private["question"].rpartition(" ")[2]
            if record.envelope["type"] == "answer.part":
                parts[public["answer"]].append(public["sentence_sha256"])
    return {(questions[answer], sentence) for answer, told in parts.items() for sentence in told}


def test_an_application_that_is_killed_loses_nothing_that_it_was_told_is_kept(tmp_path: Path) -> None:
    def killed_often(home: Path, kind: str) -> list[str]:
        chance, said = random.Random(f"application {kind}"), list[str]()
        for _ in range(KILLS_OF_EACH_WRITER):
            writer = Writer(home, kind)
            writer.wait_for_more()
            time.sleep(chance.uniform(0, 0.4))
            writer.kill()
            said += writer.said
        return said

    with loaded_home(tmp_path) as home:
        with ThreadPoolExecutor(len(KINDS)) as pool:
            said = [line for lines in pool.map(lambda kind: killed_often(home, kind), KINDS) for line in lines]
        whole = require_all(home, said)
    assert len(said) >= KILLS_OF_EACH_WRITER * len(KINDS)
    assert whole.checkpoints > KILLS_OF_EACH_WRITER, "the tree grew meanwhile"
    assert whole.of("answer.part")


def test_a_server_that_is_killed_loses_nothing_that_it_said_is_kept(tmp_path: Path) -> None:
    chance = random.Random("server")
    with loaded_home(tmp_path) as home:
        writers = [Writer(home, kind) for kind in KINDS]
        for kill in range(KILLS_OF_THE_SERVER):
            for writer in writers:
                writer.wait_for_more()
            time.sleep(chance.uniform(0, 0.3))
            server = postmaster(home)
            os.kill(server if kill % 2 else chance.choice(backends(server)), signal.SIGKILL)
        for writer in writers:
            writer.wait_for_more()
            writer.kill()
        whole = require_all(home, [line for writer in writers for line in writer.said])
    assert whole.checkpoints > KILLS_OF_THE_SERVER


def postmaster(home: Path) -> int:
    """Return the process id of the home's server, once it runs."""
    until(lambda: server_pid(home) is not None)
    pid = server_pid(home)
    assert pid is not None
    return pid


def backends(server: int) -> list[int]:
    """Return the processes of a server: those of connections, and its own."""
    found = [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text(encoding="utf-8").split()]
    return found or [server]


def test_while_the_key_changes_many_at_once_lose_nothing_and_each_key_is_handed_over(tmp_path: Path) -> None:
    """Two processes of eight threads append, and both integrate; a third one changes the key."""
    with loaded_home(tmp_path) as home:
        writers = [Writer(home, "append_at_once", times=2) for _ in range(2)]
        with ComplianceBot.open(home) as bot:
            first = bot.audit_log(principal="admin").keys()
            for writer in writers:
                writer.wait_for_more()
            for number in range(3):
                last = bot.audit_log(principal="admin").rotate_key(reason=f"rehearsal {number}")
        assert [writer.end() for writer in writers] == [0, 0]
        said = [line for writer in writers for line in writer.said]
        assert len(said) == 2 * 2 * THREADS * 100
        whole = require_all(home, said)
        assert whole.handovers == 3
        with ComplianceBot.open(home) as bot, bot.parts.log.reading() as transaction:
            notes = tree.handovers(transaction, 2**62)
            newest = tree.last_checkpoint(transaction)
    assert last.earlier == (first.signing, *last.earlier[1:])
    known = parse_verifier_key(first.signing)
    for change, handover in zip(whole.of("log.key"), notes, strict=True):
        new = parse_verifier_key(change["public"]["key"])
        assert parse_verifier_key(change["public"]["replaces"]) == known
        assert open_note(handover.note, [known]).verified, "who knows the old key learns the new one"
        assert {one.key for one in open_note(handover.note, [known, new]).verified} == {known, new}
        assert whole.envelopes.index(change) < parse_checkpoint(parse_note(handover.note).text).size
        known = new
    assert known == parse_verifier_key(last.signing)
    assert newest is not None
    open_note(newest.note, [known])
    with pytest.raises(NoteError):
        open_note(newest.note, [parse_verifier_key(first.signing)])
