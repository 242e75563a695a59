"""Open an embedding model by its name: the shipped one, a folder with a manifest, or any LangChain `Embeddings`.

The name and the dimension are stored with the vectors, so that the model which made them can be opened again while the
settings name another already. A model elsewhere gets masked text only; its client follows no redirect.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_bot.errors import UsageError
from compliance_bot.models.embed import DEFAULT_EMBEDDER, LangChainEmbedder, OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.models.embed import Embedder
    from compliance_bot.settings import Settings

_OPENAI = "openai"
_BATCH = 64  # texts in one call


class NoSuchEmbedder(UsageError):
    """The embedder in the settings cannot be made."""

    hint = (
        "Name it `provider:model` with embedder_dim, or a folder with a manifest; a provider's package is installed "
        "beside, e.g. `pip install compliance-bot[openai]`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEmbedder:
    """An embedder, and the name that opens it again."""

    name: str
    embedder: Embedder
    close: Callable[[], None] = lambda: None


def open_embedder(name: str, settings: Settings, *, dim: int | None = None) -> NamedEmbedder:
    """Return the embedder of that name; `dim` is needed for a provider's.

    Raises NoSuchEmbedder, ModelMissing or ModelTampered. Nothing is sent.
    """
    if name == DEFAULT_EMBEDDER:
        return NamedEmbedder(name=name, embedder=OnnxEmbedder.load(threads=settings.threads))
    if "/" in name.partition(":")[0]:
        folder = Path(name).expanduser()
        return NamedEmbedder(name=name, embedder=OnnxEmbedder.load(folder, threads=settings.threads))
    provider, separator, _ = name.partition(":")
    if not separator:
        raise NoSuchEmbedder(f"no embedder {name!r}: expected {DEFAULT_EMBEDDER!r}, a folder or `provider:model`")
    if dim is None:
        raise NoSuchEmbedder(f"embedder {name!r} needs its dimension: set embedder_dim")
    return _elsewhere(name, provider, dim, settings)


def _elsewhere(name: str, provider: str, dim: int, settings: Settings) -> NamedEmbedder:
    from langchain.embeddings import init_embeddings

    options: dict[str, Any] = {}
    close: Callable[[], None] = lambda: None  # noqa: E731
    if settings.embedder_base_url is not None:
        options["base_url"] = settings.embedder_base_url
    if settings.embedder_api_key is not None:
        options["api_key"] = settings.embedder_api_key.get_secret_value()
    elif provider == _OPENAI and settings.embedder_base_url is not None:
        options["api_key"] = "none"  # the client asks for one, a server of one's own may not
    if provider == _OPENAI:
        import httpx

        client = httpx.Client(follow_redirects=False, timeout=settings.embedder_timeout_s)
        close = client.close
        options |= {
            "timeout": settings.embedder_timeout_s,
            "max_retries": settings.embedder_retries,
            "http_client": client,
            "chunk_size": _BATCH,
            "check_embedding_ctx_length": False,  # else it would fetch a vocabulary to count tokens
        }
    try:
        embeddings: Any = init_embeddings(name, **options)
    except ImportError:
        raise NoSuchEmbedder(f"the package for {provider!r} embedders is not installed") from None
    except Exception as error:  # noqa: BLE001
        # What a provider says may hold a key.
        raise NoSuchEmbedder(f"{name!r} could not be made: {type(error).__name__}") from None
    return NamedEmbedder(name=name, embedder=LangChainEmbedder(embeddings, name=name, dim=dim), close=close)
