"""Measure the product, and write docs/reference/benchmarks.md. Run by `make bench`, not by the tests.

    python -m tests.benchmarks.run [PART…] [--homes DIR] [--limit N]

Every figure is from a run of its part: retrieval goes through the product, speed is measured in one process or in turns
with what it is compared with. The figures are kept in benchmarks.json, part by part; the page and its plots are made
from it. Needs the public data sets under COMPLIANCE_BOT_DATA, `ingest` also the packages of the peers.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from compliance_bot.settings import PREFIX
from tests.benchmarks.homes import Setup
from tests.benchmarks.measure import ROOT, clock, commit, machine
from tests.benchmarks.page import draw, render

PARTS = (
    *("retrieval", "answers", "question", "filtered", "policy", "classes", "absent", "askers"),
    *("redaction", "masked", "vault", "backup", "log", "ingest", "start"),
)
REFERENCE = ROOT / "docs" / "reference"
FIGURES, PAGE = REFERENCE / "benchmarks.json", REFERENCE / "benchmarks.md"


def main() -> None:
    """Run the parts and write their figures as each is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them by default")
    parser.add_argument("--homes", type=Path, help="keep the filled homes here, and use those that are here already")
    parser.add_argument("--limit", type=int, help="only the first passages: a quick look, nothing is written")
    given = parser.parse_args()
    if strangers := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(strangers))}: there are {', '.join(PARTS)}")
    data = Path(os.environ.pop(PREFIX + "DATA", "../shared/data")).resolve()
    if not data.is_dir():
        sys.exit(f"{data}: there is no such folder; set {PREFIX}DATA to the folder with the public data sets")
    wide = 100_000 if given.limit is None else given.limit * 2
    setup = Setup(data=data, limit=given.limit, homes=given.homes and given.homes.resolve(), wide=wide)
    measured = commit()  # before the figures of a first part change the tree
    for part in given.parts or PARTS:
        with clock() as seconds:
            figures = importlib.import_module(f"tests.benchmarks.{part}").run(setup)
        print(part, json.dumps(figures, indent=2), f"{seconds():.0f} s", sep="\n", flush=True)
        if given.limit is None:
            _keep(part, measured, figures, seconds())
    if given.limit is None:
        results = json.loads(FIGURES.read_text(encoding="utf-8"))
        draw(results)
        PAGE.write_text(render(results), encoding="utf-8")


def _keep(part: str, measured: str, figures: object, seconds: float) -> None:
    results = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    results[part] = {
        "commit": measured,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "seconds": round(seconds),
        "figures": figures,
    }
    FIGURES.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
