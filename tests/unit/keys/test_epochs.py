"""The keys of the vault: kept where the operator chose, told to nobody, and of no use for another place."""

from __future__ import annotations

import base64
import os
import shlex
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.keys import KEY_BYTES, CannotDecrypt, KeysExposed
from compliance_bot.keys.epochs import EpochKeys, VaultKeyMissing, VaultKeyUnreadable, VaultKeyWrong
from compliance_bot.keys.management import CommandManagement, ManagedKeys
from compliance_bot.keys.sources import EnvironmentKeys, FileKeys
from tests.key_commands import MANAGEMENT, command

ONE, TWO = b"\x01" * KEY_BYTES, b"\x02" * KEY_BYTES

FAILS = "import sys; print('the token is unplugged', file=sys.stderr); sys.exit(7)"
TALKS = "print('Enter PIN:')"
SAYS_NOTHING = "print()"
SAYS_FAR_TOO_MUCH = "import base64; print(base64.b64encode(bytes(70000)).decode())"
HIDES_NOTHING = "import sys; print(sys.stdin.read())"
PUTS_IT_IN_AN_ENVELOPE = """
import base64, sys
given = base64.b64decode(sys.stdin.read())
print(base64.b64encode(b"v1:" + given if sys.argv[-1] == "wrap" else given[3:]).decode())
"""
FORGETS = """
import base64, os, sys
print(base64.b64encode(os.urandom(40 if sys.argv[-1] == "wrap" else 32)).decode())
"""


def in_words(**keys: bytes) -> str:
    """Return keys as the setting has them, each named by `e` and its epoch."""
    return " ".join(f"{name[1:]}:{base64.b64encode(key).decode()}" for name, key in keys.items())


def management(folder: Path, script: str = MANAGEMENT) -> CommandManagement:
    """Return the management that a script is, in a folder whose name has to be quoted."""
    return CommandManagement(command(folder, script))


class TestKeysInFiles:
    def test_they_and_their_folder_are_for_the_owner_alone(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            FileKeys(tmp_path).add(1)
        finally:
            os.umask(old)
        (path,) = (tmp_path / "vault").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_each_epoch_has_its_own(self, tmp_path: Path) -> None:
        source = FileKeys(tmp_path)
        for epoch in (1, 2, 10):
            source.add(epoch)
        keys = source.load()
        assert sorted(keys) == [1, 2, 10]
        assert {len(key) for key in keys.values()} == {KEY_BYTES}
        assert len(set(keys.values())) == 3

    def test_one_that_is_there_is_kept(self, tmp_path: Path) -> None:
        source = FileKeys(tmp_path)
        source.add(1)
        before = source.load()
        source.add(1)
        assert source.load() == before == FileKeys(tmp_path).load()

    def test_a_home_without_any_has_none(self, tmp_path: Path) -> None:
        assert FileKeys(tmp_path).load() == {}

    def test_what_is_no_key_file_is_not_looked_at(self, tmp_path: Path) -> None:
        FileKeys(tmp_path).add(1)
        for name in ("epoch-1.partial", "epoch-0", "epoch-01", "epoch-2.wrapped", "epoch-x", "notes.txt"):
            (tmp_path / "vault" / name).write_bytes(b"x")
        assert list(FileKeys(tmp_path).load()) == [1]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o611])
    def test_one_that_others_may_open_is_refused(self, tmp_path: Path, mode: int) -> None:
        source = FileKeys(tmp_path)
        source.add(1)
        (tmp_path / "vault" / "epoch-1").chmod(mode)
        with pytest.raises(KeysExposed, match="can be read by other accounts"):
            source.load()

    @pytest.mark.parametrize("size", [0, KEY_BYTES - 1, KEY_BYTES + 1])
    def test_one_of_another_length_is_refused(self, tmp_path: Path, size: int) -> None:
        source = FileKeys(tmp_path)
        source.add(1)
        (tmp_path / "vault" / "epoch-1").write_bytes(bytes(size))
        with pytest.raises(VaultKeyUnreadable, match=r"epoch-1 is not a key: expected 32 bytes") as refused:
            source.load()
        assert refused.value.exit_code == 3

    def test_a_file_in_the_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "vault").write_bytes(b"")
        with pytest.raises(VaultKeyUnreadable, match="Not a directory"):
            FileKeys(tmp_path).load()

    def test_a_discarded_one_is_gone_and_the_others_stay(self, tmp_path: Path) -> None:
        source = FileKeys(tmp_path)
        source.add(1)
        source.add(2)
        (second,) = [key for epoch, key in source.load().items() if epoch == 2]
        source.discard(1)
        source.discard(1)  # as after an interruption
        assert source.load() == {2: second}
        assert [path.name for path in (tmp_path / "vault").iterdir()] == ["epoch-2"]

    def test_a_discarded_one_is_overwritten_first(self, tmp_path: Path) -> None:
        source = FileKeys(tmp_path)
        source.add(1)
        os.link(tmp_path / "vault" / "epoch-1", tmp_path / "kept")  # the same bytes of the disk, under another name
        source.discard(1)
        assert (tmp_path / "kept").read_bytes() == bytes(KEY_BYTES)


