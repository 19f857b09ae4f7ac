"""Where a request comes from: its network address behind proxies, and whether our own pages sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit


def client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[str]) -> str:
    """The last address in the chain that is not one of our proxies. What a stranger writes there counts for
    nothing.
    """
    chain = [part.strip() for part in (forwarded_for or "").split(",") if part.strip()]
    address = peer or "unknown"
    while chain and _in_any(address, trusted):
        address = chain.pop()
    return address


def same_origin(headers: Mapping[str, str], public_url: str | None) -> bool | None:
    """Whether one of our pages sent this; None when the client does not say, which a browser always does on a
    write.
    """
    origin = headers.get("Origin")
    if origin is not None:
        return origin_allowed(origin, headers.get("Host", ""), public_url)
    site = headers.get("Sec-Fetch-Site")
    return None if site is None else site == "same-origin"


def origin_allowed(origin: str, host: str, public_url: str | None) -> bool:
    """The address we are reached at, whatever it is, or the public one. "null" (a sandboxed frame) never."""
    if public_url and origin == public_url:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc == host


def _in_any(address: str, networks: Sequence[str]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)
