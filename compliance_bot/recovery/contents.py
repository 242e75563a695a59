"""What of a home goes into its backup besides the database: what the program reads there, and no secret.

Keys are not in it: they are kept apart. A settings file with secrets is left out as a whole, and the backup says so.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, get_args

from pydantic import SecretStr

from compliance_bot.identity import load_mapping
from compliance_bot.policy.signature import APPROVERS
from compliance_bot.settings import FILE_NAME, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICIES, KEYS = "policies", "keys"


def files_of(home: Path) -> tuple[str, ...]:
    """Return the names of the files that belong into a backup, relative to the home; the settings come first."""
    settings = [FILE_NAME] if (home / FILE_NAME).is_file() and not secrets_in(home) else []
    others = sorted({*_policies(home), *_beside(home)})
    return (*settings, *others)


def secrets_in(home: Path) -> bool:
    """Return whether the settings file of a home has a secret in it, such as a key of the vault."""
    path = home / FILE_NAME
    if not path.is_file():
        return False
    secret = {name for name, field in Settings.model_fields.items() if SecretStr in get_args(field.annotation)}
    return not secret.isdisjoint(tomllib.loads(path.read_text(encoding="utf-8")))


def _policies(home: Path) -> Iterator[str]:
    for path in (home / POLICIES).rglob("*"):
        if path.is_file():
            yield path.relative_to(home).as_posix()


def _beside(home: Path) -> Iterator[str]:
    """Yield what policies lean on outside of their folder: who approves them, and whose tokens count."""
    if (home / APPROVERS).is_file():
        yield APPROVERS
    mapping = load_mapping(home / POLICIES / "identity.yaml")
    for section in (mapping.oidc, mapping.header):
        if section is None or section.jwks is None:
            continue
        name = PurePosixPath(os.path.relpath(home / section.jwks, home))
        if (home / name).is_file() and name.parts[0] not in ("..", KEYS):
            yield str(name)
