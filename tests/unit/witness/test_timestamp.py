"""Timestamps: a real token over a checkpoint verifies offline, and no other one does."""

from __future__ import annotations

import builtins
import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from compliance_bot.audit.note import cosign_note
from compliance_bot.witness.evidence import Timestamped
from compliance_bot.witness.faults import WitnessUnavailable, WitnessUnbelievable
from compliance_bot.witness.timestamp import (
    InvalidRoots,
    TimestampsMissing,
    TimestampWitness,
    check_timestamp,
    load_roots,
)
from tests.timestamp_authority import NOW, SHA512, Authority
from tests.witnessed_log import WITNESS, MemoryLog

LOG = MemoryLog(5)


class Served:
    """An authority over HTTP, and how it is to answer."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.options: dict[str, Any] = {}
        self.status, self.content_type = 200, "application/timestamp-reply"
        self.asked: list[tuple[str, bytes]] = []
        self.url = ""

    def witness(self, *, at: float = NOW.timestamp()) -> TimestampWitness:
        return TimestampWitness("tsa", self.url, [self.authority.root], timeout_s=20, clock=lambda: at)

    def stamp(self) -> Timestamped:
        return self.witness().witness(LOG.note(), LOG.prove)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.asked.append((self.headers["Content-Type"], body))
            answer = served.authority.answer(body, **served.options)
            self.send_response(served.status)
            self.send_header("Content-Type", served.content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Requests) as http:
        served.url = f"http://127.0.0.1:{http.server_port}/tsr"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield served
        http.shutdown()
        thread.join()


def test_a_stamp_tells_when_the_authority_saw_the_checkpoint_and_verifies_offline(served: Served) -> None:
    stamped = served.stamp()
    assert stamped.at == NOW
    assert check_timestamp(stamped.response, LOG.note(), [served.authority.root]) == NOW
    assert served.asked[0][0] == "application/timestamp-query"


def test_signatures_that_come_later_leave_the_stamp_valid(served: Served) -> None:
    cosigned = cosign_note(LOG.note(), WITNESS, at=1)
    assert check_timestamp(served.stamp().response, cosigned, [served.authority.root]) == NOW


def test_no_record_and_not_even_the_checkpoint_goes_out(served: Served) -> None:
    served.stamp()
    ((_, request),) = served.asked
    assert LOG.origin.encode() not in request
    assert LOG.root_at(5) not in request


def test_a_stamp_over_another_checkpoint_is_none(served: Served) -> None:
    response, roots = served.stamp().response, [served.authority.root]
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        check_timestamp(response, MemoryLog(6).note(), roots)
    served.options = {"imprint": b"i" * 32}
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        served.stamp()


def test_a_stamp_over_another_hash_than_was_asked_for_is_none(served: Served) -> None:
    text = LOG.note().partition(b"\n\n")[0] + b"\n"
    served.options = {"hashed": SHA512, "imprint": hashlib.sha512(text).digest()}
    with pytest.raises(WitnessUnbelievable, match="another hash than SHA-256"):
        served.stamp()


def test_a_stamp_that_was_touched_anywhere_that_counts_is_none(served: Served) -> None:
    response, roots = served.stamp().response, [served.authority.root]
    later = response.replace(b"20260303120005Z", b"20260303120006Z")
    other_serial = response.replace(bytes.fromhex("020107"), bytes.fromhex("020108"))
    for touched in (later, other_serial):
        assert touched != response
        with pytest.raises(WitnessUnbelievable):
            check_timestamp(touched, LOG.note(), roots)
    for touched in (b"", response[:-1], response + b"\0", b"\xff" * 40):
        with pytest.raises(WitnessUnbelievable):
            check_timestamp(touched, LOG.note(), roots)


def test_an_authority_that_nobody_trusts_stamps_nothing(served: Served) -> None:
    response = served.stamp().response
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        check_timestamp(response, LOG.note(), [Authority().root])  # the same names under other keys
    served.authority = Authority(usage=ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        served.stamp()


def test_a_chain_that_was_not_valid_at_that_time_stamps_nothing(served: Served) -> None:
    served.options = {"at": NOW + timedelta(days=2)}
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        served.witness(at=(NOW + timedelta(days=2)).timestamp()).witness(LOG.note(), LOG.prove)


def test_an_answer_of_before_is_not_one_to_this_request(served: Served) -> None:
    served.options = {"nonce": 17}
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        served.stamp()
    served.options = {"nonce": b"none"}
    with pytest.raises(WitnessUnbelievable, match="does not verify"):
        served.stamp()


def test_a_time_far_from_ours_is_not_believed(served: Served) -> None:
    served.options = {"at": NOW + timedelta(minutes=6)}
    with pytest.raises(WitnessUnbelievable, match="set both clocks"):
        served.stamp()


def test_a_refusal_an_error_and_a_page_are_no_stamp(served: Served) -> None:
    served.options = {"status": 2}
    with pytest.raises(WitnessUnbelievable):
        served.stamp()
    served.options, served.content_type = {}, "text/html"
    with pytest.raises(WitnessUnbelievable, match="application/timestamp-reply was expected"):
        served.stamp()
    served.status = 503
    with pytest.raises(WitnessUnavailable, match="503"):
        served.stamp()


def test_roots_are_read_from_a_file_of_certificates(served: Served) -> None:
    pem = served.authority.root.public_bytes(Encoding.PEM)
    assert load_roots(pem + Authority().root.public_bytes(Encoding.PEM))[0] == served.authority.root
    for nothing in (b"", b"no certificate"):
        with pytest.raises(InvalidRoots):
            load_roots(nothing)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "rfc3161_client":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TimestampsMissing) as raised:
        TimestampWitness("tsa", "https://tsa.example/", [])
    assert "compliance-bot[timestamps]" in raised.value.hint
