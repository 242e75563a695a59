"""What the tests of parsing share: a document written as an outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument


@pytest.fixture
def outline() -> Callable[[ParsedDocument], list[str]]:
    """Return a function that writes a document's blocks as `kind level: text`, one line each."""

    def write(document: ParsedDocument) -> list[str]:
        return [f"{b.kind} {b.level}: {document.text[b.start : b.end]}" for b in document.blocks]

    return write
