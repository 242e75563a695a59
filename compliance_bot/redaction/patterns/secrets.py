"""Passwords, keys and tokens: what opens a door, whoever's it is.

Tokens are known by the prefix that their issuer gives them, so each is looked for only where the prefix stands;
passwords by the word before them. Not entropy: hashes and identifiers are as random as keys.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import outline, places
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_KEY = 16_000

_AWAY = r"(?<![0-9A-Za-z_-])"  # before a token
_TOKENS: tuple[tuple[bytes, re.Pattern[str]], ...] = tuple(
    (literal.encode(), re.compile(pattern))
    for literal, pattern in (
        ("eyJ", _AWAY + r"eyJ[0-9A-Za-z_-]{8,4000}\.eyJ[0-9A-Za-z_-]{4,8000}\.[0-9A-Za-z_-]{0,2000}"),  # RFC 7519
        ("AKIA", rf"{_AWAY}AKIA[0-9A-Z]{{16}}(?![0-9A-Za-z])"),
        ("ASIA", rf"{_AWAY}ASIA[0-9A-Z]{{16}}(?![0-9A-Za-z])"),
        *((f"gh{kind}_", rf"gh{kind}_[0-9A-Za-z]{{30,255}}") for kind in "pousr"),
        ("github_pat_", r"github_pat_[0-9A-Za-z_]{22,255}"),
        ("glpat-", r"glpat-[0-9A-Za-z_-]{20,64}"),
        ("xox", r"xox[abeoprs]-[0-9A-Za-z-]{10,250}"),
        ("xapp-", r"xapp-[0-9]-[0-9A-Za-z-]{10,250}"),
        ("hooks.slack.com/services/", r"hooks\.slack\.com/services/[0-9A-Za-z/]{20,80}"),
        ("sk-", rf"{_AWAY}sk-(?:[a-z0-9]{{2,12}}-){{0,3}}(?=[0-9A-Za-z_-]{{0,60}}[0-9])[0-9A-Za-z_-]{{20,200}}"),
        ("_live_", r"(?<![0-9A-Za-z])(?:sk|rk|pk|whsec)_live_[0-9A-Za-z]{16,128}"),
        ("_test_", r"(?<![0-9A-Za-z])(?:sk|rk)_test_[0-9A-Za-z]{16,128}"),
        ("AIza", rf"{_AWAY}AIza[0-9A-Za-z_-]{{35}}"),
        ("ya29.", rf"{_AWAY}ya29\.[0-9A-Za-z_-]{{20,500}}"),
        ("GOCSPX-", r"GOCSPX-[0-9A-Za-z_-]{20,64}"),
        ("npm_", rf"{_AWAY}npm_[0-9A-Za-z]{{36}}"),
        ("pypi-", rf"{_AWAY}pypi-[0-9A-Za-z_-]{{50,500}}"),
        ("hf_", rf"{_AWAY}hf_[0-9A-Za-z]{{30,64}}"),
        ("SG.", rf"{_AWAY}SG\.[0-9A-Za-z_-]{{16,32}}\.[0-9A-Za-z_-]{{30,64}}"),
        ("hvs.", rf"{_AWAY}hvs\.[0-9A-Za-z_-]{{24,128}}"),
        ("dop_v1_", r"dop_v1_[0-9a-f]{64}"),
        ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,70}"),
        ("AccountKey=", r"(?<=AccountKey=)[0-9A-Za-z+/]{40,100}={0,2}"),
    )
)
# What a token with its prefix is made of, and how long it is at least.
_SIGNS = f"{string.ascii_letters}{string.digits}_./=+-"
_IN_TOKENS = bytes(ord("x") if chr(code) in _SIGNS else 32 for code in range(256))
_RUN = re.compile(15 * b"x" + b"x*")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_LINES = re.compile(r"(?m)^(?:[0-9A-Za-z+/]{16,100}={0,2}|[0-9A-Za-z+/]{1,100}={1,2})(?=[ \t\r]{0,8}$)")
_URL_PASSWORD = re.compile(r"://[^\s/:@'\"<>]{0,100}:([^\s@/'\"<>]{1,200})@")

# Parts of names for secrets, what completes the name, and then what assigns a value to it.
_ASSIGNED = r"""(?:[ _-]?(?:key|token|secret|id|code|access|hash|of|for|the|my|root|admin)){0,4}["'\])]{0,2}
    [ \t]{0,3}(?:(?P<sign>[:=]{1,2}>?)|\s(?:is|was|ist|lautet|est|es|será)(?=[\s:]):?)\s{0,3}
    (?P<value>"[^"\r\n]{1,200}"|'[^'\r\n]{1,200}'|`[^`\r\n]{1,200}`|[^\s"'`<>,;]{3,200})"""
_NAMES = {
    part: re.compile(f"(?ix){rest}{_ASSIGNED}")
    for part, rest in {
        "pass": "(?:words?|wd|phrase|wort|e)",
        "pwd": "",
        "kennwort": "",
        "contrase": "[ñn]as?",
        "secret": "(?![a-z])",
        "token": "s?(?![a-z])",
        "credential": "s?",
        "key": "s?(?![a-z])",
    }.items()
}
_PASSWORDS = frozenset({"pass", "pwd", "kennwort", "contrase"})
_KEYS = re.compile(
    r"(?i)(?:api|access|private|secret|auth|signing|encryption|account|service)[ _-]?\Z"
)  # not "public key"
_SCHEMES = (  # RFC 9110, RFC 6750
    (
        "authorization",
        re.compile(r"(?i)[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:bearer|basic|token)\s+([0-9A-Za-z+/=._~-]{6,4000})"),
    ),
    ("bearer ", re.compile(r"\s{0,3}([0-9A-Za-z+/=._~-]{20,4000})")),
)
_PLACEHOLDER = re.compile(
    r"(?i)[*•x.\-_]+|\$\{?\w+\}?|\{\{.*|%\w+%|\[.*|<.*|(?:none|null|nil|true|false|undefined|redacted|hidden)"
)
_SYMBOL = re.compile(r"[0-9]|[^\w\s.,;:)(-]|[a-z][A-Z]|_")


def secrets(text: str) -> Iterator[Found]:
    """Yield passwords, private keys, tokens, and the passwords within addresses of databases."""
    seen = outline(text)
    runs = _RUN.finditer(seen.octets.translate(_IN_TOKENS))
    long = b" ".join([seen.octets[run.start() : run.end()] for run in runs])
    for literal, pattern in _TOKENS if long else ():
        if literal in long:
            for match in pattern.finditer(text):
                yield Found(*match.span(), "SECRET", 0.95)
    if b"PRIVATE" in seen.words and "PRIVATE KEY" in text:
        yield from _private_keys(text)
    if "://" in text:
        for match in _URL_PASSWORD.finditer(text):
            yield Found(*match.span(1), "SECRET", 0.85)
    for part in _NAMES:
        for at in places(seen.lower, part.encode()):
            yield from _named(text, at + len(part), part)
    for word, rest in _SCHEMES:
        for at in places(seen.lower, word.encode()):
            scheme = rest.match(text, at + len(word))
            if scheme:
                yield Found(*scheme.span(1), "SECRET", 0.85)


def _private_keys(text: str) -> Iterator[Found]:
    """Yield keys whole, and line by line where a window has cut one: then its parts are found in two windows."""
    ends = [end.span() for end in _END.finditer(text)]
    done = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < done:
            continue
        after = bisect_left(ends, begin.span())
        if after < len(ends) and ends[after][1] - begin.start() < LONGEST_KEY:
            done = ends[after][1]
            yield Found(begin.start(), done, "SECRET", 1.0)
            continue
        yield Found(*begin.span(), "SECRET", 1.0)
        for line in _LINES.finditer(text, begin.end(), begin.end() + LONGEST_KEY):
            done = line.end()
            yield Found(*line.span(), "SECRET", 0.9)
    if ends and not _BEGIN.search(text, 0, ends[0][0]):
        for line in _LINES.finditer(text, max(0, ends[0][0] - LONGEST_KEY), ends[0][0]):
            yield Found(*line.span(), "SECRET", 0.9)


def _named(text: str, at: int, part: str) -> Iterator[Found]:
    """Yield the value that is assigned to a name in which `part` ends before `at`."""
    match = _NAMES[part].match(text, at)
    if match is None or (part == "key" and not _KEYS.search(text[max(0, at - 15) : at - 3])):
        return
    start, end = match.span("value")
    if text[start] in "\"'`":
        start, end = start + 1, end - 1
    else:
        end = start + len(match.group("value").rstrip(".:)"))
    is_assigned = "=" in (match.group("sign") or "") or end < match.end("value")
    if _is_secret(text[start:end], part, is_assigned=is_assigned, is_alone=text[end : end + 1] in ("", "\n")):
        yield Found(start, end, "SECRET", 0.8)


def _is_secret(value: str, part: str, *, is_assigned: bool, is_alone: bool) -> bool:
    """Say whether what follows "password:" is one, and not the first word of a sentence about passwords."""
    if len(value) < 3 or _PLACEHOLDER.fullmatch(value):
        return False
    if part not in _PASSWORDS:
        return len(value) >= 8 and _SYMBOL.search(value) is not None and any(map(str.isalnum, value))
    return is_assigned or _SYMBOL.search(value) is not None or (is_alone and len(value) >= 6)


SECRETS = Scan(name="secrets", types=("SECRET",), found=secrets)
