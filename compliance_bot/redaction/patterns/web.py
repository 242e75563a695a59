"""Web addresses: with a scheme, with `www.`, and bare domains whose last part is a known one in lower case.

Not e-mail addresses, file names (`report.pdf`, `main.py`), attributes in code (`user.name`), or sentences whose blank
is missing (`activity.Ma`). Each search starts at `://` or at a dot between letters and looks a bounded way around.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import near
from compliance_bot.redaction.patterns.domains import ALSO_WORDS, FILES, KNOWN
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 900  # less than a window's margin; a row without blanks is not read to its end
_SCHEME_REVERSED = re.compile(r"[A-Za-z0-9+.-]{1,30}")
_REST = re.compile(rf"[^\s<>\"'`{{}}|\\^\x00-\x1f“”‘«»]{{1,{_LONGEST}}}")
_NAME_REVERSED = re.compile(r"(?:[\w-]{1,63}\.){0,5}[\w-]{1,63}")
_DOT = re.compile(r"\.(?=[A-Za-z]{2})(?<=[\w-]\.)")
_LABELS = re.compile(r"(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?){1,8}")
_PATH = re.compile(rf"(?::[0-9]{{2,5}})?[/?#][^\s<>\"'`{{}}|\\^“”‘«»]{{0,{_LONGEST}}}|:[0-9]{{2,5}}(?![0-9A-Za-z:.])")
_WEB_WORDS = re.compile(
    r"(?i)\b(?:web ?(?:site|page|seite)?s?|website|site|visit|url|link|online(?: at)?|domain|homepage|internet"
    r"|portal|browse(?: to)?"
    r"|available at|found at|see|log ?in (?:at|to)|siehe|besuchen|unter|sur|visitez|sitio|página|visite|sito"
    r"|visita)\b[ ]?(?:is|ist|at|:)?[ ]{0,2}[(<\"']?\Z"
)
_CLOSING = {")": "(", "]": "["}


def urls(text: str) -> Iterator[Found]:
    """Yield web addresses without the punctuation that ends the sentence."""
    done = 0
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME_REVERSED.match(text[max(0, at - 30) : at][::-1])
        rest = _REST.match(text, at + 3)
        if scheme and rest and at >= done:
            start = at - len(scheme.group().rstrip("0123456789+.-"))
            done = _trimmed(text, start, rest.end())
            if start < at - 1 and done > at + 3:
                yield Found(start, done, "URL", 0.95)
        at = text.find("://", max(at + 3, done))
    yield from _bare(text)


def _bare(text: str) -> Iterator[Found]:
    done = 0
    for dot in _DOT.finditer(text):
        if dot.start() < done:
            continue
        labels = _LABELS.match(text, dot.start())
        head = _NAME_REVERSED.match(text[max(0, dot.start() - 320) : dot.start()][::-1])
        if labels is None or head is None:
            continue
        name = head.group()[::-1].lstrip("-_.")
        start, end = dot.start() - len(name), labels.end()
        done = end
        score = _score(text, start, end, text[start:end].split("."))
        if score and name:
            if path := _PATH.match(text, end):
                end, score = path.end(), max(score, 0.8)
            done = _trimmed(text, start, end)
            yield Found(start, done, "URL", score)


def _score(text: str, start: int, end: int, labels: list[str]) -> float:
    """Return what a row of labels is worth as a host; 0.0 for a part of something else."""
    last = labels[-1]
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before in ("@", "/", "\\", "$", ".", "=", "#") or after in ("@", "(", "_", "\\", "[", "=") or (before.isalnum()):
        return 0.0
    if labels[0].lower() == "www" and len(labels) > 2:
        return 0.95
    if last not in KNOWN and not (last.isupper() and last in ("COM", "NET", "ORG") and len(labels[-2]) > 1):
        return 0.0
    if len(labels[-2]) < 2 and last != "com" and after != "/":
        return 0.0  # "v.st", "p.m.in"
    if not re.search("[^0-9]", labels[-2]) and after != "/":
        return 0.0  # "10.5.com"
    has_path = after == "/" and text[end + 1 : end + 2].isalnum()
    if has_path or near(text, start, _WEB_WORDS, 24):
        return 0.8
    if last in FILES or (last in ALSO_WORDS and len(labels) < 3):
        return 0.3
    if any(label[:1].isupper() for label in labels[1:-1]):
        return 0.3
    return 0.7


def _trimmed(text: str, start: int, end: int) -> int:
    """Return the end without closing punctuation; a bracket stays where it was opened inside."""
    while end > start:
        last = text[end - 1]
        if last in _CLOSING:
            # Cut early, or a row of brackets would be counted again for each.
            if text.count(_CLOSING[last], start, end) >= text.count(last, start, end) or end - start > 300:
                break
        elif last not in ".,;:!?*_'…-":
            break
        end -= 1
    return end


URLS = Scan(name="web", types=("URL",), found=urls)
