"""The reference witness over HTTP. What it decides is in `cosigner`; here is what a request may be, and how many.

It speaks plain HTTP: what stands in front of it speaks TLS, and bounds clients that are slow on purpose.
"""

from __future__ import annotations

import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

from compliance_bot.witness.cosigner import told
from compliance_bot.witness.request import MAX_REQUEST_BYTES, PATH

if TYPE_CHECKING:
    from compliance_bot.witness.cosigner import Cosigner, Reply

MAX_CONNECTIONS = 64
_IDLE_S = 10


class WitnessServer(ThreadingHTTPServer):
    """A cosigner at an address. More connections than it allows are closed at once."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], cosigner: Cosigner) -> None:
        self.cosigner = cosigner
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, _Requests)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that broke off; a bug shows where it is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "compliance-bot-witness"
    sys_version = ""
    timeout = _IDLE_S

    def do_GET(self) -> None:
        """Answer whether it is well, at /health."""
        if self.path == "/health":
            self._answer(self._cosigner.health())
        else:
            self._answer(told(HTTPStatus.NOT_FOUND, "there is nothing here"))

    def do_POST(self) -> None:
        """Answer add-checkpoint."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._refuse_body(told(HTTPStatus.LENGTH_REQUIRED, "a Content-Length was expected"))
        elif len(length) > 9 or int(length) > MAX_REQUEST_BYTES:
            self._refuse_body(
                told(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_REQUEST_BYTES} bytes were expected")
            )
        elif self.path != f"/{PATH}":
            self._refuse_body(told(HTTPStatus.NOT_FOUND, "there is nothing here"))
        else:
            body = self.rfile.read(int(length))
            self._answer(self._cosigner.add_checkpoint(body))

    @property
    def _cosigner(self) -> Cosigner:
        return cast("WitnessServer", self.server).cosigner

    def _refuse_body(self, reply: Reply) -> None:
        """Answer without reading what was sent; the connection cannot go on after it."""
        self.close_connection = True
        self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)
