"""The labelled corpora as texts with names: WNUT17, Broad Twitter, Wikigold, SEC FIN5, GUM.

Tokens are put together as people write them. In GUM a mention is a name where its head is a proper noun; what counts is
the run of proper nouns about the head. SEC FIN5 labels role nouns such as "Borrower" as people: these are dropped.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.tuning.entities.example import Example, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_KIND = {
    "PER": "PER",
    "person": "PER",
    "LOC": "LOC",
    "location": "LOC",
    "place": "LOC",
    "ORG": "ORG",
    "organization": "ORG",
    "corporation": "ORG",
    "group": "ORG",
}
_ROLES = frozenset(
    """borrower borrowers lender lenders guarantor guarantors bank banks company agent agents tenant landlord buyer
    seller purchaser executive employee employer trustee issuer parent subsidiary subsidiaries lessee lessor
    consultant pledgor debtor grantor holder administrative secured party parties the a an each
    co-borrower""".split()
)
# What GUM's transcripts and news call people and institutions by, without naming them.
_OFFICES = frozenset(
    """general secretary justice judge lord lords lady court courts state states county counsel petitioner petitioners
    respondent respondents president prime minister mayor senator governor chief mr mrs ms your honor honour government
    congress board commission""".split()
)
# What GUM counts as the beginning of a name; the other corpora, and the templates, count titles as no part of it.
_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Lord|Lady|Judge|Justice|Chief Justice|General|Secretary|President"
    r"|Senator|Governor|Mayor|Minister|Counsel|Attorney)\.? )+(?=\S)"
)
_NO_BLANK_BEFORE = re.compile(r"^(?:[,.;:!?)\]}%]|'s|’s|n't|'re|'ve|'ll|'d|'m|''|\.\.\.)$")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")
_NO_BLANK_AFTER = frozenset(["(", "[", "{", "$", "#", "``", "@"])

TRAINING = ("btc_train", "wnut17_train", "wikigold", "sec_fin5", "gum_academic", "gum_interview", "gum_news")
HELD_OUT = ("btc_dev", "wnut17_dev", "gum_court")


def corpus(folder: Path, name: str) -> list[Example]:
    """Return one corpus of `folder`, in order. Raises OSError where it is not there."""
    if name.startswith("gum_"):
        files = sorted((folder / "gum").glob(f"GUM_{name.removeprefix('gum_')}_*.conllu"))
        if not files:
            raise FileNotFoundError(folder / "gum")
        return [example for path in files for example in _gum(path.read_text(encoding="utf-8"), name)]
    path = folder / (f"{name}.txt" if name == "sec_fin5" else f"{name}.conll")
    return [_example(sentence, name) for sentence in _columns(path.read_text(encoding="utf-8"))]


def _columns(text: str) -> Iterator[list[tuple[str, str]]]:
    """Yield sentences as (token, tag) pairs from a file of columns."""
    sentence: list[tuple[str, str]] = []
    for line in text.splitlines():
        columns = line.split("\t") if "\t" in line else line.split(" ")
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
        elif columns[0] != "-DOCSTART-" and columns[0].strip():
            sentence.append((columns[0].strip(), columns[-1].strip()))
    if sentence:
        yield sentence


def _example(sentence: Sequence[tuple[str, str]], domain: str) -> Example:
    tokens = [token for token, _ in sentence]
    kinds: list[tuple[str | None, bool]] = []  # kind, and whether it goes on with what was before
    for n, (_token, tag) in enumerate(sentence):
        prefix, _, name = tag.partition("-")
        kind = _KIND.get(name)
        goes_on = prefix == "I" and n > 0 and kinds[-1][0] == kind
        kinds.append((kind, goes_on))
    example = _joined(tokens, [not _NO_BLANK_BEFORE.match(token) for token in tokens], kinds, domain)
    return _without(example, _ROLES) if domain == "sec_fin5" else example


def _without(example: Example, roles: frozenset[str]) -> Example:
    """Return the example without mentions that are role nouns and nothing else."""
    named = (m for m in example.mentions if not roles.issuperset(_WORD.findall(example.text[m.start : m.end].lower())))
    return replace(example, mentions=tuple(named))


def _untitled(text: str, mention: Mention) -> Mention:
    """Return a person's name without the titles before it."""
    title = _TITLE.match(text, mention.start, mention.end) if mention.kind == "PER" else None
    return replace(mention, start=title.end()) if title else mention


