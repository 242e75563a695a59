"""Whether row-level security is in force: the catalogue is asked, and the conditions of the policies are tried out.

Not a proof against an owner who means harm, who can change anything after a start; it finds what a person with the
owner's account does by mistake or in a hurry. A condition is tried on rows that no table has, since counting what is
visible would read whole tables; and because one that is right for these rows could be wrong for others, it may be made
only of the words that the migrations use.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import sql

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("locks")

# Everything that the conditions in migrations/0009 and 0010 are made of, however a server words them. No OR, no other
# column, no number but these, no function that could look elsewhere.
_VOCABULARY = frozenset(
    "tenant acl_id select nullif current_setting true false and case when then else end length get_bit 8 1 as null "
    "'compliance_bot.tenant' 'compliance_bot.class_bits' '' integer bigint bytea text = < * ( ) , ::".split()
)
_TOKEN = re.compile(r"""'[^']*'|"\w+"|::|\w+|\S""")

_OPEN = frozenset({1, 9})
_BITS = "\\x0202"  # of these classes
_CLASSES = (0, 1, 2, 7, 8, 9, 10, 15, 16, 17, 4_000, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A way around row-level security, and what to do about it."""

    what: str
    hint: str


def breaches(transaction: Transaction) -> Iterator[Breach]:
    """Yield what is wrong with the lock, the gravest first. Uses up the transaction: the open scope is lost."""
    if around := _names(transaction, "ways_around"):
        yield Breach(
            what="the application account can bypass row-level security (superuser, BYPASSRLS, table owner or member "
            f"of such a role): {', '.join(around)}",
            hint="Use an account of its own for COMPLIANCE_BOT_DATABASE_URL that is a member of no such role and owns "
            "nothing; the owner account is another setting.",
        )
        return  # of such an account the rest says nothing
    if unlocked := _unlocked(transaction):
        yield Breach(
            what=f"row-level security is not in force on: {', '.join(unlocked)}",
            hint="Somebody changed the schema. Compare the table and its one policy with docs/reference/schema.sql.",
        )
    for query, what, hint in _REST:
        if found := _names(transaction, query):
            yield Breach(what=f"{what}: {', '.join(found)}", hint=hint)


def log_locks(transaction: Transaction) -> Iterator[Breach]:
    """Yield what keeps the log append-only and is off: triggers, and rights that the application account has."""
    for query, what, hint in _REST:
        if query in {"rights", "triggers"} and (found := _names(transaction, query)):
            yield Breach(what=f"{what}: {', '.join(found)}", hint=hint)


_REST = (
    (
        "views",
        "the application account may read views that show locked tables with other rights than its own",
        "Drop them, revoke SELECT from the application account and PUBLIC, or set security_invoker = true.",
    ),
    (
        "functions",
        "the application account may call functions that run with the rights of the tables' owner",
        "Drop them, or revoke EXECUTE from the application account and PUBLIC.",
    ),
    (
        "rights",
        "the application account has rights that row-level security does not hold",
        "Revoke them. What the account needs is in docs/reference/schema.sql.",
    ),
    (
        "triggers",
        "triggers that the locks rely on are missing or off",
        "Somebody changed the schema. Compare it with docs/reference/schema.sql, and enable them again.",
    ),
)


def _names(transaction: Transaction, query: str) -> list[str]:
    return [name for (name,) in transaction.connection.execute(_SQL[query])]


def _unlocked(transaction: Transaction) -> list[str]:
    """Return the tables whose lock is off, or whose condition is not the one that it should be."""
    held: dict[tuple[LiteralString, bool], bool] = {}  # the same few conditions stand on many tables
    unlocked = []
    for name, is_on, has_text, conditions in transaction.connection.execute(_SQL["tables"]).fetchall():
        holds = is_on and len(conditions) == 1 and conditions[0] is not None
        if holds:
            key = (conditions[0], has_text)
            if key not in held:
                held[key] = _holds(transaction, *key)
            holds = held[key]
        if not holds:
            unlocked.append(name)
    return unlocked


def _holds(transaction: Transaction, condition: LiteralString, has_text: bool) -> bool:
    """Return whether a condition lets through the rows of the tenant; of a table of text, of open classes alone."""
    if any(token.strip('"').lower() not in _VOCABULARY for token in _TOKEN.findall(condition)):
        return False
    try:
        with transaction.savepoint():
            return all(_agrees(transaction, condition, has_text, *given) for given in _settings(transaction.tenant))
    except psycopg.DataError:  # it fails for some rows, and with it every query would
        return False


def _settings(tenant: int) -> list[tuple[str, str]]:
    """Return what may be set: no tenant, no class open, both, and another tenant."""
    return [("", ""), (str(tenant), ""), ("", _BITS), (str(tenant), _BITS), (str(tenant + 1), _BITS)]


def _agrees(transaction: Transaction, condition: LiteralString, has_text: bool, tenant: str, opened: str) -> bool:
    """Return whether a condition lets through just what it should, with this tenant and these classes set."""
    rows = list(itertools.product((transaction.tenant, transaction.tenant + 1, None), _CLASSES))
    expected = {
        (row_tenant, class_id)
        for row_tenant, class_id in rows
        if row_tenant is not None and str(row_tenant) == tenant and (not has_text or (opened and class_id in _OPEN))
    }
    connection = transaction.connection
    connection.execute(_SQL["set"], {"tenant": tenant, "classes": opened})
    # Its words are in the vocabulary: there is nothing in it that could do anything.
    query = sql.SQL(_SQL["tried"]).format(condition=sql.SQL(condition))
    given = {"tenants": [row_tenant for row_tenant, _ in rows], "classes": [class_id for _, class_id in rows]}
    return set(connection.execute(query, given).fetchall()) == expected
