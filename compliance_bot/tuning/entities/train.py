"""Train the entity model and write it as an int8 ONNX graph with its manifest and model card.

    python -m compliance_bot.tuning.entities.train --out DIR [--minutes M] [--device cuda] [--start CHECKPOINT_DIR]

Reads the corpora from `COMPLIANCE_BOT_DATA`/ner. Needs torch, tokenizers, faker and the base model's package; about an
hour on two processor cores. The same seed, versions and number of steps give nearly the same weights: threads add in no
fixed order.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_bot.models.tagging import CASES, LABELS, WINDOW, windows_of, words_of
from compliance_bot.tuning.bert import read_safetensors
from compliance_bot.tuning.build_embedder import base_folder, check_base
from compliance_bot.tuning.entities.augment import packed, varied
from compliance_bot.tuning.entities.corpora import TRAINING, corpus
from compliance_bot.tuning.entities.example import KINDS
from compliance_bot.tuning.entities.fillers import Fillers
from compliance_bot.tuning.entities.network import network
from compliance_bot.tuning.entities.templates import made
from compliance_bot.tuning.entities.vocabulary import pruned

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from tokenizers import Tokenizer

    from compliance_bot.tuning.entities.example import Example

SEED = 20
LAYERS, VOCABULARY = 4, 19_100
BATCH_TOKENS = 3072
RATE, WARM_UP, DROPOUT = 3e-4, 0.06, 0.1
MADE = 11_000  # texts from templates in each epoch
REPEATED = {"wikigold": 2, "gum_academic": 1, "gum_interview": 2, "gum_news": 2, "sec_fin5": 1}
_LABEL = {kind: n + 1 for n, kind in enumerate(KINDS)}  # the order of LABELS
IGNORED = -100  # torch's own mark for a token without a label


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the entity model.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the checkpoint is written")
    parser.add_argument("--minutes", type=float, default=45.0, help="how long to train")
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--rate", type=float, default=RATE, help="the highest learning rate")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--start", type=Path, metavar="DIR", help="go on from this checkpoint")
    given = parser.parse_args()
    data = Path(os.environ.get("COMPLIANCE_BOT_DATA", "../shared/data")) / "ner"
    base = base_folder()
    check_base(base)
    given.out.mkdir(parents=True, exist_ok=True)
    plan = Plan(**{field.name: getattr(given, field.name) for field in fields(Plan)})
    train(data, base, given.out, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and where to train, and from which earlier checkpoint."""

    minutes: float
    layers: int = LAYERS
    rate: float = RATE
    device: str = "cpu"
    start: Path | None = None


