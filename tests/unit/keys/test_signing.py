"""The keys that sign the log: files of their owner alone, made once, kept when another takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.keys import KeysExposed
from compliance_bot.keys.signing import SigningKeyFiles, SigningKeyMissing, SigningKeyUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes_raw()


def test_there_is_none_until_one_is_made(tmp_path: Path) -> None:
    keys = SigningKeyFiles(tmp_path).load()
    assert keys.keys == ()
    with pytest.raises(SigningKeyMissing):
        _ = keys.newest
    assert not (tmp_path / "log").exists()


def test_the_first_is_made_once(tmp_path: Path) -> None:
    first = SigningKeyFiles(tmp_path).begin()
    again = SigningKeyFiles(tmp_path).begin()
    assert [raw(key) for key in first.keys] == [raw(key) for key in again.keys]
    assert (tmp_path / "log" / "key-1").stat().st_mode & 0o777 == 0o600


def test_the_newest_signs_and_the_others_stay(tmp_path: Path) -> None:
    files = SigningKeyFiles(tmp_path)
    made = [raw(files.add().newest) for _ in range(11)]  # the eleventh is newer than the ninth
    keys = files.load()
    assert [raw(key) for key in keys.keys] == made
    assert len(set(made)) == 11


def test_what_others_can_read_is_refused(tmp_path: Path) -> None:
    SigningKeyFiles(tmp_path).begin()
    (tmp_path / "log" / "key-1").chmod(0o644)
    with pytest.raises(KeysExposed):
        SigningKeyFiles(tmp_path).load()


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    SigningKeyFiles(tmp_path).begin()
    (tmp_path / "log" / "key-1").write_bytes(b"short")
    with pytest.raises(SigningKeyUnreadable):
        SigningKeyFiles(tmp_path).load()


def test_a_file_of_another_name_is_none_of_them(tmp_path: Path) -> None:
    SigningKeyFiles(tmp_path).begin()
    for name in ("key-2.x.partial", "key-0", "key-01", "notes.txt"):
        (tmp_path / "log" / name).write_bytes(b"x")
    assert len(SigningKeyFiles(tmp_path).load().keys) == 1


def test_no_key_is_printed(tmp_path: Path) -> None:
    keys = SigningKeyFiles(tmp_path).begin()
    assert raw(keys.newest).hex() not in repr(keys)
    assert "PrivateKey" not in repr(keys)
