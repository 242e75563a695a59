"""Letters and digits that look like ASCII ones: enough to see that two names would be read as the same.

Taken from the classes of Unicode's `confusables.txt` (UTS #39), reduced to what an id may hold at all: letters and
digits of scripts in everyday use that Unicode normalisation leaves alone. κ and к were added, which that file tells
from k. Two names of one other script that look alike (Thai and Lao, say) are not covered.
"""

from __future__ import annotations

import unicodedata

_CLASSES = {
    "'": "`\u05d9\ua78c",
    "2": "Ƨ\ua644\ua75a",
    "3": "ƷȜЗӠ\ua76a\ua7ab",
    "5": "Ƽ",
    "6": "б",
    "8": "Ȣȣ৪੪",
    "9": "৭੧୨൭\ua76e",
    "a": "AɑΑαАа",
    "b": "BƄΒВЬ\ua7b4",
    "c": "CСс\u1d04\U000118e9",
    "d": "ԁ",
    "e": "EΕЕеҽ\uab32",
    "f": "FϜքẝ\ua798\ua799\uab35",
    "g": "GƍɡԌց\u1d83",
    "h": "HΗНһհ",
    "i": "ıɩɪιіӏ\ua647",
    "j": "JͿϳЈј\ua7b2",
    "k": "KΚКкκ",
    "l": "1I|ƖǀΙІӀ\u05d5\u05df\u0627\u0661۱",
    "m": "MΜϺМ",
    "n": "NΝոռ",
    "o": "0OΟοσОоՕօ\u05e1\u0647\u0665\u06be\u06c1\u06d5۵\u07c0०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐ\u1d0f\u1d11\uab3d\U000114d0\U000118e0",
    "p": "PΡρРр",
    "q": "ԛգզ",
    "r": "RƦг\u1d26\uab47\uab48",
    "s": "SƽЅѕՏ\ua731",
    "t": "TΤТ",
    "u": "UʋυՍսሀ\u1d1c\ua79f\uab4e\uab52",
    "v": "VνѴѵ\u05d8\u0667۷\u1d20",
    "w": "WɯѡԜԝա\u1d21\U000118e6",
    "x": "XΧХх\ua7b3",
    "y": "YɣʏΥγУуҮүყ\u1d8cỿ\uab5a",
    "z": "ZΖ\u1d22\U000118e5",
}

_LOOK = str.maketrans({one: shown for shown, alike in _CLASSES.items() for one in alike})


def skeleton(name: str) -> str:
    """Return what a name is read as. For comparison only: it is no name. UTS #39 has rn for m; vv for w is ours."""
    apart = unicodedata.normalize("NFD", " ".join(name.split()))  # so that accents stand for themselves
    return apart.translate(_LOOK).casefold().replace("m", "rn").replace("w", "vv")
