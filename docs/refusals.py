"""Read what can go wrong from the program: every `ComplianceError`, its exit code, its message and its hint.

Classes are found by importing the modules that define them. A message that a class composes itself is read from its
source, the composed parts in braces.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import compliance_bot
from compliance_bot.errors import ComplianceError

_PACKAGE = Path(compliance_bot.__file__).parent
_LEFT_OUT = {"tuning", "_bundled"}  # scripts that build what ships; they need more than the product does
_SAID_WHERE_RAISED = "(names the file or entry that is wrong)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One class of errors, as a user meets it."""

    name: str
    base: str
    exit_code: int
    message: str
    hint: str


def refusals() -> tuple[Refusal, ...]:
    """Return every class of errors: the base first, then by exit code and name."""
    for module in _modules_of_errors():
        importlib.import_module(module)
    found: list[type[ComplianceError]] = [ComplianceError, *_below(ComplianceError)]
    shipped = (_describe(error) for error in found if _is_shipped(error.__module__.split(".")))
    return tuple(sorted(shipped, key=lambda r: (r.name != "ComplianceError", r.exit_code, r.name)))


def _modules_of_errors() -> Iterator[str]:
    """Yield the modules that define an error, read from the source: nothing else needs importing."""
    bases: dict[str, tuple[str, set[str]]] = {}
    for file in sorted(_PACKAGE.rglob("*.py")):
        parts = file.relative_to(_PACKAGE.parent).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and _is_shipped(parts):
                bases[node.name] = (module, {base.id for base in node.bases if isinstance(base, ast.Name)})
    errors = {"ComplianceError"}
    while more := {name for name, (_, above) in bases.items() if above & errors} - errors:
        errors |= more
    yield from sorted({bases[name][0] for name in errors})


def _is_shipped(parts: Sequence[str]) -> bool:
    return parts[0] == _PACKAGE.name and not _LEFT_OUT & set(parts)


def _below(error: type[ComplianceError]) -> Iterator[type[ComplianceError]]:
    for below in error.__subclasses__():
        yield below
        yield from _below(below)


def _describe(error: type[ComplianceError]) -> Refusal:
    message, hint = _composed(error)
    base = error.__mro__[1].__name__
    if not message or re.fullmatch(r"{\w+}", message):
        message = inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0] or _SAID_WHERE_RAISED
    return Refusal(
        name=error.__name__,
        base="" if base == "Exception" else base,
        exit_code=error.exit_code,
        message=message,
        hint=hint or error.hint,
    )


def _composed(error: type[ComplianceError]) -> tuple[str, str]:
    """Return the message and the hint that the class's own `__init__` hands on; empty where it has none."""
    if "__init__" not in vars(error) or error is ComplianceError:
        return "", ""
    tree = ast.parse(textwrap.dedent(inspect.getsource(error.__init__)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
            hints = [keyword.value for keyword in node.keywords if keyword.arg == "hint"]
            return _template(node.args[0]) if node.args else "", _template(hints[0]) if hints else ""
    return "", ""


def _template(node: ast.expr) -> str:
    """Return a string expression with its composed parts in braces."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return f"{{{_name(node.value)}}}"
    return f"{{{_name(node)}}}"


def _name(node: ast.expr) -> str:
    """Return a short name for what is filled in: its last plain name."""
    names = [
        n.attr if isinstance(n, ast.Attribute) else n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute | ast.Name)
    ]
    plain = [name for name in names if name not in {"join", "sorted", "str", "self", "len"}]
    return plain[0] if plain else "…"
