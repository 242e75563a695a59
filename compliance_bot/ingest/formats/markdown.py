"""Read Markdown (CommonMark with tables): markup goes, words and structure stay; link targets and images' files go too.

Front matter is metadata, not text: its title is used where the document has no first heading, the rest is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from compliance_bot.ingest.assemble import Part, assemble, clean
from compliance_bot.ingest.formats.html import fragment
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.formats.text import decode
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<fields>(?:(?!---|\.\.\.).*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TITLE = re.compile(r"^title[ \t]*:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.IGNORECASE | re.MULTILINE)
_DEEPEST = 60  # levels; the library drops what is nested deeper, so we refuse there


def read_markdown(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a Markdown file. Raises UnreadableDocument."""
    text = clean(decode(data))
    if len(text) > limits.characters:
        raise UnreadableDocument(Reason.TOO_MUCH_TEXT, limits.characters)
    front = _FRONT_MATTER.match(text)
    found = parts(text[front.end() :] if front else text)
    title = next((part.text for part in found if part.kind is BlockKind.HEADING and part.level == 1), "")
    named = _TITLE.search(front["fields"]) if front else None
    return assemble(title or (named[1] if named else ""), found, limits)


def parts(text: str) -> list[Part]:
    """Return the parts of a Markdown text, in order."""
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table")
    try:
        tokens = parser.parse(text)
    except RecursionError as error:
        raise UnreadableDocument(Reason.TOO_DEEP) from error
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        raise UnreadableDocument(Reason.TOO_DEEP)
    return list(_parts(tokens))


def _parts(tokens: Sequence[Token]) -> Iterator[Part]:
    kind, level, prefix = BlockKind.PARAGRAPH, 0, ""
    lists: list[str] = []  # per open list, what its markers end with
    rows: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "heading_open":
                kind, level, prefix = BlockKind.HEADING, int(token.tag[1:]), ""
            case "bullet_list_open" | "ordered_list_open":
                lists.append(token.markup if token.type == "ordered_list_open" else "")
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                marker = f"{token.info}{token.markup} " if token.info else "- "
                kind, level, prefix = BlockKind.LIST_ITEM, len(lists), marker
            case "heading_close" | "list_item_close":
                kind, level, prefix = BlockKind.PARAGRAPH, 0, ""
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "table_close":
                yield from table(rows, headers=1)
                rows = []
            case "fence" | "code_block":
                yield Part(kind=BlockKind.CODE, text=token.content)
            case "html_block":
                yield from _from_html(token.content)
            case "inline" if rows:
                rows[-1].append(_inline(token))
            case "inline":
                yield Part(kind=kind, text=prefix + _inline(token), level=level)
                kind, level, prefix = BlockKind.PARAGRAPH, 0, ""


def _from_html(markup: str) -> list[Part]:
    try:
        return fragment(markup)
    except UnreadableDocument as error:
        if error.reason is Reason.NO_TEXT:
            return []  # a comment or a line of tags only
        raise


def _inline(token: Token) -> str:
    """Return the words of an inline token; of an image its description."""
    pieces: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "image", "text_special"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
    return "".join(pieces)
