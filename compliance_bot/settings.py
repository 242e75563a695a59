"""Everything an operator can set, read once at the entry point and passed down.

Sources, strongest first: arguments in code, environment variables `COMPLIANCE_BOT_…`, the home's
`compliance-bot.toml`. An unknown key is an error in each of them: a misspelt limit must not be a limit that does not
apply.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

PREFIX = "COMPLIANCE_BOT_"
FILE_NAME = "compliance-bot.toml"


class UnknownSetting(UsageError):
    def __init__(self, name: str, known: Collection[str]) -> None:
        super().__init__(f"no setting {name!r}; known: {', '.join(sorted(known))}")


class InvalidSetting(UsageError):
    """A setting has a value it cannot have."""


class Settings(BaseSettings):
    """The settings, each with its unit and default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(
        default=Path("~/.compliance-bot"),
        description="Folder with the policies, the keys and (unless a DSN is set) the database of one installation.",
    )
    # libpq takes an empty DSN for "whatever PGHOST and PGUSER name".
    database_url: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="DSN of the application account; without it an embedded PostgreSQL is run.",
    )
    database_dir: Path | None = Field(
        default=None,
        description="Folder of the embedded database; by default in the home, for root under /var/lib/compliance-bot.",
    )
    database_owner_url: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="DSN of the account that owns the schema; needed by `init` when database_url is set.",
    )
    anchor: Path | None = Field(
        default=None,
        description="File outside the home that remembers what a restored database must not forget; best on another "
        "disk or machine. By default beside the home: its name with `.anchor.jsonl`.",
    )
    tenant: str = Field(
        default="default",
        min_length=1,
        max_length=100,
        description="Name of the institution that this home serves, among those that share its database.",
    )
    chat_model: str = Field(
        default="quote",
        min_length=1,
        max_length=200,
        description="What composes answers: `quote` picks sentences from the documents, verbatim; `provider:model` "
        "names any LangChain chat model; with chat_base_url a model's name alone will do.",
    )
    chat_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+",
        description="Address of an OpenAI-compatible server (vLLM, llama.cpp, …), with its `/v1`.",
    )
    chat_api_key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Key for the chat model's server; without it the provider's own variable.",
    )
    chat_on_premises: bool | None = Field(
        default=None,
        description="Whether the chat model runs on your premises, as policies see it; by default only on a loopback "
        "address.",
    )
    chat_timeout_s: float = Field(
        default=60,
        gt=0,
        le=3600,
        description="Longest time for one reply of the chat model, tries included, in seconds.",
    )
    chat_retries: int = Field(
        default=2, ge=0, le=10, description="How often a failed call to the chat model is repeated."
    )
    chat_max_tokens: int = Field(
        default=1500, ge=50, le=100_000, description="Longest reply of the chat model, in tokens."
    )
    chat_context_tokens: int = Field(
        default=6000, ge=200, le=1_000_000, description="Budget for passages in a prompt, in tokens (three bytes each)."
    )
    chat_fallback: Literal["quote", "refuse"] = Field(
        default="quote",
        description="What happens when the chat model fails: quote mode answers instead, or nobody does.",
    )
    chat_prose: Literal["beside", "hidden"] = Field(
        default="beside",
        description="Whether the chat model's own words, which nobody verified, are shown beside quotes.",
    )
    ai_notice: str = Field(
        default="A machine put this answer together. Read its sources before you rely on it.",
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="What is said with every answer, that a machine gave it; its text goes on record. Empty where your "
        "own application says so.",
    )
    chunk_strategy: Literal["structure", "fixed", "sentence"] = Field(
        default="structure",
        description="How documents are cut: along their structure, in windows of words, or in sliding windows of "
        "sentences.",
    )
    chunk_words: int = Field(default=160, ge=20, le=1000, description="Most words in a chunk.")
    chunk_overlap_words: int = Field(
        default=0,
        ge=0,
        le=500,
        description="Words that neighbouring chunks share (at sentence ends); not for `sentence`.",
    )
    chunk_sentences: int = Field(
        default=6, ge=1, le=100, description="Most sentences in a chunk of the strategy `sentence`."
    )
    chunk_overlap_sentences: int = Field(
        default=2, ge=0, le=99, description="Sentences that neighbouring chunks of the strategy `sentence` share."
    )
    embedder: str = Field(
        default="all-minilm-l6-v2-int8",
        min_length=1,
        max_length=200,
        description="What makes vectors: the shipped model, a folder with a model and its manifest (a path with `/`), "
        "or `provider:model` for any LangChain `Embeddings`. A change holds from `model re-embed` on.",
    )
    embedder_dim: int | None = Field(
        default=None, ge=1, le=4000, description="Numbers in a vector of a `provider:model` embedder; needed for one."
    )
    embedder_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+",
        description="Address of an OpenAI-compatible server for embeddings, with its `/v1`, or of the provider's.",
    )
    embedder_api_key: SecretStr | None = Field(
        default=None, min_length=1, description="Key for the embedder's server; without it the provider's own variable."
    )
    embedder_timeout_s: float = Field(
        default=30, gt=0, le=600, description="Longest time for one try of one call to the embedder, in seconds."
    )
    embedder_retries: int = Field(
        default=1, ge=0, le=10, description="How often a failed call to the embedder's server is repeated."
    )
    candidates: int = Field(default=100, ge=10, le=1000, description="Passages that each search side brings to fusion.")
    passages: int = Field(default=10, ge=1, le=50, description="Passages from which an answer is composed.")
    exact_threshold: int | None = Field(
        default=None,
        ge=0,
        description="Up to this many readable chunks all are compared; above, the likely ones. By default what "
        "`doctor --tune` measured, or 18,000, more where there are more than 100,000 chunks.",
    )
    max_file_mb: int = Field(default=200, ge=1, le=4096, description="Largest file that is ingested, in MiB.")
    max_pages: int = Field(default=5000, ge=1, description="Most pages of a document that is ingested.")
    parse_timeout_s: int = Field(default=120, ge=1, description="Longest time to parse one file, in seconds.")
    parse_memory_mb: int = Field(default=1024, ge=128, description="Most memory of the parsing process, in MiB.")
    redaction_timeout_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="Longest time to look for personal data in a text, in seconds for each 100,000 characters that it "
        "begins; then the document or the question is refused.",
    )
    vault_keys: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Keys of the vault, where they are not to lie in the home: `1:BASE64 2:BASE64`, 32 bytes each, one "
        "for each epoch that is still needed.",
    )
    vault_key_command: str | None = Field(
        default=None,
        min_length=1,
        description="Command of a key management system that wraps the vault's keys: it is called with `wrap` or "
        "`unwrap` added, reads base64 and writes base64.",
    )
    log_keys: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Keys that sign the audit log, where they are not to lie in the home: `1:BASE64 2:BASE64`, 32 "
        "bytes each; the highest that took over signs.",
    )
    log_key_command: str | None = Field(
        default=None,
        min_length=1,
        description="Command of a key management system that wraps the keys that sign the audit log, called as "
        "vault_key_command is.",
    )
    log_sign_command: str | None = Field(
        default=None,
        min_length=1,
        description="Command that signs the audit log with a key that never comes here: it is called with `public` or "
        "`sign` and the key's number added, reads the text to be signed and writes base64.",
    )
    max_question_chars: int = Field(default=4000, ge=10, le=100_000, description="Longest question, in characters.")
    threads: int = Field(
        default_factory=lambda: max(1, min(4, os.cpu_count() or 1)), ge=1, le=64, description="Threads of the embedder."
    )
    log_level: Literal["debug", "info", "warning", "error", "off"] = Field(
        default="warning", description="Least weight of an event that the command line and the page log."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Form of a log line.")
    log_file: Path | None = Field(default=None, description="File that the log is appended to; by default stderr.")
    production: bool = Field(
        default=False,
        description="Whether the operating-system account decides who acts: it is one principal (`accounts` in "
        "policies/identity.yaml), and acting as another needs the action `impersonate`. The policies must be signed by "
        "somebody other than their author (`policy sign`). Separate keys and accounts are not required yet.",
    )
    data: Path | None = Field(
        default=None, description="Folder with public data sets, for the benchmarks and training scripts only."
    )

    @field_validator("tenant")
    @classmethod
    def _tenant_is_a_name(cls, name: str) -> str:
        if not name.isprintable() or name != name.strip():
            raise ValueError("tenant must be printable text, without blanks around it")
        return unicodedata.normalize("NFC", name)

    @field_validator("anchor")
    @classmethod
    def _anchor_is_one_place(cls, anchor: Path | None) -> Path | None:
        if anchor is None:
            return None
        if not anchor.expanduser().is_absolute():
            raise ValueError("anchor must be an absolute path: every process has to mean the same file")
        return anchor.expanduser()

    @model_validator(mode="after")
    def _anchor_is_outside(self) -> Self:
        if self.anchor is not None and self.anchor.resolve().is_relative_to(self.home.resolve()):
            raise ValueError("anchor must not be in the home: it would be put back together with it")
        return self

    @property
    def anchor_file(self) -> Path:
        """Where the anchor of this home is. A home can serve a tenant after another: each has an anchor of its own."""
        if self.anchor is not None:
            return self.anchor
        is_default = self.tenant == Settings.model_fields["tenant"].default
        of = "" if is_default else f".{hashlib.sha256(self.tenant.encode()).hexdigest()[:8]}"
        return self.home.with_name(f"{self.home.name}{of}.anchor.jsonl")

    @model_validator(mode="after")
    def _vault_keys_are_in_one_place(self) -> Self:
        if self.vault_keys is not None and self.vault_key_command is not None:
            raise ValueError("vault_keys and vault_key_command: expected one of them")
        return self

    @model_validator(mode="after")
    def _log_keys_are_in_one_place(self) -> Self:
        if sum(one is not None for one in (self.log_keys, self.log_key_command, self.log_sign_command)) > 1:
            raise ValueError("log_keys, log_key_command and log_sign_command: expected one of them")
        return self

    @model_validator(mode="after")
    def _overlap_is_smaller(self) -> Self:
        if self.chunk_overlap_words >= self.chunk_words:
            raise ValueError("chunk_overlap_words must be smaller than chunk_words")
        if self.chunk_strategy == "sentence" and self.chunk_overlap_sentences >= self.chunk_sentences:
            raise ValueError("chunk_overlap_sentences must be smaller than chunk_sentences")
        return self

    @model_validator(mode="after")
    def _chat_model_is_somewhere(self) -> Self:
        if self.chat_model != "quote" and ":" not in self.chat_model and self.chat_base_url is None:
            raise ValueError("chat_model must be `quote` or `provider:model`, or chat_base_url must say where it is")
        return self


def load_settings(**given: Any) -> Settings:
    """Return the settings in force. Raises UnknownSetting or InvalidSetting (exit code 2)."""
    known = set(Settings.model_fields)
    given = {key: value for key, value in given.items() if value is not None}
    # As pydantic reads them: in any case.
    environment = {
        name.upper().removeprefix(PREFIX).lower(): name for name in os.environ if name.upper().startswith(PREFIX)
    }
    for field, name in environment.items():
        if field not in known:
            raise UnknownSetting(name, [PREFIX + field.upper() for field in known])
    from_environment = os.environ.get(environment.get("home", ""))
    home = Path(given.get("home") or from_environment or Settings.model_fields["home"].default)
    home = home.expanduser().absolute()
    from_file = _read_file(home / FILE_NAME)
    for name in (*given, *from_file):
        if name not in known:
            raise UnknownSetting(name, known)
    weaker = {key: value for key, value in from_file.items() if key not in environment}
    try:
        return Settings(**{**weaker, **given, "home": home})
    except ValidationError as error:
        # Values are left out of the message: one of them may be a DSN with its password.
        problems = (": ".join([*map(str, e["loc"][:1]), e["msg"]]) for e in error.errors())
        raise InvalidSetting("; ".join(problems)) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise InvalidSetting(f"{path}: cannot be read: {error.strerror}") from None
