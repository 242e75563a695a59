"""What must hold for every file of the repository, and for what it installs."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
_LEFT_OUT = {".git", ".venv", "__pycache__", "dist", "build", "weights"}
_CACHES = re.compile(r"\.[a-z_]+(_cache)|\.hypothesis|.*\.egg-info")
# Folders of the machines on which this was written; they mean nothing to anybody else.
_MACHINE_PATHS = re.compile(rb"(?<![\w.])/(?:work|tmp/wt)(?=/|\b)")
_STRONG_COPYLEFT = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|(?<!Lesser )General Public License|Affero", re.IGNORECASE)


def files() -> Iterator[Path]:
    waiting = [ROOT]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.name in _LEFT_OUT or _CACHES.fullmatch(path.name):
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path


def licence(name: str) -> str:
    """Return what a distribution's metadata says of its licence; the head of its licence file where it says nothing."""
    distribution = importlib.metadata.distribution(name)
    metadata = distribution.metadata
    said = [metadata.get("License-Expression") or ""]
    said += [line for line in metadata.get_all("Classifier") or [] if line.startswith("License")]
    said += (metadata.get("License") or "").splitlines()[:1]
    if not any(said):
        said = [file.read_text()[:200] for file in distribution.files or [] if Path(file).name.startswith("LICEN")]
    return " ".join(said)


def requirements() -> tuple[Requirement, ...]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return tuple(Requirement(text) for text in project["dependencies"])


def installed_closure() -> dict[str, str]:
    """Return the licence of every installed distribution that the product's own dependencies bring in."""
    found: dict[str, str] = {}
    waiting = [(r.name, frozenset(r.extras)) for r in requirements()]
    while waiting:
        name, extras = waiting.pop()
        key = canonicalize_name(name)
        if key in found:
            continue
        try:
            wanted = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found[key] = licence(name)
        for requirement in map(Requirement, wanted):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    named = [str(path.relative_to(ROOT)) for path in files() if _MACHINE_PATHS.search(path.read_bytes())]
    assert not [name for name in named if name != str(Path(__file__).relative_to(ROOT))]


def test_no_dependency_is_under_a_strong_copyleft() -> None:
    closure = installed_closure()
    assert len(closure) > 50
    assert not {name: said for name, said in closure.items() if not said or _STRONG_COPYLEFT.search(said)}


@pytest.mark.parametrize("said", ["GPL-3.0-only", "AGPLv3", "GNU General Public License v2 (GPLv2)", "GNU Affero"])
def test_a_strong_copyleft_is_noticed(said: str) -> None:
    assert _STRONG_COPYLEFT.search(said)


@pytest.mark.parametrize("said", ["LGPL-3.0-only", "GNU Lesser General Public License v3 (LGPLv3)", "MPL-2.0", "MIT"])
def test_other_licences_are_let_through(said: str) -> None:
    assert not _STRONG_COPYLEFT.search(said)


def test_every_dependency_is_listed_with_its_licence() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.-]+)` \| [^|]+ \|", text, re.MULTILINE))
    assert listed == {canonicalize_name(requirement.name) for requirement in requirements()}


def test_contributing_shows_the_layers_that_are_enforced() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = "\n".join(project["tool"]["importlinter"]["contracts"][0]["layers"])
    assert f"```text\n{layers}\n```" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
