"""Homes whose documents name people, with somebody who may see the names, somebody who may not, and an officer."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.documents import Document

from compliance_bot.records import Principal
from compliance_bot.testing import ListedDetector, throw_away_bot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.bot import ComplianceBot

ADMIN = "admin"
ANA = Principal(id="ana", groups={"staff", "care"})  # sees names in the letters
BEN = Principal(id="ben", groups={"staff"})  # reads the same and sees none
EVE = Principal(id="eve", groups={"staff", "auditors"})  # reviews
OLGA = Principal(id="olga", groups={"staff", "privacy"})  # erases

POLICIES = """
@id("staff-ask")
permit (principal in Group::"staff", action in [Action::"ask", Action::"search"], resource);
@id("staff-read")
permit (principal in Group::"staff", action == Action::"read", resource)
unless { resource has matter };
@id("care-sees-names")
permit (principal in Group::"care", action == Action::"reveal", resource in Collection::"letters")
when { context.entity_type == "PERSON" };
@id("staff-own-notes")
permit (principal in Group::"staff", action == Action::"ingest", resource == Collection::"notes");
@id("staff-see-own-notes")
permit (principal in Group::"staff", action == Action::"reveal", resource in Collection::"notes");
@id("cards-by-two")
permit (principal in Group::"seen-by-two", action == Action::"reveal", resource in Collection::"letters")
when { context.entity_type == "CREDIT_CARD" };
@id("gita-grants")
permit (principal == User::"gita", action == Action::"administer", resource);
@id("privacy-erases")
permit (principal in Group::"privacy", action == Action::"erase", resource);
@id("auditors-review")
permit (principal in Group::"auditors", action == Action::"review", resource);
@id("privacy-sees")
permit (principal in Group::"privacy", action == Action::"reveal", resource);
@id("kept")
@hold("litigation")
forbid (principal, action == Action::"delete", resource)
when { resource has tags && resource.tags.contains("litigation") };
"""

PEOPLE = {
    "Maria Lopez": "PERSON",
    "Ms Lopez": "PERSON",
    "Maria Schmidt": "PERSON",
    "Jo Brown": "PERSON",
    "maria.lopez@mail.example": "EMAIL_ADDRESS",
    "4111 1111 1111 1111": "CREDIT_CARD",
}


def letter(text: str, title: str, source: str) -> Document:
    """Return a document as a loader brings it."""
    return Document(page_content=text, metadata={"source": source, "title": title})


def letters(name: str = "Maria Lopez") -> list[Document]:
    """Return some letters, of which one names somebody."""
    return [
        letter(
            f"# Refund\n\n{name} paid twice with 4111 1111 1111 1111.\n\nThe refund for {name} was made on Friday.",
            f"Letter to {name}",
            "refund.md",
        ),
        letter("# Thanks\n\nMaria Schmidt thanked the branch for the umbrella.", "Letter of thanks", "thanks.md"),
        letter("# Fees\n\nA transfer abroad costs nine crowns.", "Tariff", "fees.md"),
    ]


@contextmanager
def home(values: Mapping[str, str] = PEOPLE, *documents: Document) -> Iterator[ComplianceBot]:
    """Open a throw-away home in which these values are found, with these documents in the collection `letters`."""
    with (
        tempfile.TemporaryDirectory() as folder,
        throw_away_bot(Path(folder) / "home", detector=ListedDetector(values)) as bot,
    ):
        policies = bot.settings.home / "policies" / "people.cedar"
        policies.write_text(POLICIES, encoding="utf-8")
        os.utime(policies, (time.time() - 100,) * 2)  # as somebody who left it alone for a while
        if documents:
            assert not bot.ingest_loader(list(documents), collection="letters").rejected
        yield bot
