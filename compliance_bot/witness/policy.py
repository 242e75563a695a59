"""The file `policies/witnesses.yaml`: who witnesses this home's log, and how many of them are enough.

It lies with the policies since it is reviewed, signed and put on record like them. Absent, the log has no witness, and
whoever verifies it is told so. Every error names the file and the key.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from compliance_bot.audit.note_key import NoteError, SignatureType, VerifierKey, parse_verifier_key
from compliance_bot.errors import ComplianceError
from compliance_bot.identity.address import is_reachable_safely
from compliance_bot.strict_yaml import NotStrictYaml, load_strict
from compliance_bot.witness.client import HttpWitness
from compliance_bot.witness.file import CheckpointFile, FileWitness
from compliance_bot.witness.quorum import Quorum
from compliance_bot.witness.timestamp import InvalidRoots, TimestampWitness, load_roots

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from compliance_bot.witness.evidence import Witness

FILE_NAME = "witnesses.yaml"


class InvalidWitnesses(ComplianceError):
    """The list of witnesses is not valid."""

    exit_code = 2
    hint = "docs/how-to/witness-the-log.md describes every key of the file."


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class _Named(_Model):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    required: bool = False


class _Asked(_Named):
    url: Annotated[str, Field(max_length=500)]
    timeout_s: float = Field(default=10.0, ge=0.1, le=60)

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if not is_reachable_safely(url):
            raise ValueError("expected an address by https, or on this machine")
        return url


class HttpRules(_Asked):
    """A witness that speaks C2SP tlog-witness."""

    kind: Literal["http"]
    key: Annotated[str, Field(max_length=500)]

    @field_validator("key")
    @classmethod
    def _cosigns(cls, key: str) -> str:
        try:
            kind = parse_verifier_key(key).type
        except NoteError as error:
            raise ValueError(str(error)) from None
        if kind is not SignatureType.COSIGNATURE:
            raise ValueError("expected a key that cosigns (type 0x04), as the witness prints it")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The key that counts."""
        return parse_verifier_key(self.key)


class FileRules(_Named):
    """A file outside the home."""

    kind: Literal["file"]
    path: Annotated[str, Field(min_length=2, max_length=1000)]

    @field_validator("path")
    @classmethod
    def _is_one_place(cls, path: str) -> str:
        if not Path(path).is_absolute():
            raise ValueError("expected an absolute path: every process has to mean the same file")
        return path


class TimestampRules(_Asked):
    """A time stamping authority (RFC 3161)."""

    kind: Literal["timestamp"]
    roots: Annotated[str, Field(min_length=1, max_length=1000)]  # a file of the home, in PEM


Rules = Annotated[HttpRules | FileRules | TimestampRules, Field(discriminator="kind")]


class WitnessRules(_Model):
    """The whole file."""

    quorum: int = Field(ge=1)
    witnesses: Annotated[tuple[Rules, ...], Field(min_length=1, max_length=20, strict=False)]

    @model_validator(mode="after")
    def _counts_each_once(self) -> Self:
        http = [one for one in self.witnesses if isinstance(one, HttpRules)]
        files = [one.path for one in self.witnesses if isinstance(one, FileRules)]
        for what, values in (
            ("name", [one.name for one in self.witnesses]),
            ("key", [one.verifier.public_key for one in http]),
            ("url", [one.url.rstrip("/") for one in http]),
            ("path", [str(Path(path).resolve()) for path in files]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"two witnesses have the same {what}: one of them would count twice")
        if self.quorum > len(self.witnesses):
            raise ValueError(f"quorum: expected at most {len(self.witnesses)}, the number of witnesses")
        if self.quorum < (required := sum(one.required for one in self.witnesses)):
            raise ValueError(f"quorum: expected at least {required}, the number of required witnesses")
        return self


def read_witnesses(written: bytes) -> WitnessRules:
    """Return what the file says. Raises InvalidWitnesses."""
    try:
        content = load_strict(written.decode())
    except UnicodeDecodeError:
        raise InvalidWitnesses(f"{FILE_NAME}: cannot be read as UTF-8 text") from None
    except NotStrictYaml as error:
        raise InvalidWitnesses(f"{FILE_NAME}: {error}") from None
    if not isinstance(content, dict):
        raise InvalidWitnesses(f"{FILE_NAME}: expected a mapping with quorum and witnesses")
    try:
        return WitnessRules.model_validate(content)
    except ValidationError as error:
        problems = (f"{_key(problem['loc'])}: {_words(problem['msg'])}" for problem in error.errors())
        raise InvalidWitnesses(f"{FILE_NAME}: " + "; ".join(problems)) from None


def open_quorum(rules: WitnessRules, home: Path) -> Quorum:
    """Return the witnesses that a home's file names; none is asked yet. Raises InvalidWitnesses, TimestampsMissing."""
    return Quorum(
        witnesses=tuple(_witness(one, home.resolve()) for one in rules.witnesses),
        enough=rules.quorum,
        required=frozenset(one.name for one in rules.witnesses if one.required),
    )


def _witness(rules: HttpRules | FileRules | TimestampRules, home: Path) -> Witness:
    match rules:
        case HttpRules():
            return HttpWitness(rules.name, rules.url, rules.verifier, timeout_s=rules.timeout_s)
        case FileRules():
            path = Path(rules.path)
            if path.resolve().is_relative_to(home):
                raise InvalidWitnesses(f"{FILE_NAME}: {rules.name}.path: expected a file outside the home")
            return FileWitness(rules.name, CheckpointFile(path))
        case TimestampRules():
            roots = _roots(home, rules)
            return TimestampWitness(rules.name, rules.url, roots, timeout_s=rules.timeout_s)


def _roots(home: Path, rules: TimestampRules) -> tuple[Certificate, ...]:
    path, where = (home / rules.roots).resolve(), f"{FILE_NAME}: {rules.name}.roots"
    if not path.is_relative_to(home):
        raise InvalidWitnesses(f"{where}: expected a file in the home")
    try:
        return load_roots(path.read_bytes())
    except OSError as error:
        raise InvalidWitnesses(f"{where}: {error.strerror}") from error
    except InvalidRoots as error:
        raise InvalidWitnesses(f"{where}: {error}") from error


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the whole"


def _words(message: str) -> str:
    return re.sub("^Value error, ", "", message)
