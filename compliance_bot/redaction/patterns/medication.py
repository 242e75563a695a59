"""A medicine with its dose ("metformin 500 mg", "20 mg of Prozac"): what somebody takes says what somebody has.

Known names and the endings of international nonproprietary names (WHO stem book). A dose alone says nothing.
Starts at the number of a dose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import matches, outline
from compliance_bot.redaction.patterns.scan import Found
from compliance_bot.redaction.patterns.special_words import DRUGS

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = ("HEALTH_CONDITION",)

SCORE = 0.6

_DOSE = re.compile(r"[0-9](?<![0-9.,][0-9])[0-9.,]{0,6}[ ]?(?:m?g|mcg|[µμu]g|ml|IU|IE|UI|units|Einheiten)(?![^\W_])")
_BEFORE_REVERSED = re.compile(
    r"[ (,:]{1,3}(?:(?:RX|RE|RS|lcH|muidos|etatrat|elbat|fo esod a|ed) )?([^\W\d_]{4,24})(?![^\W_])"
)
_AFTER = re.compile(r"(?: tablets?| capsules?)?(?: of| de| di|)[ ]([^\W\d_]{4,24})")
_STEM = re.compile(
    r"[a-zé]{3,}(?:statine?|prile?|sartane?|olole?|a[zc]ole?|cilline?|mycine?|floxacine?|azepame?|zolame?|triptyline?|gliptine?|glutide"
    r"|prazole?|tinib|parine?|profene?|thyroxine?|cycline?|[ao]vir|[a-z]mab|oxetine?|afil|dipine?|semide)"
)


def medication(text: str) -> Iterator[Found]:
    """Yield medicines with their doses."""
    for dose in matches(_DOSE, text, outline(text).digits):
        before = _BEFORE_REVERSED.match(text[max(0, dose.start() - 40) : dose.start()][::-1])
        if before and _is_medicine(before[1][::-1]):
            yield Found(dose.start() - before.end(1), dose.end(), "HEALTH_CONDITION", SCORE)
            continue
        after = _AFTER.match(text, dose.end())
        if after and _is_medicine(after[1]):
            yield Found(dose.start(), after.end(1), "HEALTH_CONDITION", SCORE)


def _is_medicine(word: str) -> bool:
    name = word.lower()
    return name in DRUGS or _STEM.fullmatch(name) is not None
