"""Signing keys that others keep: what the home has of them, and what comes from elsewhere counts only if it fits."""

from __future__ import annotations

import base64
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.keys import KeysExposed, custody
from compliance_bot.keys.custody import AtSigner, InEnvironment, SignerFailed, SigningKeyWrong, Wrapped
from compliance_bot.keys.management import CommandManagement
from compliance_bot.keys.signing import (
    SigningKeyFiles,
    SigningKeyMissing,
    SigningKeyUnreadable,
    public_bytes,
    try_out,
)
from tests.key_commands import MANAGEMENT, SIGNER, calls, command, make_key

ONE, TWO = b"\x01" * 32, b"\x02" * 32
TEXT = b"compliance-bot/0\n3\nAAAA\n"
HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "keep-the-log-verifiable.md"


def b64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def names(keys: Path) -> list[str]:
    return sorted(path.name for path in (keys / "log").glob("*"))


def wrapped(keys: Path, script: str = MANAGEMENT) -> SigningKeyFiles:
    management = CommandManagement(command(keys, script), setting="log_key_command", refuse=SigningKeyUnreadable)
    return SigningKeyFiles(keys, Wrapped(management))


def environment(keys: Path, written: str) -> SigningKeyFiles:
    return SigningKeyFiles(keys, InEnvironment(written))


def signer(keys: Path, script: str = SIGNER) -> SigningKeyFiles:
    return SigningKeyFiles(keys, AtSigner(command(keys, script)))


class TestWrapped:
    def test_the_file_is_not_the_key_and_opens_to_it(self, tmp_path: Path) -> None:
        key = wrapped(tmp_path).begin().newest
        assert names(tmp_path) == ["key-1.wrapped"]
        path = tmp_path / "log" / "key-1.wrapped"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert isinstance(key, Ed25519PrivateKey)
        assert key.private_bytes_raw() not in path.read_bytes()
        assert public_bytes(wrapped(tmp_path).load().newest) == public_bytes(key)

    def test_a_process_asks_once_for_each_key(self, tmp_path: Path) -> None:
        wrapped(tmp_path).begin()
        files, before = wrapped(tmp_path), len(calls(tmp_path))
        for _ in range(3):
            files.load()
        assert calls(tmp_path)[before:] == ["unwrap"]
        files.add()
        files.load()
        assert calls(tmp_path)[before:] == ["unwrap", "wrap", "unwrap", "unwrap"]

    def test_one_that_is_taken_away_is_missed_at_once(self, tmp_path: Path) -> None:
        files = wrapped(tmp_path)
        files.begin()
        (tmp_path / "log" / "key-1.wrapped").unlink()
        assert files.load().keys == ()

    def test_without_the_command_it_is_neither_opened_nor_replaced(self, tmp_path: Path) -> None:
        wrapped(tmp_path).begin()
        for act in (SigningKeyFiles(tmp_path).load, SigningKeyFiles(tmp_path).begin):
            with pytest.raises(
                SigningKeyUnreadable, match=r"key-1\.wrapped is wrapped, and the setting log_key_command"
            ):
                act()
        assert names(tmp_path) == ["key-1.wrapped"]

    @pytest.mark.parametrize(
        ("script", "message"),
        [
            ("import sys; print('unplugged', file=sys.stderr); sys.exit(7)", "log_key_command unwrap: it ended with 7"),
            ("print('Enter PIN:')", "log_key_command unwrap: it wrote something else than base64"),
            ("import base64; print(base64.b64encode(bytes(16)).decode())", r"key-1\.wrapped is not a key"),
        ],
    )
    def test_a_command_that_fails_or_brings_no_key_is_told(self, tmp_path: Path, script: str, message: str) -> None:
        wrapped(tmp_path).begin()
        with pytest.raises(SigningKeyUnreadable, match=message) as refused:
            wrapped(tmp_path, script).load()
        assert refused.value.exit_code == 3
        assert "unplugged" not in f"{refused.value}"

    def test_nothing_is_kept_that_is_not_hidden(self, tmp_path: Path) -> None:
        with pytest.raises(SigningKeyUnreadable, match="log_key_command: what it wraps"):
            wrapped(tmp_path, "import sys; print(sys.stdin.read())").begin()
        assert names(tmp_path) == []

    def test_one_that_others_may_open_is_refused(self, tmp_path: Path) -> None:
        wrapped(tmp_path).begin()
        (tmp_path / "log" / "key-1.wrapped").chmod(0o640)
        with pytest.raises(KeysExposed):
            wrapped(tmp_path).load()


