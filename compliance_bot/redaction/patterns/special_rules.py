"""The rules of the special categories, compiled from `special.toml`; `special` applies them.

A label ("Religion: Catholic") speaks for itself; a statement ("was diagnosed with …") counts where it is about
somebody.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from importlib.resources import files
from typing import Any, NamedTuple

from compliance_bot.redaction.patterns.special_words import CONDITIONS, FAITHS, ORIENTATIONS, PARTIES, UNIONS

_WORD = r"[^\W_][\w'+/-]{0,24}"
_STOP = (
    r"(?=[\n.;:!?(),|\"<]|\Z| (?:and|but|in|on|at|by|who|which|since|for|after|when|while|last|he|she|during|before"
    r"|from|with|whose|because|und|seit|im|wurde|et|depuis|y|desde|en|e|dal|nel)\b)"
)
_PIECES = {
    # A value goes up to the end of its phrase, at most seven words, or is four words.
    "{VALUE}": rf"(?P<value>{_WORD}(?: {_WORD}){{0,6}}?{_STOP}|{_WORD}(?: {_WORD}){{0,3}})",
    "{LOSS}": r"(?:loss|losses|delay|damages?|breach|default|shortage|lack|deficien\w+|defects?|failure|interruption)",
    "{ADJECTIVE}": (
        r"(?i:type [12]|stage \w{1,3}|chronic|acute|severe|mild|major|clinical|terminal|metastatic|multiple|breast|lung"
        r"|prostate|colon|ovarian|pancreatic|brain|skin|heart|kidney|post-traumatic)"
    ),
    "{CODE}": r"[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?",  # ICD-10
    "{OFFENCE}": (
        r"(?!(?:an?|any|the|such|said|that|this) (?:\w+ )?(?:offen[cs]es?|crimes?|felon\w+|violations?)\b"
        r"|(?:any|such|said)\b)"
    ),
    "{OF}": r"(?:of|in|to|bei|du|de la|del|al|alla|der|di|de|au|des) |dell'|d'(?:un )?",
    "{PEOPLES}": r"[A-Z][\w-]{2,20}(?: (?:and |or )?[A-Z][\w-]{2,20}){0,2}",
    "{FAITHS}": FAITHS,
    "{UNIONS}": UNIONS,
    "{PARTIES}": PARTIES,
}
_LISTS = {"{CONDITIONS}": CONDITIONS, "{ORIENTATIONS}": ORIENTATIONS}
_VOID = (
    r"(?!(?:any|the|see|means|not|n/a|if|yes|no|none|unknown|data|information|personal|processing|is|are|tick|please|an?)"
    r"\b)"
)
_SHORT = r"[^\n;|<\",.()]{1,40}"
_LONG = r"[^\n;|<\"]{1,79}?(?=[\n;|<\"]|\. |\.?\Z| [^\W\d_]{2,20}:)|[^\n;|<\".]{1,60}"
_LABEL = r"(?:{words}) ?(?:\([^)\n]{{0,20}}\))?[\"'* ]{{0,3}}[:=][\"'* ]{{0,4}}{void}(?P<value>[^\W_](?:{value}))"


class Rule(NamedTuple):
    """`after` is matched from the trigger on, `before` up to it; `special.toml` says what of it is found."""

    type: str
    score: float
    after: re.Pattern[str]
    before: re.Pattern[str] | None
    needs_person: bool


def _load() -> dict[str, tuple[Rule, ...]]:
    """Return the rules by trigger."""
    tables = tomllib.loads(files(__package__).joinpath("special.toml").read_text(encoding="utf-8"))
    rules: defaultdict[str, list[Rule]] = defaultdict(list)
    for table in tables["label"]:
        for trigger in table["triggers"].split():
            rules[trigger].append(_label(table))
    for table in tables["rule"]:
        for trigger in _LISTS.get(table["triggers"]) or table["triggers"].split():
            rules[trigger].append(_rule(table))
    return {trigger: tuple(each) for trigger, each in rules.items()}


def _label(table: dict[str, Any]) -> Rule:
    value = _LONG if table.get("long") else _SHORT
    after = _LABEL.format(words="".join(table["words"]), void=_VOID, value=value)
    return Rule(table["type"], 0.75, re.compile(after, re.IGNORECASE), None, needs_person=False)


def _rule(table: dict[str, Any]) -> Rule:
    before = re.compile(f"(?:{_filled(table['before'])})\\Z") if "before" in table else None
    after = re.compile(_filled(table["after"]), re.IGNORECASE)
    return Rule(table["type"], table.get("score", 0.6), after, before, table.get("needs_person", True))


def _filled(pieces: list[str]) -> str:
    pattern = "".join(pieces)
    for name, piece in _PIECES.items():
        pattern = pattern.replace(name, piece)
    return pattern


RULES = _load()
TYPES = tuple(dict.fromkeys(rule.type for rules in RULES.values() for rule in rules))
