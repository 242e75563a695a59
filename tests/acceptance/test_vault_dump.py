"""Who has the database, the log and the home without the keys has no value, in no encoding and by no guess."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pytest

from compliance_bot.bot import ComplianceBot
from compliance_bot.cli.demo import ingest_samples
from compliance_bot.home import throw_away_home
from compliance_bot.records import Scope
from compliance_bot.redaction.values import normal_form
from compliance_bot.store import vault as rows
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.scope import access_classes, everything_open

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ADMIN = "admin"
QUESTION = "Whom do I call about a complaint, and what did {} say on {}?"
_SHORTEST = 8  # bytes that are looked for: less would stand anywhere by chance
_LEAST_BITS = 44  # and less than so many too: of five digits, in hex, one in forty stands among the hashes of a log
_HEX = frozenset("0123456789abcdef")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the sample institution's home with all of its documents, and ask about people in it."""
    with throw_away_home(tmp_path_factory.mktemp("dump") / "home", policies="sample") as path:
        with ComplianceBot.open(path) as bot:
            ingest_samples(bot)
        yield path


@pytest.fixture(scope="module")
def values(home: Path) -> tuple[tuple[str, str], ...]:
    """Return type and form of every value in the vault, and ask and reveal what leaves records that could tell them."""
    with ComplianceBot.open(home) as bot:
        with bot.parts.database.reading() as snapshot, everything_open(snapshot):
            query = "SELECT DISTINCT version_id FROM vault_binding"
            versions = [str(version) for (version,) in snapshot.connection.execute(query)]
            classes = tuple(one.id for one in access_classes(snapshot))
            scope = Scope(
                tenant=snapshot.tenant, principal=ADMIN, classes=classes, chunks=1, terms=1, policies="", determining=()
            )
            found = rows.bindings(snapshot, scope, versions)  # type: ignore[arg-type]
            opened = tuple(dict.fromkeys((one.type, bot.vault.open(snapshot.tenant, one)) for one in found))
        people = [value for kind, value in opened if kind == "PERSON"][:10]
        for n, person in enumerate(people):
            bot.ask(QUESTION.format(person, f"{n + 1} March 2026"), principal=ADMIN, purpose="a test")
        for document in bot.documents(principal=ADMIN)[:5]:
            bot.reveal(document.document, principal=ADMIN, purpose=f"asked by {people[0]}")
        for one in bot.sample_passages(40, principal=ADMIN, seed=1).passages:
            bot.confirm_redaction(one.document, one.start, one.end, principal=ADMIN)
        assert bot.measure_redaction(principal=ADMIN).labels > 10
        bot.erase(people[-1], reason=f"a request by {people[-1]}", principal=ADMIN)
    return opened


@pytest.fixture(scope="module")
def haul(home: Path, values: object) -> bytes:
    """Return everything that somebody has who took the home and its database but not its keys."""
    server = EmbeddedServer.open(home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER), options="-c search_path=compliance_bot,public") as connection:
            connection.execute("CHECKPOINT")
            tables = connection.execute(
                """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind = 'r'"""
            ).fetchall()
            parts = []
            for (table,) in tables:
                parts += [str(row[0]).encode() for row in connection.execute(f"SELECT t::text FROM {table} t")]
    finally:
        server.close()
    folder = Path(json.loads((home / "server.json").read_text())["folder"])
    for where in (home, folder):
        for path in sorted(where.rglob("*")):
            if path.is_file() and (home / "keys") not in path.parents:
                parts.append(path.read_bytes())
    return b"\0".join(parts)


