"""What the parser's process says to ours: a document or a refusal as JSON, trusted in neither words nor numbers.

The parser meets hostile files and may have been taken over, so everything that the rest of the product relies on is
checked again here: types, ranges, order, clean text. A refusal is one of a closed list and a count.
"""

from __future__ import annotations

import json

from compliance_bot.ingest.assemble import clean, one_line
from compliance_bot.ingest.structure import Block, BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

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
