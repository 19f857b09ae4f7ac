"""The ICE-lite agent of one transport: credentials, bound addresses, the selected one, and consent.

RFC 8445 (lite side), RFC 7675. Nothing here does I/O; ``now`` is in seconds, addresses are the socket's
packed form.
"""

from __future__ import annotations

from dataclasses import replace

from media.net.stun import Credentials, Request
from media.protocol import IceCandidate, IceState

#: A browser checks every 2.5 s at the latest and every second after a check of its was lost; media is heard
#: too.
SILENCE_LIMIT = 5.0
#: The same while packets have been coming all the time, and have a reason to go on.
LIVELY_LIMIT = 1.7
#: Without a check for so long nothing may be sent any more (RFC 7675, 5.1).
CONSENT_LIMIT = 30.0
#: Addresses bound at one time: a browser with many interfaces checks from each; then the oldest gives way.
ADDRESS_LIMIT = 8

#: Type preference of a host candidate, full local preference, RTP component (RFC 8445, 5.1.2.1).
_PRIORITY = (126 << 24) + (65535 << 8) + 255
#: Behind every UDP candidate; a passive one has the direction preference 4 (RFC 6544, 4.2).
_TCP_PRIORITY = (90 << 24) + ((4 << 13) + 8191 << 8) + 255


def host_candidates(addresses: list[str], port: int) -> list[IceCandidate]:
    """For each of ``addresses``, the first preferred, a host candidate of UDP, and behind them all one of
    passive TCP.
    """
    datagrams = [
        IceCandidate(
            foundation=f"udp{index}",
            priority=_PRIORITY - (index << 8),
            address=address,
            ip=address,
            protocol="udp",
            port=port,
        )
        for index, address in enumerate(addresses)
    ]
    streams = [
        replace(
            candidate,
            foundation=f"tcp{index}",
            priority=_TCP_PRIORITY - (index << 8),
            protocol="tcp",
            tcpType="passive",
        )
        for index, candidate in enumerate(datagrams)
    ]
    return datagrams + streams


class IceAgent:
    __slots__ = (
        "_previous",
        "_restarting",
        "addresses",
        "credentials",
        "heard",
        "patience",
        "selected",
        "state",
    )

    def __init__(self) -> None:
        self.credentials = Credentials.new()
        self._previous: Credentials | None = None
        self._restarting = False
        self.state: IceState = "new"
        #: Address → time of its last authenticated request.
        self.addresses: dict[bytes, float] = {}
        #: The address that we send to.
        self.selected: bytes | None = None
        self.heard = float("-inf")  # last authenticated packet of any sort
        #: Seconds of silence after which the state is "disconnected"; the owner knows what is to be heard.
        self.patience = SILENCE_LIMIT

    @property
    def fragments(self) -> list[str]:
        """The user name fragments that are ours now; during a restart the old one too."""
        previous = [self._previous.fragment] if self._previous else []
        return [self.credentials.fragment, *previous]

    def restart(self) -> None:
        """New credentials. The old ones hold until the new ones have been used (RFC 8445, 9)."""
        self._previous = self.credentials if self._previous is None else self._previous
        self.credentials = Credentials.new()
        self._restarting = True

    def authenticate(self, request: Request) -> Credentials | None:
        """The credentials with which ``request`` is rightly signed; None where it is not."""
        fragment = request.username.partition(":")[0]
        for credentials in (self.credentials, self._previous):
            if credentials is not None and credentials.fragment == fragment:
                return credentials if request.is_signed_with(credentials.password) else None
        return None

    def checked_from(
        self, address: bytes, nominates: bool, credentials: Credentials, now: float
    ) -> list[bytes]:
        """An authenticated request came. Returns the addresses that are no longer bound to this transport.

        The client chooses the path by nominating, the last nomination counts. Some clients do not nominate
        before they have seen media, or nominate every pair: without a selected address the first one heard is
        taken, so that neither has to wait.
        """
        self.heard = now
        self.addresses.pop(address, None)
        self.addresses[address] = now  # at the end: the dictionary stays in the order of hearing
        stale = self.selected is None or now - self.addresses.get(self.selected, 0.0) > SILENCE_LIMIT
        if credentials is self.credentials and self._restarting:
            self._restarting = False
            self._previous = None
            stale = True
        if stale or nominates:
            self.selected = address
        dropped: list[bytes] = []
        while len(self.addresses) > ADDRESS_LIMIT:
            oldest = next(known for known in self.addresses if known != self.selected)
            del self.addresses[oldest]
            dropped.append(oldest)
        return dropped

    def forget(self, address: bytes) -> None:
        self.addresses.pop(address, None)
        if self.selected == address:
            self.selected = max(self.addresses, key=lambda known: self.addresses[known], default=None)

    def expire(self, now: float) -> list[bytes]:
        """Addresses other than the selected one that have not been checked for `CONSENT_LIMIT`; they are
        unbound.
        """
        old = [
            address
            for address, heard in self.addresses.items()
            if now - heard > CONSENT_LIMIT and address != self.selected
        ]
        for address in old:
            del self.addresses[address]
        return old

    def current_state(self, now: float) -> IceState:
        """What the state is to be now; the owner compares with `state` and tells the difference."""
        if self.state == "closed" or (self.selected is None and self.state == "new"):
            return self.state
        if self.selected is None:
            return "disconnected"
        return "connected" if now - self.heard <= self.patience else "disconnected"

    def has_consent(self, now: float) -> bool:
        """Whether the selected address itself has asked for it lately (RFC 7675, 5.1: consent is one
        path's).
        """
        return self.selected is not None and now - self.addresses[self.selected] <= CONSENT_LIMIT
