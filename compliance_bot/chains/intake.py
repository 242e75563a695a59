"""Take documents in, governed: the decision, the types of their attributes, then the ingest run with its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case
from compliance_bot.errors import UsageError
from compliance_bot.ingest.attributes import read_attributes
from compliance_bot.ingest.chunk import Strategy
from compliance_bot.ingest.container import containers_of
from compliance_bot.ingest.items import names_of
from compliance_bot.ingest.loaded import load
from compliance_bot.ingest.prepare import Cutting, Preparer
from compliance_bot.ingest.run import Identify, Request, ingest
from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.shelve import Shelf
from compliance_bot.ingest.unreadable import Limits
from compliance_bot.policy.attributes import (
    UndeclaredAttribute,
    require_collection_name,
    require_declared,
    typed_attributes,
)
from compliance_bot.policy.decide import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from langchain_core.documents import Document

    from compliance_bot.chains.act import Act
    from compliance_bot.chains.answer import Parts
    from compliance_bot.ingest.folder import Prune
    from compliance_bot.ingest.items import Item
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, IngestReport, Rejected
    from compliance_bot.settings import Settings

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What somebody asked to be ingested, as they gave it."""

    paths: tuple[Path, ...]
    collection: str
    attributes: Mapping[str, object] = field(hash=False)
    attribute_list: Path | None
    base: Path | None
    only: frozenset[Path] | None = None
    prune: Prune | None = None
    loaded: Iterable[Document] | None = None  # what a LangChain loader brings, in place of paths
    mapping: Mapping[str, str] = field(default_factory=dict, hash=False)  # metadata key: attribute
    source_keys: tuple[str, ...] = ("source",)  # metadata that tells one document from another


def take_in(
    intake: Intake,
    act: Act,
    parts: Parts,
    keyring: Keyring,
    settings: Settings,
    *,
    on_item: Callable[[str], None],
) -> IngestReport:
    """Ingest and return what became of each item. Raises Refused or a UsageError before anything is stored."""
    case = Case(type="ingest")
    with act.begun(case):
        now = act.circumstances()
        request = _request(intake, settings, act.policies)
        resource = Resource.collection(request.collection)
        act.admit(case, "ingest", now, resource=resource)
    cutting = Cutting(
        strategy=Strategy(settings.chunk_strategy),
        size_words=settings.chunk_words,
        overlap_words=settings.chunk_overlap_words,
        sentences=settings.chunk_sentences,
        overlap_sentences=settings.chunk_overlap_sentences,
    )
    tenant = parts.database.tenant
    masking = parts.redaction.of(request.collection)
    shelf = Shelf(
        database=parts.database,
        log=parts.log,
        engine=parts.engine,
        principal=case.principal,
        circumstances=now,
        embedder=parts.embedder,
        embedder_name=parts.embedder_name,
        masking=masking,
        collection=request.collection,
        vault=parts.vault,
        labels=parts.labels,
    )
    limits = Limits(size_bytes=settings.max_file_mb * _MIB, pages=settings.max_pages)
    with ParserProcess(
        limits=limits, timeout_s=settings.parse_timeout_s, memory_bytes=settings.parse_memory_mb * _MIB
    ) as parser:
        return ingest(
            request,
            shelf=shelf,
            preparer=Preparer(
                masking.detector,
                parts.embedder,
                cutting,
                term_key=parts.term_key,
                corrections=lambda: parts.labels.known,
            ),
            parser=parser,
            identify=Identify(keyring=keyring, tenant=tenant, cutting=cutting, masking=masking),
            on_item=on_item,
        )


def _request(intake: Intake, settings: Settings, policies: Policies) -> Request:
    """Return the request with typed attributes. Raises UndeclaredAttribute or UsageError."""
    collection = require_collection_name(intake.collection)
    if not intake.paths and intake.loaded is None:
        raise UsageError("nothing to ingest: expected at least one file or folder")
    if intake.base is not None:
        base = intake.base.resolve()
        if not all(path.resolve().is_relative_to(base) for path in intake.paths):
            raise UsageError("every path must be under the base", hint="Leave --base out, or name a folder above them.")
    if "collection" in intake.attributes:
        raise UndeclaredAttribute("Document", "collection", where="the collection is given by itself")
    listed = read_attributes(intake.attribute_list, policies) if intake.attribute_list else {}
    strangers = _strangers(intake, listed) if listed else ()
    return Request(
        paths=intake.paths,
        collection=collection,
        attributes=typed_attributes(policies, "Document", intake.attributes),
        listed=listed,
        strangers=strangers,
        base=intake.base,
        only=intake.only,
        prune=intake.prune,
        loaded=_loaded(intake, policies),
        max_bytes=settings.max_file_mb * _MIB,
    )


def _loaded(intake: Intake, policies: Policies) -> Iterable[Item | Rejected] | None:
    """Return what a loader brings as items. Raises UndeclaredAttribute before the loader begins."""
    if intake.loaded is None:
        return None
    if "collection" in intake.mapping.values():
        raise UndeclaredAttribute("Document", "collection", where="the collection is given by itself")
    require_declared(policies, "Document", intake.mapping.values())

    def typed(given: Mapping[str, object]) -> dict[str, AttributeValue]:
        return typed_attributes(policies, "Document", given)

    required = frozenset(intake.mapping.values()) - intake.attributes.keys()
    return load(intake.loaded, keys=intake.source_keys, mapping=intake.mapping, typed=typed, required=required)


def _strangers(intake: Intake, listed: Collection[str]) -> tuple[str, ...]:
    """Return the listed names that nothing to be ingested has. With a base, a list may cover more than these paths."""
    there = names_of(intake.paths, base=intake.base)
    # What lies in a container is known once it is taken apart, and checked then.
    missing = sorted(name for name in listed if (containers_of(name) or (name,))[0] not in there)
    if intake.base is None:
        return tuple(missing)
    base, inside = intake.base.resolve(), [path.resolve() for path in intake.paths]
    return tuple(name for name in missing if any((base / name).resolve().is_relative_to(path) for path in inside))
