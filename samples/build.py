"""Make the PDF and Word documents of the sample institution from `samples/sources`.

    python samples/build.py [FOLDER] [--only TEXT]

`sources/documents/aml/x.pdf.md` becomes `documents/aml/x.pdf`, and likewise for `superseded` and for `.docx`. The same
sources give the same bytes. HTML, Markdown, text and JSON lines are written by hand in `documents`, not made here.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from markup import parse
from pdf import write_pdf
from word import write_docx

HERE = Path(__file__).resolve().parent
CREATED = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)  # fixed, so that a rebuild changes nothing
WRITERS = {".pdf": write_pdf, ".docx": write_docx}


def build(target: Path, *, only: str = "") -> list[Path]:
    """Write every document whose source path contains `only` below `target`; return what was written, sorted."""
    sources = HERE / "sources"
    written = []
    for source in sorted(sources.rglob("*.md")):
        name = source.relative_to(sources)
        if only not in str(name):
            continue
        output = target / name.with_suffix("")
        try:
            WRITERS[output.suffix](parse(source.read_text(encoding="utf-8")), output, created=CREATED)
        except (ValueError, KeyError) as error:
            raise SystemExit(f"{name}: {error}") from error
        written.append(output)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="where to write (default: samples)")
    parser.add_argument("--only", default="", help="a part of the source's path, e.g. aml/")
    arguments = parser.parse_args()
    written = build(arguments.folder, only=arguments.only)
    print(f"{len(written)} documents written below {arguments.folder}")


if __name__ == "__main__":
    main()
