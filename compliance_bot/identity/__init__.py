"""Turn a name, a token, a signed header or a key into a principal; nobody is anybody by default.

What verifies tokens (`identity.sign_in`) is imported where a home accepts some: it loads a cryptographic library.
"""

from __future__ import annotations

from compliance_bot.identity.accounts import UnmappedAccount, account_name, principal_of_account
from compliance_bot.identity.mapping import IdentityMapping, InvalidMapping, load_mapping, read_mapping
from compliance_bot.identity.person import same_person
from compliance_bot.identity.principals import (
    InvalidPrincipals,
    Listed,
    UnknownPrincipal,
    find_principal,
    load_principals,
    read_principals,
)
from compliance_bot.identity.refusal import SignInRefused
from compliance_bot.identity.replay import SeenBefore
from compliance_bot.identity.service_key import make_service_key

__all__ = [
    "IdentityMapping",
    "InvalidMapping",
    "InvalidPrincipals",
    "Listed",
    "SeenBefore",
    "SignInRefused",
    "UnknownPrincipal",
    "UnmappedAccount",
    "account_name",
    "find_principal",
    "load_mapping",
    "load_principals",
    "make_service_key",
    "principal_of_account",
    "read_mapping",
    "read_principals",
    "same_person",
]
