"""The page of the benchmarks: a pure function of benchmarks.json, and the plots drawn from the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.benchmarks.measure import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IMAGES = ROOT / "docs" / "images"
STEPS = ("decide", "mask", "scope", "embed", "retrieve", "recheck", "compose", "cite", "screen", "draw", "record")
_NAMES = {"obliqa": "ObliQA", "wide": "Wide"}


def render(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` from [benchmarks.json](benchmarks.json), part by part. Times are of a shared machine:",
        "a guide, not a promise. Where there is something to compare with, it ran in turns with the product or in the",
        "same process, and the ratio is what counts. Nothing in the tests depends on a time.",
        "",
        "| part | commit | date | machine | took |",
        "|---|---|---|---|---|",
    ]
    for name, part in results.items():
        lines.append(f"| {name} | {part['commit']} | {part['date']} | {part['machine']} | {part['seconds']} s |")
    writers = {
        "retrieval": _retrieval,
        "answers": _answers,
        "question": _question,
        "filtered": _filtered,
        "policy": _policy,
        "classes": _classes,
        "absent": _absent,
        "askers": _askers,
        "redaction": _redaction,
        "masked": _masked,
        "vault": _vault,
        "backup": _backup,
        "log": _log,
        "ingest": _ingest,
        "start": _start,
    }
    for name, write in writers.items():
        if name in results:
            lines += ["", *write(results[name]["figures"])]
    return "\n".join(lines) + "\n"


def _by_share(figures: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return figures by readable share, in percent, the largest first."""
    return sorted(figures.items(), key=lambda item: -int(item[0]))


