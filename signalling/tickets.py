"""Tickets: the short-lived, signed right of one identity to enter one room, once.

REST issues them, the hub reads them. They carry no roles: those are looked up at the door. That a ticket is
used once is kept by the live store (`LiveStore.claim`), by its ``jti``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

LIFETIME = 120.0  # seconds


class TicketInvalid(Exception):
    """Not a ticket, or not one of ours."""


class TicketExpired(Exception):
    """A ticket of ours, too old."""


@dataclass(frozen=True, slots=True)
class Ticket:
    timeslot_id: str
    identity: str  # an account id
    jti: str
    expires_at: float  # seconds since the epoch


class Tickets:
    """Issues and reads tickets: base64url(JSON) "." base64url(HMAC-SHA256 of the first half)."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the secret has at least 32 bytes")
        self._secret = secret

    def issue(self, timeslot_id: str, identity: str, *, now: float) -> tuple[str, float]:
        """The ticket and when it expires."""
        expires_at = now + LIFETIME
        claims = [timeslot_id, identity, secrets.token_urlsafe(16), expires_at]
        body = _encode(json.dumps(claims).encode())
        return f"{body}.{_encode(self._sign(body))}", expires_at

    def read(self, token: str, *, now: float) -> Ticket:
        """Raises TicketInvalid or TicketExpired. Whether it was used before is not known here."""
        body, _, signature = token.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(signature), self._sign(body))
        except ValueError as error:
            raise TicketInvalid("not a ticket") from error
        if not genuine:
            raise TicketInvalid("not signed by us")
        ticket = Ticket(*json.loads(_decode(body)))
        if now >= ticket.expires_at:
            raise TicketExpired("the ticket has expired")
        return ticket

    def _sign(self, body: str) -> bytes:
        return hmac.digest(self._secret, body.encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """ValueError where it is not base64url; characters that decoders skip silently count as such."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if _encode(data) != text:
        raise ValueError("not base64url")
    return data
