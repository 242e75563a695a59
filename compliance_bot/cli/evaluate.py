"""`compliance-bot evaluate`: measure on labelled questions and texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from compliance_bot.cli import output, redaction_shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser
from compliance_bot.cli.redact import ProfileName, profile_for
from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from compliance_bot.redaction.spans import Detects

app = typer.Typer(no_args_is_help=True, help="Measure on labelled questions and texts.")


@app.command()
def retrieval(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="BEIR: corpus.jsonl, queries.jsonl, qrels/*.tsv.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions.")] = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Search for each question and compare with the passages that answer it.

    Uses the home where its principal may read the passages; where the home lacks them, a throw-away one.
    """
    from compliance_bot.cli.progress import progress
    from compliance_bot.evaluation.beir import read_questions
    from compliance_bot.evaluation.retrieval import evaluate_folder

    questions = read_questions(folder)[:limit]
    with progress(lambda: len(questions)) as advance:
        scores = evaluate_folder(folder, questions, principal=as_user, tell=output.tell, on_question=advance)
    if as_json:
        output.say_json({"metrics": dict(scores.metrics), "n": scores.n})
        return
    for name, value in scores.metrics.items():
        output.say(f"{name:<10} {value:.4f}")
    output.say(f"questions  {scores.n}")


@app.command()
def redaction(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="Labelled texts: a file, or a folder of such files.")
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="The labelled texts that ship, instead of PATH.")] = False,
    profile: ProfileName = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first texts.")] = None,
    domain: Annotated[str | None, typer.Option(metavar="NAME", help="Domain of texts that name none.")] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="Language of texts that name none.")] = None,
    against: Annotated[
        Literal["stock"] | None,
        typer.Option(help="Compare with stock Presidio's patterns, in turns on the same texts."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for personal data in labelled texts: what is found, what is missed, and how fast.

    Reads the forms of presidio-research, ai4privacy, spaCy, doccano, TAB, brat, and CoNLL. Needs no home.
    """
    from compliance_bot.bundled import bundled
    from compliance_bot.cli.progress import progress
    from compliance_bot.cli.redaction_output import report_lines
    from compliance_bot.evaluation.readers import read_texts
    from compliance_bot.evaluation.trial import labels_of, try_out
    from compliance_bot.redactor import load_detector

    if sample == (path is not None):
        raise UsageError("expected a PATH with labelled texts, or --sample")
    wanted = profile_for(profile)
    texts = read_texts(path or bundled("samples") / "redaction", limit=limit, domain=domain, language=language)
    detectors: dict[str, Detects] = {"compliance-bot": load_detector(wanted)}
    if against:
        from compliance_bot.redaction.detect.unmodified import StockPresidio

        detectors["stock Presidio"] = StockPresidio()
    with progress(lambda: len(texts)) as advance:
        reports = try_out(texts, detectors, on_text=advance)
    used = labels_of(texts)
    if as_json:
        output.say_json(redaction_shapes.redaction_shape(reports, used, profile=wanted.name))
        return
    for text in report_lines(reports, used, profile=wanted.name):
        output.say(text)
