"""The files of a policy folder, read once: what is checked, put in force and kept is the same to the last byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIXES = frozenset({".cedar", ".cedarschema", ".yaml"})  # of what says something about rights
APPROVAL = "approval.json"


class InvalidPolicies(ComplianceError):
    """The policy folder is not valid."""

    exit_code = 2
    hint = "Nothing is permitted until the policy folder is valid. `compliance-bot doctor` repeats this check."


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFiles:
    """What stands in a policy folder, by name. Messages name the folder that it was read from."""

    folder: Path
    content: Mapping[str, bytes] = field(hash=False)

    def with_suffix(self, suffix: str) -> tuple[str, ...]:
        """Return the names of the files of one kind, sorted."""
        return tuple(sorted(name for name in self.content if name.endswith(suffix)))

    def text(self, name: str) -> str:
        """Return a file as text. Raises InvalidPolicies where it is not UTF-8."""
        try:
            return self.content[name].decode()
        except UnicodeDecodeError as error:
            raise InvalidPolicies(f"{self.folder / name}: cannot be read as UTF-8 text") from error


def is_policy_file(path: Path) -> bool:
    """Return whether a file of a policy folder counts: it says something about rights, or approves what does."""
    return path.suffix in SUFFIXES or path.name == APPROVAL


def read_files(folder: Path) -> PolicyFiles:
    """Return what stands in a folder now. Raises InvalidPolicies where it cannot be read."""
    content: dict[str, bytes] = {}
    try:
        for path in sorted(folder.iterdir()):
            if is_policy_file(path) and not path.is_dir():
                content[path.name] = path.read_bytes()
    except OSError as error:
        raise InvalidPolicies(f"{error.filename or folder}: {error.strerror}") from error
    return PolicyFiles(folder=folder, content=content)
