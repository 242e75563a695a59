"""Find names of people, places and organisations with the shipped entity model, run by ONNX Runtime without torch.

One window of text per run, several runs at a time: dynamic quantisation takes its scale from the whole input, so that
in a batch a text's names would depend on its neighbours. The same text gives the same spans on any number of threads.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from compliance_bot.models.registry import ModelKind, ModelTampered, read_model, shipped
from compliance_bot.models.tagging import LABELS, WINDOW, Word, windows_of, words_of
from compliance_bot.redaction.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from compliance_bot.models.registry import Manifest

DEFAULT_TAGGER = "entities-minilm-int8"

# What is added to the score of "no name", in natural logarithms: below zero, more is found and more of it wrongly.
# Chosen on the held-out corpora (docs/reference/entity-model.md).
BIAS = -1.0


_BESIDE = frozenset(
    "a an the and or of to for in on at by with from as is was are were has had said who whose which that".split()
)
_TOGETHER = 1 << 18  # characters of the texts that are tokens at the same time, a longer text aside


class _Window(NamedTuple):
    """Words of a text that go through the model together; those from `judged` to `stop` get their label here."""

    text: int
    first: int
    last: int
    judged: int
    stop: int


class EntityTagger:
    """The entity model. Safe to share between threads."""

    types: Sequence[str] = LABELS[1:]

    def __init__(self, manifest: Manifest, tokenizer: Tokenizer, session: InferenceSession, *, threads: int) -> None:
        self.version = manifest.hash
        self._tokenizer, self._session = tokenizer, session
        self._begin, self._end = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 1) -> EntityTagger:
        """Return the tagger in `folder` (default: the shipped one) that looks at `threads` windows at a time.

        Raises ModelMissing or ModelTampered.
        """
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        if threads < 1:
            raise ValueError(f"threads is at least 1, not {threads}")
        folder = folder or shipped(DEFAULT_TAGGER)
        manifest, contents = read_model(folder, ModelKind.TAGGER, "model.onnx", "tokenizer.json")
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # windows run side by side instead
        options.log_severity_level = 3
        # Fused with the sum before it, a layer norm takes several times as long.
        unfused = ["SkipLayerNormFusion"]
        graph = contents["model.onnx"]
        session = InferenceSession(graph, options, ["CPUExecutionProvider"], disabled_optimizers=unfused)
        outputs = session.get_outputs()[0].shape[-1]
        if outputs != len(LABELS) or {each.name for each in session.get_inputs()} != {"input_ids", "case_ids"}:
            raise ModelTampered(f"{folder} holds another kind of tagger: expected scores for {', '.join(LABELS)}")
        tokenizer = Tokenizer.from_buffer(contents["tokenizer.json"])
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(manifest, tokenizer, session, threads=threads)

    def tag(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return the names in each text: sorted, disjoint spans. Memory: about 100 MB, and what is returned."""
        return [spans for some in _together(texts) for spans in self._tag(some)]

    def _tag(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        words = [words_of(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]
        windows = [_Window(n, *window) for n, text in enumerate(texts) for window in windows_of(text, words[n], WINDOW)]

        def scored(window: _Window) -> NDArray[np.float32]:
            return self._chances(encodings[window.text].ids, words[window.text], window)

        chances: list[list[NDArray[np.float32]]] = [[] for _ in texts]
        for window, each in zip(windows, self._each(scored, windows), strict=True):
            chances[window.text].append(each)
        return [tuple(_spans(text, words[n], chances[n])) for n, text in enumerate(texts)]

    def _each(
        self, scored: Callable[[_Window], NDArray[np.float32]], windows: Sequence[_Window]
    ) -> Iterator[NDArray[np.float32]]:
        if self._threads < 2 or len(windows) < 2:
            return map(scored, windows)
        with self._starting:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "tag")
        return self._pool.map(scored, windows)

    def _chances(self, ids: Sequence[int], words: Sequence[Word], window: _Window) -> NDArray[np.float32]:
        """Return the probability of each label for the window's judged words: (words, labels)."""
        inside = words[window.first : window.last]
        origin = inside[0].first
        sizes = [word.last - word.first for word in inside]
        # A word longer than the window is one that nobody wrote: its first tokens speak for it.
        count = min(inside[-1].last - origin, WINDOW)
        cases = np.zeros(count + 2, np.int64)
        cases[1:-1] = np.repeat([word.case for word in inside], sizes)[:count]
        row = np.array([[self._begin, *ids[origin : origin + count], self._end]], np.int64)
        (scores,) = self._session.run(["scores"], {"input_ids": row, "case_ids": cases[None, :]})
        scores = scores[0, 1:-1]
        scores[:, 0] += BIAS
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        # Each word's mean over its tokens.
        summed = np.add.reduceat(chances, [word.first - origin for word in inside], axis=0)
        means: NDArray[np.float32] = np.divide(summed, np.minimum(sizes, WINDOW)[:, None], dtype=np.float32)
        return means[window.judged - window.first : window.stop - window.first]


@cache
def open_tagger(threads: int) -> EntityTagger:
    """Return the shipped tagger, loaded once for the process. Raises ModelMissing or ModelTampered."""
    return EntityTagger.load(threads=threads)


def _spans(text: str, words: Sequence[Word], chances: Sequence[NDArray[np.float32]]) -> Iterator[Span]:
    """Yield the runs of words with the same label; a new line ends a run."""
    if not chances:
        return
    each = np.concatenate(chances)
    labels = each.argmax(axis=1)
    n = 0
    while n < len(words):
        first, label = n, labels[n]
        n += 1
        while n < len(words) and labels[n] == label and "\n" not in text[words[n - 1].end : words[n].start]:
            n += 1
        if label:
            # A name begins and ends with a letter or a digit; "Inc." and "J." keep their full stop.
            inside = _trimmed(text, [word for word in words[first:n] if text[word.start].isalnum()])
            if inside and not _is_one_small_letter(name := text[inside[0].start : inside[-1].end]):
                start, score = inside[0].start, round(float(1 - each[first:n, 0].mean()), 3)
                end = start + len(name)
                yield Span(start=start, end=end, type=LABELS[label], score=score, source=DEFAULT_TAGGER)


def _together(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts in groups, each no larger than it must be: tokens take a hundred times as much as characters."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > _TOGETHER:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group


def _trimmed(text: str, words: Sequence[Word]) -> Sequence[Word]:
    """Return the words of a name without small ones at its ends that stand beside names and in none."""
    first, last = 0, len(words)
    while first < last and text[words[first].start : words[first].end] in _BESIDE:
        first += 1
    while first < last and text[words[last - 1].start : words[last - 1].end] in _BESIDE:
        last -= 1
    return words[first:last]


def _is_one_small_letter(name: str) -> bool:
    """Say whether a name is a list's, a formula's or a file's rather than anybody's."""
    return len(name) == 1 and name.isascii() and name.islower()
