"""How text looks on the page. Everything that comes from documents, models and people is text and stays text.

Each function returns HTML in which what it was given is escaped; links and pictures in it are letters like all others.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance_bot.records import Citation, Sentence

WINDOW_CHARS = 350  # of the document around a quote: it must not push the quote out of sight

STYLE = """
<style>
.stApp h1 {font-size: 1.9rem; padding-top: 0}
.stMainBlockContainer {padding-top: 4.5rem}
[data-testid="stChatMessageAvatarUser"] {background: #6b7a89}
[data-testid="stChatMessageAvatarAssistant"] {background: #1f4e79}
.cb-answer {font-size: 1.02rem; line-height: 1.6; margin: 0 0 .5rem}
.cb-answer sup {color: #1f4e79; font-weight: 600; margin-left: .15rem}
.cb-said {white-space: pre-line}
.cb-prose {color: #4a5a6a; border-left: 3px solid #c8d3df; padding-left: .7rem; margin: 0 0 .8rem; font-size: .95rem}
.cb-prose b {font-weight: 600; font-size: .8rem; display: block; color: #5d6b79}
.cb-quote {color: #33414f; margin: 0 0 .2rem; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere}
.cb-place {color: #5d6b79; font-size: .85rem; margin: 0 0 .15rem}
.cb-source {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; font-size: .96rem; margin: 0}
.cb-source mark {background: #ffe9a8; padding: .05rem .1rem; border-radius: 2px; color: inherit}
.cb-mask {background: #e6ebf1; border-radius: 3px; padding: 0 .25rem; font-size: .85em; color: #33414f}
.cb-note {color: #5d6b79; font-size: .85rem; margin: .2rem 0}
[class*="st-key-signed-"] {gap: 1rem; margin-top: -.9rem}
[class*="st-key-signed-"] button {min-height: 0; padding: 0}
[class*="st-key-signed-"] button p {color: #5d6b79; font-size: .85rem; text-decoration: underline}
.cb-table {border-collapse: collapse; width: 100%; font-size: .9rem}
.cb-table th, .cb-table td {text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #dfe5ec}
.cb-table th {color: #5d6b79; font-weight: 600}
.cb-table td.id {font-family: monospace; font-size: .72rem; overflow-wrap: anywhere}
.cb-table td.at {white-space: nowrap}
</style>
"""
WIDE = "<style>.stMainBlockContainer {max-width: 66rem}</style>"  # for tables

_MARKER = re.compile(r"&lt;([A-Z]+(?:_[A-Z0-9]+)*)&gt;")
_SPACE = re.compile(r"\s+")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def text(given: str) -> str:
    """Return escaped text; markers of masked values stand out, and nothing steers the direction of writing."""
    seen = "".join(
        c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else "\N{REPLACEMENT CHARACTER}" for c in given
    )
    return _MARKER.sub(r'<span class="cb-mask">&lt;\1&gt;</span>', html.escape(seen))


def sentence(given: Sentence) -> str:
    """Return a sentence of an answer with the numbers of its quotes; the model's own words beneath it."""
    numbers = "".join(f"<sup>[{n}]</sup>" for n in given.citations)
    shown = f'<p class="cb-answer cb-said">{text(given.text)}{numbers}</p>'
    if given.prose:
        shown += f'<p class="cb-prose"><b>The model’s words, not verified</b>{text(given.prose)}</p>'
    return shown


def place(given: Citation, *, is_open: bool) -> str:
    """Return where a quote stands, and the quote unless its document is open beneath."""
    parts = [f"version {given.version} of {given.version_date:%Y-%m-%d}"]
    if given.page:
        parts.append(f"page {given.page}")
    if given.heading:
        parts.append(given.heading)
    if given.ref:
        parts.append(given.ref)
    quote = "" if is_open else f'<p class="cb-quote">“{text(given.quote)}”</p>'
    return f'<p class="cb-place">{text(" · ".join(parts))}</p>{quote}'


def highlighted(document: str, start: int, end: int, *, whole: bool) -> str:
    """Return document[start:end] marked, with the text around it in whole words, or all of it."""
    first, last = (0, len(document)) if whole else _window(document, start, end)
    before = ("… " if first else "") + text(document[first:start])
    after = text(document[end:last]) + (" …" if last < len(document) else "")
    return f'<p class="cb-source">{before}<mark>{text(document[start:end])}</mark>{after}</p>'


def _window(document: str, start: int, end: int) -> tuple[int, int]:
    first, last = max(0, start - WINDOW_CHARS), min(len(document), end + WINDOW_CHARS)
    if first and (space := _SPACE.search(document, first - 1, start)):
        first = space.end()
    while last < len(document) and last > end and not document[last].isspace():
        last -= 1
    return first, last if last > end else min(len(document), end + WINDOW_CHARS)


def label(given: str, most: int = 80) -> str:
    """Return one line for a widget's label, which Streamlit reads as Markdown: nothing in it is markup."""
    line = " ".join("".join(c if unicodedata.category(c) not in _UNSEEN else " " for c in given).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~<>$:&^=\"'@/])", r"\\\1", line)
