"""The parser's own process: reads requests from stdin, answers on stdout, ends with its parent. See `sandbox`."""

from __future__ import annotations

import codecs
import json
import os
import select
import signal
import sys
from pathlib import Path

import docx
import pptx

from compliance_bot.ingest.confine import confine
from compliance_bot.ingest.members import unpack
from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.ingest.wire import format_members, format_reply

_PARENT_CHECK_S = 5.0  # a forked sibling may hold the pipe open, so that its end never comes
_GRACE_S = 5  # after the parent's own timeout
_CHARSETS = (  # loaded before files are out of reach
    "utf-8-sig utf-16 utf-32 latin-1 iso8859-15 cp1250 cp1251 cp1252 cp1253 cp1254 cp1257 shift_jis euc_jp gbk gb18030 "
    "big5 euc_kr koi8-r cp437 cp850 cp874 cp932 cp949 cp950 cp1255 cp1256 cp1258 mac-roman"
).split()


def main() -> None:
    """Serve until stdin ends. Arguments: memory in bytes, processor time in seconds, import paths."""
    memory_bytes, cpu_s = int(sys.argv[1]), int(sys.argv[2])
    replies = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not write into a reply
    for charset in _CHARSETS:
        codecs.lookup(charset)
    confine(memory_bytes=memory_bytes, cpu_s=cpu_s, readable=(Path(docx.__file__).parent, Path(pptx.__file__).parent))
    parent = os.getppid()
    while _request_waits(parent):
        header = json.loads(_read(int.from_bytes(_read(4), "big")))
        data = _read(header["size"])
        signal.alarm(int(header["timeout_s"]) + _GRACE_S)
        reply = _answer(header["task"], data, header["name"], Limits(**header["limits"]))
        _write(replies, len(reply).to_bytes(8, "big") + reply)
        signal.alarm(0)


def _answer(task: str, data: bytes, name: str, limits: Limits) -> bytes:
    try:
        if task == "unpack":
            return format_members(unpack(data, name=name, limits=limits))
        return format_reply(parse(data, name=name, limits=limits))
    except UnreadableDocument as refusal:
        return format_reply(refusal)
    except MemoryError:
        os._exit(1)  # what is left of this process is not worth another file
    except Exception:  # noqa: BLE001  # a fault in a parser is one file's refusal
        return format_reply(UnreadableDocument(Reason.STOPPED))


def _request_waits(parent: int) -> bool:
    while not select.select([0], [], [], _PARENT_CHECK_S)[0]:
        if os.getppid() != parent:
            return False
    return True


def _read(length: int) -> bytes:
    """Return the next bytes of stdin; ends the process when there are no more."""
    read = bytearray()
    while len(read) < length:
        piece = os.read(0, min(1 << 20, length - len(read)))
        if not piece:
            os._exit(0)
        read += piece
    return bytes(read)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


if __name__ == "__main__":
    main()
