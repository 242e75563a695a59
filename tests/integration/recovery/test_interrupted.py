"""Acts that are killed around their line in the anchor, and an anchor that cannot be written."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from compliance_bot.bot import ComplianceBot
from tests.integration.vault.homes import ADMIN, OLGA, letter

from .copies import place
from .test_old_copies import applied, counted, document, titles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .copies import Place

REASON = "a request of 3 March"

# The act is real, and so is the kill: only the moment of it is chosen.
ERASE = """
import os, resource, signal, sys
from compliance_bot.anchor import standing
from compliance_bot.anchor.file import AnchorFile
from compliance_bot.bot import ComplianceBot
from compliance_bot.errors import ComplianceError
from compliance_bot.testing import HashEmbedder, ListedDetector
from tests.integration.recovery.copies import VALUES
from tests.integration.vault.homes import OLGA

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

with ComplianceBot.open(sys.argv[1]) as bot:
    bot.embedder, bot.detector = HashEmbedder(), ListedDetector(VALUES)
    if sys.argv[2] == "before":
        AnchorFile.append = die
    elif sys.argv[2] == "after":
        standing.move_position = die
    elif sys.argv[2] == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = os.path.getsize(sys.argv[1] + ".anchor.jsonl") + 10
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        bot.erase(sys.argv[3], reason="a request", principal=OLGA)
    except ComplianceError as error:
        print(type(error).__name__, error.exit_code)
"""


def erase(made: Place, when: str, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ERASE, str(made.home), when, name]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def bound(bot: ComplianceBot, name: str) -> int:
    """Return to how many places a name is bound, whoever may know of it."""
    with bot.parts.database.reading() as snapshot:
        tokens = bot.vault.exactly(snapshot, "PERSON", name)
    return counted(bot, f"vault_binding WHERE token IN ({', '.join(map(str, tokens))})") if tokens else 0


@pytest.fixture
def made() -> Iterator[Place]:
    with place() as one:
        yield one


def test_killed_before_its_line_an_erasure_did_nothing(made: Place) -> None:
    assert erase(made, "before", "Maria Lopez").returncode == -signal.SIGKILL
    with made.opened() as bot:
        assert bound(bot, "Maria Lopez") == 4
        assert applied(bot) == []
        assert bot.erase("Maria Lopez", reason=REASON, principal=OLGA).placeholders == 3


def test_killed_behind_its_line_an_erasure_is_done_at_the_next_opening(made: Place) -> None:
    assert erase(made, "after", "Maria Lopez").returncode == -signal.SIGKILL
    with made.opened() as bot:
        assert counted(bot, "vault_binding WHERE is_restricted") == bound(bot, "Maria Lopez") == 1
        (told,) = applied(bot)
        assert told["applied"]["placeholders_erased"] == 3
    with made.opened() as bot:
        assert len(applied(bot)) == 1


def test_a_program_that_is_running_does_what_another_left_undone(made: Place) -> None:
    with made.opened() as bot:
        assert bound(bot, "Maria Lopez") == 4
        assert erase(made, "after", "Maria Lopez").returncode == -signal.SIGKILL
        assert bot.search("claim", principal=ADMIN)  # whatever comes next
        assert bound(bot, "Maria Lopez") == 1
        bot.delete(document(bot, "Note"), principal=ADMIN)
        assert "Note" not in titles(bot)


def test_where_the_anchor_cannot_be_written_nothing_is_done_and_that_is_on_record(made: Place) -> None:
    before = made.anchor.read_bytes()
    done = erase(made, "full", "Maria Lopez")
    assert done.stdout.split() == ["AnchorUnwritable", "3"]
    assert made.anchor.read_bytes() == before
    with made.opened() as bot:
        assert bound(bot, "Maria Lopez") == 4
        newest = bot.records(principal=ADMIN, limit=1)[0]
        assert (newest.type, newest.outcome) == ("erase", "failed")
        assert bot.erase("Maria Lopez", reason=REASON, principal=OLGA).placeholders == 3


def test_acts_of_several_programs_and_threads_stand_in_one_chain(made: Place) -> None:
    with made.opened() as bot:
        bot.ingest_loader([letter(f"Letter {n}.", f"Letter {n}", f"{n}.md") for n in range(12)], collection="letters")
        wanted = [document(bot, f"Letter {n}") for n in range(12)]

        def delete(opened: ComplianceBot, own: list[str]) -> None:
            for one in own:
                opened.delete(one, principal=ADMIN)
                opened.stop("model", one, reason=REASON)

        with made.opened() as other:
            threads = [
                threading.Thread(target=delete, args=(opened, wanted[start::4]))
                for start, opened in enumerate((bot, other, bot, other))
            ]
            for thread in threads:
                thread.start()
            assert erase(made, "", "Maria Lopez").returncode == 0
            for thread in threads:
                thread.join(60)
    with made.opened() as bot:
        assert applied(bot) == []
        assert not set(wanted) & {one.document for one in bot.documents(principal=ADMIN)}
        assert len(bot.stops(principal=ADMIN)) == 12
    assert [line.number for line in _lines(made)] == list(range(1, 27))  # the rules, 12 of each, and the erasure


def _lines(made: Place) -> list[object]:
    with ComplianceBot.open(made.home) as bot:
        return list(bot._anchor.file.lines())
