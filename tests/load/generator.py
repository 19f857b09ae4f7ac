"""The load generator: a process that is publishers and subscribers to a media server, with ICE, DTLS and
SRTP but no codecs. ``python -m tests.load.generator`` answers each JSON line on stdin with one on stdout; the
other end is `tests.load.generating`.

- ``create``: some peers; answers the fingerprints of their certificates.
- ``connect``: sockets, checks and handshakes, given the server's address, ICE parameters and fingerprints.
- ``play``: some publish, some listen, for so many seconds. The event loop rests meanwhile and a plain loop
  works on the sockets, so that the generator costs little: incoming datagrams are taken by the batch and
  counted by their first bytes, and a random subset is decrypted and timed. The time under way is that from
  before the publisher's SRTP to the kernel's arrival time at the subscriber's socket (SO_TIMESTAMPNS).
  A further command ends it early.
- ``stop``: ends a run, and does nothing else.
- ``close``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import heapq
import itertools
import json
import random
import select
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80

from media.protocol import DtlsFingerprint, DtlsParameters, IceParameters
from tests.load.batch import Batch, picked, prepare
from tests.load.streams import Stream, is_key_frame_request, read
from tests.support.rtc_peer import RtcPeer

PROFILES = {"gcm": [SRTP_AEAD_AES_128_GCM], "cm": [SRTP_AES128_CM_SHA1_80]}
OWN_PASSWORD = "0123456789abcdefghijklmn"  # of our end of ICE, for a server that checks too
HANDSHAKES = 8  # at a time
LATEST = 0.5  # seconds after the last packet was sent; what is not there then is lost
CHECK_INTERVAL = 2.0  # seconds between ICE checks, which are the server's leave to send


class LoadPeer(RtcPeer):
    """One peer, whose socket `play` works on directly."""

    def __init__(self, profile: str, streams: list[Stream]) -> None:
        super().__init__(0, IceParameters("", ""), PROFILES[profile])
        self.streams = streams
        self.sequence = 0
        self.raw: socket.socket
        self.next_check = 0.0

    async def reach(self, host: str, port: int, ice: IceParameters) -> None:
        """A socket towards the server."""
        self._server, self.ice = (host, port), ice
        await self.open()
        assert self._socket is not None
        self.raw = self._socket.get_extra_info("socket").dup()
        prepare(self.raw)

    async def close(self) -> None:
        await super().close()
        self.raw.close()

    def datagram(self, data: bytes) -> None:
        """Answers checks as well: Janus sends some, although it is to be lite."""
        if data[:2] != b"\x00\x01":
            super().datagram(data)
            return
        request = stun.parse_message(data)
        answer = stun.Message(
            request.message_method, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = self._server
        answer.add_message_integrity(OWN_PASSWORD.encode())
        self.send_raw(bytes(answer))

    @property
    def receiving(self) -> pylibsrtp.Session:
        return self._dtls._rx_srtp

    def send_packet(self, stream: Stream) -> None:
        self.sequence += 1
        self.raw.send(self.protect(stream.packet(self.sequence)))


class Play:
    """One run; a publisher's RTCP is read for requests of key frames."""

    def __init__(
        self, publishers: list[LoadPeer], subscribers: list[LoadPeer], watched: set[LoadPeer], every: int
    ) -> None:
        """Of what ``watched`` subscribers get everything is decrypted, else one packet in ``every``."""
        self._publishers = publishers
        self._every = every
        self._watched = watched
        self._listening = {peer.raw.fileno(): peer for peer in subscribers}
        self._reporting = {peer.raw.fileno(): peer for peer in publishers if peer not in subscribers}
        self._batch = Batch()
        self._begin = 0.0
        self._chance = random.Random(1)
        self._phase = 0
        self._sent = dict.fromkeys(publishers, 0)
        self._received = self._sampled = self._refused = 0
        self._requests: list[float] = []  # seconds since the beginning
        self._delays: list[int] = []  # nanoseconds
        self._seen: dict[LoadPeer, list[tuple[int, int, int]]] = {peer: [] for peer in watched}
        self._poll = select.epoll()
        for fd in (*self._listening, *self._reporting, sys.stdin.fileno()):
            self._poll.register(fd, select.EPOLLIN)

    def run(self, seconds: float, expected: int) -> dict[str, Any]:
        """Until all of ``expected`` deliveries for each packet sent have come, or it is too late for them."""
        for fd in self._listening:
            while self._batch.receive(fd):  # of the run before
                pass
        used = time.process_time()
        begin = now = self._begin = time.monotonic()
        end = begin + seconds
        due = list(self._schedule(begin))
        heapq.heapify(due)
        while now < end or (self._received < sum(self._sent.values()) * expected and now < end + LATEST):
            while due and due[0][0] <= min(now, end):
                at, order, peer, stream = due[0]
                peer.send_packet(stream)
                self._sent[peer] += 1
                heapq.heapreplace(due, (at + stream.interval, order, peer, stream))
            self._check(now)
            wait = due[0][0] - time.monotonic() if due and now < end else 0.01
            for fd, _ in self._poll.poll(max(0.0, min(wait, 0.5))):
                if fd == sys.stdin.fileno():
                    end = min(end, time.monotonic())
                    self._poll.unregister(fd)
                else:
                    self._take(fd)
            now = time.monotonic()
        self._poll.close()
        return self._result(time.process_time() - used, now - begin)

    def _schedule(self, begin: float) -> Iterator[tuple[float, int, LoadPeer, Stream]]:
        """Streams start spread over their interval, so that publishers do not send in step."""
        pairs = [(peer, stream) for peer in self._publishers for stream in peer.streams]
        for order, (peer, stream) in enumerate(pairs):
            yield begin + self._chance.random() * stream.interval, order, peer, stream

    def _check(self, now: float) -> None:
        for peer in {*self._publishers, *self._listening.values()}:
            if peer.next_check <= now:
                peer.next_check = now + CHECK_INTERVAL * (0.9 + 0.2 * self._chance.random())
                peer.send_raw(bytes(peer.request()))

    def _take(self, fd: int) -> None:
        batch = self._batch
        count = batch.receive(fd)
        if not count:
            return
        peer = self._listening.get(fd)
        if peer is None:
            self._requested(self._reporting[fd], count)
            return
        self._received += batch.count_rtp(count)
        if peer in self._watched:
            slots = list(range(count))
        else:
            slots, self._phase = picked(count, self._phase, self._every, self._chance)
        for slot in slots:
            if batch.is_rtp(slot):
                self._look(peer, slot)

    def _look(self, peer: LoadPeer, slot: int) -> None:
        self._sampled += 1
        try:
            plain = peer.receiving.unprotect(self._batch.data(slot))
        except pylibsrtp.Error:
            self._refused += 1
            return
        number, sent = read(plain)
        arrival = self._batch.arrival(slot)
        self._delays.append(arrival - sent)
        seen = self._seen.get(peer)
        if seen is not None and len(plain) > 500:  # video
            seen.append((number, sent, arrival))

    def _requested(self, peer: LoadPeer, count: int) -> None:
        for slot in range(count):
            data = self._batch.data(slot)
            if not data or data[0] < 128:
                continue
            with contextlib.suppress(pylibsrtp.Error):
                if is_key_frame_request(peer.receiving.unprotect_rtcp(data)):
                    self._requests.append(time.monotonic() - self._begin)
                    for stream in peer.streams:
                        stream.key_frame_asked = stream.video

    def _result(self, used: float, taken: float) -> dict[str, Any]:
        delays = sorted(self._delays) or [0]
        count = len(delays)
        at = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}
        return {
            "sent": list(self._sent.values()),
            "received": self._received,
            "sampled": self._sampled,
            "refused": self._refused,
            "key_frame_requests": self._requests,
            "cpu": used,
            "seconds": taken,
            "delays": {name: delays[min(int(q * count), count - 1)] / 1e6 for name, q in at.items()},
            "gap": max((_gap(seen) for seen in self._seen.values()), default=0.0),
            "holes": sum(_holes(seen) for seen in self._seen.values()),
        }


