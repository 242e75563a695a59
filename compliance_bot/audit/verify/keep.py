"""Keep a checkpoint for the next time. Nothing else here writes a file."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def keep_checkpoint(path: Path, note: bytes) -> None:
    """Put a checkpoint in the place of the one kept before, whole or not at all. Raises OSError."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.partial")
    partial.write_bytes(note)
    partial.replace(path)