def train(data: Path, base: Path, out: Path, plan: Plan) -> None:
    """Write the checkpoint, its tokenizer and what was done to `out`, after as many steps as fit into the time."""
    import torch
    from tokenizers import Tokenizer

    device, seed = plan.device, SEED + (plan.start is not None)
    torch.manual_seed(seed)
    corpora = [example for name in TRAINING for example in corpus(data, name)]
    fillers = Fillers(seed)
    general = [e.text for e in corpora] + [e.text for e in made(fillers, 20_000)]
    description, rows = pruned((base / "tokenizer.json").read_text(encoding="utf-8"), general, VOCABULARY)
    (out / "tokenizer.json").write_text(description, encoding="utf-8")
    tokenizer = Tokenizer.from_str(description)
    net = network(read_safetensors(base / "model.safetensors"), rows, plan.layers, DROPOUT).to(device)
    if plan.start:
        _take_over(net, plan.start, tokenizer)
    optimizer = torch.optim.AdamW(_groups(net), lr=plan.rate, betas=(0.9, 0.98), fused=True)
    began, step, losses = time.monotonic(), 0, list[float]()
    net.train()
    while True:
        for ids, cases, mask, labels in batches(epoch(corpora, fillers), tokenizer, fillers.random):
            used = (time.monotonic() - began) / (60 * plan.minutes)
            if used >= 1:
                torch.save(net.state_dict(), out / "checkpoint.pt")
                _describe(out, plan, steps=step, loss=losses[-50:])
                return
            for group in optimizer.param_groups:
                group["lr"] = group["scale"] * plan.rate * min(1.0, used / WARM_UP) * (0.02 + 0.98 * (1 - used))
            scores = net(*(torch.from_numpy(each).to(device) for each in (ids, cases, mask)))
            wanted = torch.from_numpy(labels).to(device)
            loss = torch.nn.functional.cross_entropy(
                scores.view(-1, len(LABELS)), wanted.view(-1), ignore_index=IGNORED, label_smoothing=0.03
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            losses.append(float(loss.detach()))
            if step % 50 == 0:
                print(f"{used:6.1%}  step {step}  loss {sum(losses[-50:]) / 50:.4f}", flush=True)
            if step % 500 == 0:
                torch.save(net.state_dict(), out / "checkpoint.pt")


def _take_over(net: Any, start: Path, tokenizer: Tokenizer) -> None:
    """Give the network the weights of a checkpoint, which may have more layers, fewer classes, or other words."""
    import torch
    from tokenizers import Tokenizer as Read

    known = torch.load(start / "checkpoint.pt", map_location="cpu", weights_only=True)
    fresh = net.state_dict()
    rows, earlier = fresh["words.weight"].clone(), Read.from_file(str(start / "tokenizer.json")).get_vocab()
    for token, row in tokenizer.get_vocab().items():
        if token in earlier:
            rows[row] = known["words.weight"][earlier[token]]
    known["words.weight"] = rows
    known["cases.weight"] = torch.cat([known["cases.weight"]] * (CASES // len(known["cases.weight"])))
    net.load_state_dict({name: known[name] for name in fresh})


def _describe(out: Path, plan: Plan, *, steps: int, loss: Sequence[float]) -> None:
    """Write down what the manifest tells of the training, this run after those it started from."""
    earlier = json.loads((plan.start / "training.json").read_text(encoding="utf-8")) if plan.start else []
    told = {"device": plan.device, "layers": plan.layers, "minutes": plan.minutes, "steps": steps}
    told |= {"batch_tokens": BATCH_TOKENS, "rate": plan.rate, "vocabulary": VOCABULARY}
    told |= {"last_loss": round(sum(loss) / max(1, len(loss)), 4)}
    (out / "training.json").write_text(json.dumps([*earlier, told]), encoding="utf-8")


def _groups(net: Any) -> list[dict[str, Any]]:
    """Return the parameters with their share of the rate: what is new learns faster, norms and biases do not decay."""
    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, parameter in net.named_parameters():
        is_new = name.startswith(("scores", "cases"))
        groups.setdefault((is_new, parameter.ndim > 1), []).append(parameter)
    return [
        {"params": each, "scale": 3.0 if is_new else 1.0, "weight_decay": 0.02 if decays else 0.0}
        for (is_new, decays), each in groups.items()
    ]


def epoch(corpora: Sequence[Example], fillers: Fillers) -> list[Example]:
    """Return the texts of one epoch, varied and packed, in random order."""
    texts: list[Example] = []
    for example in corpora:
        texts += (varied(example, fillers) for _ in range(REPEATED.get(example.domain, 1)))
    by_domain = sorted(texts, key=lambda example: example.domain)  # stable: what follows in a corpus still does
    invented = [varied(example, fillers) for example in made(fillers, MADE)]
    joined = packed([*by_domain, *invented], fillers.random, 4 * WINDOW)
    fillers.random.shuffle(joined)
    return joined


def batches(examples: Sequence[Example], tokenizer: Tokenizer, draw: random.Random) -> Iterator[tuple[Any, ...]]:
    """Yield (ids, cases, mask, labels), each (windows, tokens), of windows of about the same length."""
    rows = sorted((row for example in examples for row in encoded(example, tokenizer)), key=lambda row: len(row[0]))
    groups: list[list[tuple[list[int], list[int], list[int]]]] = []
    for row in rows:
        if not groups or len(row[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(row)
    draw.shuffle(groups)
    for group in groups:
        yield _padded(group)


def encoded(example: Example, tokenizer: Tokenizer) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Yield (ids, cases, labels) for each window of a text, with the special tokens about it."""
    encoding = tokenizer.encode(example.text, add_special_tokens=False)
    words = words_of(example.text, encoding)
    begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    assert begin is not None
    assert end is not None
    for first, last, _, _ in windows_of(example.text, words):
        ids, cases, labels = [begin], [0], [IGNORED]
        for word in words[first:last]:
            kind = next((m.kind for m in example.mentions if m.start < word.end and word.start < m.end), None)
            ids += encoding.ids[word.first : word.last]
            cases += [word.case] * (word.last - word.first)
            labels += [_LABEL.get(kind or "", 0)] * (word.last - word.first)
        yield [*ids, end], [*cases, 0], [*labels, IGNORED]


def _padded(group: Sequence[tuple[list[int], list[int], list[int]]]) -> tuple[Any, ...]:
    import numpy as np

    length = max(len(ids) for ids, _, _ in group)
    shape = (len(group), length)
    ids, cases = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    mask, labels = np.zeros(shape, bool), np.full(shape, IGNORED, np.int64)
    for n, (row, case, label) in enumerate(group):
        ids[n, : len(row)], cases[n, : len(row)], labels[n, : len(row)] = row, case, label
        mask[n, : len(row)] = True
    return ids, cases, mask, labels


if __name__ == "__main__":
    main()
