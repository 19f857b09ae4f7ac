"""A participant for tests: pymediasoup on aiortc, a media client that is not of our making, on a real worker.

Two things of theirs are worked around here and nowhere else. aioice never uses loopback addresses, so the
client's socket is bound to the loopback address explicitly. pymediasoup reports "connect" without waiting for
it; requests of one connection are answered in order, so nothing depends on that.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import itertools
import math
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import aioice.ice
import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from pydantic import TypeAdapter
from pymediasoup import AiortcHandler, Device
from pymediasoup import rtp_parameters as theirs
from pymediasoup.models import transport as their_transport

from media import protocol
from media.client import MediaWorker
from media.wire import to_wire

_PARAMETERS = TypeAdapter(protocol.RtpParameters)
_CAPABILITIES = TypeAdapter(protocol.RtpCapabilities)
_DTLS = TypeAdapter(protocol.DtlsParameters)
_FRAMES_KEPT = 50
_ids = itertools.count(1)


class Tone(MediaStreamTrack):
    """A 440 Hz sine in 20 ms frames, mono, 48 kHz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> av.AudioFrame:
        first = self._count * 960
        await _until(self._start + self._count * 0.02)
        self._count += 1
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        samples = (int(8000 * math.sin(2 * math.pi * 440 * (first + n) / 48000)) for n in range(960))
        frame.planes[0].update(b"".join(value.to_bytes(2, "little", signed=True) for value in samples))
        frame.sample_rate, frame.pts, frame.time_base = 48000, first, fractions.Fraction(1, 48000)
        return frame


class Picture(MediaStreamTrack):
    """One grey level, 160 × 120, 20 frames a second: cheap to encode and to recognise."""

    kind = "video"

    def __init__(self, luma: int = 180) -> None:
        super().__init__()
        self.luma = luma
        self._count = 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> av.VideoFrame:
        await _until(self._start + self._count * 0.05)
        frame = av.VideoFrame(160, 120, "yuv420p")
        for plane, value in zip(frame.planes, (self.luma, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = self._count * 4500, fractions.Fraction(1, 90000)
        self._count += 1
        return frame


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))


