"""The vault's key: rotated without a loss wherever it stops, and without it nothing can be read."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.bot import ComplianceBot
from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.home import throw_away_home
from compliance_bot.keys import CannotDecrypt
from compliance_bot.keys.epochs import VaultKeyMissing, VaultKeyWrong
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.scope import everything_open
from compliance_bot.testing import HashEmbedder, ListedDetector

from .homes import ADMIN, ANA, BEN, PEOPLE, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY = 8000
_ROTATE = """
import sys
from compliance_bot import ComplianceBot

with ComplianceBot.open(sys.argv[1]) as bot:
    bot.rotate_vault_key(on_progress=lambda done: print(done, flush=True))
"""


@pytest.fixture
def bot() -> Iterator[ComplianceBot]:
    with home(PEOPLE, *letters()) as opened:
        yield opened


def epochs(bot: ComplianceBot) -> list[tuple[int, int, bool]]:
    return [(one.number, one.values, one.has_key) for one in bot.vault_state(principal=ADMIN).epochs]


def test_a_rotation_moves_every_value_and_loses_none(bot: ComplianceBot) -> None:
    before = bot.ask("When was the refund made?", principal=ANA)
    values = epochs(bot)[0][1]
    done = bot.rotate_vault_key()
    assert (done.epoch, done.wrapped) == (2, values)
    assert epochs(bot) == [(1, 0, True), (2, values, True)]
    assert bot.ask("When was the refund made?", principal=ANA).answer == before.answer
    with pytest.raises(UsageError, match="in use"):
        bot.discard_vault_key(2)
    with pytest.raises(UsageError, match="no epoch 9"):
        bot.discard_vault_key(9)
    bot.discard_vault_key(1)
    assert epochs(bot) == [(1, 0, False), (2, values, True)]
    assert bot.ask("When was the refund made?", principal=ANA).answer == before.answer
    bot.ingest_loader([letter("Jo Brown came.", "New", "new.md")], collection="letters")
    assert epochs(bot)[1][1] == values + 1


def test_a_process_that_was_there_before_writes_under_the_new_key(bot: ComplianceBot) -> None:
    with ComplianceBot.open(bot.settings.home) as other:
        other.embedder, other.detector = HashEmbedder(), ListedDetector(PEOPLE)
        other.ask("When was the refund made?", principal=ANA)
        bot.rotate_vault_key()
        other.ingest_loader([letter("Jo Brown came.", "New", "new.md")], collection="letters")
        assert epochs(other)[0][1] == 0


def test_a_rotation_that_is_killed_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    names = {f"Person{n:05}": "PERSON" for n in range(_MANY)}
    text = "\n\n".join(" ".join(list(names)[n : n + 40]) for n in range(0, _MANY, 40))
    with throw_away_home(tmp_path / "home") as path, ComplianceBot.open(path) as bot:
        bot.embedder, bot.detector = HashEmbedder(), ListedDetector(names)
        bot.ingest_loader([letter(text, "Many", "many.md")], collection="letters")
        (document,) = (one.document for one in bot.documents(principal=ADMIN))
        for groups in (1, 2):
            command = [sys.executable, "-c", _ROTATE, str(path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                for _ in range(groups):
                    process.stdout.readline()
                process.send_signal(signal.SIGKILL)
            assert {one.values[0] for one in bot.reveal(document, principal=ADMIN)} == set(names)
        assert [number for number, *_ in epochs(bot)] == [1, 2]
        assert all(values for _, values, _ in epochs(bot)), "it was killed when all was done"
        assert bot.rotate_vault_key().epoch == 2
        assert {one.values[0] for one in bot.reveal(document, principal=ADMIN)} == set(names)
        assert epochs(bot) == [(1, 0, True), (2, _MANY, True)]


def test_without_its_key_nothing_is_stored_or_revealed_and_the_rest_goes_on(bot: ComplianceBot) -> None:
    key = bot.settings.home / "keys" / "vault" / "epoch-1"
    content = key.read_bytes()
    for damage, error in ((None, VaultKeyMissing), (bytes(32), VaultKeyWrong)):
        key.unlink()
        if damage is not None:
            key.write_bytes(damage)
            key.chmod(0o600)
        with ComplianceBot.open(bot.settings.home) as other:
            other.embedder, other.detector = HashEmbedder(), ListedDetector(PEOPLE)
            for act in (
                lambda other=other: other.ingest_loader([letter("Jo Brown.", "x", "x.md")], collection="letters"),
                lambda other=other: other.ask("When was the refund made?", principal=ANA),
                lambda other=other: other.rotate_vault_key(),
            ):
                with pytest.raises(ComplianceError) as refusal:
                    act()
                assert isinstance(refusal.value, error)
                assert refusal.value.exit_code == 3
            assert "<PERSON_1>" in other.ask("When was the refund made?", principal=BEN).answer
            assert len(other.documents(principal=ADMIN, reveal=False)) == 3
        key.write_bytes(content)
    assert "Maria Lopez" in bot.ask("When was the refund made?", principal=ANA).answer


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE vault_binding a SET ciphertext = b.ciphertext, wrapped_key = b.wrapped_key FROM vault_binding b
           WHERE a.type = 'PERSON' AND b.type = 'CREDIT_CARD'""",
        "UPDATE vault_binding SET number = number + 1 WHERE type = 'PERSON'",
        "UPDATE vault_binding SET type = 'PERSON' WHERE type = 'CREDIT_CARD'",
        "UPDATE vault_binding SET ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)",
    ],
)
def test_what_somebody_changes_in_the_database_is_not_shown(bot: ComplianceBot, change: str) -> None:
    import psycopg

    server = EmbeddedServer.open(bot.settings.home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER), options="-c search_path=compliance_bot,public") as connection:
            connection.execute(change)
    finally:
        server.close()
    with pytest.raises(CannotDecrypt):
        bot.ask("Who paid twice, and when was the refund made?", principal=ADMIN)


def test_the_index_of_one_home_says_nothing_about_another() -> None:
    seen = []
    for _ in range(2):
        with home(PEOPLE, *letters()) as bot, bot.parts.database.reading() as snapshot, everything_open(snapshot):
            rows = snapshot.connection.execute("SELECT mac, token FROM vault_value").fetchall()
            seen.append({value for row in rows for value in row})
    assert seen[0].isdisjoint(seen[1])