def searched(haul: bytes, needles: dict[bytes, str]) -> list[str]:
    """Return of which needles the haul has all bytes: their first eight are compared everywhere at once."""
    prefixes = np.unique(np.array([np.frombuffer(needle[:8], np.uint64)[0] for needle in needles]))
    found: list[str] = []
    for offset in range(8):
        size = (len(haul) - offset) // 8 * 8
        words = np.frombuffer(haul, np.uint64, count=size // 8, offset=offset)
        for place in np.flatnonzero(np.isin(words, prefixes)):
            at = int(place) * 8 + offset
            head = haul[at : at + 8]
            found += [said for needle, said in needles.items() if needle[:8] == head and haul.startswith(needle, at)]
    return sorted(set(found))


def encodings(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield how a value could stand somewhere."""
    for name, text in (("as it is", value), ("lower", value.lower()), ("upper", value.upper())):
        yield name, text.encode()
        yield f"{name}, UTF-16", text.encode("utf-16-le")
        yield f"{name}, hex", text.encode().hex().encode()
        yield f"{name}, quoted", urllib.parse.quote(text).encode()
        for shift in range(3):  # wherever in a text of base64 it begins
            coded = base64.b64encode(bytes(shift) + text.encode())
            yield f"{name}, base64", coded[(0, 2, 3)[shift] : -4]
    yield "backwards", value[::-1].encode()


def tells(value: str, coded: bytes) -> bool:
    """Return whether it cannot be chance that an encoding of a value stands somewhere, among very many hashes."""
    bits = min((4 if _HEX.issuperset(text) else 8) * len(text) for text in (value.lower(), coded.decode("latin-1")))
    return len(coded) >= _SHORTEST and bits >= _LEAST_BITS


def hashes(type_: str, value: str) -> Iterator[tuple[str, bytes]]:
    """Yield plain hashes of a value and of its normal form: what a list of names, dates or numbers finds."""
    for text in {value, value.lower(), normal_form(type_, value)}:
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(algorithm, text.encode()).digest()
            yield algorithm, digest
            yield f"{algorithm}, hex", digest.hex().encode()
            yield f"{algorithm}, base64", base64.b64encode(digest)[:-4]


def in_the_clear(home: Path) -> str:
    """Return all texts as who may see no value gets them: what detection missed stands in them."""
    with ComplianceBot.open(home) as bot, bot.parts.database.reading() as snapshot, everything_open(snapshot):
        shown = snapshot.connection.execute("SELECT title || ' ' || text FROM document_version").fetchall()
    policies = (path.read_text(encoding="utf-8") for path in (home / "policies").rglob("*") if path.is_file())
    return " ".join((*(text for (text,) in shown), *policies)).lower()


def test_there_is_something_to_be_found(values: tuple[tuple[str, str], ...], haul: bytes) -> None:
    assert len(values) > 100
    assert len({kind for kind, _ in values}) > 8
    # The search finds what is there.
    assert searched(haul, {b"The bank": "x"}) == ["x"]
    assert searched(haul, {b"Zorblax Quindle": "x"}) == []


def test_no_value_stands_anywhere_in_any_encoding(home: Path, values: tuple[tuple[str, str], ...], haul: bytes) -> None:
    clear = in_the_clear(home)
    sought = [(kind, value) for kind, value in values if value.lower() not in clear]
    assert len(sought) > 0.8 * len(values)
    needles = {
        coded: f"{kind}: {value!r} {name}"
        for kind, value in sought
        for name, coded in encodings(value)
        if tells(value, coded)
    }
    assert sum(tells(value, value.encode().hex().encode()) for _, value in sought) > 0.8 * len(sought)
    assert searched(haul, needles) == []


def test_no_plain_hash_of_a_value_is_kept(values: tuple[tuple[str, str], ...], haul: bytes) -> None:
    needles = {digest: f"{kind}: {value!r} {name}" for kind, value in values for name, digest in hashes(kind, value)}
    assert searched(haul, needles) == []


def test_no_vector_of_a_question_is_kept(home: Path, values: tuple[tuple[str, str], ...], haul: bytes) -> None:
    people = [value for kind, value in values if kind == "PERSON"][:10]
    asked = [QUESTION.format(person, f"{n + 1} March 2026") for n, person in enumerate(people)]
    with ComplianceBot.open(home) as bot, bot.parts.database.reading() as snapshot, everything_open(snapshot):
        (stored,) = snapshot.connection.execute("SELECT vector::text FROM embedding LIMIT 1").fetchone() or ("",)
        vectors = bot.embedder.embed(asked)
    # The search finds one that is there, in a table and in a row of it.
    binary, *_, text = forms(np.array(json.loads(stored)))
    assert searched(haul, {binary: "in a table", text: "in a row"}) == ["in a row", "in a table"]
    assert (
        searched(haul, {form: text for text, vector in zip(asked, vectors, strict=True) for form in forms(vector)})
        == []
    )


def forms(vector: NDArray[np.floating[Any]]) -> tuple[bytes, ...]:
    """Return the beginning of a vector, as pgvector stores and sends it, in single precision, and as text."""
    half = vector[:8].astype(np.float16)
    text = ",".join(str(number) for number in half[:2].astype(np.float32))
    return half.tobytes(), half.byteswap().tobytes(), vector[:8].astype(np.float32).tobytes(), f"[{text}".encode()


def test_with_the_keys_all_of_it_can_be_read_and_without_them_nothing(home: Path, tmp_path: Path) -> None:
    with ComplianceBot.open(home) as bot:
        document = bot.documents(principal=ADMIN)[0].document
        assert bot.reveal(document, principal=ADMIN) or bot.vault_state(principal=ADMIN).placeholders
    kept = shutil.move(home / "keys" / "vault", tmp_path / "vault")
    try:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "compliance-bot"), "vault", "show"],
            env={**os.environ, "COMPLIANCE_BOT_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ITS KEY IS MISSING, OR ANOTHER" in done.stdout
    finally:
        shutil.move(kept, home / "keys" / "vault")
