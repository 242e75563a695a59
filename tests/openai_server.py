"""An OpenAI-compatible server on this machine that follows a script: honest, lying, stalling, never ending.

It speaks real HTTP with the real client library, keeps what it was sent, and answers from the passages in the prompt.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Reply = dict[str, Any]
_DOCUMENT = re.compile(r"<(document-\w+) id=\"(p\d+)\">\n\[.*?\]\n(.*?)\n</\1>", re.DOTALL)


@dataclass(slots=True)
class Server:
    """A running server: its address, what it was sent, and what it does next."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    act: Callable[[Handler, dict[str, Any]], None] = field(default=lambda handler, body: handler.say(honest(body)))
    leaving: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    script: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.script.requests.append(body)
        self.script.headers.append(dict(self.headers))
        self.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client left, as it should have
            self.script.act(self, body)

    def say(self, text: str, *, piece: int = 24, finish: bool = True) -> None:
        """Stream a reply in pieces, as a server of a language model does."""
        self.begin()
        for start in range(0, len(text), piece):
            self.piece(text[start : start + piece])
        if finish:
            self.end()

    def begin(self, content_type: str = "text/event-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()

    def piece(self, text: str) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        self._event({"choices": [choice]})

    def end(self) -> None:
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.wfile.write(b"data: [DONE]\n\n")
        self.wfile.flush()

    def fail(self, status: int, message: str = "no", headers: dict[str, str] | None = None) -> None:
        data = json.dumps({"error": {"message": message, "type": "error"}}).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def stall(self, seconds: float = 20) -> None:
        """Say nothing until the test is over."""
        self.script.leaving.wait(seconds)

    def drip(self, text: str, pause_s: float) -> None:
        """Never come to an end, but never be silent either."""
        while not self.script.leaving.is_set():
            self.piece(text)
            time.sleep(pause_s)

    def _event(self, more: dict[str, Any]) -> None:
        event = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", **more}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def openai_server() -> Iterator[Server]:
    """Run a server on a free port of this machine for the length of the block."""
    script = Server()
    handler = type("Scripted", (Handler,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield script
        finally:
            script.leaving.set()
            server.shutdown()
            thread.join()


def prompt(body: dict[str, Any]) -> str:
    """Return everything that a request tells the model, as one text."""
    texts = []
    for message in body["messages"]:
        content = message["content"]
        texts += [content] if isinstance(content, str) else [block["text"] for block in content]
    return "\n".join(texts)


def documents(body: dict[str, Any]) -> dict[str, str]:
    """Return the passages of a request by the ids they were given."""
    return {id_: text for _, id_, text in _DOCUMENT.findall(prompt(body))}


def reply(*sentences: tuple[str, list[tuple[str, str]]]) -> str:
    """Return the JSON of a reply: texts with their quotes (id, words)."""
    said = [
        {"text": text, "quotes": [{"id": id_, "quote": words} for id_, words in quotes]} for text, quotes in sentences
    ]
    return json.dumps({"sentences": said, "abstain": not said})


def honest(body: dict[str, Any]) -> str:
    """Quote the sentence of a passage that shares most words with the question."""
    question = set(re.findall(r"\w+", prompt(body).rpartition("Question: ")[2].lower()))
    said = [
        (id_, one) for id_, text in documents(body).items() for one in re.split(r"(?<=[.;])\s|\n", text) if one.strip()
    ]
    id_, sentence = max(said, key=lambda pair: len(question & set(re.findall(r"\w+", pair[1].lower()))))
    return reply(("In other words, so it is.", [(id_, sentence)]))
