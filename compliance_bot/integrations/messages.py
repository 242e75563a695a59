"""LangChain's messages, documents and prompt values without personal data.

Of a message everything is screened that anybody wrote: content, in blocks or not, reasoning, the arguments of tool
calls, results and artifacts, what the provider sent beside. Left alone is how it is built: types, ids, the names of
tools and of their parameters, token counts, the provider's own words such as the name of the model. Log-probabilities
are dropped: they repeat the text token by token, in pieces in which nobody finds a value. Blocks of pictures, sound and
files are refused, or kept as they are where the caller says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, FunctionMessage, ToolMessage
from langchain_core.prompt_values import PromptValue

from compliance_bot.integrations.leaves import DEEPEST, Leaves, label_of, masked_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from compliance_bot.redaction.spans import Detects

_BUILD = frozenset("type id index tool_call_id tool_use_id status usage_metadata chunk_position role example".split())
_PROVIDER_WORDS = frozenset(
    "model model_name model_provider model_version output_version finish_reason stop_reason system_fingerprint "
    "service_tier object created created_at".split()
)
_PIECES = frozenset({"logprobs"})
_MEDIA = frozenset(
    "image image_url input_image audio input_audio video video_url file input_file document media "
    "image_generation_call".split()
)
_MEDIA_KEYS = frozenset({"base64", "file_id", "file_data", "image_url", "inline_data"})
_ARGUMENTS = {"tool_call": "args", "server_tool_call": "args", "tool_use": "input", "server_tool_use": "input"}
_BLOCKS = frozenset({"content", "output", "summary"})  # blocks within a block
_TEXTS = frozenset({"text", "messages", "page_content", "artifact", "metadata"})  # no words for what stands there

Do = Callable[["MessageLeaves", Any], Any]


def mask_values(values: Iterable[Any], detector: Detects, *, keep_unscreened: bool = False) -> list[Any]:
    """Return the values without personal data, all their texts masked in one go.

    Raises UnscreenableContent, and DetectionFailed where the detector cannot tell.
    """
    return _rebuilt(values, detector, lambda leaves, value: leaves.value(value), keep_unscreened=keep_unscreened)


def mask_arguments(arguments: Any, detector: Detects, *, keep_unscreened: bool = False) -> Any:
    """Return the arguments of a tool call without personal data. Raises as `mask_values` does."""

    def do(leaves: MessageLeaves, value: Any) -> Any:
        return leaves.arguments(value, 0)

    return _rebuilt([arguments], detector, do, keep_unscreened=keep_unscreened)[0]


def _rebuilt(values: Iterable[Any], detector: Detects, do: Do, *, keep_unscreened: bool) -> list[Any]:
    given = list(values)
    found: list[tuple[str, str]] = []

    def collect(label: str, text: str) -> str:
        found.append((label, text))
        return text

    for value in given:
        do(MessageLeaves(collect, keep_unscreened=keep_unscreened), value)
    masked = iter(masked_texts(found, detector))
    return [do(MessageLeaves(lambda *_: next(masked), keep_unscreened=keep_unscreened), value) for value in given]


class MessageLeaves(Leaves):
    """`Leaves` that know how LangChain builds its own models."""

    def field(self, given: BaseModel, name: str, value: Any, depth: int) -> Any:
        """Return a field of a model as it may stand."""
        if isinstance(given, BaseMessage):
            return self._message_field(given, name, value, depth + 1)
        if isinstance(given, Document | PromptValue) and name == "type":
            return value
        if isinstance(given, Document) and name == "id" and value is not None:
            # Two documents of one masked id would replace each other in a store.
            return value if self._text("", value) == value else None
        return self.value(value, "" if name in _TEXTS else label_of(name), depth + 1)

    def _message_field(self, given: BaseMessage, name: str, value: Any, depth: int) -> Any:
        is_tool_name = name == "name" and isinstance(given, ToolMessage | FunctionMessage)
        if name in _BUILD or is_tool_name or value is None:
            return value
        match name:
            case "content" if isinstance(value, list):
                return [self._block(one, depth) for one in value]
            case "content" | "artifact":
                return self.value(value, "", depth)
            case "tool_calls" | "tool_call_chunks" | "invalid_tool_calls":
                return [self._call(call, depth) for call in value]
            case "additional_kwargs" | "response_metadata":
                return self._beside(value, depth)
        return self.value(value, label_of(name), depth)

    def _call(self, given: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Return a tool call, or a piece of one, with its arguments screened, and the error that they led to."""
        return {
            key: value if key in _BUILD or key == "name" or value is None else self.arguments(value, depth + 1)
            for key, value in given.items()
        }

    def _block(self, given: Any, depth: int) -> Any:
        if not isinstance(given, Mapping) or depth > DEEPEST:
            return self.value(given, "", depth)
        kind = given.get("type")
        if kind in _MEDIA or not _MEDIA_KEYS.isdisjoint(given):
            return self.unscreened(given, f"a content block of type {kind if kind in _MEDIA else 'file'}")
        made: dict[Any, Any] = {}
        for key, value in given.items():
            if key in _PIECES:
                continue
            if (key in _BUILD or (key == "name" and kind != "text")) and isinstance(value, str | int | None):
                made[key] = value
            elif key in _BLOCKS and isinstance(value, list):
                made[key] = [self._block(one, depth + 1) for one in value]
            elif key == _ARGUMENTS.get(str(kind)):
                made[key] = self.arguments(value, depth + 1)
            else:
                made[self.key(key, depth)] = self.value(value, "", depth + 1)
        return made

    def _beside(self, given: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        """Return what the provider sent beside the content: its own words stay, the rest is screened."""
        kept = {key: value for key, value in given.items() if key in _PROVIDER_WORDS and _is_word(value)}
        rest = {key: value for key, value in given.items() if key not in kept and key not in _PIECES}
        return {**kept, **self.mapping(rest, "", depth)}


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int | float) and " " not in str(value) and "@" not in str(value)
