"""The HTTP client that a chat model of ours speaks through: no redirects, and no response beyond a time and a size.

A library's timeout counts from byte to byte, so that a server which only keeps a connection alive would hold a thread
for ever. Here a response ends at its deadline, whatever comes. What is read of it is not looked at.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 64 * 2**20  # a streamed reply of the longest length, each token in an event of its own


def bounded_client(timeout_s: float, *, through_proxies: bool) -> httpx.Client:
    """Return a client whose responses end within `timeout_s` of their request, or at the next byte after it."""
    return httpx.Client(
        follow_redirects=False,
        timeout=timeout_s,
        trust_env=through_proxies,
        event_hooks={"response": [lambda response: _bound(response, time.monotonic() + timeout_s)]},
    )


def _bound(response: httpx.Response, deadline: float) -> None:
    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _Bounded(response.stream, deadline)


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for piece in self._stream:
            received += len(piece)
            if time.monotonic() >= self._deadline or received > _MOST_BYTES:
                raise httpx.ReadTimeout("the response went on beyond its bounds")
            yield piece

    def close(self) -> None:
        self._stream.close()
