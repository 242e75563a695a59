"""`compliance-bot demo`: the product once, in a throw-away home, on the sample institution's documents."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.audit.receipt import check
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.export import verify_export
from compliance_bot.audit.verify.report import report_lines
from compliance_bot.bot import ComplianceBot
from compliance_bot.bundled import bundled
from compliance_bot.cli import audit_shapes, output, policy_output
from compliance_bot.home import throw_away_home

if TYPE_CHECKING:
    from compliance_bot.records import Answer

_RULE = "─" * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question of the demo: as whom, and words that the answer has; none where there is no answer for them."""

    person: str
    who: str
    question: str
    expects: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """Who stands on which side of a wall, and words that only the inside may hear."""

    inside: str
    outside: str
    who: str
    secret: str


def run_demo(*, keep: bool = False) -> int:
    """Run the demo and return its exit code: 1 if an answer was not the expected one, verbatim in its documents."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="compliance-bot-demo-")
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        home = stack.enter_context(throw_away_home(Path(folder) / "home", policies="sample", keep=keep))
        with ComplianceBot.open(home) as bot:
            key = bot.audit_log(principal="admin").keys().signing  # as an auditor gets it, before anything happens
            ingest_samples(bot)
            shown = [(asking, *_ask(bot, asking)) for asking in read_script()]
            changed, _, answer = shown[-1]
            _show_history(bot, answer, changed.person)
            stands = _show_wall(bot, next(answer for asking, _, answer in shown if asking.person == read_wall().inside))
            stands = _show_named(bot) and stands
            _show_records(bot)
            stands = _show_verified(bot, key, shown[0][2], Path(folder) / "export.zip") and stands
    output.tell(f"\n{time.monotonic() - began:.0f} s." + (f" The home is {home}." if keep else " The home is gone."))
    return 0 if stands and all(is_right for _, is_right, _ in shown) else 1


def ingest_samples(bot: ComplianceBot) -> None:
    """Ingest the superseded versions of the samples first, then the current ones, so that both can be seen."""
    samples = bundled("samples")
    for folder in (samples / "superseded", samples / "documents"):
        for collection in sorted(path for path in folder.iterdir() if path.is_dir()):
            report = bot.ingest(
                [collection], collection=collection.name, base=folder, attribute_list=samples / "attributes.csv"
            )
            output.tell(f"{folder.name}/{collection.name}: {next(iter(output.report_lines(report)))}")


def read_script() -> tuple[Asking, ...]:
    """Return the demo's questions, in order; the last is about a document that was superseded."""
    script = yaml.safe_load((bundled("samples") / "demo.yaml").read_text(encoding="utf-8"))
    same_question = [
        Asking(person=p["id"], who=p["who"], question=script["question"], expects=p.get("expects"))
        for p in (*script["people"], *script["without_answer"])
    ]
    changed = script["changed"]
    last = Asking(person=changed["id"], who=changed["who"], question=changed["question"], expects=changed["expects"])
    return (*same_question, last)


def read_wall() -> Wall:
    """Return the demo's wall."""
    return Wall(**yaml.safe_load((bundled("samples") / "demo.yaml").read_text(encoding="utf-8"))["wall"])


def _show_named(bot: ComplianceBot) -> bool:
    """Ask the same as two people, and return whether the one sees a name and the other what stands for it."""
    named = yaml.safe_load((bundled("samples") / "demo.yaml").read_text(encoding="utf-8"))["named"]
    said = []
    for person in (named["shown"], named["hidden"]):
        output.say(f"\n{_RULE}\n{person['who']}, asks: {named['question']}\n")
        answer = bot.ask(named["question"], principal=person["id"])
        for text in output.answer_lines(answer):
            output.say(text)
        said.append((named["name"] in answer.answer, bool(answer.sentences)))
    return said == [(True, True), (False, True)]


def _show_wall(bot: ComplianceBot, inside: Answer) -> bool:
    """Ask the same question from outside the wall, explain both decisions, and return whether the wall stands."""
    wall, question = read_wall(), read_script()[0].question
    output.say(f"\n{_RULE}\n{wall.who}, asks the same: {question}\n")
    outside = bot.ask(question, principal=wall.outside)
    for text in output.answer_lines(outside):
        output.say(text)
    document = next(c.document for c in inside.citations if wall.secret in c.quote)
    decisions = []
    for person in (wall.inside, wall.outside):
        # Asked by an administrator, for whom the wall holds too: they hear of policies, and of no text or title.
        explanation = bot.explain(document, person, principal="admin")
        decisions.append(explanation.decision.effect)
        output.say(f"\npolicy explain --as {person} --document {document}")
        for text in policy_output.explanation_lines(explanation):
            output.say(text)
    return decisions == ["allow", "deny"] and wall.secret not in outside.answer


def _ask(bot: ComplianceBot, asking: Asking) -> tuple[bool, Answer]:
    """Print the answer and return whether it is the expected one and stands verbatim in its documents."""
    output.say(f"\n{_RULE}\n{asking.who}, asks: {asking.question}\n")
    answer = bot.ask(asking.question, principal=asking.person)
    for text in output.answer_lines(answer):
        output.say(text)
    stands = [
        bot.document(c.document, principal=asking.person, version=c.version).text[c.start : c.end] == c.quote  # type: ignore[index]
        for c in answer.citations
    ]
    if stands:
        output.say(f"{sum(stands)} of {len(stands)} quotes stand verbatim in their documents")
    is_expected = answer.abstained if asking.expects is None else asking.expects in answer.answer
    return is_expected and all(stands), answer


def _show_history(bot: ComplianceBot, answer: Answer, person: str) -> None:
    if answer.abstained:
        return
    output.say("\nThe versions of that document, newest first:")
    for version in bot.history(answer.citations[0].document, principal=person):
        for text in output.version_lines(version):
            output.say(text)


def _show_records(bot: ComplianceBot) -> None:
    output.say(f"\n{_RULE}\nThe records of these answers, newest first:\n")
    for record in bot.records(principal="admin", limit=50):
        if record.type == "answer":
            output.say(f"{record.record}  {record.principal:<8} {record.outcome:<9} {len(record.citations)} citations")


def _show_verified(bot: ComplianceBot, key: str, answer: Answer, export: Path) -> bool:
    """Export the log of all this, check it with the key alone, check a receipt, and return whether all is intact."""
    output.say(f"\n{_RULE}\nAn auditor, with the log's public key and an export: audit verify {export.name} --key …\n")
    bot.log_evidence(principal="admin").export(export, with_content=True)
    keys = (parse_verifier_key(key),)
    report = verify_export(export, Asked(keys=keys, jobs=1))
    for text in report_lines(report):
        output.say(text)
    proof = bot.audit_log(principal="admin").receipt(answer.record)
    receipt, proven = check(proof, answer.answer, keys)
    output.say(f"\n{audit_shapes.receipt_line(receipt, proven)}")
    return report.exit_code == 0
