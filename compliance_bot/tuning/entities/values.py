"""Lists of words for invented values: one value a line in `lists/`."""

from __future__ import annotations

from pathlib import Path


def values(name: str) -> list[str]:
    """Return the lines of one list."""
    return (Path(__file__).parent / "lists" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
