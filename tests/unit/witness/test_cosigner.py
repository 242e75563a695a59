"""What the reference witness decides: every attack of a log on its own history is answered with no."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

from compliance_bot.audit.note import Note, Signature, format_note, open_note, parse_note
from compliance_bot.witness.cosigner import Cosigner, NotALogKey, StateInUse
from compliance_bot.witness.faults import WitnessFileUnusable
from compliance_bot.witness.request import SIZE_TYPE, format_request
from tests.witnessed_log import LOG, LOG_KEY, STRANGER, WITNESS, WITNESS_KEY, MemoryLog

AT = 1_767_323_045


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def cosigner(folder: Path) -> Cosigner:
    return Cosigner(WITNESS, folder, [LOG_KEY], clock=lambda: AT)


def ask(cosigner: Cosigner, log: MemoryLog, old: int, size: int | None = None) -> tuple[int, bytes]:
    reply = cosigner.add_checkpoint(format_request(old, log.prove(old, size), log.note(size)))
    return reply.status, reply.body


def cosigned_at(log: MemoryLog, body: bytes, size: int | None = None) -> int | None:
    opened = open_note(log.note(size) + body, [WITNESS_KEY])
    assert opened.text == parse_note(log.note(size)).text
    return opened.verified[0].at


def test_what_follows_is_cosigned_with_the_time_and_remembered(cosigner: Cosigner) -> None:
    log = MemoryLog(9)
    for old, size in ((0, 3), (3, 8), (8, 8), (8, 9)):
        status, body = ask(cosigner, log, old, size)
        assert status == HTTPStatus.OK
        assert body.endswith(b"\n")
        assert cosigned_at(log, body, size) == AT


def test_what_was_remembered_holds_after_a_new_start(cosigner: Cosigner, folder: Path) -> None:
    ask(cosigner, MemoryLog(9), 0)
    cosigner.close()
    again = Cosigner(WITNESS, folder, [LOG_KEY])
    assert ask(again, MemoryLog(5), 0) == (HTTPStatus.CONFLICT, b"9\n")


@pytest.mark.parametrize("old", [0, 5, 8])
def test_a_wrong_old_size_and_a_replay_are_told_the_right_one(cosigner: Cosigner, old: int) -> None:
    log = MemoryLog(9)
    ask(cosigner, log, 0, 5)
    replayed = format_request(5, log.prove(5), log.note())
    assert cosigner.add_checkpoint(replayed).status == HTTPStatus.OK
    assert cosigner.add_checkpoint(replayed).body == b"9\n"
    reply = cosigner.add_checkpoint(format_request(old, log.prove(old), log.note()))
    assert (reply.status, reply.body, reply.content_type) == (HTTPStatus.CONFLICT, b"9\n", SIZE_TYPE)


def test_a_log_that_goes_back_is_told_the_larger_size(cosigner: Cosigner) -> None:
    log = MemoryLog(9)
    ask(cosigner, log, 0)
    assert ask(cosigner, log, 4, 6) == (HTTPStatus.CONFLICT, b"9\n")
    assert ask(cosigner, log, 0, 0) == (HTTPStatus.CONFLICT, b"9\n")


def test_another_root_at_the_same_size_is_a_conflict_and_no_size(cosigner: Cosigner) -> None:
    ask(cosigner, MemoryLog(9), 0)
    other = MemoryLog(9, rewritten_from=8)
    reply = cosigner.add_checkpoint(format_request(9, (), other.note()))
    assert reply.status == HTTPStatus.CONFLICT
    assert reply.content_type != SIZE_TYPE


def test_a_tree_that_does_not_begin_with_the_old_one_is_not_cosigned(cosigner: Cosigner) -> None:
    true, other = MemoryLog(9), MemoryLog(12, rewritten_from=8)
    ask(cosigner, true, 0)
    assert ask(cosigner, other, 9)[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    missing = format_request(9, (), MemoryLog(12).note())
    assert cosigner.add_checkpoint(missing).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert ask(cosigner, MemoryLog(12), 9)[0] == HTTPStatus.OK  # and what was refused left no trace


def test_a_proof_from_nothing_is_not_wanted(cosigner: Cosigner) -> None:
    log = MemoryLog(9)
    request = format_request(0, log.prove(3), log.note())
    assert cosigner.add_checkpoint(request).status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_an_old_size_beyond_the_checkpoint_is_no_request(cosigner: Cosigner) -> None:
    request = format_request(10, (), MemoryLog(9).note())
    assert cosigner.add_checkpoint(request).status == HTTPStatus.BAD_REQUEST


def test_a_log_or_a_key_that_is_not_known_is_refused(cosigner: Cosigner) -> None:
    unknown = MemoryLog(3, origin="log.example/other")
    assert ask(cosigner, unknown, 0)[0] == HTTPStatus.NOT_FOUND
    forged = format_request(0, (), MemoryLog(3).note(by=STRANGER))
    assert cosigner.add_checkpoint(forged).status == HTTPStatus.FORBIDDEN
    changed = format_request(0, (), MemoryLog(3).note().replace(b"\n3\n", b"\n4\n"))
    assert cosigner.add_checkpoint(changed).status == HTTPStatus.FORBIDDEN
    assert cosigner.add_checkpoint(b"old 0\n\nnothing").status == HTTPStatus.BAD_REQUEST
    assert ask(cosigner, MemoryLog(1), 0)[0] == HTTPStatus.OK


def test_a_log_with_a_new_key_is_known_by_both(folder: Path) -> None:
    new = type(LOG)(name=LOG.name, private_key=STRANGER.private_key)
    cosigner = Cosigner(WITNESS, folder, [LOG_KEY, new.verifier(LOG_KEY.type)])
    log = MemoryLog(9)
    assert ask(cosigner, log, 0, 4)[0] == HTTPStatus.OK
    request = format_request(4, log.prove(4), log.note(by=new))
    assert cosigner.add_checkpoint(request).status == HTTPStatus.OK


def test_logs_do_not_stand_in_each_others_way(folder: Path) -> None:
    other = MemoryLog(7, origin="log.example/other")
    key = type(LOG)(name=other.origin, private_key=STRANGER.private_key)
    cosigner = Cosigner(WITNESS, folder, [LOG_KEY, key.verifier(LOG_KEY.type)])
    assert ask(cosigner, MemoryLog(9), 0)[0] == HTTPStatus.OK
    assert cosigner.add_checkpoint(format_request(0, (), other.note(by=key))).status == HTTPStatus.OK


def test_signatures_that_others_added_are_not_kept(cosigner: Cosigner, folder: Path) -> None:
    log = MemoryLog(3)
    parsed = parse_note(log.note())
    added = tuple(Signature(name="x", key_id=b"%4d" % n, value=b"v" * 64) for n in range(99))
    loaded = format_note(Note(text=parsed.text, signatures=(*added, *parsed.signatures)))
    reply = cosigner.add_checkpoint(format_request(0, (), loaded))
    assert (reply.status, cosigned_at(log, reply.body)) == (HTTPStatus.OK, AT)
    (line,) = [path.read_bytes() for path in folder.glob("*.jsonl")]
    assert len(line) < 1000


def test_requests_that_race_make_one_history(cosigner: Cosigner) -> None:
    """Of two histories that grow from one place, one is cosigned, whatever the order."""
    base = MemoryLog(20)
    ask(cosigner, base, 0)
    branches = [MemoryLog(21 + n, rewritten_from=20) if n % 2 else MemoryLog(21 + n) for n in range(24)]
    together = threading.Barrier(len(branches))

    def race(log: MemoryLog) -> tuple[int, bytes]:
        together.wait(30)
        return ask(cosigner, log, 20)

    with ThreadPoolExecutor(len(branches)) as pool:
        answers = list(pool.map(race, branches))
    assert [status for status, _ in answers].count(HTTPStatus.OK) == 1
    assert {status for status, _ in answers} == {HTTPStatus.OK, HTTPStatus.CONFLICT}


def test_a_folder_is_one_witness_s(cosigner: Cosigner, folder: Path) -> None:
    with pytest.raises(StateInUse):
        Cosigner(WITNESS, folder, [LOG_KEY])
    cosigner.close()
    Cosigner(WITNESS, folder, [LOG_KEY]).close()


def test_a_folder_that_cannot_be_made_and_a_key_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WitnessFileUnusable):
        Cosigner(WITNESS, tmp_path / "file" / "state", [LOG_KEY])
    with pytest.raises(NotALogKey):
        Cosigner(WITNESS, tmp_path, [WITNESS_KEY])


def test_a_witness_that_lost_its_memory_says_so_and_signs_nothing(cosigner: Cosigner, folder: Path) -> None:
    ask(cosigner, MemoryLog(9), 0)
    assert cosigner.health().status == HTTPStatus.OK
    for path in folder.glob("*.jsonl"):
        path.write_bytes(b"{}\n")
    assert cosigner.health().status == HTTPStatus.SERVICE_UNAVAILABLE
    assert ask(cosigner, MemoryLog(9), 0)[0] == HTTPStatus.SERVICE_UNAVAILABLE
