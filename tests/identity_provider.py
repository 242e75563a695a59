"""An identity provider for tests: it makes keys, signs what it is told to, and serves its keys over HTTP if asked."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Iterator

ISSUER = "https://login.bank.example/realms/staff"
AUDIENCE = "compliance-bot"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())

KINDS = {"RS256": (RSAKey, 2048), "ES256": (ECKey, "P-256"), "ES384": (ECKey, "P-384"), "Ed25519": (OKPKey, "Ed25519")}


class Provider:
    """Keys by key id, and tokens signed with them."""

    def __init__(self, algorithm: str = "ES256", kid: str = "k1", issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.keys: dict[str, tuple[str, Any]] = {}
        self.add_key(kid, algorithm)

    def add_key(self, kid: str, algorithm: str = "ES256") -> None:
        kind, size = KINDS[algorithm]
        self.keys[kid] = (algorithm, kind.generate_key(size))  # type: ignore[attr-defined]

    def key_set(self) -> bytes:
        public = [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, (_, key) in self.keys.items()]
        return json.dumps({"keys": public}).encode()

    def claims(self, *, now: int = SECONDS, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token with these changes; None takes a claim away."""
        claims = {
            "iss": self.issuer, "aud": AUDIENCE, "sub": "u-17", "iat": now, "exp": now + 300, "groups": ["aml"],
        }  # fmt: skip
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, *, now: int = SECONDS, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return self.sign(self.claims(now=now, **changes), header=header)

    def sign(self, claims: Any, *, header: dict[str, Any] | None = None) -> str:
        """Sign any content. `header` changes the token's own header; its `kid` chooses the key, too."""
        kid = (header or {}).get("kid") or next(iter(self.keys))
        algorithm, key = self.keys.get(kid, next(iter(self.keys.values())))
        head = {"alg": algorithm, "kid": kid, "typ": "JWT", **(header or {})}
        return self.sign_raw({k: v for k, v in head.items() if v is not None}, json.dumps(claims).encode(), key)

    def sign_raw(self, header: dict[str, Any], payload: bytes, key: Any) -> str:
        """Sign bytes under a header that a library would refuse to write."""
        signed = f"{part(json.dumps(header).encode())}.{part(payload)}"
        algorithm = jws.JWSRegistry.algorithms.get(header.get("alg", ""), jws.JWSRegistry.algorithms["ES256"])
        return f"{signed}.{part(algorithm.sign(signed.encode(), key))}"


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def secret_of(public: bytes) -> OctKey:
    """Return a public key as somebody abuses it who takes it for a shared secret."""
    return OctKey.import_key({"kty": "oct", "k": part(public)})


class Served:
    """What a server answers, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.wait_s = 0.0
        self.drip = False


@contextmanager
def serving() -> Iterator[Served]:
    """Serve answers by path on this machine."""
    served, stopped = Served(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            stopped.wait(served.wait_s)
            status, body = served.answers.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
                body = b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for byte in body if served.drip else ():
                    if stopped.wait(0.2):
                        return
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                if not served.drip:
                    self.wfile.write(body)
            except OSError:  # the reader had enough
                return

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def seconds_now() -> int:
    return int(time.time())
