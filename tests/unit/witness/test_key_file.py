"""The key of a witness: made once, read by its owner alone, in a form that other witnesses read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from compliance_bot.audit.note_key import NoteError
from compliance_bot.keys import KeysExposed
from compliance_bot.witness.key_file import WitnessKeyUnusable, create_key, format_key, load_key, parse_key

# golang.org/x/mod, sumdb/note/note_test.go: the private key of its example.
PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"


def test_a_key_that_others_published_is_read_and_written_again() -> None:
    assert parse_key(PETER).name == "PeterNeumann"
    assert format_key(parse_key(PETER)) == PETER


def test_a_new_key_is_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "witness.key"
    made = create_key(path, "witness.example/w1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_key(path)
    assert loaded.name == made.name == "witness.example/w1"
    assert format_key(loaded) == format_key(made)


def test_no_key_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    create_key(path, "one")
    before = path.read_bytes()
    with pytest.raises(WitnessKeyUnusable, match="never replaced"):
        create_key(path, "two")
    assert path.read_bytes() == before


def test_a_key_that_others_can_read_or_that_is_none_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    with pytest.raises(WitnessKeyUnusable, match="No such file"):
        load_key(path)
    create_key(path, "one")
    path.chmod(0o640)
    with pytest.raises(KeysExposed):
        load_key(path)
    path.chmod(0o600)
    path.write_bytes(b"\xff")
    with pytest.raises(WitnessKeyUnusable, match="expected one line"):
        load_key(path)
    with pytest.raises(WitnessKeyUnusable, match="neither spaces nor a plus"):
        create_key(tmp_path / "other", "a name")


@pytest.mark.parametrize(
    "line",
    ["", PETER.removesuffix("\n"), PETER.replace("c74f20a3", "c74f20a4"), PETER.replace("+AY", "+AI"), PETER[12:]],
)
def test_a_line_in_another_form_is_no_key(line: str) -> None:
    with pytest.raises(NoteError):
        parse_key(line)
