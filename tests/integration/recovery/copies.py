"""A home whose database is copied and put back as an operator does it: with pg_dump and pg_restore, behind its back."""

from __future__ import annotations

import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import make_conninfo

from compliance_bot.bot import ComplianceBot
from compliance_bot.home import throw_away_home
from compliance_bot.store.account import binaries
from compliance_bot.store.embedded import DATABASE, OWNER_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.testing import HashEmbedder, ListedDetector
from tests.integration.vault.homes import PEOPLE, POLICIES, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = {**PEOPLE, "Maria": "PERSON", "Lopez": "PERSON"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A home with its server, which runs all the time."""

    home: Path
    server: EmbeddedServer

    @property
    def anchor(self) -> Path:
        return self.home.with_name(f"{self.home.name}.anchor.jsonl")

    @contextmanager
    def opened(self) -> Iterator[ComplianceBot]:
        """Open the home as every program does."""
        with ComplianceBot.open(self.home) as bot:
            bot.embedder = HashEmbedder()
            bot.detector = ListedDetector(VALUES)
            yield bot

    def copy(self) -> Path:
        """Return a copy of the database as it is now."""
        path = self.home.with_name(f"{uuid.uuid4()}.dump")
        self.server.dump(path)
        return path

    def put_back(self, copy: Path) -> None:
        """Let the database be as the copy has it."""
        postgres = make_conninfo(self.server.conninfo(SUPERUSER), dbname="postgres")
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
        command = [str(binaries() / "pg_restore"), "--dbname", self.server.conninfo(SUPERUSER), str(copy)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def place() -> Iterator[Place]:
    """Make a home with letters that name somebody, and remove it after the block."""
    with tempfile.TemporaryDirectory() as folder, throw_away_home(Path(folder) / "home") as home:
        people = "- {id: admin}\n- {id: ben, groups: [staff]}\n"
        for name, text in (("people.cedar", POLICIES), ("principals.yaml", people)):
            (home / "policies" / name).write_text(text, encoding="utf-8")
        server = EmbeddedServer.open(home)
        try:
            made = Place(home=home, server=server)
            with made.opened() as bot:
                note = letter("Ms Lopez and maria.lopez@mail.example: see her file.", "Note", "note.md")
                assert not bot.ingest_loader([*letters(), note], collection="letters").rejected
                held = letter("The claim of Maria Lopez is disputed.", "Claim", "claim.md")
                bot.ingest_loader([held], collection="letters", attributes={"tags": ["litigation"]})
            yield made
        finally:
            server.close()
