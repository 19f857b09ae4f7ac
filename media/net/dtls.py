"""The only seam onto aiortc: its DTLS transport on our wire, and the SRTP keys from it (RFC 5764, 8842).

aiortc's `RTCDtlsTransport` normally sits on its ICE transport and handles every packet. Here it gets an
object in that place which hands it DTLS records only, a bounded number at a time; SRTP never passes through
it. Its private names used below (`_setup_srtp`, `_srtp_profiles`, `_ssl`, `_task`, `_set_role`) are guarded
by a contract test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from OpenSSL import SSL

from media.net.srtp import SrtpKeys
from media.protocol import DtlsFingerprint, DtlsState

#: Records waiting for the handshake or the data pump; a flight is two to six of them.
QUEUE_LIMIT = 32
DIGESTS = ("sha-256", "sha-384", "sha-512")

#: In the order of our preference, which is what counts where we are the DTLS server: AES-GCM costs least.
_PROFILES = [
    profile
    for profile in (SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80)
    if profile in SRTP_PROFILES
]


class DtlsCertificate:
    """A worker's own certificate, made at its start and used for all its transports."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()

    @property
    def fingerprint(self) -> DtlsFingerprint:
        value = next(
            print_ for print_ in self._certificate.getFingerprints() if print_.algorithm == DIGESTS[0]
        )
        return DtlsFingerprint(value.algorithm, value.value)

    def transport(self, wire: _Wire) -> _DtlsTransport:
        return _DtlsTransport(cast(Any, wire), [self._certificate])


class _Wire:
    """What an `RTCDtlsTransport` sees of the network, in the place of an `RTCIceTransport`."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self.records: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_LIMIT)

    async def _recv(self) -> bytes:
        return await self.records.get()

    async def _send(self, data: bytes) -> None:
        self._send_datagram(data)


class _DtlsTransport(RTCDtlsTransport):
    keys: SrtpKeys | None = None

    def __init__(self, wire: Any, certificates: list[RTCCertificate]) -> None:
        super().__init__(wire, certificates)
        self._srtp_profiles = _PROFILES

    def _setup_srtp(self) -> None:
        """Called by aiortc once the handshake is done and the fingerprint verified."""
        super()._setup_srtp()
        if self.state == "failed" or self._ssl is None:
            return
        name = self._ssl.get_selected_srtp_profile()
        profile = next(known for known in _PROFILES if known.openssl_profile == name)
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        ours = 1 if self._role == "server" else 0  # the client's key comes first (RFC 5764, 4.2)
        self.keys = SrtpKeys(
            profile=profile.libsrtp_profile,
            name=name.decode(),
            send=profile.get_key_and_salt(material, ours),
            receive=profile.get_key_and_salt(material, 1 - ours),
        )
        self._rx_srtp = self._tx_srtp = cast(Any, None)


class DtlsAssociation:
    """One association.

    States go new → connecting → connected | failed, and to closed when the other end leaves.
    """

    def __init__(
        self,
        certificate: DtlsCertificate,
        send: Callable[[bytes], None],
        on_state: Callable[[DtlsState], None],
    ) -> None:
        """``send`` takes one datagram; ``on_state`` is called from the loop on each change, never after
        `close`.
        """
        self._wire = _Wire(send)
        self._transport = certificate.transport(self._wire)
        self._on_state = on_state
        self._handshake: asyncio.Task[None] | None = None
        self._closed = False
        self._state: DtlsState = "new"
        self._transport.on("statechange", self._state_changed)

    @property
    def state(self) -> DtlsState:
        return self._state

    @property
    def started(self) -> bool:
        return self._handshake is not None

    @property
    def keys(self) -> SrtpKeys | None:
        """Present once connected."""
        return self._transport.keys

    def start(self, server: bool, fingerprints: list[DtlsFingerprint]) -> None:
        """Begins the handshake as DTLS server or client; the other end's certificate must match
        ``fingerprints``.
        """
        self._transport._set_role("server" if server else "client")
        theirs = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(theirs.algorithm, theirs.value) for theirs in fingerprints]
        )
        self._handshake = asyncio.get_running_loop().create_task(self._transport.start(theirs))
        self._handshake.add_done_callback(self._handshake_ended)

    def feed(self, record: bytes) -> bool:
        """Takes one datagram of DTLS records, not empty; false where it was dropped because too many wait."""
        if self._wire.records.full():
            return False
        self._wire.records.put_nowait(record)
        return True

    def fail(self) -> None:
        """Gives up a handshake that takes too long."""
        if self._state in ("new", "connecting"):
            self._set_state("failed")
            self._cancel()

    def close(self) -> list[asyncio.Task[None]]:
        """Tells the other end, and ends.

        Returns the tasks that are ending; they need one more turn of the loop.
        """
        self._closed = True
        ssl = self._transport._ssl
        if ssl is not None and self._state in ("connecting", "connected"):
            try:
                ssl.shutdown()
                self._wire._send_datagram(ssl.bio_read(1500))
            except SSL.Error:
                pass  # there was nothing to say yet
        self._state = "closed"
        return self._cancel()

    def _cancel(self) -> list[asyncio.Task[None]]:
        ending = [
            task
            for task in (self._handshake, cast("asyncio.Task[None] | None", self._transport._task))
            if task is not None and not task.done()
        ]
        for task in ending:
            task.cancel()
        return ending

    def _handshake_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._set_state("failed")

    def _state_changed(self) -> None:
        self._set_state(cast(DtlsState, self._transport.state))

    def _set_state(self, state: DtlsState) -> None:
        if self._closed or state == self._state or self._state in ("failed", "closed"):
            return
        self._state = state
        self._on_state(state)
