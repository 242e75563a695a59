"""The commands. Everything heavy is imported inside them, so that `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compliance_bot.cli import (
    anchor,
    audit,
    backup,
    documents,
    kill_switch,
    models,
    output,
    policy,
    principals,
    privacy,
    quality,
    shapes,
    tenants,
    vault,
)
from compliance_bot.cli.common import (
    LOCAL_ADMINISTRATOR,
    AsJson,
    AsUser,
    Purpose,
    Reveal,
    existing,
    opened,
    parse_settings,
)
from compliance_bot.cli.evaluate import app as evaluate
from compliance_bot.cli.redact import redact
from compliance_bot.errors import UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Answers from access-controlled documents, with quoted sources and a durable record.",
)
app.add_typer(documents.app, name="documents")
app.add_typer(audit.app, name="audit")
app.add_typer(evaluate, name="evaluate")
app.add_typer(models.app, name="model")
app.add_typer(principals.app, name="principal")
app.add_typer(kill_switch.app, name="kill-switch")
app.add_typer(tenants.app, name="tenant")
app.add_typer(backup.app, name="backup")
app.add_typer(policy.app, name="policy")
app.add_typer(vault.app, name="vault")
privacy.app.add_typer(quality.app)
app.add_typer(privacy.app, name="privacy")
app.add_typer(anchor.app, name="anchor")
app.command()(redact)


@app.command()
def init(
    sample: Annotated[bool, typer.Option("--sample", help="The sample institution's policies and people.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a home: policies, keys and a database. Repeating it changes nothing that is there."""
    from compliance_bot.bundled import bundled
    from compliance_bot.home import create_home
    from compliance_bot.settings import load_settings

    settings = load_settings()
    is_new = create_home(settings, policies="sample" if sample else "starter")
    if as_json:
        output.say_json({"home": str(settings.home), "created": is_new})
        return
    output.tell(f"{'made' if is_new else 'kept'} the home {settings.home}")
    if sample and is_new:
        folder = bundled("samples")
        output.tell("its documents go in with:")
        for collection in sorted(path.name for path in (folder / "documents").iterdir() if path.is_dir()):
            base = folder / "documents"
            output.tell(
                f"  compliance-bot ingest {base / collection} --collection {collection} --base {base} "
                f"--attributes {folder / 'attributes.csv'}"
            )


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, folders, or BEIR corpus.jsonl files.")],
    collection: Annotated[str, typer.Option(metavar="NAME", help="Collection that the documents belong to.")],
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="key=value", help="Attribute of all.")] = None,
    attributes: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Attributes of single items: a column `path` or `_id`.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Know documents by their path relative to this folder.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete documents whose files are gone; renamed files keep theirs.")
    ] = False,
    prune_all: Annotated[bool, typer.Option("--prune-all", help="The same, even where most of them are gone.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and keep in step with the files (prunes).")] = False,
    poll: Annotated[bool, typer.Option("--poll", help="With --watch, on drives that tell of no changes.")] = False,
    still_s: Annotated[
        float, typer.Option("--still", metavar="SECONDS", min=0.1, help="With --watch, how long a file holds still.")
    ] = 1.0,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Store documents. Unchanged ones are skipped, changed ones get a new version, bad ones are listed."""
    from compliance_bot.cli.progress import progress
    from compliance_bot.ingest.items import count_items

    given = parse_settings(sets or [])
    listed = existing(attributes) if attributes else None
    if watch:
        from compliance_bot.cli.watch import watch_paths

        watch_paths(
            paths,
            collection=collection,
            attributes=given,
            attribute_list=listed,
            base=base,
            prune="all" if prune_all else "carefully",
            principal=as_user,
            poll=poll,
            still_s=still_s,
            as_json=as_json,
        )
        return
    with opened() as bot, progress(lambda: count_items(paths, base=base)) as advance:
        report = bot.ingest(
            paths,
            collection=collection,
            attributes=given,
            attribute_list=listed,
            base=base,
            prune="all" if prune_all else "carefully" if prune else None,
            principal=as_user,
            on_item=advance,
        )
    if as_json:
        output.say_json(shapes.ingest_shape(report))
    else:
        for text in output.report_lines(report):
            output.tell(text)
    raise typer.Exit(0 if report.ingested or report.skipped or report.deleted else 1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    purpose: Purpose = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Print each verified sentence as soon as it stands.")
    ] = False,
    reveal: Reveal = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Answer a question in sentences quoted from the documents that may be read, or say that there is no source."""
    from compliance_bot.records import AnswerPart

    if stream and as_json:
        raise UsageError("--stream prints sentences as they come, --json one document: choose one of them")
    with opened() as bot:
        if stream:
            for part in bot.stream(question, principal=as_user, purpose=purpose, reveal=reveal):
                lines = output.part_lines(part) if isinstance(part, AnswerPart) else output.last_lines(part)
                for text in lines:
                    output.say(text)
            return
        answer = bot.ask(question, principal=as_user, purpose=purpose, reveal=reveal)
    if as_json:
        output.say_json(shapes.answer_shape(answer))
    else:
        for text in output.answer_lines(answer):
            output.say(text)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Most passages.")] = 10,
    purpose: Purpose = None,
    reveal: Reveal = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Find the best passages among the documents that may be read."""
    with opened() as bot:
        hits = bot.search(query, principal=as_user, k=k, purpose=purpose, reveal=reveal)
    if as_json:
        output.say_json(shapes.hits_shape(hits))
    else:
        for text in output.hit_lines(hits):
            output.say(text)


@app.command()
def demo(keep: Annotated[bool, typer.Option("--keep", help="Keep the home and say where it is.")] = False) -> None:
    """Show everything once in a throw-away home: samples, three people, one question, the records."""
    from compliance_bot.cli.demo import run_demo

    raise typer.Exit(run_demo(keep=keep))


@app.command()
def ui(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="An address of this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8501,
    sample: Annotated[
        bool, typer.Option("--sample", help="Make the sample institution's home first, where there is none.")
    ] = False,
) -> None:
    """Serve the page: choose a person, ask, open the quotes in their documents, look at the records."""
    from compliance_bot.cli.page import serve_page

    serve_page(host=host, port=port, sample=sample)


@app.command()
def doctor(
    tune: Annotated[
        bool, typer.Option("--tune", help="Measure how far searches have to go among these documents, and keep it.")
    ] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Check as well what production asks for: accounts, keys, signatures.")
    ] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Check the home, its keys, policies, models and database, and say what to do about what is wrong."""
    from compliance_bot.cli.doctor import examine

    if tune:
        from compliance_bot.cli.tuning import tune_search

        tune_search(as_user, as_json=as_json)
        return
    findings = examine(production=production)
    if as_json:
        output.say_json({"checks": [finding.shape() for finding in findings]})
    else:
        for finding in findings:
            for text in finding.lines():
                output.say(text)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)
