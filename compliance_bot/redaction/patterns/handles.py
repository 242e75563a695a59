"""User names: handles with an at sign, values after "username:", and profiles on the large networks.

Not e-mail addresses, and not what code and style sheets begin with an at sign (`@media`, `@dataclass`, `@param`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.domains import KNOWN
from compliance_bot.redaction.patterns.outline import outline
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANDLE = re.compile(r"@[A-Za-z_](?<![^\s(\[{\"'<>,;:|*_“‘]..)[\w.-]{1,30}")
_AFTER_HANDLE = re.compile(r"[ \t]*(?:=(?!=)|\(|\{|:[ ]*\S+[ ]*;)|/|@|\\")
_RESERVED = frozenset(
    """media import charset keyframes supports page layer container property namespace tailwind apply include mixin
    extend use forward font-face param return returns throws exception see since deprecated author version link
    override overload staticmethod classmethod abstractmethod dataclass cached_property property wraps
    contextmanager fixture test before after beforeeach aftereach autowired inject component service controller
    repository entity table id column bean configuration getmapping postmapping requestmapping nullable nonnull
    notnull suppresswarnings safevarargs functionalinterface todo private public protected internal example param
    typedef type template callback constructor everyone here channel all end interface implementation synthesize
    selector objc state binding published observedobject main escaping available username user home domain gmail
    outlook hotmail yahoo""".split()
)
_CODE_AFTER = re.compile(
    r"\n[ \t]*(?:def |async def |class |@|public |private |protected |static |final |func |fun |export |const "
    r"|let |var )"
)

_VALUE = r"[A-Za-z0-9_](?:[\w.\\@-]{0,62}\w)?(?![\w(@]|://)"
_AFTER_LABEL = (
    r"(?P<name>[ _-]?(?:[Nn]ame|NAME|[Ii][Dd]\b|[Kk]ennung))?(?:"
    rf"(?:[\"']?[ ]{{0,2}}[:=][ ]{{0,2}}[\"'“`]?|[ ](?:is[ ])?[\"'“`])(?P<value>{_VALUE})"
    r"|[ ](?:(?:is|was|of|as)[ ])?(?P<said>(?=[\w.-]{0,30}[0-9_])[A-Za-z_][\w.-]{2,30}\w(?![\w(@])))"
)
# Letters of a label that are rare enough to leap to, and the label: first those that are words of their own.
_WORDS = tuple(
    (letters, re.compile(begin + _AFTER_LABEL))
    for letters, begin in (
        ("ser", r"ser(?<=[Uu]ser)(?<![A-Za-z]....)"),
        ("SER", r"SER(?<=USER)(?<![A-Za-z]....)"),
        ("ogin", r"ogin(?<=[Ll]ogin)(?<![A-Za-z].....)"),
        ("LOGIN", r"LOGIN(?<![A-Za-z].....)"),
        ("andle", r"andle(?<=[Hh]andle)(?<![A-Za-z]......)"),
    )
)
_LABEL_WORDS = frozenset(
    word + name for word in (b"user", b"login", b"handle") for name in (b"", b"name", b"id", b"kennung")
)
_LABELS = tuple(
    (letters, re.compile(begin + _AFTER_LABEL))
    for letters, begin in (
        ("creen name", r"creen(?<=[Ss]creen)"),
        ("ickname", r"ick(?<=[Nn]ick)"),
        ("enutzer", r"enutzer(?<=[Bb]enutzer)"),
        ("dentifiant", r"dentifiant(?<=[Ii]dentifiant)"),
        ("utilisateur", r"utilisateur(?<=[mM] d['’]utilisateur)"),
        ("suario", r"suario(?<=[Uu]suario)"),
        ("utente", r"utente(?<![A-Za-z]......)"),
    )
)
# After a label without "name" or "id" a word may begin a sentence: "the user: a person who".
_SENTENCE = re.compile(r"[ ][a-z]")
_NETWORK = re.compile(
    r"(?<![A-Za-z0-9-])(?:twitter|x|instagram|facebook|fb|github|gitlab|linkedin|tiktok|pinterest|reddit|snapchat|threads|medium|youtube"
    r"|vimeo|twitch|strava|xing|t|telegram|bsky|mastodon)\.(?:com|me|net|social|tv|app)/(?:in/|u/|user/|add/|c/|profile/|people/|@)?\Z"
)
_SLASH = re.compile(
    r"(?:\.com|\.me|\.net|\.social|\.tv|\.app)/(?:in/|u/|user/|add/|c/|profile/|people/)?@?(?P<value>[A-Za-z0-9_][\w.-]{1,60})"
)
_NO_PROFILE = frozenset(
    """about help login signup settings explore search hashtag home terms privacy legal policies watch share intent
    groups company events""".split()
)


def handles(text: str) -> Iterator[Found]:
    """Yield handles with their at sign, and the other names without what leads to them."""
    if "@" in text:
        for match in _HANDLE.finditer(text):
            if found := _handle(text, match):
                yield found
    words = outline(text).lowered
    for letters, label in (*(_WORDS if not _LABEL_WORDS.isdisjoint(words) else ()), *_LABELS):
        for match in label.finditer(text) if letters in text else ():
            kind = "said" if match["said"] else "value"
            is_named = match["name"] or re.search("[0-9_.]", match[kind]) or not _SENTENCE.match(text, match.end())
            if is_named:
                yield Found(*match.span(kind), "USERNAME", 0.8 if kind == "value" else 0.6)
    if "/" in text:
        for match in _SLASH.finditer(text):
            start = match.start("value")
            before = text[max(0, start - 32) : start]
            value = match["value"].rstrip(".-")
            if value.lower() not in _NO_PROFILE and _NETWORK.search(before):
                yield Found(start, start + len(value), "USERNAME", 0.75)


def _handle(text: str, match: re.Match[str]) -> Found | None:
    name = match.group()[1:].rstrip(".-")
    end = match.start() + 1 + len(name)
    if len(name) < 2 or name.lower() in _RESERVED or _AFTER_HANDLE.match(text, end):
        return None
    if text[max(0, match.start() - 40) : match.start()].rstrip(" \t")[-1:] in ("", "\n") and _CODE_AFTER.match(
        text, end
    ):
        return None
    is_host = name.rpartition(".")[2] in KNOWN and "." in name  # "@example.com"
    return Found(match.start(), end, "USERNAME", 0.3 if is_host else 0.7)


HANDLES = Scan(name="handles", types=("USERNAME",), found=handles)
