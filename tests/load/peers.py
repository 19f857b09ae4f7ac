"""Peers for what is measured one by one, in this process and its event loop: set-up, restarts, repair.

For many packets there is the load generator (`tests.load.generator`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable

from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM

from media import protocol
from media.client import MediaWorker
from tests.load.generating import KINDS
from tests.support.captures import capabilities, produced
from tests.support.rtc_peer import RtcPeer


class LoadPeer(RtcPeer):
    """A peer with AES-128-GCM and its transport on the worker; peer and transport have one name."""

    def __init__(self, port: int, transport: protocol.TransportCreated, transport_id: str) -> None:
        super().__init__(port, transport.iceParameters, [SRTP_AEAD_AES_128_GCM])
        self.transport_id = transport_id
        self.server_dtls = transport.dtlsParameters
        self._deaf: socket.socket | None = None

    async def connect(self, worker: MediaWorker) -> None:
        await self.open()
        await worker.request(protocol.ConnectTransport(self.transport_id, self.dtls_parameters))
        await self.check()
        await self.handshake(self.server_dtls)

    def stop_listening(self) -> None:
        """What comes from now on stays in the socket's buffer, so that it costs nothing here; sending still
        works.
        """
        assert self._socket is not None
        self._deaf = self._socket.get_extra_info("socket").dup()
        self._socket.abort()

    def send_raw(self, data: bytes) -> None:
        if self._deaf is None:
            super().send_raw(data)
        else:
            self._deaf.send(data)

    def protect_rtcp(self, data: bytes) -> bytes:
        return self._dtls._tx_srtp.protect_rtcp(data)

    async def close(self) -> None:
        await super().close()
        if self._deaf is not None:
            self._deaf.close()


async def create_peer(
    worker: MediaWorker, room_id: str, name: str, direction: protocol.Direction, port: int | None = None
) -> LoadPeer:
    """Not connected yet; at ``port`` where the worker is reached through a proxy."""
    await worker.request(protocol.CreatePeer(room_id, name))
    created = await worker.request(protocol.CreateTransport(name, name, direction))
    return LoadPeer(port or worker.port, created, name)


async def publish(worker: MediaWorker, publisher: LoadPeer) -> None:
    """Producers ``name-video`` and ``name-audio``, with the parameters Chromium would send."""
    for kind, capture in KINDS:
        name = f"{publisher.transport_id}-{kind}"
        await worker.request(
            protocol.CreateProducer(publisher.transport_id, name, kind, produced("chromium_156", capture))
        )


async def subscribe(worker: MediaWorker, subscriber: LoadPeer, producers: Iterable[str]) -> None:
    await asyncio.gather(*(consume(worker, subscriber, producer) for producer in producers))


async def consume(worker: MediaWorker, subscriber: LoadPeer, producer_id: str) -> protocol.RtpParameters:
    """What the subscriber gets of it, from now on."""
    return await take(worker, subscriber.transport_id, producer_id)


async def take(worker: MediaWorker, transport_id: str, producer_id: str) -> protocol.RtpParameters:
    """The same for a transport that nobody need be connected to."""
    consumer_id = f"{transport_id}-{producer_id}"
    created = await worker.request(
        protocol.CreateConsumer(transport_id, consumer_id, producer_id, capabilities("chromium_156"))
    )
    await worker.request(protocol.ResumeConsumer(consumer_id))
    return created.rtpParameters
