"""What the page keeps: one open home for the process, and for each visitor who they are and what they asked.

Nothing that belongs to a person is cached outside their session; another person is another session's business.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from compliance_bot import ComplianceBot
from compliance_bot.logs import configure

if TYPE_CHECKING:
    from compliance_bot import Answer

_opening = threading.Lock()
_open: list[ComplianceBot] = []


@dataclass(slots=True)
class Turn:
    """A question and what came of it: an answer, or a message why there is none."""

    question: str
    purpose: str | None = None  # what for, where it was said: the answer is drawn for it each time
    answer: Answer | None = None
    problem: str = ""
    hint: str = ""
    withheld: int = 0  # sentences of the answer that rest on documents which the person may not read any more


@dataclass(slots=True)
class Visit:
    """One person's time on the page."""

    person: str
    turns: list[Turn] = field(default_factory=list)
    opened: tuple[int, int] | None = None  # turn and number of the citation whose passage is shown
    is_whole: bool = False  # whether all of its document is shown


def bot() -> ComplianceBot:
    """Return the home that the page serves, opened once."""
    with _opening:
        if not _open:
            opened = ComplianceBot.open()
            _open.append(opened)
            given = opened.settings
            configure(level=given.log_level, format=given.log_format, file=given.log_file)
        return _open[0]


def close() -> None:
    """Close the home when the page ends."""
    with _opening:
        while _open:
            _open.pop().close()


def visit(person: str) -> Visit:
    """Return this person's visit. Whoever was here before in this session leaves nothing behind."""
    current = st.session_state.get("visit")
    if not isinstance(current, Visit) or current.person != person:
        leave()
        st.session_state["visit"] = Visit(person=person)
    found = st.session_state["visit"]
    assert isinstance(found, Visit)
    return found


def leave() -> None:
    """Forget everything of this session but the choice of a person itself."""
    for key in list(st.session_state):
        if key != "person":
            del st.session_state[key]