class TestKeysInTheEnvironment:
    @pytest.mark.parametrize("between", [" ", "\n", ",", ", "])
    def test_each_is_named_by_its_epoch(self, between: str) -> None:
        written = in_words(e2=TWO, e1=ONE).replace(" ", between)
        assert EnvironmentKeys(written).load() == {1: ONE, 2: TWO}

    @pytest.mark.parametrize(
        "part",
        [
            base64.b64encode(TWO).decode(),
            f":{base64.b64encode(TWO).decode()}",
            f"0:{base64.b64encode(TWO).decode()}",
            f"-2:{base64.b64encode(TWO).decode()}",
            f"two:{base64.b64encode(TWO).decode()}",
            f"²:{base64.b64encode(TWO).decode()}",
            f"{'9' * 5000}:{base64.b64encode(TWO).decode()}",
            f"1:{base64.b64encode(TWO).decode()}",  # given already
            f"2:{base64.b64encode(TWO[1:]).decode()}",
            f"2:{base64.b64encode(TWO).decode()[:-1]}",
            f"2:{base64.b64encode(TWO).decode()}é",
            f"2:{TWO.hex()}",
            "2:",
            "2",
        ],
    )
    def test_a_part_that_is_none_is_refused_by_its_place_and_never_quoted(self, part: str) -> None:
        with pytest.raises(VaultKeyUnreadable, match=r"vault_keys: part 2 is not EPOCH:BASE64 of 32 bytes") as refused:
            EnvironmentKeys(f"{in_words(e1=ONE)} {part}").load()
        told = f"{refused.value!r} {refused.value} {refused.value.hint}"
        assert base64.b64encode(ONE).decode()[:8] not in told
        assert base64.b64encode(TWO).decode()[:8] not in told
        assert TWO.hex()[:8] not in told

    @given(st.text(max_size=60))
    def test_whatever_is_set_is_keys_or_refused(self, written: str) -> None:
        try:
            keys = EnvironmentKeys(written).load()
        except VaultKeyUnreadable:
            return
        assert all(epoch >= 1 and len(key) == KEY_BYTES for epoch, key in keys.items())

    def test_a_new_one_is_for_the_operator_to_set(self) -> None:
        with pytest.raises(UsageError, match="has none of epoch 2") as refused:
            EnvironmentKeys(in_words(e1=ONE)).add(2)
        assert "Add 2:BASE64" in str(refused.value.hint)
        EnvironmentKeys(in_words(e1=ONE, e2=TWO)).add(2)

    def test_one_is_discarded_when_the_operator_sets_it_no_more(self) -> None:
        with pytest.raises(UsageError, match="take epoch 1 out of the setting vault_keys"):
            EnvironmentKeys(in_words(e1=ONE, e2=TWO)).require_discardable(1)
        EnvironmentKeys(in_words(e2=TWO)).require_discardable(1)


