"""The vault of a home: bind values to their placeholders, find them by name, open them, and rotate its key.

Nothing here asks whether somebody may: callers have decided, within a scope, before they open anything.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.keys.epochs import FIRST
from compliance_bot.redaction.placeholders import Field
from compliance_bot.redaction.values import NAMES, normal_form, parts
from compliance_bot.store import names
from compliance_bot.store import vault as rows
from compliance_bot.store.vault import Binding
from compliance_bot.vault.seal import place, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from compliance_bot.keys import Keyring
    from compliance_bot.keys.epochs import EpochKeys
    from compliance_bot.records import ClassId, DocumentId, VersionId
    from compliance_bot.redaction.placeholders import Held
    from compliance_bot.store.connect import Transaction

_TOKEN_BITS = 64
_HANDLE_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """By which tokens a value is known: as a whole, and by each part of a name."""

    whole: int
    parts: tuple[int, ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.whole, *self.parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldVersion:
    """A version as it was stored, with what was taken out of it."""

    document: DocumentId
    version: VersionId
    class_id: ClassId
    values: Sequence[Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What finds a value by name, for one type."""

    type: str
    tokens: tuple[int, ...]  # to be searched for: of the whole and of each part
    values: frozenset[int]  # that are meant


class Vault:
    """The vault of one tenant, with the keys that its home has."""

    def __init__(self, keyring: Keyring, keys: EpochKeys) -> None:
        self._keyring, self._keys = keyring, keys
        self._macs: dict[int, bytes] = {}

    @property
    def keys(self) -> EpochKeys:
        """The keys of its epochs."""
        return self._keys

    def require_key(self, transaction: Transaction) -> int:
        """Return the epoch in which values are sealed now, the first of a new vault begun where there is none.

        Raises VaultKeyMissing, VaultKeyWrong or VaultKeyUnreadable.
        """
        current = rows.current_epoch(transaction)
        if current is None:
            self._keys.add(FIRST)
            rows.begin_epoch(transaction, FIRST, self._keys.check(FIRST))
            current = rows.current_epoch(transaction)
            assert current is not None, "an epoch has just begun"
        epoch, check = current
        self._keys.require(epoch, check)
        return epoch

    def known(self, transaction: Transaction, values: Iterable[Held]) -> dict[tuple[str, str], Known]:
        """Return the tokens of these values by type and normal form; those that are new get theirs.

        The caller has locked the writers.
        """
        wanted = {(one.type, normal_form(one.type, one.surface)): one.surface for one in values if one.number}
        macs = {key: self._macs_of(transaction.tenant, *key, surface) for key, surface in wanted.items()}
        every = {mac for whole, of_parts in macs.values() for mac in (whole, *of_parts)}
        found = names.tokens(transaction, every)
        fresh = {mac: _new_token() for mac in sorted(every - found.keys())}
        if fresh:
            names.add_values(transaction, fresh)
            found = names.tokens(transaction, every)
        made = {
            key: Known(whole=found[whole], parts=tuple(dict.fromkeys(found[mac] for mac in of_parts)))
            for key, (whole, of_parts) in macs.items()
        }
        pairs = {(one.whole, part) for one in made.values() for part in one.parts}
        if pairs:
            names.add_parts(transaction, sorted(pairs))
        return made

    def bind(
        self, transaction: Transaction, versions: Sequence[HeldVersion], known: Mapping[tuple[str, str], Known]
    ) -> int:
        """Seal what was taken out of these versions, and return how many values. Raises as `require_key` does."""
        if not any(version.values for version in versions):
            return 0
        epoch = self.require_key(transaction)
        bindings = [
            self._bound(transaction.tenant, version, one, known, epoch)
            for version in versions
            for one in version.values
        ]
        rows.bind(transaction, bindings, epoch=epoch)
        return len(bindings)

    def _bound(
        self, tenant: int, version: HeldVersion, one: Held, known: Mapping[tuple[str, str], Known], epoch: int
    ) -> Binding:
        in_title = one.field is Field.TITLE
        where = place(
            tenant,
            version.document,
            version.version,
            in_title=in_title,
            start=one.start,
            end=one.end,
            type_=one.type,
            number=one.number,
        )
        wrapped, ciphertext = seal(one.surface, self._keys, epoch, bound_to=where)
        return Binding(
            version=version.version,
            in_title=in_title,
            start=one.start,
            end=one.end,
            document=version.document,
            class_id=version.class_id,
            type=one.type,
            number=one.number,
            token=known[one.type, normal_form(one.type, one.surface)].whole if one.number else None,
            epoch=epoch,
            wrapped_key=wrapped,
            ciphertext=ciphertext,
        )

    def open(self, tenant: int, binding: Binding) -> str:
        """Return what a placeholder stands for, as its source had it. Raises VaultKeyMissing or CannotDecrypt."""
        return unseal(
            binding.wrapped_key, binding.ciphertext, self._keys, binding.epoch, bound_to=place_of(tenant, binding)
        )

    def sought(self, transaction: Transaction, type_: str, surface: str) -> tuple[Sought, ...]:
        """Return what finds a value that somebody asks for; a name is sought as every type that names have.

        What is not known is sought as well, and finds nothing: nobody can tell by the time it takes whether a value
        stands in documents that they do not see.
        """
        types = NAMES if type_ in NAMES else (type_,)
        macs = {one: self._macs_of(transaction.tenant, one, normal_form(one, surface), surface) for one in types}
        found = names.tokens(transaction, {mac for whole, of_parts in macs.values() for mac in (whole, *of_parts)})

        def token(mac: bytes) -> int:
            return found[mac] if mac in found else _new_token()  # which nothing has

        made = []
        for one, (whole, of_parts) in macs.items():
            by_parts = [token(mac) for mac in of_parts]
            known = names.known_by(transaction, by_parts) if by_parts else frozenset()
            tokens = tuple(dict.fromkeys((token(whole), *by_parts)))
            made.append(Sought(type=one, tokens=tokens, values=known | {tokens[0]}))
        return tuple(made)

    def exactly(self, transaction: Transaction, type_: str, surface: str) -> frozenset[int]:
        """Return the tokens of the values that are written like this; a name may be of any type that names have."""
        types = NAMES if type_ in NAMES else (type_,)
        macs = {self._macs_of(transaction.tenant, one, normal_form(one, surface), surface)[0] for one in types}
        return frozenset(names.tokens(transaction, macs).values())

    def handle(self, tenant: int, token: int) -> str:
        """Return what names a value to an officer, in place of its token."""
        return self._mac(tenant, "handle", str(token))[:_HANDLE_BYTES].hex()

    def mac_of(self, tenant: int, type_: str, form: str) -> bytes:
        """Return the keyed hash by which the index knows a value, given its normal form."""
        return self._mac(tenant, "value", type_, form)

    def _macs_of(self, tenant: int, type_: str, form: str, surface: str) -> tuple[bytes, tuple[bytes, ...]]:
        whole = self.mac_of(tenant, type_, form)
        return whole, tuple(self._mac(tenant, "part", type_, part) for part in parts(type_, surface))

    def _mac(self, tenant: int, *what: str) -> bytes:
        """Return the keyed hash of a value: nobody without the home's key can guess dates and numbers by it."""
        if tenant not in self._macs:
            self._macs[tenant] = self._keyring.derive(f"vault-index/{tenant}")
        return _digest(self._macs[tenant], what)


def occurrences(contexts: Iterable[tuple[str, int]], known: Mapping[tuple[str, int], Known]) -> Mapping[int, int]:
    """Return how often each token stands in a chunk, given its placeholders by type and number."""
    counts: defaultdict[int, int] = defaultdict(int)
    for one in contexts:
        if one in known:
            for token in known[one].tokens:
                counts[token] += 1
    return dict(counts)


def by_placeholder(values: Collection[Held], known: Mapping[tuple[str, str], Known]) -> dict[tuple[str, int], Known]:
    """Return the tokens of a version's values by type and number."""
    return {(one.type, one.number): known[one.type, normal_form(one.type, one.surface)] for one in values if one.number}


def place_of(tenant: int, binding: Binding) -> bytes:
    return place(
        tenant,
        binding.document,
        binding.version,
        in_title=binding.in_title,
        start=binding.start,
        end=binding.end,
        type_=binding.type,
        number=binding.number,
    )


def _new_token() -> int:
    return secrets.randbits(_TOKEN_BITS) - (1 << (_TOKEN_BITS - 1))


def _digest(key: bytes, what: tuple[str, ...]) -> bytes:
    return hmac.digest(key, json.dumps(what).encode(), "sha256")
