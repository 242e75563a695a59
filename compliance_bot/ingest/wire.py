"""What the parser's process says to ours: a document or a refusal as JSON, trusted in neither words nor numbers.

The parser meets hostile files and may have been taken over, so everything that the rest of the product relies on is
checked again here: types, ranges, order, clean text. A refusal is one of a closed list and a count.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import clean, one_line
from compliance_bot.ingest.container import Member
from compliance_bot.ingest.structure import Block, BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST = 100  # heading levels and list depths
_LONGEST_TITLE = 1_000  # characters
_LARGEST_COUNT = 10**12


class Distrusted(ValueError):
    """The parser's answer does not hold together."""


def format_reply(reply: ParsedDocument | UnreadableDocument) -> bytes:
    """Return the JSON of a document or a refusal."""
    if isinstance(reply, UnreadableDocument):
        return json.dumps({"refused": reply.reason.name, "n": reply.n}).encode()
    return json.dumps(
        {
            "title": reply.title,
            "text": reply.text,
            "blocks": [[block.kind, block.start, block.end, block.level, block.page] for block in reply.blocks],
            "pages": reply.pages,
        }
    ).encode()


def parse_reply(reply: bytes, limits: Limits) -> ParsedDocument | UnreadableDocument:
    """Return what `format_reply` was given. Raises Distrusted when no sound parser would have said this."""
    try:
        said = json.loads(reply)
    except (ValueError, RecursionError) as error:
        raise Distrusted from error
    if not isinstance(said, dict):
        raise Distrusted
    try:
        return _refusal(said) if "refused" in said else _document(said, limits)
    except (KeyError, TypeError, ValueError) as error:
        raise Distrusted from error


def format_members(members: Sequence[Member] | None) -> bytes:
    """Return the members of a container: a JSON line of what they are, then their bytes one after the other."""
    if members is None:
        return b"null\n"
    told = [[m.name, len(m.data), *([m.refused.reason.name, m.refused.n] if m.refused else [])] for m in members]
    return b"".join((json.dumps(told).encode(), b"\n", *(member.data for member in members)))


def parse_members(reply: bytes, limits: Limits) -> tuple[Member, ...] | UnreadableDocument | None:
    """Return what `format_members` was given, or a refusal of the whole. Raises Distrusted."""
    line_end = reply.find(b"\n")
    try:
        said = json.loads(reply if line_end < 0 else reply[:line_end])
        if said is None:
            return None
        if isinstance(said, dict):
            return _refusal(said)
        members, end = [], line_end + 1
        for one in _list(said):
            name, size, *refused = _list(one)
            start, end = end, end + _count(size, limits.unpacked_bytes)
            members.append(_member(_text(name), reply[start:end], refused))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise Distrusted from error
    names = {member.name for member in members}
    if line_end < 0 or end != len(reply) or len(names) != len(members) or len(members) > limits.members:
        raise Distrusted
    return tuple(members)


def _member(name: str, data: bytes, refused: list[object]) -> Member:
    parts = name.split("/")
    if not name or len(name) > _LONGEST_TITLE or one_line(name) != name or {"", ".", ".."} & set(parts):
        raise Distrusted
    if not refused:
        return Member(name=name, data=data)
    reason, n = refused
    return Member(name=name, refused=UnreadableDocument(Reason[_text(reason)], _count(n, _LARGEST_COUNT)))


def _refusal(said: dict[str, object]) -> UnreadableDocument:
    return UnreadableDocument(Reason[_text(said["refused"])], _count(said["n"], _LARGEST_COUNT))


def _document(said: dict[str, object], limits: Limits) -> ParsedDocument:
    title, text = _text(said["title"]), _text(said["text"])
    if len(text) > limits.characters or clean(text) != text or len(title) > _LONGEST_TITLE or one_line(title) != title:
        raise Distrusted
    pages = tuple(_count(page, len(text)) for page in _list(said["pages"]))
    blocks = tuple(_block(_list(block), len(text), len(pages)) for block in _list(said["blocks"]))
    if not title or not blocks or any(not text[block.start : block.end].strip() for block in blocks):
        raise Distrusted
    return ParsedDocument(title=title, text=text, blocks=blocks, pages=pages)


def _block(said: list[object], length: int, pages: int) -> Block:
    kind, start, end, level, page = said
    return Block(
        kind=BlockKind(_text(kind)),
        start=_count(start, length),
        end=_count(end, length),
        level=_count(level, _DEEPEST),
        page=None if page is None else _count(page, pages, least=1),
    )


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise Distrusted
    return said


def _list(said: object) -> list[object]:
    if not isinstance(said, list):
        raise Distrusted
    return said


def _count(said: object, largest: int, *, least: int = 0) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= largest:
        raise Distrusted
    return said
