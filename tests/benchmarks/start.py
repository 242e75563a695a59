"""How long it takes until something is there: the help, the first answer, the demo on a fresh machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from compliance_bot.settings import PREFIX
from compliance_bot.store.embedded import destroy
from tests.benchmarks.homes import Setup
from tests.benchmarks.measure import ROOT, clock, middle

_TIMES = 7
_FIRST = """
import time
began = time.perf_counter()
from compliance_bot import ComplianceBot
with ComplianceBot.open() as bot:
    answer = bot.ask("How long are customer records kept?", principal="admin")
    assert answer.record
    print(time.perf_counter() - began)
"""


def run(setup: Setup) -> dict[str, Any]:  # it needs no data
    """Return seconds: medians of the help and the first answers, and one demo from a clone on."""
    cli = [sys.executable, "-m", "compliance_bot.cli"]
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        environment[f"{PREFIX}HOME"] = str(home)

        def call(*command: str) -> str:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
            return done.stdout

        try:
            call(*cli, "init", "--sample")
            call(*cli, "ingest", "samples/documents", "--collection", "policies", "--set", "classification=1")
            question = ("ask", "How long are customer records kept?", "--as", "admin", "--json")
            figures = {
                "bare_interpreter_s": middle(lambda: call(sys.executable, "-c", "pass"), _TIMES),
                "help_s": middle(lambda: call(*cli, "--help"), _TIMES),
                "ask_command_s": middle(lambda: call(*cli, *question), _TIMES),
                "first_answer_in_process_s": sorted(float(call(sys.executable, "-c", _FIRST)) for _ in range(_TIMES))[
                    _TIMES // 2
                ],
            }
        finally:
            destroy(home)
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with clock() as seconds:
            subprocess.run(["make", "demo"], cwd=clone, env=environment, capture_output=True, check=True)
        figures["demo_on_a_fresh_clone_s"] = seconds()
    return {name: round(value, 2) for name, value in figures.items()}
