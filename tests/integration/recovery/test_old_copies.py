"""A database that is put back from an old copy has forgotten nothing of what was taken away since."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from compliance_bot.anchor.faults import AnchorAltered, AnchorForeign, AnchorLost, AnchorUnreadable
from compliance_bot.anchor.standing import last_activated
from compliance_bot.errors import Refused, UsageError
from compliance_bot.home import create_home
from compliance_bot.records import StopKind
from compliance_bot.settings import load_settings
from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import SUPERUSER
from compliance_bot.store.rules import in_force
from compliance_bot.store.scope import everything_open
from compliance_bot.store.stops import Stopped
from tests.integration.vault.homes import ADMIN, ANA, BEN, OLGA, letter

from .copies import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.records import DocumentId

    from .copies import Place

REASON = "a request of 3 March"


@pytest.fixture(scope="module")
def made() -> Iterator[Place]:
    with place() as one:
        yield one


def document(bot: ComplianceBot, title: str) -> DocumentId:
    return next(one.document for one in bot.documents(principal=ADMIN, reveal=False) if one.title == title)


def titles(bot: ComplianceBot, principal: Any = ADMIN) -> set[str]:
    return {one.title for one in bot.documents(principal=principal, reveal=False)}


def found(bot: ComplianceBot, name: str) -> set[str]:
    return {hit.title for hit in bot.search(name, principal=ANA, reveal=False) if hit.lexical}


def counted(bot: ComplianceBot, condition: str) -> int:
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        row = snapshot.connection.execute(f"SELECT count(*) FROM {condition}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def applied(bot: ComplianceBot) -> list[dict[str, Any]]:
    """Return what the records say of catching up, the newest first."""
    records = [one for one in bot.records(principal=ADMIN, limit=500) if one.type == "anchor.applied"]
    return [dict(bot.record(one.record, principal=ADMIN).envelope["public"]) for one in records]


def test_an_erased_person_is_erased_again_and_what_a_hold_keeps_is_shown_to_nobody(made: Place) -> None:
    with made.opened() as bot:
        for title, text in (("Late letter", "Maria Lopez wrote again."), ("Late claim", "Maria Lopez is disputed.")):
            bot.ingest_loader([letter(text, title, f"{title}.md")], collection="letters")
    copy = made.copy()
    with made.opened() as bot:
        # Its class has another number in the copy: the one before it is taken by documents that the copy has not.
        new = letter("A new note of Maria Lopez.", "New", "new.md")
        bot.ingest_loader([new], collection="letters", attributes={"tags": ["new"]})
        held = {"tags": ["litigation", "late"]}
        bot.set_attributes(document(bot, "Late claim"), held, principal=ADMIN)
        done = bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
        assert (done.placeholders, done.restricted) == (5, 2)
        assert counted(bot, "vault_binding WHERE is_restricted") == 2
        left = counted(bot, "vault_binding")
    made.put_back(copy)
    with made.opened() as bot:
        assert found(bot, "Maria Lopez") == {"Letter of thanks", "Note"}  # by a part of another's name
        texts = {hit.text for hit in bot.search("claim of somebody disputed", principal=ADMIN, k=20)}
        assert "The claim of <PERSON_1> is disputed." in texts
        assert not any("Maria Lopez" in text for text in texts)
        assert counted(bot, "vault_binding WHERE is_restricted") == 2
        assert counted(bot, "vault_binding") == left
        assert counted(bot, "vault_erasure WHERE record IS NOT NULL") == 1
        (told, *_) = applied(bot)
        assert told["applied"]["placeholders_erased"] == 4
        assert told["applied"]["placeholders_restricted"] == 2
        assert told["applied"]["documents_refiled"] == 1
        assert done.record in told["records"]


def test_deleted_documents_stay_deleted_those_that_a_folder_lost_too(made: Place, tmp_path: Path) -> None:
    files = [tmp_path / "files" / f"{name}.md" for name in ("kept", "lost")]
    files[0].parent.mkdir()
    for file in files:
        file.write_text(f"# The {file.stem} file\n\nIts words.\n", encoding="utf-8")
    with made.opened() as bot:
        assert bot.ingest([files[0].parent], collection="files", prune="carefully").ingested == 2
        bot.ingest_loader([letter("Soon gone.", "Gone", "gone.md")], collection="letters")
    copy = made.copy()
    with made.opened() as bot:
        bot.delete(document(bot, "Gone"), principal=ADMIN)
        files[1].unlink()
        assert bot.ingest([files[0].parent], collection="files", prune="carefully").deleted == 1
    made.put_back(copy)
    with made.opened() as bot:
        assert titles(bot) & {"Gone", "The lost file", "The kept file"} == {"The kept file"}
        assert not any(hit.title == "Gone" for hit in bot.search("Soon gone", principal=ADMIN))
        assert applied(bot)[0]["applied"]["documents_deleted"] == 2


def test_a_document_that_was_closed_is_closed_however_that_came(made: Place) -> None:
    secret = letter("An insider is named here.", "Again ingested", "again.md")
    with made.opened() as bot:
        bot.ingest_loader([secret, letter("Another insider.", "Set", "set.md")], collection="letters")
    copy = made.copy()
    with made.opened() as bot:
        assert {"Again ingested", "Set"} <= titles(bot, BEN)
        bot.ingest_loader([secret], collection="letters", attributes={"matter": "heron"})
        bot.set_attributes(document(bot, "Set"), {"matter": "heron"}, principal=ADMIN)
    assert b"heron" not in made.anchor.read_bytes()
    made.put_back(copy)
    with made.opened() as bot:
        assert not {"Again ingested", "Set"} & titles(bot, BEN)
        assert {"Again ingested", "Set"} <= titles(bot)
        assert not {"Again ingested", "Set"} & {hit.title for hit in bot.search("insider", principal=BEN)}
        assert applied(bot)[0]["applied"]["documents_refiled"] == 2


def test_a_revoked_grant_is_gone_and_one_that_came_later_is_not_there(made: Place) -> None:
    with made.opened() as bot:
        before = bot.grant("ben", groups=["care"], reason=REASON)
        assert "Maria Schmidt" in bot.ask("Who thanked for the umbrella?", principal="ben").answer
    copy = made.copy()
    with made.opened() as bot:
        bot.revoke(before.id)
        bot.grant("ben", groups=["care"], reason=REASON)
    made.put_back(copy)
    with made.opened() as bot:
        assert "Maria Schmidt" not in bot.ask("Who thanked for the umbrella?", principal="ben").answer
        (grant,) = bot.grants(principal=ADMIN)
        assert (grant.id, grant.revoked_at is None) == (before.id, False)
        told = applied(bot)[0]["applied"]
        assert (told["grants_revoked"], told["grants_lost"]) == (1, 1)


def test_a_correction_that_is_lost_is_told_and_not_in_the_anchor(made: Place) -> None:
    copy = made.copy()
    with made.opened() as bot:
        thanks = document(bot, "Letter of thanks")
        bot.mark(thanks, "the umbrella", entity_type="ORGANIZATION", reason=REASON, principal=ADMIN)
    assert b"umbrella" not in made.anchor.read_bytes()
    made.put_back(copy)
    with made.opened() as bot:
        assert applied(bot)[0]["applied"]["corrections_lost"] == 1
        assert bot.corrections(principal=ADMIN) == ()


def test_what_was_stopped_is_stopped_and_what_was_lifted_runs(made: Place) -> None:
    with made.opened() as bot:
        bot.stop("collection", "files", reason=REASON)
    copy = made.copy()
    with made.opened() as bot:
        bot.lift("collection", "files")
        bot.stop("tenant", reason=REASON)
    made.put_back(copy)
    with made.opened() as bot:
        with pytest.raises(Stopped):
            bot.search("claim", principal=ADMIN)
        assert [stop.kind for stop in bot.stops(principal=ADMIN)] == [StopKind.TENANT]
        bot.lift("tenant")
        assert bot.search("claim", principal=ADMIN)


def test_an_opening_with_nothing_to_do_writes_nothing(made: Place) -> None:
    def size() -> tuple[int, int]:
        with psycopg.connect(made.server.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
            row = connection.execute("SELECT count(*) FROM audit.entry").fetchone()
        assert row is not None
        return int(row[0]), made.anchor.stat().st_size

    before = size()
    with made.opened():
        pass
    assert size() == before


def test_a_copy_from_before_there_was_an_anchor_does_all_of_it_again(made: Place) -> None:
    with made.opened() as bot:
        bot.ingest_loader([letter("Here for a day.", "Short", "short.md")], collection="letters")
        bot.delete(document(bot, "Short"), principal=ADMIN)
        before = titles(bot)
    with psycopg.connect(made.server.conninfo(SUPERUSER), options=SEARCH_PATH, autocommit=True) as connection:
        connection.execute("DROP TABLE anchor_position")
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0021_anchor'")
    with made.opened() as bot:
        assert titles(bot) == before
        assert applied(bot)[0]["from"] == 0
        assert applied(bot)[0]["applied"]["placeholders_erased"] == 0


def test_twice_put_back_is_done_twice(made: Place) -> None:
    with made.opened() as bot:
        bot.ingest_loader([letter("Here for an hour.", "Hour", "hour.md")], collection="letters")
    copy = made.copy()
    with made.opened() as bot:
        bot.delete(document(bot, "Hour"), principal=ADMIN)
    for _ in range(2):
        made.put_back(copy)
        with made.opened() as bot:
            assert "Hour" not in titles(bot)


def _lose(anchor: Path) -> None:
    anchor.unlink()


def _cut_off_a_line(anchor: Path) -> None:
    anchor.write_bytes(b"".join(anchor.read_bytes().splitlines(keepends=True)[:-1]))


def _empty(anchor: Path) -> None:
    anchor.write_bytes(b"")


def _change_a_letter(anchor: Path) -> None:
    text = anchor.read_bytes()
    anchor.write_bytes(text[:-40] + bytes([text[-40] ^ 1]) + text[-39:])


def _put_a_folder_there(anchor: Path) -> None:
    anchor.unlink()
    anchor.mkdir()


DAMAGES: dict[Callable[[Path], None], type[Exception]] = {
    _lose: AnchorLost,
    _cut_off_a_line: AnchorLost,
    _empty: AnchorLost,
    _change_a_letter: AnchorAltered,
    _put_a_folder_there: AnchorUnreadable,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_with_a_doubtful_anchor_nothing_is_served(made: Place, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    shutil.copy(made.anchor, tmp_path / "anchor")
    try:
        damage(made.anchor)
        with pytest.raises(DAMAGES[damage]) as refused, made.opened():
            pass
        assert refused.value.exit_code == 3  # type: ignore[attr-defined]
    finally:
        if made.anchor.is_dir():
            made.anchor.rmdir()
        shutil.copy(tmp_path / "anchor", made.anchor)
    with made.opened() as bot:
        assert bot.search("claim", principal=ADMIN)


def test_a_line_that_is_missing_in_the_middle_is_found_where_it_matters(made: Place, tmp_path: Path) -> None:
    copy = made.copy()
    with made.opened() as bot:
        for name in "abc":
            bot.stop("model", name, reason=REASON)
    shutil.copy(made.anchor, tmp_path / "anchor")
    lines = made.anchor.read_bytes().splitlines(keepends=True)
    made.put_back(copy)
    try:
        for cut in (lines[:-2] + lines[-1:], [*lines[:-2], lines[-1], lines[-2]]):
            made.anchor.write_bytes(b"".join(cut))
            with pytest.raises(AnchorAltered), made.opened():
                pass
    finally:
        shutil.copy(tmp_path / "anchor", made.anchor)
    with made.opened() as bot:
        assert {stop.name for stop in bot.stops(principal=ADMIN)} >= {"a", "b", "c"}


def test_two_histories_are_not_mixed(made: Place, tmp_path: Path) -> None:
    before, copy = made.anchor.read_bytes(), made.copy()
    with made.opened() as bot:
        bot.stop("model", "one", reason=REASON)
    one = made.anchor.read_bytes()
    made.put_back(copy)
    made.anchor.write_bytes(before)  # as if two copies of the home had gone on
    with made.opened() as bot:
        bot.stop("model", "two", reason=REASON)
    two = made.anchor.read_bytes()
    made.anchor.write_bytes(one)
    with pytest.raises(AnchorForeign), made.opened():
        pass
    made.anchor.write_bytes(two)
    with made.opened() as bot:
        assert "two" in {stop.name for stop in bot.stops(principal=ADMIN)}


def test_the_anchor_of_another_home_is_refused_and_nothing_is_written_to_it(made: Place) -> None:
    with place() as other:
        theirs = other.anchor.read_bytes()
        own = made.anchor.read_bytes()
        try:
            made.anchor.write_bytes(theirs)
            with pytest.raises(AnchorAltered), made.opened():
                pass
            assert made.anchor.read_bytes() == theirs
        finally:
            made.anchor.write_bytes(own)


def test_it_is_for_its_owner_alone_and_tells_no_names(made: Place) -> None:
    with made.opened() as bot:
        bot.stop("collection", "letters", reason=REASON)
        bot.lift("collection", "letters")
        bot.set_attributes(document(bot, "Tariff"), {"tags": ["fees"]}, principal=ADMIN)
        bot.grant("ben", groups=["care"], reason=REASON)
        bot.erase("Jo Brown", reason=REASON, principal=OLGA)
    assert made.anchor.stat().st_mode & 0o777 == 0o600
    text = made.anchor.read_text(encoding="ascii")
    for word in ("Maria", "Lopez", "ben", "olga", "letters", "litigation", "fees", "care", REASON):
        assert word not in text


def test_who_may_not_changes_nothing_in_it(made: Place) -> None:
    before = made.anchor.stat().st_size
    with made.opened() as bot:
        for act in (
            lambda: bot.erase("Maria Schmidt", reason=REASON, principal=BEN),
            lambda: bot.delete(document(bot, "Note"), principal=BEN),
            lambda: bot.stop("tenant", reason=REASON, principal=BEN),
        ):
            with pytest.raises(Refused):
                act()
    assert made.anchor.stat().st_size == before


def test_it_says_which_policies_came_into_force_last(made: Place) -> None:
    def both() -> tuple[bytes | None, bytes]:
        with made.opened() as bot, bot.parts.database.reading() as snapshot:
            found = in_force(snapshot)
            assert found is not None
            return last_activated(bot._anchor), found.digest

    before = both()
    assert before[0] == before[1]
    people = made.home / "policies" / "principals.yaml"
    people.write_text(people.read_text(encoding="utf-8") + "- {id: mia}\n", encoding="utf-8")
    after = both()
    assert after[0] == after[1] != before[1]


def test_where_it_could_not_be_written_no_home_is_begun(tmp_path: Path) -> None:
    wanted = load_settings(home=tmp_path / "home", anchor=tmp_path / "no" / "anchor.jsonl")
    with pytest.raises(UsageError, match="could not be written"):
        create_home(wanted)
    assert not list(tmp_path.iterdir())
