"""`compliance-bot demo`: the product once, in a throw-away home, on the sample institution's documents."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from compliance_bot.bot import ComplianceBot
from compliance_bot.bundled import bundled
from compliance_bot.cli import output
from compliance_bot.home import create_home, throw_away_home
from compliance_bot.settings import load_settings

if TYPE_CHECKING:
    from compliance_bot.records import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the demo asks, and as whom."""

    question: str
    people: tuple[tuple[str, str], ...]  # id, who that is


def run_demo(*, keep: bool = False) -> int:
    """Run the demo and return its exit code: 1 if an answer did not stand verbatim in its documents."""
    began = time.monotonic()
    with ExitStack() as stack:
        if keep:
            home = Path(tempfile.mkdtemp(prefix="compliance-bot-demo-")) / "home"
            create_home(load_settings(home=home), policies="sample")
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="compliance-bot-demo-"))
            home = stack.enter_context(throw_away_home(Path(folder) / "home", policies="sample"))
        with ComplianceBot.open(home) as bot:
            ingest_samples(bot)
            verbatim = _ask(bot, read_script())
            _show_records(bot)
    output.tell(f"\n{time.monotonic() - began:.0f} s." + (f" The home is {home}." if keep else " The home is gone."))
    return 0 if verbatim else 1


def ingest_samples(bot: ComplianceBot) -> None:
    """Ingest the superseded versions of the samples first, then the current ones, so that both can be seen."""
    samples = bundled("samples")
    for folder in (samples / "superseded", samples / "documents"):
        for collection in sorted(path for path in folder.iterdir() if path.is_dir()):
            report = bot.ingest(
                [collection], collection=collection.name, base=folder, attribute_list=samples / "attributes.csv"
            )
            output.tell(f"{folder.name}/{collection.name}: {next(iter(output.report_lines(report)))}")


def read_script() -> Script:
    """Return the demo's question and people."""
    script = yaml.safe_load((bundled("samples") / "demo.yaml").read_text(encoding="utf-8"))
    people = tuple((person["id"], person["who"]) for person in script["people"])
    return Script(question=script["question"], people=people)


def _ask(bot: ComplianceBot, script: Script) -> bool:
    verbatim = True
    for person, who in script.people:
        output.say(f"\n{'─' * 100}\n{person} ({who}) asks: {script.question}\n")
        answer = bot.ask(script.question, principal=person)
        for text in output.answer_lines(answer):
            output.say(text)
        verbatim = _stands_verbatim(bot, answer, person) and verbatim
    return verbatim


def _stands_verbatim(bot: ComplianceBot, answer: Answer, person: str) -> bool:
    """Compare each quote with the document's text, as this person can read it."""
    stands = [
        bot.document(c.document, principal=person, version=c.version).text[c.start : c.end] == c.quote  # type: ignore[index]
        for c in answer.citations
    ]
    if stands:
        output.say(f"{sum(stands)} of {len(stands)} quotes stand verbatim in their documents")
    return all(stands)


def _show_records(bot: ComplianceBot) -> None:
    output.say(f"\n{'─' * 100}\nThe records of these answers, newest first:\n")
    for record in bot.records(principal="admin", limit=30):
        if record.type == "answer":
            output.say(f"{record.record}  {record.principal:<8} {record.outcome:<9} {record.citations} citations")
