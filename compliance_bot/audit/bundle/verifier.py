"""`verify.pyz`: the verifier as one file that Python runs. The same bytes for the same version of the program.

A ZIP archive of the modules that it imports, with fixed times and nothing compressed, after a line that names Python
(PEP 441). It needs `cryptography` and nothing else.
"""

from __future__ import annotations

import io
import zipfile
from importlib import resources

_HEAD = b"#!/usr/bin/env python3\n"
_MAIN = """\
import sys

from compliance_bot.audit.verify.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
"""
MODULES = (
    "__init__.py",
    "audit/__init__.py",
    "audit/bundle/__init__.py",
    "audit/bundle/files.py",
    "audit/bundle/form.py",
    "audit/bundle/line.py",
    "audit/bundle/manifest.py",
    "audit/bundle/selection.py",
    "audit/bundle/table.py",
    "audit/canonical.py",
    "audit/checkpoint.py",
    "audit/envelope.py",
    "audit/kept.py",
    "audit/merkle.py",
    "audit/note.py",
    "audit/note_key.py",
    "audit/shape.py",
    "audit/source.py",
    "audit/tiles.py",
    "audit/verify/__init__.py",
    "audit/verify/__main__.py",
    "audit/verify/asked.py",
    "audit/verify/export.py",
    "audit/verify/exported.py",
    "audit/verify/findings.py",
    "audit/verify/keep.py",
    "audit/verify/lanes.py",
    "audit/verify/log.py",
    "audit/verify/old_checkpoint.py",
    "audit/verify/own_records.py",
    "audit/verify/processes.py",
    "audit/verify/records.py",
    "audit/verify/report.py",
    "audit/verify/times.py",
    "audit/verify/timestamps.py",
    "audit/verify/tree.py",
    "audit/verify/trust.py",
    "audit/verify/witness_files.py",
    "audit/verify/witnesses.py",
    "audit/verify/worker.py",
    "errors.py",
    "keys/__init__.py",
)


def verifier() -> bytes:
    """Return the bytes of `verify.pyz`."""
    package = resources.files("compliance_bot")
    sources = {f"compliance_bot/{name}": package.joinpath(name).read_bytes() for name in MODULES}
    packed = io.BytesIO()
    packed.write(_HEAD)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for name, source in sorted({"__main__.py": _MAIN.encode(), **sources}.items()):
            entry = zipfile.ZipInfo(name)  # of 1980, the first time that an archive can tell
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, source)
    return packed.getvalue()
