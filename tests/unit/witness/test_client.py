"""Asking a witness by HTTP: one that is honest, and servers that lie, stall, flood or send elsewhere."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from compliance_bot.audit.note import cosign_note, format_signature, open_note, parse_note
from compliance_bot.audit.note_key import SigningKey
from compliance_bot.errors import ComplianceError
from compliance_bot.witness.client import MAX_SKEW_S, HttpWitness
from compliance_bot.witness.cosigner import Cosigner, Reply
from compliance_bot.witness.faults import (
    WitnessAhead,
    WitnessDisputes,
    WitnessForked,
    WitnessRefuses,
    WitnessUnavailable,
    WitnessUnbelievable,
)
from compliance_bot.witness.post import MAX_ANSWER_BYTES
from compliance_bot.witness.request import SIZE_TYPE
from tests.witnessed_log import LOG, LOG_KEY, STRANGER, WITNESS, WITNESS_KEY, MemoryLog

AT = 1_767_323_045
Answering = Callable[[BaseHTTPRequestHandler, bytes], None]


class Server:
    """What a server answers, in turn and then the last for ever, and what it was asked."""

    http: ThreadingHTTPServer

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[bytes] = []
        self.paths: list[str] = []
        self.answers: list[Answering] = []

    def witness(self, *, timeout_s: float = 20, at: float = AT) -> HttpWitness:
        return HttpWitness("w1", self.url, WITNESS_KEY, timeout_s=timeout_s, clock=lambda: at)

    def ask(self, log: MemoryLog, *answers: Answering, **options: float) -> object:
        self.answers[:] = answers
        return self.witness(**options).witness(log.note(), log.prove)


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append(body)
            server.paths.append(self.path)
            answering = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            try:
                answering(self, body)
            except ConnectionError:  # whoever asked waits no more
                self.close_connection = True

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Requests) as http:
        http.daemon_threads = True
        http.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that goes is what is tested
        server.http = http
        server.url = f"http://127.0.0.1:{http.server_port}/prefix/"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        http.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def saying(status: int, body: bytes = b"", content_type: str = "text/plain", **headers: str) -> Answering:
    def answer(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def honest(cosigner: Cosigner) -> Answering:
    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        reply: Reply = cosigner.add_checkpoint(body)
        saying(reply.status, reply.body, reply.content_type)(request, body)

    return answer


def line(log: MemoryLog, *, by: SigningKey = WITNESS, at: int = AT) -> bytes:
    *_, signature = parse_note(cosign_note(log.note(), by, at=at)).signatures
    return format_signature(signature).encode()


@pytest.fixture
def cosigner(tmp_path: Path) -> Iterator[Cosigner]:
    cosigner = Cosigner(WITNESS, tmp_path, [LOG_KEY], clock=lambda: AT)
    yield cosigner
    cosigner.close()


def test_a_cosignature_comes_back_that_others_can_verify(server: Server, cosigner: Cosigner) -> None:
    log = MemoryLog(5)
    server.answers[:] = [honest(cosigner)]
    cosigned = server.witness().witness(log.note(), log.prove)
    note = log.note() + format_signature(cosigned.signature).encode()
    assert [one.at for one in open_note(note, [cosigned.key, LOG_KEY]).verified] == [None, AT]
    assert cosigned.at == AT
    assert server.paths == ["/prefix/add-checkpoint"]


def test_who_does_not_know_what_the_witness_knows_learns_it_and_remembers(server: Server, cosigner: Cosigner) -> None:
    log = MemoryLog(5)
    server.answers[:] = [honest(cosigner)]
    server.witness().witness(log.note(), log.prove)
    log.grow(4)
    witness = server.witness()
    witness.witness(log.note(), log.prove)
    log.grow(4)
    witness.witness(log.note(), log.prove)
    assert [body.split(b"\n")[0] for body in server.asked] == [b"old 0", b"old 0", b"old 5", b"old 9"]


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (MemoryLog(4), WitnessAhead),
        (MemoryLog(5, rewritten_from=4), WitnessForked),
        (MemoryLog(9, rewritten_from=4), WitnessDisputes),
    ],
    ids=["put back", "other root", "rewritten and grown"],
)
def test_another_history_than_the_witness_s_is_an_alarm(
    server: Server, cosigner: Cosigner, log: MemoryLog, fault: type[ComplianceError]
) -> None:
    server.ask(MemoryLog(5), honest(cosigner))
    with pytest.raises(fault) as raised:
        server.ask(log, honest(cosigner))
    assert "tell the auditor" in raised.value.hint


def test_a_log_or_key_that_the_witness_does_not_know_is_told(server: Server, cosigner: Cosigner) -> None:
    with pytest.raises(WitnessRefuses, match="404: it does not know this log"):
        server.ask(MemoryLog(5, origin="log.example/other"), honest(cosigner))
    log = MemoryLog(5)
    server.answers[:] = [honest(cosigner)]
    with pytest.raises(WitnessRefuses, match="403: it does not know the key"):
        server.witness().witness(log.note(by=STRANGER), log.prove)


OTHER = SigningKey(name="witness.example/w2", private_key=STRANGER.private_key)
POSING = SigningKey(name=WITNESS.name, private_key=STRANGER.private_key)
LOG5, LOG9 = MemoryLog(5), MemoryLog(9)


@pytest.mark.parametrize(
    "body",
    [
        line(LOG5, by=POSING),
        line(LOG5, by=OTHER),
        line(LOG9),
        LOG5.note().split(b"\n\n")[1],  # the log's own signature is no cosignature
        line(LOG5)[:-1],
        line(LOG5)[:-5] + b"AAA=\n",
        b"\n" + line(LOG5),
        b"",
        b"\xff\n",
        b"log.example/home\n9\n" + LOG9.note().split(b"\n")[2] + b"\n\n" + line(LOG9),
        line(LOG5) * 101,
        line(LOG5) + line(LOG9),
    ],
    ids=["posing key", "other key", "another text", "the log's own", "no newline", "changed", "empty line", "nothing",
         "no text", "brings its own text", "a hundred and one", "one right, one wrong"],
)  # fmt: skip
def test_what_the_witness_s_key_did_not_sign_is_not_believed(server: Server, body: bytes) -> None:
    with pytest.raises(WitnessUnbelievable):
        server.ask(LOG5, saying(200, body))


def test_lines_of_other_keys_are_passed_over(server: Server) -> None:
    cosigned = server.ask(LOG5, saying(200, line(LOG5, by=OTHER) + line(LOG5)))
    assert cosigned == server.ask(LOG5, saying(200, line(LOG5)))


def test_a_cosignature_that_the_note_had_already_is_not_the_answer_s(server: Server) -> None:
    """A witness that says nothing does not count because of what somebody added before."""
    server.answers[:] = [saying(200, line(LOG5, by=OTHER))]
    with pytest.raises(WitnessUnbelievable):
        server.witness().witness(LOG5.note() + line(LOG5), LOG5.prove)


@pytest.mark.parametrize("off_s", [-MAX_SKEW_S - 1, MAX_SKEW_S + 1])
def test_a_time_far_from_ours_is_not_believed(server: Server, off_s: int) -> None:
    assert server.ask(LOG5, saying(200, line(LOG5, at=AT + off_s // 2)))
    with pytest.raises(WitnessUnbelievable, match="set both clocks"):
        server.ask(LOG5, saying(200, line(LOG5, at=AT + off_s)))


@pytest.mark.parametrize(
    ("body", "content_type", "fault"),
    [
        (b"0\n", SIZE_TYPE, WitnessForked),  # what it was sent: so it is not the size that it does not like
        (b"6\n", SIZE_TYPE, WitnessAhead),
        (b"5\n", "text/plain", WitnessForked),
        (b"five\n", SIZE_TYPE, WitnessUnbelievable),
        (b"4", SIZE_TYPE, WitnessUnbelievable),
        (b"9" * 40 + b"\n", SIZE_TYPE, WitnessUnbelievable),
    ],
)
def test_a_size_that_leads_nowhere_ends_it(
    server: Server, body: bytes, content_type: str, fault: type[ComplianceError]
) -> None:
    with pytest.raises(fault):
        server.ask(LOG5, saying(409, body, content_type))
    assert len(server.asked) == 1


def test_a_witness_that_names_one_size_after_another_is_not_asked_for_ever(server: Server) -> None:
    sizes = [saying(409, b"%d\n" % size, SIZE_TYPE) for size in (3, 2, 3, 2, 3)]
    with pytest.raises(WitnessUnavailable, match="one size after another"):
        server.ask(LOG5, *sizes)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, WitnessRefuses), (403, WitnessRefuses), (404, WitnessRefuses), (422, WitnessDisputes),
        (429, WitnessUnavailable), (500, WitnessUnavailable), (503, WitnessUnavailable),
        (201, WitnessUnbelievable), (204, WitnessUnbelievable), (418, WitnessUnbelievable),
    ],
)  # fmt: skip
def test_a_status_says_what_it_says_and_no_more(server: Server, status: int, fault: type[ComplianceError]) -> None:
    with pytest.raises(fault):
        server.ask(LOG5, saying(status, b"" if status == 204 else line(LOG5)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server: Server, status: int) -> None:
    with serving() as elsewhere:
        elsewhere.answers[:] = [saying(200, line(LOG5))]
        with pytest.raises(WitnessUnbelievable, match=f"answered {status}"):
            server.ask(LOG5, saying(status, Location=f"{elsewhere.url}add-checkpoint"))
        assert elsewhere.asked == []


def test_an_answer_without_end_is_not_read(server: Server) -> None:
    def flood(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    with pytest.raises(WitnessUnbelievable, match=f"at most {MAX_ANSWER_BYTES} bytes"):
        server.ask(LOG5, flood)


def test_an_answer_that_comes_too_slowly_is_not_waited_for(server: Server) -> None:
    over = threading.Event()

    def drip(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.send_response(200)
        request.end_headers()
        while not over.wait(0.05):
            request.wfile.write(b"x")
            request.wfile.flush()

    began = time.monotonic()
    with pytest.raises(WitnessUnavailable, match=r"within 0\.5 s"):
        server.ask(LOG5, drip, timeout_s=0.5)
    assert time.monotonic() - began < 5
    asking = [thread for thread in threading.enumerate() if thread.name == "ask-witness"]
    for thread in asking:  # and nothing goes on reading behind its back
        thread.join(10)
        assert not thread.is_alive()
    over.set()


def test_a_witness_that_is_away_breaks_off_or_speaks_another_language_is_unavailable(server: Server) -> None:
    def break_off(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort")

    def babble(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH\r\n")

    for answering in (break_off, babble):
        with pytest.raises(WitnessUnavailable, match="cannot be reached, or broke off"):
            server.ask(LOG5, answering)
    nobody = HttpWitness("w1", "http://127.0.0.1:9/", WITNESS_KEY)
    with pytest.raises(WitnessUnavailable, match="cannot be reached"):
        nobody.witness(LOG5.note(), LOG5.prove)


def test_only_https_or_this_machine_is_asked(server: Server) -> None:
    witness = HttpWitness("w1", "http://witness.example/", WITNESS_KEY)
    with pytest.raises(WitnessRefuses, match="by https"):
        witness.witness(LOG5.note(), LOG5.prove)


def test_a_witness_on_this_machine_is_not_asked_through_a_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.delenv("no_proxy", raising=False)
    assert server.ask(LOG5, saying(200, line(LOG5)))


def test_an_https_witness_is_asked_under_a_certificate_that_is_trusted_and_no_other(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "witness.pem"
    certificate.write_bytes(own_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    with pytest.raises(WitnessUnavailable, match="cannot be reached"):
        server.ask(LOG5, saying(200, line(LOG5)))
    assert server.asked == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert server.ask(LOG5, saying(200, line(LOG5)))


def own_certificate() -> bytes:
    """Return key and certificate of this machine, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "witness")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


def test_a_key_that_does_not_cosign_is_no_witness_s() -> None:
    with pytest.raises(WitnessRefuses, match="type 0x04"):
        HttpWitness("w1", "https://witness.example/", LOG.verifier(LOG_KEY.type))


def test_no_record_goes_out(server: Server, cosigner: Cosigner) -> None:
    """What is sent is a size, hashes of the tree, and the signed origin, size and root."""
    server.ask(LOG5, honest(cosigner))
    server.ask(LOG9, honest(cosigner))
    head, _, note = server.asked[-1].partition(b"\n\n")
    assert note == LOG9.note()
    assert head.split(b"\n")[0] == b"old 5"
    assert len(head.split(b"\n")) == 1 + len(LOG9.prove(5))
