"""The list of witnesses: what it may say, and that a wrong one names the file and the key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding

from compliance_bot.audit.note_key import format_verifier_key
from compliance_bot.witness.client import HttpWitness
from compliance_bot.witness.file import FileWitness
from compliance_bot.witness.policy import InvalidWitnesses, open_quorum, read_witnesses
from compliance_bot.witness.timestamp import TimestampWitness
from tests.timestamp_authority import Authority
from tests.witnessed_log import LOG_KEY, STRANGER, WITNESS_KEY

ROOT = Path(__file__).resolve().parents[3]
KEY = format_verifier_key(WITNESS_KEY)
OTHER_KEY = format_verifier_key(STRANGER.verifier(WITNESS_KEY.type))
HTTP: dict[str, Any] = {"name": "auditor", "kind": "http", "url": "https://witness.example/w1", "key": KEY}
FILE: dict[str, Any] = {"name": "share", "kind": "file", "path": "/mnt/worm/checkpoints.jsonl"}
TSA: dict[str, Any] = {"name": "tsa", "kind": "timestamp", "url": "https://tsa.example/tsr", "roots": "tsa.pem"}


def written(*witnesses: dict[str, Any], quorum: Any = 1, **more: Any) -> bytes:
    return yaml.safe_dump({"quorum": quorum, "witnesses": list(witnesses), **more}).encode()


def test_witnesses_of_every_kind_are_read_and_opened(tmp_path: Path) -> None:
    (tmp_path / "tsa.pem").write_bytes(Authority().root.public_bytes(Encoding.PEM))
    rules = read_witnesses(written({**HTTP, "required": True, "timeout_s": 5.0}, FILE, TSA, quorum=2))
    quorum = open_quorum(rules, tmp_path)
    assert [type(one) for one in quorum.witnesses] == [HttpWitness, FileWitness, TimestampWitness]
    assert [one.name for one in quorum.witnesses] == ["auditor", "share", "tsa"]
    assert (quorum.enough, quorum.required) == (2, {"auditor"})


def test_the_page_s_example_is_valid() -> None:
    page = (ROOT / "docs" / "how-to" / "witness-the-log.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(quorum:.*?)```", page, re.DOTALL)
    assert {one.kind for one in read_witnesses(example.encode()).witnesses} == {"http", "file", "timestamp"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff", "UTF-8"),
        (b"quorum: 1\nquorum: 2\n", "each key once"),
        (b"[]", "a mapping with quorum and witnesses"),
        (b"", "a mapping with quorum and witnesses"),
        (b"quorum: 1\nwitnesses: []", "witnesses: Tuple should have at least 1 item"),
        (written(HTTP, extra=1), "extra: Extra inputs are not permitted"),
        (written(HTTP, quorum=0), "quorum: .*greater than or equal to 1"),
        (written(HTTP, quorum=True), "quorum: "),
        (written(HTTP, quorum=2), "quorum: expected at most 1, the number of witnesses"),
        (written({**HTTP, "required": True}, {**FILE, "required": True}), "quorum: expected at least 2, the number of"),
        (written({**HTTP, "kind": "carrier pigeon"}), r"witnesses\.0: .*'http', 'file', 'timestamp'"),
        (written({**HTTP, "url": "http://witness.example/"}), r"url: expected an address by https"),
        (written({**TSA, "url": "ftp://witness.example/"}), r"url: expected an address by https"),
        (written({**HTTP, "key": "x"}), "key: a verifier key is"),
        (written({**HTTP, "key": format_verifier_key(LOG_KEY)}), r"key: expected a key that cosigns \(type 0x04\)"),
        (written({**HTTP, "timeout_s": 600.0}), "timeout_s: .*less than or equal to 60"),
        (written({**HTTP, "name": "Two Words"}), "name: String should match pattern"),
        (written({**FILE, "path": "checkpoints.jsonl"}), "path: expected an absolute path"),
        (written(HTTP, {**HTTP, "key": OTHER_KEY}), "two witnesses have the same name"),
        (written(HTTP, {**HTTP, "name": "again", "url": "https://w2.example"}), "two witnesses have the same key"),
        (written(HTTP, {**HTTP, "name": "again", "url": f"{HTTP['url']}/", "key": OTHER_KEY}), "the same url"),
        (written(FILE, {**FILE, "name": "again", "path": "/mnt/worm/../worm/checkpoints.jsonl"}), "the same path"),
    ],
)
def test_a_list_that_is_not_valid_is_refused_with_its_key(text: bytes, said: str) -> None:
    with pytest.raises(InvalidWitnesses, match=f"witnesses.yaml: .*{said}"):
        read_witnesses(text)


def test_one_key_under_two_names_counts_once() -> None:
    renamed = format_verifier_key(type(WITNESS_KEY)(name="x", type=WITNESS_KEY.type, public_key=WITNESS_KEY.public_key))
    with pytest.raises(InvalidWitnesses, match="two witnesses have the same key"):
        read_witnesses(written(HTTP, {**HTTP, "name": "again", "url": "https://w2.example", "key": renamed}))


def test_a_file_in_the_home_is_no_witness(tmp_path: Path) -> None:
    rules = read_witnesses(written({**FILE, "path": str(tmp_path / "deep" / "c.jsonl")}))
    with pytest.raises(InvalidWitnesses, match=r"share\.path: expected a file outside the home"):
        open_quorum(rules, tmp_path)


def test_roots_that_are_missing_elsewhere_or_none_are_told(tmp_path: Path) -> None:
    rules = read_witnesses(written(TSA))
    with pytest.raises(InvalidWitnesses, match=r"tsa\.roots: No such file"):
        open_quorum(rules, tmp_path)
    (tmp_path / "tsa.pem").write_bytes(b"")
    with pytest.raises(InvalidWitnesses, match=r"tsa\.roots: The certificates of a time stamping authority"):
        open_quorum(rules, tmp_path)
    outside = read_witnesses(written({**TSA, "roots": "../tsa.pem"}))
    with pytest.raises(InvalidWitnesses, match=r"tsa\.roots: expected a file in the home"):
        open_quorum(outside, tmp_path)
