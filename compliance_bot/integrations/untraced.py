"""Runnables that tell no tracer anything, whatever the environment says.

With `LANGSMITH_TRACING=true` LangChain posts what goes into each runnable, and what comes out, to another machine. A
`Governed` runnable calls no callback at all: a callback is given the question as it was typed and the passages, and
the environment can add one. Whatever is joined to a governed runnable with `|` becomes `Untraced`: the application's
own callbacks are called for its own parts, tracers for none.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables import Runnable, RunnableSequence
from langchain_core.runnables.base import coerce_to_runnable
from langchain_core.runnables.config import ensure_config, run_in_executor
from langchain_core.tracers.context import tracing_v2_callback_var
from langchain_core.tracers.langchain import LangChainTracer
from langsmith.run_helpers import tracing_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from langchain_core.runnables import RunnableConfig

Given = TypeVar("Given")
Made = TypeVar("Made")
Item = TypeVar("Item")

_END = object()


@contextmanager
def no_tracing() -> Iterator[None]:
    """Switch tracing off for the block, by environment, by context and by LangChain's own variable."""
    token = tracing_v2_callback_var.set(None)
    try:
        with tracing_context(enabled=False, parent=False):
            yield
    finally:
        tracing_v2_callback_var.reset(token)


class Governed(Runnable[Given, Made]):
    """A runnable of this product: no callbacks, and untraced with whatever follows it."""

    @abstractmethod
    def act(self, input: Given, config: RunnableConfig, **kwargs: Any) -> Made:
        """Return what comes of the input. LangChain's other methods are made of this one."""

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Made:
        config = ensure_config(config)
        with no_tracing():
            return self.act(input, config, **kwargs)

    def __or__(self, other: Any) -> Any:
        return untraced(RunnableSequence(self, coerce_to_runnable(other)))

    def pipe(self, *others: Any, name: str | None = None) -> Any:
        return untraced(RunnableSequence(self, *map(coerce_to_runnable, others), name=name))


class Untraced(Runnable[Given, Made]):
    """Another runnable, of which no tracer hears. Made by `untraced`."""

    def __init__(self, bound: Runnable[Given, Made]) -> None:
        self.bound = bound
        self.name = bound.get_name()

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Made:
        with no_tracing():
            return self.bound.invoke(input, without_tracers(config), **kwargs)

    def stream(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Made]:
        with no_tracing():
            items = self.bound.stream(input, without_tracers(config), **kwargs)
        return _untraced_items(items)

    async def astream(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Made]:
        async for item in in_threads(self.stream(input, config, **kwargs)):
            yield item

    def __or__(self, other: Any) -> Any:
        return untraced(RunnableSequence(self.bound, coerce_to_runnable(other)))

    def pipe(self, *others: Any, name: str | None = None) -> Any:
        return untraced(RunnableSequence(self.bound, *map(coerce_to_runnable, others), name=name))

    def get_input_schema(self, config: RunnableConfig | None = None) -> Any:
        return self.bound.get_input_schema(config)

    def get_output_schema(self, config: RunnableConfig | None = None) -> Any:
        return self.bound.get_output_schema(config)


def untraced(runnable: Runnable[Given, Made]) -> Untraced[Given, Made]:
    """Return a runnable that does the same and of which no tracer hears."""
    return Untraced(runnable)


def without_tracers(config: RunnableConfig | None) -> RunnableConfig:
    """Return a configuration whose callbacks are the application's own: those that post to LangSmith are left out."""
    config = ensure_config(config).copy()
    callbacks = config.get("callbacks")
    if isinstance(callbacks, BaseCallbackManager):
        callbacks = callbacks.copy()
        callbacks.handlers = [h for h in callbacks.handlers if not isinstance(h, LangChainTracer)]
        callbacks.inheritable_handlers = [
            h for h in callbacks.inheritable_handlers if not isinstance(h, LangChainTracer)
        ]
    elif callbacks:
        callbacks = [handler for handler in callbacks if not isinstance(handler, LangChainTracer)]
    config["callbacks"] = callbacks
    return config


async def in_threads(items: Iterator[Item]) -> AsyncIterator[Item]:
    """Yield the items of a synchronous iterator, each made in LangChain's threads; close it when the reader leaves."""
    try:
        while (item := await run_in_executor(None, next, items, _END)) is not _END:
            yield cast("Item", item)
    finally:
        close: Callable[[], None] = getattr(items, "close", lambda: None)
        await run_in_executor(None, close)


def _untraced_items(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items. Tracing is off while one is made, and as it was while the reader has it."""
    try:
        while True:
            with no_tracing():
                item = next(items, _END)
            if item is _END:
                return
            yield cast("Item", item)
    finally:
        getattr(items, "close", lambda: None)()
