"""Where a request comes from: its network address behind proxies, and whether our own pages sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from aiohttp import web


def address_of(request: web.Request, trusted: Sequence[str]) -> str:
    """`client_address` of a request."""
    return client_address(request.remote, request.headers.getall("X-Forwarded-For", ()), trusted)


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[str]) -> str:
    """The last address in the chain that is not one of our proxies. What a stranger writes there counts for
    nothing. ``forwarded_for`` are the X-Forwarded-For lines in order: some proxies add one of their own.

    Of an IPv6 address only the network is returned: one customer has 2^64 addresses.
    """
    chain = [part.strip() for line in forwarded_for for part in line.split(",") if part.strip()]
    address = peer or "unknown"
    while chain and _in_any(address, trusted):
        address = chain.pop()
    return _customer(address)


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
    """The address we are reached at, whatever it is, or the public one. "null" (a sandboxed frame) never, nor
    the public host over another scheme: pages that came without TLS may be anybody's.
    """
    if public_url and origin == public_url:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if public_url and parts.netloc == urlsplit(public_url).netloc:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc == host


def _customer(address: str) -> str:
    ip = _parsed(address)
    if ip is None:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))


def _in_any(address: str, networks: Sequence[str]) -> bool:
    ip = _parsed(address)
    return ip is not None and any(ip in ipaddress.ip_network(network, strict=False) for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """A socket for both versions writes IPv4 addresses as ::ffff:192.0.2.1."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if ip.version == 6 else ip
