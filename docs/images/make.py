"""Draw docs/images/demo.svg from what `compliance-bot demo` really prints: `python -m docs.images.make`.

rich draws the terminal. Its own template fetches a font from another host; this one names fonts that are there already,
and the picture is refused if it still points anywhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURE = Path(__file__).parent / "demo.svg"
COMMAND = "compliance-bot demo"
_WIDTH = 128  # the longest line of a citation
_FOREIGN = re.compile(r"@import|url\((?!#)|(?:href|src)\s*=\s*[\"'](?!#)")
_FONT_FACE = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
_STYLES = (
    (re.compile(r"^(\$ .*)$", re.MULTILINE), "bold green"),
    (re.compile(r"^(\w+ \([^)]*\) asks: .*)$", re.MULTILINE), "bold cyan"),
    (re.compile(r"(\[\d+\])"), "yellow"),
    (re.compile(r"^(record .*|\d+ of \d+ quotes .*)$", re.MULTILINE), "dim"),
    (re.compile(r"^(─+)$", re.MULTILINE), "dim"),
)


def main() -> None:
    """Run the demo and draw it."""
    start = "from compliance_bot.cli import main; main(['demo'])"
    result = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)
    PICTURE.write_text(draw(f"$ {COMMAND}\n{result.stdout.rstrip()}\n"), encoding="utf-8")


def draw(output: str) -> str:
    """Return a picture of a terminal with this output. Raises ValueError if it would fetch anything."""
    text = Text(output)
    for pattern, style in _STYLES:
        text.highlight_regex(pattern, style)
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text)
    template = _FONT_FACE.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", "ui-monospace, Menlo, monospace")
    svg = console.export_svg(title=COMMAND, theme=MONOKAI, code_format=template, unique_id="demo")
    if _FOREIGN.search(svg):
        raise ValueError("the picture would fetch something from elsewhere")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    main()