def _gap(seen: list[tuple[int, int, int]]) -> float:
    """Milliseconds of the largest gap between two video packets of one subscriber, less what the publisher
    itself was late.
    """
    largest = 0.0
    for (number, sent, arrival), (next_number, next_sent, next_arrival) in itertools.pairwise(seen):
        nominal = (next_number - number) * 1e9 / 170
        late = max(0.0, next_sent - sent - nominal)
        largest = max(largest, next_arrival - arrival - late)
    return largest / 1e6


def _holes(seen: list[tuple[int, int, int]]) -> int:
    """Numbers between a subscriber's first packet and its last that it never got."""
    numbers = {number for number, _, _ in seen}
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0


class Generator:
    """The commands, see above."""

    def __init__(self) -> None:
        self._peers: dict[str, LoadPeer] = {}

    async def create(self, peers: list[dict[str, Any]]) -> dict[str, Any]:
        for each in peers:
            streams = [Stream(**stream) for stream in each["streams"]]
            self._peers[each["name"]] = LoadPeer(each["profile"], streams)
        return {
            each["name"]: [
                [print_.algorithm, print_.value]
                for print_ in self._peers[each["name"]].dtls_parameters.fingerprints
            ]
            for each in peers
        }

    async def connect(self, peers: list[dict[str, Any]]) -> dict[str, Any]:
        slots = asyncio.Semaphore(HANDSHAKES)

        async def one(each: dict[str, Any]) -> None:
            async with slots:
                peer = self._peers[each["name"]]
                ice = IceParameters(each["fragment"], each["password"])
                await peer.reach(each["host"], each["port"], ice)
                await peer.check()
                prints = [DtlsFingerprint(*pair) for pair in each["fingerprints"]]
                await peer.handshake(DtlsParameters(prints))

        await asyncio.gather(*(one(each) for each in peers))
        return {each["name"]: self._peers[each["name"]].srtp_profile.decode() for each in peers}

    async def play(
        self,
        publishers: list[str],
        subscribers: list[str],
        watched: list[str],
        every: int,
        seconds: float,
        expected: int,
    ) -> dict[str, Any]:
        run = Play(
            [self._peers[name] for name in publishers],
            [self._peers[name] for name in subscribers],
            {self._peers[name] for name in watched},
            every,
        )
        gc.collect()
        gc.disable()
        try:
            return run.run(seconds, expected)
        finally:
            gc.enable()

    async def stop(self) -> dict[str, Any]:
        return {}

    async def close(self, peers: list[str]) -> dict[str, Any]:
        for name in peers:
            await self._peers.pop(name).close()
        return {}

    async def end(self) -> None:
        await self.close(list(self._peers))


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    generator = Generator()
    while line := await reader.readline():
        command = json.loads(line)
        answer = await getattr(generator, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)
    await generator.end()


if __name__ == "__main__":
    asyncio.run(main())
