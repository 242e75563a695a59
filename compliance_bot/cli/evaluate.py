"""`compliance-bot evaluate`: measure on labelled questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compliance_bot.cli import output
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser

app = typer.Typer(no_args_is_help=True, help="Measure on labelled questions.")


@app.callback()
def _group() -> None:
    """Keep `retrieval` a command of its own while it is the only one."""


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
