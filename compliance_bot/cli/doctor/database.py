"""Checks that need the open database. Where it does not open, each of them is a problem: none is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.cli.doctor.finding import Finding, Warned, check
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compliance_bot.home import Home
    from compliance_bot.settings import Settings
    from compliance_bot.store.health import Health

_MOST_SKEW_S = 5
_NEWEST = 20
_MOST_WAIT_S = 600


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Return what the checks of the database saw."""
    from compliance_bot.home import open_home
    from compliance_bot.store.health import look

    found: list[Finding] = []

    def opened() -> str:
        with open_home(settings) as home:
            health = look(home.database)
            found.extend(check(name, one, home, health) for name, one in CHECKS.items())
        kind = "embedded" if settings.database_url is None else "by DSN"
        return f"PostgreSQL {health.server} ({kind}), pgvector {health.pgvector}, migrated, row-level security in force"

    first = check("database", opened)
    if not found:
        cannot = "cannot be checked: the database does not open"
        found = [Finding(check=name, ok=False, detail=cannot, hint="Mend the database first.") for name in CHECKS]
    return (first, *found)


def _durability(_: Home, health: Health) -> str | Warned:
    if health.synchronous_commit == "off" or health.full_page_writes != "on":
        return Warned(
            detail=f"synchronous_commit = {health.synchronous_commit}, full_page_writes = {health.full_page_writes}",
            hint="Records are committed durably all the same; set both to on for everything else.",
        )
    return "fsync, synchronous_commit and full_page_writes are on"


def _indexes(_: Home, health: Health) -> str:
    if health.invalid_indexes:
        name = health.invalid_indexes[0]
        raise ComplianceError(f"the index {name} is not valid", hint=f"As the owner, run `REINDEX INDEX {name}`.")
    if not health.has_vector_index:
        raise ComplianceError(
            "the index of the vectors that serve (embedding_hnsw_…) is missing: large searches are slow",
            hint="As the owner, run `SELECT compliance_bot.index_model(id) FROM compliance_bot.embedding_model`.",
        )
    return "all valid, the one of the vectors is there"


def _embedder(home: Home, health: Health) -> str | Warned:
    """Open the model that made the vectors, as a question would, and compare it with the one in the settings."""
    from compliance_bot.models.embedders import open_embedder
    from compliance_bot.settings import load_settings
    from compliance_bot.store.models import serving_model

    settings = load_settings(home=home.path)
    with home.database.reading() as snapshot:
        serving = serving_model(snapshot)
    if serving is None or health.embedder is None:
        open_embedder(settings.embedder, settings, dim=settings.embedder_dim).close()
        return f"nothing is embedded yet; {settings.embedder} will be used"
    opened = open_embedder(serving.name, settings, dim=serving.dim)
    opened.close()
    if (mine := opened.embedder.manifest_hash) != serving.hash:
        raise ComplianceError(
            f"the vectors were made with the embedder {serving.hash[:12]}, this program has {mine[:12]}",
            hint="Install the version of this program that made them, or run `compliance-bot model re-embed`.",
        )
    if serving.name != settings.embedder:
        return Warned(
            detail=f"{serving.name} serves, the settings name {settings.embedder}",
            hint="Run `compliance-bot model re-embed`, or set the embedder that serves.",
        )
    return f"{serving.name} serves, {serving.hash[:12]}"


def _search(home: Home, _: Health) -> str | Warned:
    """Say whether what was measured of the search still fits the documents that there are."""
    from compliance_bot.settings import load_settings
    from compliance_bot.store.models import serving_model
    from compliance_bot.store.scope import access_classes
    from compliance_bot.store.tuning import BUILT_IN, measured

    if (threshold := load_settings(home=home.path).exact_threshold) is not None:
        return f"up to {threshold} readable chunks all are compared, as the setting exact_threshold says"
    with home.database.reading() as snapshot:
        model = serving_model(snapshot)
        stored = sum(one.chunks for one in access_classes(snapshot))
        tuning = measured(snapshot, model) if model else None
    again = "Run `compliance-bot doctor --tune` when the machine is quiet; it takes a minute or two."
    if tuning is None:
        if stored > BUILT_IN.threshold:
            return Warned(detail="how far searches must go was not measured for this embedder", hint=again)
        return "all vectors are compared in every search; there is nothing to tune"
    if stored >= 2 * tuning.chunks:
        return Warned(detail=f"measured on {tuning.at:%Y-%m-%d}; the chunks have doubled since", hint=again)
    return f"measured on {tuning.at:%Y-%m-%d}: up to {tuning.threshold} readable chunks all are compared"