class Subscription:
    """A consumer at the participant: decodes all that comes and counts it."""

    def __init__(self, consumer_id: str, kind: str, parameters: protocol.RtpParameters, track: Any) -> None:
        self.id = consumer_id
        self.kind = kind
        self.parameters = parameters
        self.decoded = 0
        self.latest: deque[Any] = deque(maxlen=_FRAMES_KEPT)
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read(track))

    async def _read(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                async with self._changed:
                    self.decoded += 1
                    self.latest.append(frame)
                    self._changed.notify_all()

    async def frames(self, more: int) -> list[Any]:
        """Waits until so many more frames than now have been decoded; the latest ones."""
        wanted = self.decoded + more
        async with self._changed:
            await self._changed.wait_for(lambda: self.decoded >= wanted)
            return list(self.latest)[-more:]

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class MediaClient:
    """One participant:

    its peer on the worker, a transport each way, what it publishes and what it watches.
    """

    def __init__(self, worker: MediaWorker, peer_id: str, capabilities: protocol.RtpCapabilities) -> None:
        self.worker = worker
        self.peer_id = peer_id
        self._router = theirs.RtpCapabilities.model_validate(to_wire(capabilities))
        self._device = Device(handlerFactory=AiortcHandler.createFactory())
        self._transports: dict[str, Any] = {}
        self._subscriptions: list[Subscription] = []

    @property
    def capabilities(self) -> protocol.RtpCapabilities:
        """What this participant can receive."""
        return _CAPABILITIES.validate_python(self._device.recvRtpCapabilities.model_dump(exclude_none=True))

    @property
    def transport_ids(self) -> dict[str, str]:
        return {direction: transport.id for direction, transport in self._transports.items()}

    async def join(self, room_id: str) -> None:
        await self._device.load(self._router)
        await self.worker.request(protocol.CreatePeer(room_id, self.peer_id))

    async def publish(self, track: MediaStreamTrack, codec: str | None = None) -> str:
        """The producer's id. ``codec`` is a MIME type; without it the router's first choice is taken."""
        transport = await self._transport("send")
        chosen = None if codec is None else self._sending_codec(codec)
        producer = await transport.produce(track=track, codec=chosen, stopTracks=True)
        return str(producer.id)

    async def subscribe(self, producer_id: str) -> Subscription:
        """Consumes, prepares the decoder, and only then lets packets flow."""
        transport = await self._transport("recv")
        consumer_id = f"consumer-{next(_ids)}"
        created = await self.worker.request(
            protocol.CreateConsumer(transport.id, consumer_id, producer_id, self.capabilities)
        )
        consumer = await transport.consume(
            id=consumer_id,
            producerId=producer_id,
            kind=created.kind,
            rtpParameters=theirs.RtpParameters.model_validate(to_wire(created.rtpParameters)),
        )
        subscription = Subscription(consumer_id, created.kind, created.rtpParameters, consumer.track)
        self._subscriptions.append(subscription)
        await self.worker.request(protocol.ResumeConsumer(consumer_id))
        return subscription

    async def close(self) -> None:
        """Leaves this end only; the worker's side is closed with its peer."""
        for transport in self._transports.values():
            await transport.close()
        for subscription in self._subscriptions:
            await subscription.close()

    def _sending_codec(self, mime_type: str) -> Any:
        codecs = self._device.sendRtpCapabilities.codecs
        return next(codec for codec in codecs if codec.mimeType.lower() == mime_type.lower())

    async def _transport(self, direction: protocol.Direction) -> Any:
        if direction in self._transports:
            return self._transports[direction]
        transport_id = f"transport-{next(_ids)}"
        created = await self.worker.request(protocol.CreateTransport(self.peer_id, transport_id, direction))
        create = {"send": self._device.createSendTransport, "recv": self._device.createRecvTransport}[
            direction
        ]
        transport = create(
            id=transport_id,
            iceParameters=their_transport.IceParameters.model_validate(to_wire(created.iceParameters)),
            iceCandidates=[
                their_transport.IceCandidate.model_validate(to_wire(candidate))
                for candidate in created.iceCandidates
            ],
            dtlsParameters=their_transport.DtlsParameters.model_validate(to_wire(created.dtlsParameters)),
            sctpParameters=None,
            iceServers=[],
        )
        self._transports[direction] = transport
        self._answer_events(transport)
        return transport

    def _answer_events(self, transport: Any) -> None:
        async def on_connect(parameters: Any) -> None:
            dtls = _DTLS.validate_python(parameters.model_dump())
            await self.worker.request(protocol.ConnectTransport(transport.id, dtls))

        async def on_produce(kind: protocol.MediaKind, parameters: Any, app_data: Any) -> str:
            producer_id = f"producer-{next(_ids)}"
            rtp = _PARAMETERS.validate_python(parameters.model_dump(exclude_none=True))
            await self.worker.request(protocol.CreateProducer(transport.id, producer_id, kind, rtp))
            return producer_id

        transport.on("connect", on_connect)
        transport.on("produce", on_produce)


@contextlib.asynccontextmanager
async def participants(worker: MediaWorker, room_id: str, count: int) -> AsyncIterator[list[MediaClient]]:
    """So many participants in a new room of the worker; room and clients are closed at the end."""
    with _loopback_candidates():
        created = await worker.request(protocol.CreateRoom(room_id))
        clients = [
            MediaClient(worker, f"{room_id}-{number}", created.rtpCapabilities) for number in range(count)
        ]
        try:
            for client in clients:
                await client.join(room_id)
            yield clients
        finally:
            for client in clients:
                await client.close()
            if worker.alive:
                await worker.request(protocol.CloseRoom(room_id))


@contextlib.contextmanager
def _loopback_candidates() -> Any:
    original = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = original