class TestACommandThatWraps:
    def test_unwrapping_brings_the_key_back(self, tmp_path: Path) -> None:
        command = management(tmp_path)
        wrapped = command.wrap(ONE)
        assert ONE not in wrapped
        assert command.unwrap(wrapped) == ONE

    def test_it_wraps_for_nobody_else(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        with pytest.raises(VaultKeyUnreadable, match="vault_key_command unwrap: it ended with 1"):
            management(tmp_path / "other").unwrap(management(tmp_path).wrap(ONE))

    @pytest.mark.parametrize(
        ("script", "message"),
        [
            (FAILS, "vault_key_command wrap: it ended with 7"),
            (TALKS, "vault_key_command wrap: it wrote something else than base64"),
            (SAYS_NOTHING, "vault_key_command wrap: it answered nothing"),
            (SAYS_FAR_TOO_MUCH, "vault_key_command wrap: it answered nothing, or far too much"),
        ],
    )
    def test_one_that_fails_or_talks_is_refused(self, tmp_path: Path, script: str, message: str) -> None:
        with pytest.raises(VaultKeyUnreadable, match=message) as refused:
            management(tmp_path, script).wrap(ONE)
        assert "unplugged" not in str(refused.value)  # what a command says may be anything
        assert refused.value.exit_code == 3

    def test_one_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(VaultKeyUnreadable, match="vault_key_command wrap: FileNotFoundError"):
            CommandManagement(str(tmp_path / "absent")).wrap(ONE)

    @pytest.mark.parametrize("command", ["", "  ", "kms 'unfinished"])
    def test_what_is_no_command_line_is_refused_before_it_runs(self, command: str) -> None:
        with pytest.raises(VaultKeyUnreadable, match="vault_key_command is"):
            CommandManagement(command)

    def test_it_is_called_without_a_shell(self, tmp_path: Path) -> None:
        with pytest.raises(VaultKeyUnreadable):
            CommandManagement(f"true; touch {shlex.quote(str(tmp_path / 'made'))} #").wrap(ONE)
        assert not (tmp_path / "made").exists()


class TestManagedKeys:
    def test_what_lies_in_the_home_is_wrapped_and_for_the_owner_alone(self, tmp_path: Path) -> None:
        source = ManagedKeys(tmp_path / "keys", management(tmp_path))
        source.add(1)
        (path,) = (tmp_path / "keys" / "vault").iterdir()
        (key,) = source.load().values()
        assert path.name == "epoch-1.wrapped"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(key) == KEY_BYTES
        assert key not in path.read_bytes()

    def test_one_that_is_there_is_kept_and_a_discarded_one_is_gone(self, tmp_path: Path) -> None:
        source = ManagedKeys(tmp_path, management(tmp_path))
        source.add(1)
        source.add(2)
        before = dict(source.load())
        source.add(1)
        assert source.load() == before
        source.discard(1)
        assert source.load() == {2: before[2]}

    @pytest.mark.parametrize(
        "script",
        [HIDES_NOTHING, PUTS_IT_IN_AN_ENVELOPE, FORGETS, FAILS],
        ids=["hides nothing", "an envelope", "forgets", "fails"],
    )
    def test_nothing_is_kept_that_is_not_hidden_or_does_not_come_back(self, tmp_path: Path, script: str) -> None:
        source = ManagedKeys(tmp_path, management(tmp_path, script))
        with pytest.raises(VaultKeyUnreadable):
            source.add(1)
        assert source.load() == {}
        assert not list(tmp_path.glob("vault/*"))

    def test_one_that_others_may_open_is_refused(self, tmp_path: Path) -> None:
        source = ManagedKeys(tmp_path, management(tmp_path))
        source.add(1)
        (tmp_path / "vault" / "epoch-1.wrapped").chmod(0o644)
        with pytest.raises(KeysExposed):
            source.load()

    def test_a_damaged_one_is_refused(self, tmp_path: Path) -> None:
        source = ManagedKeys(tmp_path, management(tmp_path))
        source.add(1)
        path = tmp_path / "vault" / "epoch-1.wrapped"
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
        with pytest.raises(VaultKeyUnreadable, match="vault_key_command unwrap"):
            source.load()

    def test_what_is_unwrapped_to_another_length_is_refused(self, tmp_path: Path) -> None:
        ManagedKeys(tmp_path, management(tmp_path)).add(1)
        short = management(tmp_path, "import base64; print(base64.b64encode(bytes(16)).decode())")
        with pytest.raises(VaultKeyUnreadable, match="what was unwrapped is not a key of 32 bytes"):
            ManagedKeys(tmp_path, short).load()

    def test_files_in_the_clear_are_not_taken_for_wrapped_ones_nor_the_other_way_round(self, tmp_path: Path) -> None:
        FileKeys(tmp_path).add(1)
        ManagedKeys(tmp_path, management(tmp_path)).add(2)
        assert list(FileKeys(tmp_path).load()) == [1]
        assert list(ManagedKeys(tmp_path, management(tmp_path)).load()) == [2]


class TestKeysOfEpochs:
    def test_unwrapping_brings_the_data_key_back(self, tmp_path: Path) -> None:
        keys = EpochKeys(FileKeys(tmp_path))
        keys.add(1)
        wrapped = keys.wrap(1, b"data key", bound_to=b"place")
        assert b"data key" not in wrapped
        assert EpochKeys(FileKeys(tmp_path)).unwrap(1, wrapped, bound_to=b"place") == b"data key"

    def test_bound_to_another_place_or_of_another_epoch_it_does_not_open(self) -> None:
        keys = EpochKeys(EnvironmentKeys(in_words(e1=ONE, e2=TWO)))
        wrapped = keys.wrap(1, b"data key", bound_to=b"place")
        with pytest.raises(CannotDecrypt):
            keys.unwrap(1, wrapped, bound_to=b"other place")
        with pytest.raises(CannotDecrypt):
            keys.unwrap(2, wrapped, bound_to=b"place")

    def test_a_missing_one_is_told_by_its_epoch(self, tmp_path: Path) -> None:
        keys = EpochKeys(FileKeys(tmp_path))
        keys.add(1)
        assert (keys.has(1, keys.check(1)), keys.has(2, keys.check(1))) == (True, False)
        acts = (
            lambda: keys.wrap(2, b"x", bound_to=b""),
            lambda: keys.unwrap(2, b"x" * 40, bound_to=b""),
            lambda: keys.check(2),
            lambda: keys.require(2, b""),
        )
        for act in acts:
            with pytest.raises(VaultKeyMissing, match="the vault's key of epoch 2 is missing") as refused:
                act()
            assert refused.value.exit_code == 3
            assert "backup" in str(refused.value.hint)

    def test_a_wrong_one_is_told_from_the_right_one(self) -> None:
        right, wrong = (EpochKeys(EnvironmentKeys(in_words(e1=key))) for key in (ONE, TWO))
        right.require(1, right.check(1))
        with pytest.raises(VaultKeyWrong, match="epoch 1 is not the one that this database was written with"):
            wrong.require(1, right.check(1))
        assert (right.has(1, right.check(1)), wrong.has(1, right.check(1))) == (True, False)

    def test_what_tells_a_key_from_another_does_not_tell_the_key(self) -> None:
        keys = EpochKeys(EnvironmentKeys(in_words(e1=ONE, e2=TWO)))
        assert keys.check(1) == keys.check(1) != keys.check(2)
        assert ONE not in keys.check(1)
        # A changed value would refuse the keys of every vault that exists.
        assert keys.check(1).hex() == "a334a8a227411ae4954ca7a07ff0c650c08db8e0061a2a8b6295a1ba83776aa5"

    def test_the_key_that_another_process_made_is_found_without_opening_again(self, tmp_path: Path) -> None:
        keys, others = EpochKeys(FileKeys(tmp_path)), EpochKeys(FileKeys(tmp_path))
        others.add(1)
        assert keys.check(1) == others.check(1)
        others.add(2)
        assert keys.unwrap(2, others.wrap(2, b"data key", bound_to=b"x"), bound_to=b"x") == b"data key"

    def test_a_discarded_one_wraps_nothing_any_more(self, tmp_path: Path) -> None:
        keys = EpochKeys(FileKeys(tmp_path))
        keys.add(1)
        keys.add(2)
        wrapped = keys.wrap(1, b"data key", bound_to=b"x")
        keys.discard(1)
        with pytest.raises(VaultKeyMissing):
            keys.unwrap(1, wrapped, bound_to=b"x")
        assert keys.check(2)

    def test_one_that_cannot_be_made_is_not_there(self) -> None:
        keys = EpochKeys(EnvironmentKeys(in_words(e1=ONE)))
        with pytest.raises(UsageError):
            keys.add(2)
        with pytest.raises(VaultKeyMissing):
            keys.check(2)

    def test_no_key_is_printed(self) -> None:
        written = in_words(e1=ONE)
        source = EnvironmentKeys(written)
        keys = EpochKeys(source)
        keys.check(1)
        told = f"{keys!r} {keys} {[keys]} {source!r}"
        assert "x01" not in told
        assert written[2:10] not in told

    def test_nothing_that_is_refused_is_a_bug_to_its_reader(self) -> None:
        assert all(issubclass(one, ComplianceError) for one in (VaultKeyMissing, VaultKeyWrong, VaultKeyUnreadable))
