"""The files of a policy folder, read once: what is checked, put in force and kept is the same to the last byte.

Policies, their schema, people, what identities mean and redaction stand in the folder itself, redaction profiles of the
home's own in `redaction/` in it. Tests of policies (`tests/`) do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIXES = frozenset({".cedar", ".cedarschema", ".yaml"})  # of what says something about rights
REDACTION = "redaction"  # the folder in it with redaction profiles of the home's own
APPROVAL = "approval.json"
_YAML = (".yaml", ".yml")
# The last is refused by whoever reads it: left aside, it would leave collections masked less than somebody meant.
_BY_NAME = frozenset({APPROVAL, f"{REDACTION}.yml"})


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


def policy_paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what counts in a policy folder, by name: what says something about rights or redaction, or approves it.

    Sorted by name; raises what listing a folder does.
    """
    found = {path.name: path for path in folder.iterdir() if path.suffix in SUFFIXES or path.name in _BY_NAME}
    profiles = folder / REDACTION
    if profiles.is_dir():
        found |= {f"{REDACTION}/{path.name}": path for path in profiles.iterdir() if path.suffix in _YAML}
    yield from sorted((name, path) for name, path in found.items() if not path.is_dir())


def read_files(folder: Path) -> PolicyFiles:
    """Return what stands in a folder now. Raises InvalidPolicies where it cannot be read."""
    try:
        content = {name: path.read_bytes() for name, path in policy_paths(folder)}
    except OSError as error:
        raise InvalidPolicies(f"{error.filename or folder}: {error.strerror}") from error
    return PolicyFiles(folder=folder, content=content)