class TestInEnvironment:
    def test_the_file_is_the_public_half_and_the_setting_the_key(self, tmp_path: Path) -> None:
        key = environment(tmp_path, f"1:{b64(ONE)}").begin().newest
        assert names(tmp_path) == ["key-1.public"]
        public = (tmp_path / "log" / "key-1.public").read_bytes()
        assert public == public_bytes(key)
        Ed25519PublicKey.from_public_bytes(public).verify(key.sign(TEXT), TEXT)

    def test_one_more_in_the_setting_signs_only_once_it_took_over(self, tmp_path: Path) -> None:
        environment(tmp_path, f"1:{b64(ONE)}").begin()
        both = environment(tmp_path, f"1:{b64(ONE)} 2:{b64(TWO)}")
        assert len(both.load().keys) == 1
        assert [public_bytes(key) for key in both.add().keys][1] == public_bytes(both.load().newest)

    def test_the_operator_sets_it_first(self, tmp_path: Path) -> None:
        files = environment(tmp_path, f"1:{b64(ONE)}")
        files.begin()
        with pytest.raises(UsageError, match="log_keys, which has none of number 2") as refused:
            files.add()
        assert "Add 2:BASE64" in str(refused.value.hint)
        assert names(tmp_path) == ["key-1.public"]

    def test_another_key_than_the_one_on_record_is_refused(self, tmp_path: Path) -> None:
        environment(tmp_path, f"1:{b64(ONE)}").begin()
        with pytest.raises(SigningKeyWrong, match="log_keys: the log's key 1 is not the one on record") as refused:
            environment(tmp_path, f"1:{b64(TWO)}").load()
        assert refused.value.exit_code == 3
        assert b64(TWO)[:8] not in f"{refused.value} {refused.value.hint}"

    def test_without_the_newest_nothing_is_opened_and_an_old_one_still_proves_what_it_signed(
        self, tmp_path: Path
    ) -> None:
        both = environment(tmp_path, f"1:{b64(ONE)} 2:{b64(TWO)}")
        both.begin()
        both.add()
        for files in (environment(tmp_path, f"1:{b64(ONE)}"), SigningKeyFiles(tmp_path)):
            with pytest.raises(SigningKeyMissing, match="of the log's key 2 there is only the public half"):
                files.load()
        old, new = environment(tmp_path, f"2:{b64(TWO)}").load().keys
        assert [public_bytes(key) for key in (old, new)] == [public_bytes(key) for key in both.load().keys]
        with pytest.raises(SigningKeyMissing):
            old.sign(TEXT)

    def test_one_that_the_log_had_before_is_no_new_one(self, tmp_path: Path) -> None:
        files = environment(tmp_path, f"1:{b64(ONE)} 2:{b64(ONE)}")
        files.begin()
        with pytest.raises(UsageError, match="the log's key 2 is one that it had before"):
            files.add()
        assert names(tmp_path) == ["key-1.public"]

    @pytest.mark.parametrize("part", [b64(TWO), f"0:{b64(TWO)}", f"2:{b64(TWO[1:])}", f"2:{TWO.hex()}", "2:", "2"])
    def test_a_part_that_is_none_is_refused_by_its_place_and_never_quoted(self, tmp_path: Path, part: str) -> None:
        with pytest.raises(SigningKeyUnreadable, match="log_keys: part 2 is not NUMBER:BASE64 of 32 bytes") as refused:
            environment(tmp_path, f"1:{b64(ONE)} {part}").begin()
        told = f"{refused.value!r} {refused.value} {refused.value.hint}"
        assert not any(said in told for said in (b64(ONE)[:8], b64(TWO)[:8], TWO.hex()[:8]))

    def test_no_key_is_printed(self) -> None:
        assert b64(ONE)[:8] not in repr(InEnvironment(f"1:{b64(ONE)}"))


