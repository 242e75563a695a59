"""Runnables that tell no tracer anything, whatever the environment says.

With `LANGSMITH_TRACING=true` LangChain posts what goes into each runnable, and what comes out, to another machine. A
`Governed` runnable calls no callback at all: a callback is given the question as it was typed and the passages, and
the environment can add one. Neither do the retries, fallbacks and maps that LangChain makes of one. Whatever is joined
to a governed runnable with `|` is untraced: the application's own callbacks are called for its own parts, with what
came out of ours and not with what went in; tracers for none.
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


class Unheard:
    """What LangChain makes of a runnable of this product tells nobody what goes into it."""

    def __or__(self, other: Any) -> Any:
        return Joined(cast("Runnable[Any, Any]", self), coerce_to_runnable(other))

    def pipe(self, *others: Any, name: str | None = None) -> Any:
        return Joined(cast("Runnable[Any, Any]", self), _in_sequence(*others), name=name)

    def with_retry(self, **options: Any) -> Any:
        return Silent(Runnable.with_retry(cast("Runnable[Any, Any]", self), **options))

    def with_fallbacks(self, fallbacks: Any, **options: Any) -> Any:
        return Silent(Runnable.with_fallbacks(cast("Runnable[Any, Any]", self), fallbacks, **options))

    def map(self) -> Any:
        return Silent(Runnable.map(cast("Runnable[Any, Any]", self)))


class Governed(Unheard, Runnable[Given, Made]):
    """A runnable of this product: no callbacks, and untraced with whatever follows it."""

    @abstractmethod
    def act(self, input: Given, config: RunnableConfig, **kwargs: Any) -> Made:
        """Return what comes of the input. LangChain's other methods are made of this one."""

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Made:
        config = ensure_config(config)
        with no_tracing():
            return self.act(input, config, **kwargs)


class Untraced(Runnable[Given, Made]):
    """Another runnable, of which no tracer hears. Made by `untraced`."""

    def __init__(self, bound: Runnable[Given, Made]) -> None:
        self.bound = bound
        self.name = bound.get_name()

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Made:
        with no_tracing():
            return self.bound.invoke(input, self._told(config), **kwargs)

    def stream(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Made]:
        with no_tracing():
            items = self.bound.stream(input, self._told(config), **kwargs)
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

    def _told(self, config: RunnableConfig | None) -> RunnableConfig:
        """Return the configuration that the other runnable gets."""
        return without_tracers(config)


class Silent(Unheard, Untraced[Given, Made]):
    """A governed runnable in one of LangChain's wrappers, which would tell every callback what goes in."""

    def _told(self, config: RunnableConfig | None) -> RunnableConfig:
        return {**ensure_config(config), "callbacks": []}


class Joined(Runnable[Given, Made]):
    """A governed runnable and what follows it, of which tracers hear nothing and callbacks what comes out of it."""

    def __init__(self, first: Runnable[Given, Any], rest: Runnable[Any, Made], *, name: str | None = None) -> None:
        self.first, self.rest = first, rest
        self.name = name

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Made:
        return untraced(self.rest).invoke(self.first.invoke(input, config, **kwargs), config)

    def stream(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Made]:
        return self._following(self.first.stream(input, config, **kwargs), config)

    async def astream(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Made]:
        async for item in in_threads(self.stream(input, config, **kwargs)):
            yield item

    def transform(self, input: Iterator[Given], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Made]:
        return self._following(self.first.transform(input, config, **kwargs), config)

    def __or__(self, other: Any) -> Any:
        return Joined(self.first, _in_sequence(self.rest, other))

    def pipe(self, *others: Any, name: str | None = None) -> Any:
        return Joined(self.first, _in_sequence(self.rest, *others), name=name)

    def get_input_schema(self, config: RunnableConfig | None = None) -> Any:
        return self.first.get_input_schema(config)

    def get_output_schema(self, config: RunnableConfig | None = None) -> Any:
        return self.rest.get_output_schema(config)

    def _following(self, items: Iterator[Any], config: RunnableConfig | None) -> Iterator[Made]:
        with no_tracing():
            made = self.rest.transform(items, without_tracers(config))
        try:
            yield from _untraced_items(made)
        finally:
            getattr(items, "close", lambda: None)()


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


def _in_sequence(*parts: Any) -> Runnable[Any, Any]:
    made = [coerce_to_runnable(part) for part in parts]
    return made[0] if len(made) == 1 else RunnableSequence(*made)


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