def _joined(
    tokens: Sequence[str], blank_before: Sequence[bool], kinds: Sequence[tuple[str | None, bool]], domain: str
) -> Example:
    text = ""
    mentions: list[Mention] = []
    for n, (token, (kind, goes_on)) in enumerate(zip(tokens, kinds, strict=True)):
        if n and blank_before[n] and tokens[n - 1] not in _NO_BLANK_AFTER:
            text += " "
        if kind and goes_on and mentions:
            mentions[-1] = Mention(start=mentions[-1].start, end=len(text) + len(token), kind=kind)
        elif kind:
            mentions.append(Mention(start=len(text), end=len(text) + len(token), kind=kind))
        text += token
    return Example(text=text, mentions=tuple(mentions), domain=domain)


def _gum(text: str, domain: str) -> Iterator[Example]:
    for block in text.split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if line and not line.startswith("#")]
        rows = [row for row in rows if row[0].isdigit()]
        if rows:
            kinds = _gum_kinds(rows)
            blanks = [True, *("SpaceAfter=No" not in row[9] for row in rows[:-1])]
            example = _without(_joined([row[1] for row in rows], blanks, kinds, domain), _OFFICES)
            yield replace(example, mentions=tuple(_untitled(example.text, mention) for mention in example.mentions))


def _gum_kinds(rows: Sequence[Sequence[str]]) -> list[tuple[str | None, bool]]:
    """Return the kind of each token: of the outermost mention whose head is a proper noun."""
    kinds: list[tuple[str | None, bool]] = [(None, False)] * len(rows)
    opened: list[tuple[str, str, int]] = []
    mentions: list[tuple[str, int, int]] = []
    for n, row in enumerate(rows):
        found = re.search(r"(?:^|\|)Entity=([^|]*)", row[9])
        for piece in re.findall(r"\([^()]*\)?|[^()]*\)", found.group(1) if found else ""):
            inner = piece.strip("()")
            if piece.startswith("("):
                number, kind = ([*inner.split("-"), ""])[:2]
                opened.append((number, kind, n))
                inner = number
            if piece.endswith(")"):
                at = next((i for i in reversed(range(len(opened))) if opened[i][0] == inner), None)
                if at is not None:
                    _, kind, start = opened.pop(at)
                    mentions.append((kind, start, n))
    for name, start, end in sorted(mentions, key=lambda m: m[2] - m[1]):  # the longest last, over what is in it
        kind = _KIND.get(name)
        span = _name_run(rows, start, end)
        if span:
            for n in range(span[0], span[1] + 1):
                kinds[n] = (kind, kind is not None and n > span[0])
    return kinds


def _name_run(rows: Sequence[Sequence[str]], start: int, end: int) -> tuple[int, int] | None:
    """Return the run of proper nouns about the head of a mention, if its head is one."""
    inside = {int(row[0]) for row in rows[start : end + 1]}
    head = next((n for n in range(start, end + 1) if int(rows[n][6]) not in inside), start)
    if rows[head][3] != "PROPN":
        return None
    first = last = head
    while first > start and (rows[first - 1][3] == "PROPN" or _binds(rows, first - 1, start, end)):
        first -= 1
    while last < end and (rows[last + 1][3] == "PROPN" or _binds(rows, last + 1, start, end)):
        last += 1
    return first, last


def _binds(rows: Sequence[Sequence[str]], n: int, start: int, end: int) -> bool:
    """Say whether a small word stands between two proper nouns: Bank of Japan, Trinidad and Tobago, Jean-Luc."""
    is_small = rows[n][1].lower() in {"of", "and", "&", "for", "the", "de", "-", "van", "von", "al", "."}
    return is_small and start < n < end and rows[n - 1][3] == "PROPN" == rows[n + 1][3]
