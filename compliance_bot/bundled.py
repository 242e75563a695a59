"""Find the folders that ship beside the package: migrations, policies, samples, ui.

A wheel carries them inside the package (`_bundled/`); in a checkout, editable install included, they stand next to it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the folder `name` as shipped. Raises RuntimeError when the installation lacks it."""
    for folder in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise RuntimeError(f"the installation of compliance_bot has no {name!r} folder")
