"""Send a small body by HTTP and return what comes back, within bounds of time and size. Nothing of it is believed here.

By https, or to this very machine; no redirect is followed, since a witness is who the operator said it is.
"""

from __future__ import annotations

import threading
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead

from compliance_bot.identity.address import is_loopback, is_reachable_safely
from compliance_bot.witness.faults import WitnessRefuses, WitnessUnavailable, WitnessUnbelievable

MAX_ANSWER_BYTES = 64 * 1024  # a timestamp with its chain of certificates has about 6 kB, a cosignature 200 bytes
_BLOCK_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes


class _Beyond(Exception):
    """The answer is longer than any that is expected."""


def post(url: str, body: bytes, *, content_type: str, timeout_s: float) -> Answer:
    """Return the answer to a POST. Raises WitnessUnavailable, WitnessUnbelievable; WitnessRefuses for plain http."""
    if not is_reachable_safely(url):
        raise WitnessRefuses("a witness is asked by https, or on this machine: expected another address")
    outcome: list[Answer | Exception] = []
    # In a thread of its own: a name server, a handshake or a drop a second would outlast any limit on single reads.
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type}, method="POST")  # noqa: S310
    sender = threading.Thread(target=_send, args=(request, timeout_s, outcome), daemon=True, name="ask-witness")
    sender.start()
    sender.join(timeout_s)
    if not outcome:
        raise WitnessUnavailable(f"the witness did not answer within {timeout_s:g} s")
    (came,) = outcome
    if isinstance(came, _Beyond):
        raise WitnessUnbelievable(f"at most {MAX_ANSWER_BYTES} bytes were expected from the witness, and more came")
    if isinstance(came, Exception):
        raise WitnessUnavailable("the witness cannot be reached, or broke off") from came
    return came


def _send(request: urllib.request.Request, timeout_s: float, outcome: list[Answer | Exception]) -> None:
    deadline = time.monotonic() + timeout_s
    handlers: list[urllib.request.BaseHandler] = [_AsItComes()]
    if is_loopback(request.full_url):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_s) as response:
            outcome.append(_read(response, deadline))
    except (OSError, HTTPException, ValueError, _Beyond) as error:
        outcome.append(error)


def _read(response: HTTPResponse, deadline: float) -> Answer:
    body = b""
    while piece := response.read1(_BLOCK_BYTES):
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise _Beyond
        if time.monotonic() >= deadline:  # nobody waits any more: end this thread too
            raise TimeoutError
    if response.headers.get("Content-Length", str(len(body))) != str(len(body)):
        raise IncompleteRead(body)
    return Answer(status=response.status, content_type=response.headers.get_content_type(), body=body)


class _AsItComes(urllib.request.HTTPErrorProcessor):
    """Hands out every answer as it is: no status is an exception, and no redirect is followed."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002
        return response

    https_response = http_response
