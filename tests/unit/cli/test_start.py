"""How the command line starts: fast, and without what a command does not need."""

from __future__ import annotations

import subprocess
import sys


def test_help_loads_no_models_drivers_or_frameworks() -> None:
    program = (
        "import sys; from compliance_bot.cli import run; code = run(['--help']);"
        "heavy = {'langchain_core', 'onnxruntime', 'numpy', 'presidio_analyzer', 'psycopg', 'cedarpy', 'lxml'};"
        "assert code == 0 and not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ingest" in done.stdout


def test_the_root_package_loads_nothing_by_itself() -> None:
    program = "import sys, compliance_bot; sys.exit('compliance_bot.bot' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
