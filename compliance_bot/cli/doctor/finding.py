"""What one check saw: fine, a warning, or a problem, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.cli.output import line
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that works and that somebody should look at."""

    detail: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw. A warning is ok."""

    check: str
    ok: bool
    detail: str
    hint: str = ""
    is_warning: bool = False

    @property
    def state(self) -> str:
        if not self.ok:
            return "problem"
        return "warning" if self.is_warning else "ok"

    def shape(self) -> dict[str, Any]:
        """Return the finding as `--json` prints it."""
        return {"check": self.check, "ok": self.ok, "state": self.state, "detail": self.detail, "hint": self.hint}

    def lines(self) -> Iterator[str]:
        """Yield the finding for reading."""
        state = "PROBLEM" if not self.ok else f"{self.state:7}"
        yield f"{state}  {self.check}: {line(self.detail)}"
        if self.hint and self.state != "ok":
            yield f"         {line(self.hint)}"


def check(name: str, look: Callable[..., str | Warned], *given: object) -> Finding:
    """Return what a check saw; whatever keeps it from being made is a problem."""
    try:
        seen = look(*given)
    except ComplianceError as error:
        return Finding(check=name, ok=False, detail=str(error), hint=error.hint)
    except OSError as error:
        return Finding(check=name, ok=False, detail=f"{error.filename}: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # the doctor reports what it meets, a bug too
        return Finding(check=name, ok=False, detail=f"the check could not be made: {type(error).__name__}")
    if isinstance(seen, Warned):
        return Finding(check=name, ok=True, is_warning=True, detail=seen.detail, hint=seen.hint)
    return Finding(check=name, ok=True, detail=seen)
