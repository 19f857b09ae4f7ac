"""Credentials for the TURN server that relays media where no direct path is: good for a short time, for one
participant, made without asking it.

The TURN server (coturn's ``use-auth-secret``) shares a secret with us and checks them by itself: the user
name is when they expire and whose they are, the password its HMAC-SHA1 (draft-uberti-behave-turn-rest-00).
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

from signalling.messages import IceServer

#: RFC 7065 with a host name, an IPv4 or a bracketed IPv6 address.
_ADDRESS = re.compile(
    r"turns?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:[0-9]{1,5})?(\?transport=(udp|tcp))?"
)


def is_turn_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Relay:
    """``addresses`` as in RFC 7065, the preferred first; ``lifetime`` of credentials in seconds."""

    addresses: tuple[str, ...]
    secret: str
    lifetime: float

    def servers(self, participant_id: str, *, now: float) -> list[IceServer]:
        """What a browser is told. ``now`` in seconds since the epoch.

        A relayed path outlives the credentials it was opened with; a new one is opened with new ones.
        """
        username = f"{int(now + self.lifetime)}:{participant_id}"
        password = hmac.digest(self.secret.encode(), username.encode(), "sha1")
        return [
            IceServer(
                urls=list(self.addresses), username=username, credential=base64.b64encode(password).decode()
            )
        ]
