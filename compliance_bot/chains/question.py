"""Read a question as it was typed: text, of bounded length, without control characters."""

from __future__ import annotations

import unicodedata

from compliance_bot.errors import UsageError


class UnreadableQuestion(UsageError):
    """The question is not text."""


def readable_question(question: str, max_chars: int) -> str:
    """Return the question in NFC with blanks joined. Raises UnreadableQuestion where it is none."""
    if len(question) > max_chars:
        raise UnreadableQuestion(f"the question has {len(question)} characters; at most {max_chars} are read")
    text = unicodedata.normalize("NFC", question)
    if any(unicodedata.category(character) in {"Cs", "Co", "Cn"} or character == "\0" for character in text):
        raise UnreadableQuestion("the question is not text: expected UTF-8")
    text = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
    if not any(character.isalnum() for character in text):
        raise UnreadableQuestion("the question is empty: expected at least one word")
    return text
