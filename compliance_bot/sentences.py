"""Find where sentences begin and end: one definition for cutting chunks and for quoting.

Rules only, no model: the spans depend on nothing but the text. Where a stop is ambiguous the sentence goes on, because
half a sentence can say the opposite of the whole ("shall not … unless"), while two sentences together say both.
A blank line, a list item and a table row always end a sentence; a plain line break does where lines cannot be wrapped.
"""

from __future__ import annotations

import re

# Followed by a name or a clause, never by a new sentence.
_NEVER_LAST = frozenset(
    """mr mrs ms dr prof rev hon messrs gen sen rep gov capt lt col sgt st mt e.g i.e eg ie cf viz vs v approx incl
    excl esp resp ca hereinafter""".split()
)
# An abbreviation only before a number, a numeral or a letter: "Art. 6", but "the answer is no. The …".
_BEFORE_NUMBER = frozenset(
    """no nos art arts sec secs sect para paras p pp pt pts fig figs reg regs ch chs cl cls sch vol vols ed s ss r rr
    tit ex exh app apps ann annex n nn fn stat item tel ext jan feb mar apr jun jul aug sep sept oct nov dec""".split()
)
# May end a sentence; it does when a word follows that begins sentences and not names.
_MAYBE_LAST = frozenset(
    """inc ltd co corp llc llp plc bros assn dept u.s u.k e.u u.n u.s.a u.s.c c.f.r n.a s.a n.v d.c a.m p.m etc al jr sr
    ph.d m.d b.a m.a esq et seq op cit id ibid fed cir supp""".split()
)
_STARTERS = frozenset(
    """the a an this that these those it its he she they we you i there here in on at for from by to with if when where
    while as although though because since unless until before after during under upon within without except subject
    notwithstanding provided any all each every no none neither either both some such other another nothing however
    therefore thus moreover furthermore accordingly consequently otherwise instead also and but or nor so then what
    which who why how is are was were do does did has have had may must shall should will would can could please
    our their his her your my not only""".split()
)
# Opens a sentence but is none by itself: "Rule 3.3.32. The …", "12. The …", "A. The …", "(b)".
_LABEL = re.compile(
    r"""[(\["“‘]*(?:(?i:rules?|sections?|articles?|parts?|chapters?|clauses?|paragraphs?|regulations?|schedules?|annex
    |appendix|items?|steps?|questions?|principles?|guidance|table|figure|sec|art|para|no|§+)\.?\s*)?
    (?:\(?(?:[A-Z]{0,3}\d{1,4}|[A-Z]|[IVXLC]{1,6})(?:[.\-][\dA-Z]{1,4})*(?:\(\w{1,4}\))*[.)]?|\(?[a-z]{1,4}\)|[a-z])""",
    re.VERBOSE,
)
_MARKER = re.compile(
    r"""\s*(?:[-*+•‣▪◦●○■□–—·]\s|\#{1,6}\s|\(\w{1,4}\)|\d+(?:\.\d+)+\.?\s
    |\(?(?:\d{1,3}|[A-Za-z]|[ivxlcdm]{1,6}|[IVXLCDM]{1,6})[.)]\s)""",
    re.VERBOSE,
)
# A stop begins no match but at the head of its run: or a run of n that nothing follows would be read n times.
_EVENT = re.compile(r"(?P<stop>(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?:\[\d{1,3}\])*(?=\s|$)|[。！？]+[」』”）]*)|[(\[]|[)\]]")
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+$")
_NEXT = re.compile(r"\s*(?P<open>[\"'“‘«(\[]*)(?P<word>\w+)?(?P<tail>[.\-\w]*)")
_NUMERAL = re.compile(r"\d|[ivxlcdm]+$|[a-z]$", re.IGNORECASE)
_BRACKET_REACH = 300  # characters: a bracket that stays open longer was never closed
_WORD_REACH = 24  # characters before a stop that can belong to an abbreviation
_WRAPPED = 0.6  # a wrapped line is about as long as the next one; a heading is shorter than this share of it


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) of each sentence in order, without outer blanks, covering all that is not blank.

    Takes time linear in the text.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _passages(text):
        spans.extend(_split(text, start, end))
    return tuple(spans)


def _passages(text: str) -> list[tuple[int, int]]:
    """Return spans that no sentence crosses: runs of lines that may be one wrapped paragraph."""
    spans: list[tuple[int, int]] = []
    start = position = 0
    previous = ""
    for line in text.splitlines(keepends=True):
        if previous and _breaks(previous, line):
            spans.append((start, position))
            start = position
        previous = line
        position += len(line)
    spans.append((start, position))
    return spans


def _breaks(line: str, following: str) -> bool:
    """Tell whether a sentence ends with `line` because of what the two lines look like."""
    before, after = line.strip(), following.strip()
    if not before or not after or " | " in line or " | " in following or _MARKER.match(following):
        return True
    if before[-1] in ":;":
        return True
    return after[0].isupper() and before[-1] != "," and len(before) < _WRAPPED * len(after)


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    depth = 0
    for event in _EVENT.finditer(text, start, end):
        stop = event["stop"]
        if stop is None:
            depth = depth + 1 if event.group() in "([" else max(0, depth - 1)
            continue
        closed = max(0, depth - sum(stop.count(bracket) for bracket in ")]") + stop.count("["))
        if closed and _closes(text, event.end(), end):
            depth = closed
            continue
        depth = closed
        if _ends(text, start, event, end):
            spans.extend(_trimmed(text, start, event.end()))
            start, depth = event.end(), 0
    spans.extend(_trimmed(text, start, end))
    return spans


def _closes(text: str, position: int, end: int) -> bool:
    reach = min(end, position + _BRACKET_REACH)
    return any(text.find(bracket, position, reach) >= 0 for bracket in ")]")


def _ends(text: str, start: int, event: re.Match[str], end: int) -> bool:
    """Tell whether the stop at `event` ends the sentence that began at `start`."""
    following = _NEXT.match(text, event.end(), end)
    assert following is not None  # every part of the pattern may be empty
    word = following["word"] or ""
    if following.end() == end and not word:
        return True
    if event.group()[0] in "。！？":
        return True
    if not word:
        # Only punctuation follows: a dash or a symbol may begin a sentence, a further stop may not.
        return text[following.end() : following.end() + 1] not in set(".,;:!?…")
    if word[0].islower():
        return False
    if event.group() != ".":
        return True
    if event.start() - start <= _WORD_REACH * 2 and _LABEL.fullmatch(text[start : event.start()].strip()):
        return False
    return _ends_after_word(text, start, event.start(), word, following["tail"])


def _ends_after_word(text: str, start: int, stop: int, word: str, tail: str) -> bool:
    """Decide on a single full stop by the abbreviation before it and the word after it."""
    found = _WORD_BEFORE.search(text, max(start, stop - _WORD_REACH), stop)
    if found is None:
        return True
    before = found.group().casefold()
    if before in _NEVER_LAST:
        return False
    begins = word.casefold() in _STARTERS and not tail.startswith(".")
    if before in _BEFORE_NUMBER:
        return not (_NUMERAL.match(word) or any(c.isdigit() for c in tail)) or (begins and len(word) > 1)
    if before in _MAYBE_LAST or "." in before or (len(before) == 1 and found.group().isupper()):
        return begins
    return True


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    piece = text[start:end]
    inner = piece.strip()
    if not inner:
        return []
    begin = start + len(piece) - len(piece.lstrip())
    return [(begin, begin + len(inner))]