def _vault(home: Home, _: Health) -> str | Warned:
    """Say whether the vault's keys are there and the right ones, and what was stored before there was a vault."""
    from compliance_bot.home import key_source
    from compliance_bot.keys.epochs import EpochKeys
    from compliance_bot.settings import load_settings
    from compliance_bot.store import vault
    from compliance_bot.store.scope import everything_open

    keys = EpochKeys(key_source(load_settings(home=home.path), home.path / "keys"))
    with home.database.reading() as snapshot, everything_open(snapshot):
        epochs, old = vault.epochs(snapshot), vault.count_from_before(snapshot)
    for epoch in epochs:
        if epoch.values or epoch == epochs[-1]:
            keys.require(epoch.number, epoch.check)
    if any(epoch.values for epoch in epochs[:-1]):
        return Warned(
            detail="the rotation of the vault's key was interrupted",
            hint="Run `compliance-bot vault rotate`: it goes on where it stopped. Nothing is lost.",
        )
    if old:
        return Warned(
            detail=f"{old} documents were masked before there was a vault: their values can be shown to nobody",
            hint="Ingest them again as they were ingested: each gets a new version. See CHANGELOG.md.",
        )
    if not epochs:
        return "nothing is in the vault yet"
    return f"the key of epoch {epochs[-1].number} is the right one, for {epochs[-1].values} values"


def _clock(_: Home, health: Health) -> str:
    skew_s = abs((datetime.now(UTC) - health.now).total_seconds())
    if skew_s > _MOST_SKEW_S:
        raise ComplianceError(
            f"the clocks of this machine and of the database are {skew_s:.0f} seconds apart",
            hint="Let both follow a time server: records and effective dates rest on them.",
        )
    return "agrees with the database's"


def _audit_log(home: Home, _: Health) -> str:
    from compliance_bot.audit.log import AuditLog

    newest = AuditLog(home.database, home.keyring).newest(_NEWEST)
    if not newest:
        return "no records yet"
    if newest[0].at > datetime.now(UTC):
        raise ComplianceError(
            "the newest record is from the future",
            hint="The clock was set back since: let it follow a time server, and tell the auditor.",
        )
    return f"the newest {len(newest)} records open with the key and are unchanged"


def _log_tree(home: Home, _: Health) -> str | Warned:
    """Say whether what is stored is what was signed, and whether records wait for the tree longer than they should."""
    from compliance_bot.audit.tip import read_tip, require_stored
    from compliance_bot.home import signing_keys
    from compliance_bot.settings import load_settings
    from compliance_bot.store import tree

    keys = signing_keys(load_settings(home=home.path), home.path / "keys").load()
    with home.database.reading() as snapshot:
        tip, backlog = read_tip(snapshot, keys), tree.backlog(snapshot)
        if tip is not None:
            require_stored(snapshot, tip)
    if tip is None:
        return "nothing was signed yet"
    if backlog.oldest is not None and _age_s(backlog.oldest) > _MOST_WAIT_S:
        return Warned(
            detail=f"{backlog.records} records wait for the tree, the first for over {_MOST_WAIT_S} seconds",
            hint="They are taken in when the home is opened next. If they still wait then: `audit verify`.",
        )
    return f"{tip.size} records in the tree of {tip.origin}, signed; {backlog.records} wait"


def _age_s(record: str) -> float:
    """Return how long ago the act of a record began: its id tells (RFC 9562 section 5.7)."""
    return datetime.now(UTC).timestamp() - int(record.replace("-", "")[:12], 16) / 1000


def _anchor(home: Home, _: Health) -> str | Warned:
    """Say where the anchor is, whether each line of it is right, and whether the database has done all of it."""
    from compliance_bot.anchor.standing import Anchor

    anchor = Anchor(home.anchor, home.keyring, home.database.tenant)
    count = sum(1 for _ in anchor.file.lines())
    with home.database.writing() as transaction:
        missing = anchor.missing(transaction)
    if missing:
        return Warned(
            detail=f"{len(missing)} of {count} lines in {home.anchor} are not done in this database",
            hint="They are done when the home is opened next: it was put back, or an act was interrupted.",
        )
    if count and home.anchor.stat().st_mode & 0o077:
        return Warned(
            detail=f"{home.anchor} can be read or written by other accounts",
            hint=f"Run `chmod 600 {home.anchor}`.",
        )
    return f"{count} lines in {home.anchor}, all of them done in this database"


CHECKS: Mapping[str, Callable[[Home, Health], str | Warned]] = {
    "durability": _durability,
    "indexes": _indexes,
    "embedder": _embedder,
    "search": _search,
    "vault": _vault,
    "clock": _clock,
    "audit log": _audit_log,
    "log tree": _log_tree,
    "anchor": _anchor,
}
