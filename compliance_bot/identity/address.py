"""Which addresses keys may be fetched from: by https, or from this very machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_reachable_safely(url: str) -> bool:
    """Return whether an address is https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine, by its own words: no name is looked up but `localhost`."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
