"""Letters of other scripts that look like Latin ones, and where they stand for them.

After the idea of Unicode's confusables (UTS #39), not its table: that one is for comparing identifiers and would make
Latin of whole Russian words. Here a word is read as Latin only where the text itself says that it is:

- A word that has Latin letters has its look-alikes read as Latin: `mаria` with a Cyrillic `а`.
- A word of look-alikes alone is read as Latin where letters or digits of ASCII are joined to it without a blank, by
  `@`, `.`, `_`, `+` or nothing: `сор@bank.example`, `АВ123`.
- Every other word stays as it is: `Роза Осокина` is the name it is, and so is `Сара`, whose letters all have a double.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOUBLES = (
    ("аекорсухѕіјԁһԛԝѵӏАВЕКМНОРСТУХЅІЈԌԚԜҮӀ", "aekopcyxsijdhqwvlABEKMHOPCTYXSIJGQWYI"),  # Cyrillic
    ("αικνορτυχϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "aikvoptuxcjABEZHIKMNOPTYXCJ"),  # Greek
    ("ոսօզցհՕՍՏ", "nuoqghOUS"),  # Armenian
)
# Letters of the phonetic alphabet and small capitals, which no language writes names in: Latin everywhere.
_FANCY = ("ɑɡɪᴀʙᴄᴅᴇꜰɢʜᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "agiabcdefghjklmnoprstuvwyz")

LOOKALIKES: Mapping[str, str] = MappingProxyType(
    {double: plain for doubles, plains in _DOUBLES for double, plain in zip(doubles, plains, strict=True)}
)
FANCY: Mapping[str, str] = MappingProxyType(dict(zip(*_FANCY, strict=True)))

_SCRIPTS = "[\u0370-\u058f]"
_BORDER = re.compile(
    f"(?:[A-Za-z0-9@_+]|[A-Za-z0-9][.]){_SCRIPTS}|{_SCRIPTS}(?:[A-Za-z0-9@_+]|[.][A-Za-z0-9])|[\u00c0-\u024f]{_SCRIPTS}"
)
_CHAIN = re.compile(r"[\w@.+]+")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_ASCII = re.compile("[A-Za-z0-9]")
_ALL = re.compile(f"[{''.join(LOOKALIKES)}]+")
_TABLE = str.maketrans(dict(LOOKALIKES))


def read_lookalikes(text: str) -> str:
    """Return `text` with each look-alike that stands for a Latin letter replaced by it; of the same length."""
    return _CHAIN.sub(_read_chain, text) if _BORDER.search(text) else text


def _read_chain(chain: re.Match[str]) -> str:
    text = chain.group()
    if text.isascii() or not _ASCII.search(text):
        return text
    return _WORD.sub(_read_word, text)


def _read_word(word: re.Match[str]) -> str:
    text = word.group()
    return text.translate(_TABLE) if _LATIN.search(text) or _ALL.fullmatch(text) else text
