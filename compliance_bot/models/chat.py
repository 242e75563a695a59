"""The chat model that composes answers: quote mode, or any LangChain chat model named by a setting or given in code.

Nothing is sent when one is opened. A model outside this process is given masked passages only, and only those that the
policies let it `process`; whether it runs on the customer's premises is declared, or seen from a loopback address.
Its client follows no redirect: a question must not travel to a host that nobody named.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.settings import Settings

QUOTE = "quote"
_DEFAULT_PROVIDER = "openai"  # what servers of other makers speak
_SHOWN_DIGITS = 12  # of a model's hash, in answers; the record has all of it
_ENDPOINTS = ("openai_api_base", "base_url", "azure_endpoint", "anthropic_api_url", "endpoint_url")
_MOST_NAME_CHARS = 200
_PACKAGES = {  # providers whose package is not called after them
    "azure_openai": "langchain_openai",
    "azure_ai": "langchain_azure_ai",
    "bedrock": "langchain_aws",
    "bedrock_converse": "langchain_aws",
    "anthropic_bedrock": "langchain_aws",
    "google_anthropic_vertex": "langchain_google_vertexai",
    "mistralai": "langchain_mistralai",
    "nvidia": "langchain_nvidia_ai_endpoints",
}


class NoSuchChatModel(UsageError):
    """The chat model in the settings cannot be made."""

    hint = (
        "Name it `provider:model`; a provider's package is installed beside, e.g. `pip install compliance-bot[openai]`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """A model that composes answers, and what policies and records say of it."""

    name: str  # as answers and records show it
    identity: str  # of its weights where they are ours, else of what was declared
    model: BaseChatModel
    is_quote_mode: bool = False
    on_premises: bool = True
    endpoint: str | None = None  # host and port, where it is known to be elsewhere
    close: Callable[[], None] = lambda: None  # gives up its connections


def quote_mode() -> ChatModel:
    """Return the built-in model. Raises ModelMissing or ModelTampered."""
    from compliance_bot.models.quote import QuoteChatModel

    model = QuoteChatModel()
    name = f"{model.model}@{model.manifest_hash[:_SHOWN_DIGITS]}"
    return ChatModel(name=name, identity=model.manifest_hash, model=model, is_quote_mode=True)


def check_chat_model(given: str, settings: Settings) -> str:
    """Return the model's full name, `quote` or `provider:model`. Raises NoSuchChatModel for what cannot be made.

    Loads no provider's package and makes no connection, so that a wrong setting is told before anything else happens.
    """
    if given == QUOTE:
        return given
    # A fine-tuned model's name has colons of its own: only a known provider before the first is one.
    provider, separator, model = given.partition(":")
    if not separator or "/" in provider:
        if settings.chat_base_url is None:
            raise NoSuchChatModel(f"no chat model {given!r}: expected `quote` or `provider:model`")
        provider, model = _DEFAULT_PROVIDER, given
    if not model.strip():
        raise NoSuchChatModel(f"chat_model {given!r} names no model after its provider")
    package = _PACKAGES.get(provider, f"langchain_{provider}")
    if not package.isidentifier() or find_spec(package) is None:
        raise NoSuchChatModel(f"the package {package.replace('_', '-')} for {provider!r} models is not installed")
    keyless = settings.chat_api_key is None and settings.chat_base_url is None
    if provider == _DEFAULT_PROVIDER and keyless and not os.environ.get("OPENAI_API_KEY"):
        raise NoSuchChatModel(f"{given!r} needs chat_api_key or OPENAI_API_KEY, or chat_base_url for another server")
    return f"{provider}:{model}"


def open_chat_model(given: BaseChatModel | str, settings: Settings) -> ChatModel:
    """Return a chat model by its name or as an object. Raises NoSuchChatModel; no connection is made."""
    if not isinstance(given, str):
        return _described(given, _name_of(given), settings)
    name = check_chat_model(given, settings)
    if name == QUOTE:
        return quote_mode()
    provider = name.partition(":")[0]
    if provider != _DEFAULT_PROVIDER:
        return _described(_made(name, provider, settings), name, settings)
    from compliance_bot.models.wire import bounded_client

    # A proxy of the environment would carry what is said to stay on this machine elsewhere.
    client = bounded_client(settings.chat_timeout_s, through_proxies=not _is_loopback(settings.chat_base_url))
    made = _made(name, provider, settings, http_client=client)
    return replace(_described(made, name, settings), close=client.close)


def _made(name: str, provider: str, settings: Settings, **more: Any) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {
        "temperature": 0,
        "timeout": settings.chat_timeout_s,
        "max_retries": 0,  # tried again under one deadline, see `converse`
        "max_tokens": settings.chat_max_tokens,
        **more,
    }
    if settings.chat_base_url is not None:
        options["base_url"] = settings.chat_base_url
    if settings.chat_api_key is not None:
        options["api_key"] = settings.chat_api_key.get_secret_value()
    elif provider == _DEFAULT_PROVIDER and settings.chat_base_url is not None:
        options["api_key"] = "none"  # the client asks for one, a server of one's own may not
    try:
        made: BaseChatModel = init_chat_model(name, **options)
    except ImportError:
        raise NoSuchChatModel(f"the package for {provider!r} models is not installed") from None
    except Exception as error:  # noqa: BLE001
        # What a provider says may hold a key.
        raise NoSuchChatModel(f"{name!r} could not be made: {type(error).__name__}") from None
    if settings.chat_base_url is not None and not _same_server(_url_of(made), settings.chat_base_url):
        raise NoSuchChatModel(f"{provider!r} models do not take chat_base_url: they would be asked somewhere else")
    return made


def _described(model: BaseChatModel, name: str, settings: Settings) -> ChatModel:
    from compliance_bot.models.quote import QuoteChatModel

    if isinstance(model, QuoteChatModel):
        shown = f"{model.model}@{model.manifest_hash[:_SHOWN_DIGITS]}"
        return ChatModel(name=shown, identity=model.manifest_hash, model=model, is_quote_mode=True)
    # INVARIANT: where a model is follows from the model itself, never from the settings of another.
    url = _url_of(model)
    declared = settings.chat_on_premises
    if declared and name != settings.chat_model and not _same_server(url, settings.chat_base_url):
        declared = None
    host = _host(url)
    name = name[:_MOST_NAME_CHARS]
    return ChatModel(
        name=name,
        identity=hashlib.sha256(json.dumps(["declared", name, host]).encode()).hexdigest(),
        model=model,
        on_premises=_is_loopback(url) if declared is None else declared,
        endpoint=host,
    )


def _name_of(model: BaseChatModel) -> str:
    for attribute in ("model_name", "model", "model_id"):
        value = getattr(model, attribute, None)
        if isinstance(value, str) and value:
            return f"{type(model).__name__}:{value}"
    return type(model).__name__


def _url_of(model: BaseChatModel) -> str | None:
    found = (getattr(model, name, None) for name in _ENDPOINTS)
    return next((value for value in found if isinstance(value, str) and value), None)


def _same_server(one: str | None, other: str | None) -> bool:
    """Return whether two addresses are known and have the same scheme, host and port."""
    if one is None or other is None:
        return False
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url).hostname if url else None
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
