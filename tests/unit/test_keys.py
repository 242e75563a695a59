"""Keys: made once, readable by their owner alone, and of no use for anything but what they are for."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.keys import (
    KEY_BYTES,
    CannotDecrypt,
    Keyring,
    KeysExposed,
    KeysMissing,
    create_keys,
    decrypt,
    encrypt,
    load_keys,
)

if TYPE_CHECKING:
    from pathlib import Path

KEYRING, OTHER = Keyring(b"\x01" * KEY_BYTES), Keyring(b"\x02" * KEY_BYTES)


def key_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


class TestTheFile:
    def test_it_and_its_folder_are_for_the_owner_alone(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            create_keys(tmp_path / "keys")
        finally:
            os.umask(old)
        assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
        assert key_file(tmp_path / "keys").stat().st_mode & 0o777 == 0o600

    def test_an_existing_one_is_kept(self, tmp_path: Path) -> None:
        first = create_keys(tmp_path)
        assert create_keys(tmp_path) == first == load_keys(tmp_path)

    def test_two_homes_have_different_keys(self, tmp_path: Path) -> None:
        assert create_keys(tmp_path / "a") != create_keys(tmp_path / "b")

    def test_threads_that_make_it_at_once_get_the_same_keys(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            assert len({ring.derive("x") for ring in pool.map(create_keys, [tmp_path] * 32)}) == 1

    def test_an_interrupted_creation_is_taken_up_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as broken:
            broken.setattr(os, "fdopen", killed)
            with pytest.raises(KeyboardInterrupt):
                create_keys(tmp_path)
        assert create_keys(tmp_path) == load_keys(tmp_path)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o611])
    def test_one_that_others_may_open_is_refused(self, tmp_path: Path, mode: int) -> None:
        create_keys(tmp_path)
        key_file(tmp_path).chmod(mode)
        with pytest.raises(KeysExposed, match="can be read by other accounts"):
            load_keys(tmp_path)

    def test_a_missing_one_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(KeysMissing, match=f"no key file at {re.escape(str(tmp_path))}"):
            load_keys(tmp_path)

    def test_a_shortened_one_is_refused(self, tmp_path: Path) -> None:
        create_keys(tmp_path)
        path = key_file(tmp_path)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(KeysMissing):
            load_keys(tmp_path)


class TestDerivedKeys:
    @given(st.text(max_size=30), st.text(max_size=30))
    def test_each_use_has_its_own(self, one: str, other: str) -> None:
        assert (KEYRING.derive(one) == KEYRING.derive(other)) == (one == other)

    def test_each_home_has_its_own(self) -> None:
        assert KEYRING.derive("terms/1") != OTHER.derive("terms/1")

    def test_they_do_not_change(self) -> None:
        # Changed values would orphan every posting and every known source of the homes that exist.
        assert KEYRING.derive("terms/1").hex() == "b40c102b10090316a066b9db16b185824f3e85cd91edf4414e4105f60a0a2cd9"
        assert (
            KEYRING.mac("source/1", b"path").hex() == "1944fbd326ebe4276f3cf84de0804d4c1e33b951644116101492fd0730c55b32"
        )

    def test_a_mac_is_another_for_another_use_and_another_message(self) -> None:
        assert len({KEYRING.mac(use, message) for use in ("a", "b") for message in (b"1", b"2")}) == 4

    def test_no_key_is_printed(self) -> None:
        assert "x01" not in repr(KEYRING) + str(KEYRING) + f"{[KEYRING]}"


class TestWrapping:
    @given(st.binary(min_size=1, max_size=64), st.binary(max_size=40))
    def test_unwrapping_brings_the_key_back(self, key: bytes, bound_to: bytes) -> None:
        assert KEYRING.unwrap(KEYRING.wrap(key, bound_to=bound_to), bound_to=bound_to) == key

    def test_it_hides_the_key_and_never_repeats(self) -> None:
        wrapped = {KEYRING.wrap(b"data key", bound_to=b"id") for _ in range(50)}
        assert len(wrapped) == 50
        assert not any(b"data key" in one for one in wrapped)

    def test_another_record_or_another_home_cannot_unwrap(self) -> None:
        wrapped = KEYRING.wrap(b"data key", bound_to=b"record 1")
        with pytest.raises(CannotDecrypt, match="does not open with this home's key"):
            KEYRING.unwrap(wrapped, bound_to=b"record 2")
        with pytest.raises(CannotDecrypt):
            OTHER.unwrap(wrapped, bound_to=b"record 1")

    def test_each_changed_byte_and_each_shorter_form_is_noticed(self) -> None:
        whole = encrypt(b"\x03" * KEY_BYTES, b"secret", bound_to=b"id")
        changed = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(len(whole))]
        shorter = [whole[:n] for n in range(len(whole))]
        for ciphertext in (*changed, *shorter, whole + b"\0"):
            with pytest.raises(CannotDecrypt):
                decrypt(b"\x03" * KEY_BYTES, ciphertext, bound_to=b"id")