class TestAtSigner:
    def test_it_signs_what_its_public_half_verifies(self, tmp_path: Path) -> None:
        make_key(tmp_path, 1)
        key = signer(tmp_path).begin().newest
        assert (tmp_path / "log" / "key-1.public").read_bytes() == public_bytes(key)
        key.public_key().verify(key.sign(TEXT), TEXT)
        with pytest.raises(InvalidSignature):
            key.public_key().verify(key.sign(TEXT), TEXT + b"\n")

    def test_it_is_not_called_before_something_is_to_be_signed(self, tmp_path: Path) -> None:
        make_key(tmp_path, 1)
        signer(tmp_path).begin()
        assert calls(tmp_path) == ["public 1", "sign 1"]  # one signature to try it
        key = signer(tmp_path).load().newest
        assert len(calls(tmp_path)) == 2
        try_out(key)
        assert calls(tmp_path)[2:] == ["sign 1"]

    def test_another_key_has_to_be_made_there_first(self, tmp_path: Path) -> None:
        make_key(tmp_path, 1)
        files = signer(tmp_path)
        files.begin()
        with pytest.raises(SignerFailed, match="log_sign_command public: it ended with 1"):
            files.add()
        assert names(tmp_path) == ["key-1.public"]
        make_key(tmp_path, 2)
        assert len(files.add().keys) == 2

    def test_one_that_does_not_look_at_the_number_makes_no_second_key(self, tmp_path: Path) -> None:
        make_key(tmp_path, 1)
        files = signer(tmp_path, SIGNER.replace('f"own-{number}"', '"own-1"'))
        files.begin()
        with pytest.raises(UsageError, match="the log's key 2 is one that it had before"):
            files.add()
        assert names(tmp_path) == ["key-1.public"]

    @pytest.mark.parametrize(
        ("script", "error", "message"),
        [
            ("import sys; print('Wx', file=sys.stderr); sys.exit(7)", SignerFailed, "sign: it ended with 7"),
            ("print('Enter PIN: Wx')", SignerFailed, "sign: it wrote something else than base64"),
            ("print()", SignerFailed, "sign: it answered nothing"),
            ("import time; time.sleep(9)", SignerFailed, "sign: it did not end within 0.5 seconds"),
            (SIGNER.replace(".read())", ".read() + b' ')"), SigningKeyWrong, "key 1 is not the one on record"),
            (SIGNER.replace('f"own-{number}"', '"own-2"'), SigningKeyWrong, "key 1 is not the one on record"),
            ("import base64; print(base64.b64encode(bytes(63)).decode())", SigningKeyWrong, "key 1 is not the one"),
        ],
        ids=["fails", "talks", "says nothing", "hangs", "signs another text", "another key", "no signature"],
    )
    def test_what_it_says_counts_only_as_a_signature_of_this_key_over_this_text(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        script: str,
        error: type[ComplianceError],
        message: str,
    ) -> None:
        make_key(tmp_path, 1), make_key(tmp_path, 2)
        signer(tmp_path).begin()
        if "sleep" in script:
            monkeypatch.setattr(custody, "_SIGN_TIMEOUT_S", 0.5)
        with pytest.raises(error, match=f"log_sign_command.*{message}") as refused:
            signer(tmp_path, script).load().newest.sign(TEXT)
        assert refused.value.exit_code == 3
        assert "Wx" not in f"{refused.value} {refused.value.hint}"

    def test_one_that_hangs_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make_key(tmp_path, 1)
        signer(tmp_path).begin()
        monkeypatch.setattr(custody, "_SIGN_TIMEOUT_S", 4)  # enough to start two programs
        waits = "import subprocess; subprocess.run(['sh', '-c', 'echo $$ > PID; exec sleep 60'])"
        with pytest.raises(SignerFailed, match="did not end"):
            signer(tmp_path, waits.replace("PID", str(tmp_path / "pid"))).load().newest.sign(TEXT)
        state = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/status")
        until = time.monotonic() + 30
        while state.exists() and "zombie" not in state.read_text(encoding="utf-8"):
            assert time.monotonic() < until, "what the command started still runs"
            time.sleep(0.05)

    def test_one_that_names_a_key_it_does_not_sign_with_is_not_begun_with(self, tmp_path: Path) -> None:
        make_key(tmp_path, 1), make_key(tmp_path, 2)
        lies = SIGNER.replace('f"own-{number}"', '("own-2" if act == "public" else "own-1")')
        with pytest.raises(SigningKeyWrong):
            signer(tmp_path, lies).begin()
        with pytest.raises(SignerFailed, match="public: expected 32 bytes, not 44"):  # a key in DER
            signer(tmp_path, SIGNER.replace("acts[act]()", "bytes(12) + acts[act]()")).begin()
        assert names(tmp_path) == []

    @pytest.mark.parametrize("kept", [b"", b"x" * 31, b"x" * 33])
    def test_a_public_half_that_is_none_is_refused(self, tmp_path: Path, kept: bytes) -> None:
        make_key(tmp_path, 1)
        signer(tmp_path).begin()
        (tmp_path / "log" / "key-1.public").write_bytes(kept)
        with pytest.raises(SigningKeyUnreadable, match=r"key-1\.public is not a key: expected 32 bytes"):
            signer(tmp_path).load()

    @pytest.mark.parametrize("line", ["", "  ", "sign 'unfinished"])
    def test_what_is_no_command_line_is_refused_before_it_runs(self, line: str) -> None:
        with pytest.raises(SignerFailed, match="log_sign_command is"):
            AtSigner(line)

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
    def test_the_script_of_the_how_to_signs_with_openssl(self, tmp_path: Path) -> None:
        (script,) = re.findall(
            r"```bash\n(#!/bin/bash\n.*?openssl pkeyutl.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL
        )
        path = tmp_path / "sign-log"
        path.write_text(script.replace("/etc/log-signer", str(tmp_path)), encoding="utf-8")
        path.chmod(0o700)
        files = SigningKeyFiles(tmp_path, AtSigner(str(path)))
        with pytest.raises(SignerFailed):
            files.begin()
        made = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / "key-1.pem")]
        subprocess.run(made, check=True, capture_output=True)
        key = files.begin().newest
        key.public_key().verify(key.sign(TEXT), TEXT)


class TestAChangeOfCustody:
    def test_the_key_in_the_home_and_the_one_elsewhere_both_sign_the_handover(self, tmp_path: Path) -> None:
        first = SigningKeyFiles(tmp_path).begin().newest
        make_key(tmp_path, 2)
        files = signer(tmp_path)
        assert public_bytes(files.load().newest) == public_bytes(first), "until the next one takes over"
        old, new = files.add().keys
        assert names(tmp_path) == ["key-1", "key-2.public"]
        for key in (old, new):
            key.public_key().verify(key.sign(TEXT), TEXT)
        assert files.in_clear() == (1,)

    def test_a_key_may_be_given_to_the_new_place_and_its_file_taken_away(self, tmp_path: Path) -> None:
        SigningKeyFiles(tmp_path).begin()
        clear = tmp_path / "log" / "key-1"
        key, public = clear.read_bytes(), public_bytes(SigningKeyFiles(tmp_path).load().newest)
        (tmp_path / "log" / "key-1.public").write_bytes(public)
        clear.unlink()
        assert public_bytes(environment(tmp_path, f"1:{b64(key)}").load().newest) == public
