"""A folder that a restore holds: nothing is lost of what was there, and a finished home is never taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance_bot import home as home_module
from compliance_bot.errors import UsageError
from compliance_bot.home import UNFINISHED, RestoreUnfinished, is_home, require_finished
from compliance_bot.recovery.place import PlaceTaken, PlaceUnwritable, RestoreRunning, held_place


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "escrow"
    (folder / "vault").mkdir(parents=True)
    for name in ("key-encryption-key", "vault/epoch-1"):
        (folder / name).write_bytes(b"k" * 32)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def break_off(home: Path, keys: Path) -> None:
    with held_place(home) as place:
        if not place.keys.exists():
            place.bring_keys(keys)
        place.bring_settings(b"passages = 3\n")
        (home / "policies").mkdir()
        (home / "policies" / "a.cedar").touch()
        raise LookupError


def test_a_folder_that_was_not_there_is_not_there_after_an_error(home: Path, keys: Path) -> None:
    with pytest.raises(LookupError):
        break_off(home, keys)
    assert not home.exists()


def test_keys_and_settings_that_were_there_stay_after_an_error(home: Path, keys: Path) -> None:
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "mine").touch()
    (home / "compliance-bot.toml").write_text("passages = 7\n", encoding="utf-8")
    with pytest.raises(LookupError):
        break_off(home, keys)
    assert names(home) == ["compliance-bot.toml", "keys", "keys/mine"]
    assert (home / "compliance-bot.toml").read_text(encoding="utf-8") == "passages = 7\n"


def test_what_was_brought_is_taken_away_by_the_next_restore_and_what_was_there_is_not(home: Path, keys: Path) -> None:
    home.mkdir()
    (home / "compliance-bot.toml").touch()
    (home / UNFINISHED).write_text("keys\n", encoding="utf-8")  # as kill -9 leaves it
    (home / "keys").mkdir()
    (home / "keys" / "half").touch()
    (home / "policies").mkdir()
    with pytest.raises(RestoreUnfinished, match="not complete"):
        require_finished(home)
    with held_place(home) as place:
        assert names(home) == [UNFINISHED, "compliance-bot.toml"]
        place.bring_keys(keys)
        place.finish()
    assert is_home(home)
    assert not (home / UNFINISHED).exists()


def test_keys_are_copied_for_their_owner_alone(home: Path, keys: Path) -> None:
    (keys / "key-encryption-key").chmod(0o644)
    with held_place(home) as place:
        place.bring_keys(keys)
        for path in (home, place.keys, *place.keys.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0
        assert (place.keys / "vault" / "epoch-1").read_bytes() == b"k" * 32
        with pytest.raises(UsageError, match="there already"):
            place.bring_keys(keys)


def test_two_restores_do_not_share_a_folder(home: Path) -> None:
    with held_place(home), pytest.raises(RestoreRunning), held_place(home):
        pass
    assert (home / UNFINISHED).exists()


def test_a_home_is_never_taken_away_whatever_goes_wrong_at_its_last_step(
    home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    def restore() -> None:
        with held_place(home) as place:
            place.bring_keys(keys)
            place.finish()

    monkeypatch.setattr(home_module, "sync_folder", fail)
    with pytest.raises(PlaceUnwritable, match="Input/output"):
        restore()
    assert is_home(home)
    assert (home / "keys" / "key-encryption-key").exists()
    require_finished(home)


@pytest.mark.parametrize("name", ["compliance-bot.home", "letter.txt", "server.json", ".hidden"])
def test_a_folder_with_anything_else_in_it_is_left_alone(home: Path, name: str) -> None:
    home.mkdir()
    (home / name).write_text("{}", encoding="utf-8")
    with pytest.raises(PlaceTaken, match="is a home already, or holds something"), held_place(home):
        pass
    assert names(home) == [name]


def test_a_file_in_place_of_a_folder_is_told(home: Path) -> None:
    home.touch()
    with pytest.raises(PlaceUnwritable), held_place(home):
        pass