def _retrieval(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Retrieval"
    yield ""
    yield f"ObliQA dev, {figures['questions']} questions over the whole corpus, each a governed and recorded search."
    yield "Both fusion parameters were fitted on these questions; with five-fold cross-validation the held-out figures"
    yield "were recall@10 .8071 and MAP@10 .6875 (`python -m compliance_bot.tuning.fit_fusion`)."
    yield ""
    metrics = figures["metrics"]
    yield "| " + " | ".join(metrics) + " |"
    yield "|" + "---|" * len(metrics)
    yield "| " + " | ".join(f"{value:.4f}" for value in metrics.values()) + " |"
    yield ""
    yield "The ten best BM25 scores against `bm25s` over nothing but the passages that a person may read, of"
    yield f"{figures['compared']} questions, to the precision of `bm25s` (single):"
    yield ""
    yield "| readable | questions with the same ten |"
    yield "|---|---|"
    for percent, equal in _by_share(figures["equal_to_bm25s"]):
        yield f"| {percent} % | {equal:.1%} |"


def _answers(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## The sentence that answers"
    yield ""
    yield f"XQuAD in English: 240 paragraphs in one home, {figures['questions']} questions asked of all of them in"
    yield "quote mode. Each is asked again by someone who may read all but the paragraph that it is about: how well the"
    yield "two are told apart is the AUROC of abstention. Coefficients fitted on the other articles (five folds); the"
    yield "shipped ones were fitted on these questions too, and are given for comparison only."
    yield ""
    yield "| | out of fold | as shipped | wanted |"
    yield "|---|---|---|---|"
    yield f"| the first sentence has the answer | {figures['first']:.3f} | {figures['first_as_shipped']:.3f} | ≥ .79 |"
    yield f"| one of three has it | {figures['three']:.3f} | | ≥ .92 |"
    yield f"| abstention, AUROC | {figures['auroc']:.3f} | | ≥ .90 |"


def _question(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## A question, from the call to the committed record"
    yield ""
    yield 'Quote mode, ObliQA\'s questions; p50 / p95 in milliseconds. "Wide" is ObliQA and new passages made of its'
    yield "sentences (a made passage's vector is the mean of its sentences'; all else went through ingest). `embed`"
    yield "runs while the words are searched, so that the steps add up to more than everything. Wanted: p95 ≤ 50 ms."
    yield ""
    yield "![A question by step](../images/bench-question.svg)"
    for name, one in figures.items():
        yield ""
        yield f"### {_NAMES[name]}: {one['chunks']} chunks"
        yield ""
        shown = [step for step in STEPS if step in next(iter(one["ms"].values()))]
        yield "| readable | " + " | ".join((*shown, "**everything**")) + " |"
        yield "|---|" + "---|" * (len(shown) + 1)
        for percent, steps in _by_share(one["ms"]):
            cells = [f"{steps[step]['p50']:.1f} / {steps[step]['p95']:.1f}" for step in (*shown, "everything")]
            yield f"| {percent} % | " + " | ".join(cells) + " |"
        yield ""
        memory = one["memory"]
        yield f"Memory: the process {memory['process_peak_mb']:.0f} MB at its peak, the database's processes together"
        yield f"{memory['database_mb']:.0f} MB (wanted: ≤ 1,500 MB at 100,000 chunks)."
        yield ""
        yield "What the approximate paths, taken where more is readable than `exact_threshold`, find of the ten best:"
        yield ""
        yield "| readable | by words | by vectors |"
        yield "|---|---|---|"
        for percent, found in _by_share(one["found_of_best"]):
            yield f"| {percent} % | {found['words']:.1%} | {found['vectors']:.1%} |"


def _filtered(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Vectors, among what may be read"
    yield ""
    yield f"{figures['chunks']} sentences and pairs of sentences of four public data sets, {figures['asked']} questions"
    yield "of one of them; recall@10 and p50 / p95 in milliseconds of the search by vectors alone, under row-level"
    yield "security. Beside it langchain-postgres with its HNSW index and a metadata filter, on the same vectors in the"
    yield "same server. Access is drawn, or goes with a topic: one that the questions are about, or another one."
    yield "Wanted: recall ≥ .99 everywhere, p95 ≤ 15 ms."
    for way, name in (("lot", "drawn"), ("near", "the topic of the questions"), ("far", "another topic")):
        yield ""
        yield f"### Access: {name}"
        yield ""
        yield "| readable | recall@10 | ms | langchain-postgres recall@10 | ms |"
        yield "|---|---|---|---|---|"
        for share, row in sorted(figures["by"][way].items(), key=lambda item: -float(item[0])):
            cells = [f"{o['recall']:.3f} | {o['p50']:.1f} / {o['p95']:.1f}" for o in (row["ours"], row["peer"])]
            yield f"| {float(share):.1%} | " + " | ".join(cells) + " |"


def _policy(figures: Mapping[str, Any]) -> Iterator[str]:
    counts = sorted(figures["recheck_ms"], key=int)
    yield "## Policies"
    yield ""
    yield "What decisions cost with a set of few policies and of many; p50 / p95 in milliseconds. A scope is kept until"
    yield "classes, stops, policies or the asker's rights change. The re-check of ten passages is of ten different"
    yield "classes, the worst case; wanted: ≤ 3 ms."
    yield ""
    yield "| | " + " | ".join(f"{count} policies" for count in counts) + " |"
    yield "|---|" + "---|" * len(counts)
    yield from _policy_rows(figures, counts)
    agreed = figures["agreement"]
    yield ""
    yield f"{agreed['policy_sets']} sets of random policies, {agreed['pairs']} pairs of principal and class, decided"
    yield "by the compiled SQL and by the Cedar engine:"
    yield f"{agreed['permitted']} permitted, {agreed['mismatches']} decided otherwise."


def _policy_rows(figures: Mapping[str, Any], counts: list[str]) -> Iterator[str]:
    def row(label: str, cells: list[Mapping[str, float]]) -> str:
        return f"| {label} | " + " | ".join(f"{one['p50']:.1f} / {one['p95']:.1f}" for one in cells) + " |"

    yield row("compile for one asker", [figures["compile_ms"][count] for count in counts])
    for classes, by_count in sorted(figures["scope_ms"].items(), key=lambda item: int(item[0])):
        for how in ("anew", "kept"):
            yield row(f"scope among {classes} classes, {how}", [by_count[count][how] for count in counts])
    yield row("re-check of ten passages", [figures["recheck_ms"][count] for count in counts])


def _classes(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Very many access classes"
    yield ""
    yield f"{figures['classes']} access classes with a chunk each in the statistics, and one document that is found. A"
    yield "class is a combination of attributes, not a document: so many are not usual. The process had"
    yield f"{figures['before_mb']:.0f} MB before the first scope."
    yield ""
    yield "| who may read | classes | scope made, ms | kept, ms | search, ms | process, MB at most |"
    yield "|---|---|---|---|---|---|"
    for name, one in figures["by"].items():
        cells = (one["readable"], one["made_ms"], one["kept_ms"], one["search_ms"], f"{one['peak_mb']:.0f}")
        yield f"| {name} | " + " | ".join(map(str, cells)) + " |"


def _absent(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Forbidden against absent"
    yield ""
    yield "How long it takes to be refused a document that is there, against one that is not, and to ask about words"
    yield "of forbidden documents, against words of none: the median ratio of pairs, and what holds it with 95 %."
    yield ""
    yield "| act | forbidden / absent | 95 % | pairs |"
    yield "|---|---|---|---|"
    for name, one in figures.items():
        yield f"| {name} | {one['median']:.3f} | {one['low']:.3f} to {one['high']:.3f} | {one['pairs']} |"


def _askers(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Several askers at once"
    yield ""
    yield f"ObliQA in quote mode, {figures['asked']} questions by people with different rights, in one process beside"
    yield "its database; p50 / p95 of a question in milliseconds. What each was shown was checked against their rights."
    yield ""
    yield "| at once | ms | questions a second |"
    yield "|---|---|---|"
    for many, one in sorted(figures["by"].items(), key=lambda item: int(item[0])):
        yield f"| {many} | {one['p50']:.0f} / {one['p95']:.0f} | {one['per_second']} |"


def _redaction(figures: Mapping[str, Any]) -> Iterator[str]:
    names = {"stock": "stock Presidio, its patterns", "patterns": "our patterns", "with_model": "with the entity model"}
    yield "## Personal data"
    yield ""
    yield f"{figures['texts']} texts of 2,048 characters from all over ObliQA, in turns of eight: milliseconds a text,"
    yield "and stock Presidio's time over this one's in the same turn, both medians. Wanted: patterns ≥ 10, with the"
    yield "model ≥ 1/3."
    yield ""
    yield "| | ms | stock's time / this time |"
    yield "|---|---|---|"
    for name, one in figures["speed"].items():
        yield f"| {names[name]} | {one['ms']:.2f} | {one['stock_over_this']:.2f} |"
    yield ""
    stream, lines = figures["stream"], figures["lines"]
    yield f"Masking a stream in tokens of four characters takes {stream['token_us']:.1f} µs a token; looked through at"
    yield f"once, as much takes {stream['at_once_us']:.1f} µs. `redact --lines` answers {lines['lines']} such texts,"
    taken = ", ".join(f"in {seconds:.1f} s with {count}" for count, seconds in sorted(lines["seconds"].items()))
    yield f"from the start of the command on, {taken} processes. One process runs the model on all cores,"
    yield "of several each runs it on one."
    yield ""
    yield "What is found, of the types that each set labels, as `evaluate redaction` counts; ours / stock Presidio's"
    yield "patterns, which know no names."
    yield ""
    yield "| | texts | recall, covered | recall, strict | precision of characters | F2 of tokens |"
    yield "|---|---|---|---|---|---|"
    for name, one in figures["found"].items():
        cells = [
            f"{one['ours'][key] or 0:.3f} / {one['stock'][key] or 0:.3f}"
            for key in ("covering_recall", "strict_recall", "character_precision", "token_f2")
        ]
        yield f"| {name} | {one['texts']} | " + " | ".join(cells) + " |"


def _masked(figures: Mapping[str, Any]) -> Iterator[str]:
    plain, masked = figures["nothing"], figures["most"]
    yield "## Retrieval in masked text"
    yield ""
    yield f"ObliQA, {plain['passages']} passages and the {plain['questions']} questions that they answer: with nothing"
    yield f"masked, and with {masked['placeholders']} placeholders for names, places, dates, organisations and numbers."
    yield "Wanted: at most .01 of recall@10 lost."
    yield ""
    yield "| | " + " | ".join(plain["metrics"]) + " |"
    yield "|---|" + "---|" * len(plain["metrics"])
    for name, one in (("nothing masked", plain), ("with placeholders", masked)):
        yield f"| {name} | " + " | ".join(f"{value:.4f}" for value in one["metrics"].values()) + " |"


def _vault(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## The vault"
    yield ""
    draws, ingest, erase, rotation = (figures[name] for name in ("draw_ms", "ingest", "erase", "rotation"))
    yield "| | |"
    yield "|---|---|"
    yield f"| drawing an answer for somebody who sees names | {draws['sees']} ms |"
    yield f"| drawing it for somebody who does not | {draws['does_not']} ms |"
    yield f"| ingest of {ingest['documents']} letters, two values each, against the same without | {ingest['ratio']} |"
    yield f"| erasing a person with {erase['placeholders']} occurrences | {erase['s']} s |"
    yield f"| rotating the key of {rotation['entries']} values | {rotation['s']} s |"
    looked_up, correct = figures["looked_up"], figures["correct"]
    yield f"| statements of one answer that read the vault's tables | {looked_up['reads']} |"
    yield f"| values opened for it | {looked_up['opened']} |"
    yield f"| marking a name in {correct['versions']} letters, twice in each, with embedding | {correct['mark_s']} s |"
    yield f"| giving it back in all of them | {correct['unmark_s']} s |"


def _backup(figures: Mapping[str, Any]) -> Iterator[str]:
    seconds, mb = figures["s"], figures["mb"]
    yield "## Backups"
    yield ""
    yield f"{figures['passages']} passages of ObliQA in a home with the embedded server; medians of three, in turns"
    yield "with the plain tools of PostgreSQL on the same database and with the same compression. Those write a file in"
    yield "the clear, and check nothing; `create` also counts, encrypts and reads back, `restore` also reads everything"
    yield "first, makes a server, compares all rows and gathers statistics."
    yield ""
    yield "| | backup | plain | ratio |"
    yield "|---|---|---|---|"
    yield f"| make it | {seconds['create']} s | {seconds['pg_dump']} s | {figures['create_over_dump']} |"
    yield f"| verify it | {seconds['verify']} s | | |"
    yield f"| restore it | {seconds['restore']} s | {seconds['pg_restore']} s | {figures['restore_over_restore']} |"
    yield f"| size of the file | {mb['backup']} MB | {mb['dump']} MB | {mb['backup'] / mb['dump']:.2f} |"


def _log(figures: Mapping[str, Any]) -> Iterator[str]:
    append, lag, proof, each = (figures[name] for name in ("append", "lag_s", "proof", "bytes"))
    yield "## The audit log"
    yield ""
    yield f"A home with the embedded server, which waits for the disk. {append['writers']} writers in one process"
    yield "append answers while the tree grows, in turns with as many that send the same bytes, sealed beforehand, into"
    yield f"one table: {append['slices']} pairs of a second each (fewer where something differs). A server that waits"
    yield "(`commit_delay`) stands for a slower disk; that of this machine takes 0.1 to 0.2 ms. The load of the machine"
    yield f"was {figures['load_before']} before and {figures['load_after']} after."
    yield ""
    yield "| | the log, a second | plain INSERTs, a second | ratio | p95 of the log | p95 of INSERTs | ratio |"
    yield "|---|---|---|---|---|---|---|"
    yield _appended(f"{append['writers']} writers (wanted: ≤ 1.2)", append)
    for writers, one in append["writers_each"].items():
        yield _appended(f"{writers} writer{'s' if one['writers'] > 1 else ''}", one)
    for ms, one in append["slower_ms"].items():
        yield _appended(f"{append['writers']} writers, a disk that takes {ms} ms more", one)
    yield ""
    yield f"From the commit to the tree a record takes {lag['p50']} s at the median, {lag['p95']} s at the 95th"
    yield f"percentile, {lag['max']} s at most ({lag['watched']} watched; what waits is taken in about once a second)."
    yield f"A round of {figures['round']['leaves']} leaves takes {figures['round']['us_each']} µs for each."
    yield f"The proof of one record among {proof['size']} takes {proof['p50']} / {proof['p95']} ms (p50 / p95; wanted:"
    yield "p95 ≤ 5 ms)."
    yield ""
    yield f"Bytes of a record on disk: envelope and hash {each['entry']}, sealed half {each['payload']}, place in the"
    yield f"tree {each['leaf']}, tiles {each['tile']}, indexes {each['indexes']}."
    yield ""
    yield f"Exports of {figures['with']['records']} such records, and how many the verifier reads in a second of"
    yield "one CPU (wanted: ≥ 17,000), and in a second by the clock with two processes; its start is counted."
    yield ""
    yield "| | made in | size | one process, per CPU second | two, per CPU second | two, by the clock |"
    yield "|---|---|---|---|---|---|"
    for content in ("with", "without"):
        for kind in ("folder", "zip"):
            one = figures[content][kind]
            alone, both = one["verified_by_1"], one["verified_by_2"]
            cells = (alone["per_cpu_second"], both["per_cpu_second"], both["per_second"])
            label = f"{kind}, {content} contents"
            yield f"| {label} | {one['s']} s | {one['mb']} MB | " + " | ".join(f"{cell:,}" for cell in cells) + " |"


def _appended(label: str, one: Mapping[str, Any]) -> str:
    rates = f"{one['ours_per_second']:,} | {one['plain_per_second']:,} | **{one['throughput_ratio']}**"
    return f"| {label} | {rates} | {one['ours_p95_ms']} ms | {one['plain_p95_ms']} ms | {one['p95_ratio']} |"


def _ingest(figures: Mapping[str, Any]) -> Iterator[str]:
    steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in figures["peers_seconds"].items())
    yield "## Ingest"
    yield ""
    yield f"The first {figures['passages']} passages of ObliQA, in turns, the best of two each. Ours: masked, embedded,"
    yield "indexed for words and vectors, recorded, per group of 64 in one durable transaction. The peers' pipeline:"
    yield "stock Presidio (patterns, blank spaCy), sentence-transformers (the same model, float32) and"
    yield f"langchain-postgres, in batches of 64 ({steps})."
    yield ""
    yield "| | passages a second |"
    yield "|---|---|"
    yield f"| ours | {figures['ours_per_second']} |"
    yield f"| the peers' pipeline | {figures['peers_per_second']} |"
    yield f"| ratio | **{figures['ratio']}** (wanted: ≥ 2) |"


def _start(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Starting"
    yield ""
    yield "Medians of seven; the demo once, from a fresh clone with an empty virtual environment."
    yield ""
    yield "| | seconds | wanted |"
    yield "|---|---|---|"
    rows = (
        ("`--help`", "help_s", "≤ 0.3"),
        ("a bare interpreter", "bare_interpreter_s", ""),
        (
            "first answer after start, in process",
            "first_answer_in_process_s",
            "≤ 3",
        ),
        ("`ask` as a command", "ask_command_s", ""),
        ("`make demo` on a fresh clone", "demo_on_a_fresh_clone_s", "≤ 180"),
    )
    for label, key, wanted in rows:
        yield f"| {label} | {figures[key]:.2f} | {wanted} |"


def draw(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the plots (extra `bench`). Without matplotlib the old ones stay, and that is said."""
    if "question" not in results:
        return
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib is not installed (extra `bench`): the plots are not drawn anew")
        return
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    figures = results["question"]["figures"]
    bars = [(f"{_NAMES[name]}, {p} %", ms) for name, one in figures.items() for p, ms in _by_share(one["ms"])]
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(bars) + 1.8), layout="constrained")
    left = [0.0] * len(bars)
    for step in (step for step in STEPS if step != "embed"):
        widths = [ms.get(step, {"p50": 0.0})["p50"] for _, ms in bars]
        axes.barh([label for label, _ in bars], widths, left=left, label=step)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    p95 = [ms["everything"]["p95"] for _, ms in bars]
    axes.plot(p95, range(len(bars)), "k|", markersize=14, label="p95 of everything")
    axes.axvline(50, color="grey", linestyle=":", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds: median of each step, and p95 of everything")
    figure.legend(loc="outside lower center", fontsize=7, ncols=5)
    figure.savefig(IMAGES / "bench-question.svg", metadata={"Date": None})
    plt.close(figure)
