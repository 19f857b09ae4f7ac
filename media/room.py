"""A media room of a worker, and the rules of closing.

Who closes whom::

    MediaContext ─▶ MediaRoom ─▶ Peer ─▶ Transport ─┬▶ Producer ─▶ its consumers, on whatever transport
                                                    └▶ Consumer

Closing goes down at once and is complete when `close()` returns: nothing is sent or received for the object
any more, and every table has forgotten it. It takes itself out of its parent; closing twice does nothing.
Only what happens to somebody else's object is told: a consumer that goes because its producer did
(ConsumerClosed). When the other end of a transport goes (DTLS close, ICE silence), TransportState says so and
the transport stays until it is closed from above.

Above all of it stands the process. When a worker dies, or its connection to the main process closes,
everything in it is gone at once; the main process tells the rooms (`MediaPool.on_worker_died`), and they are
built anew elsewhere. A worker that is to end is emptied first: its rooms leave it one by one (CloseRoom).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from media.peer import Peer
from media.protocol import LimitReached
from media.room_audio import RoomAudio

if TYPE_CHECKING:
    from media.context import MediaContext

#: Far above what one worker carries. It bounds what a defect further up can cost.
PEERS_LIMIT = 1000


class MediaRoom:
    def __init__(self, ctx: MediaContext, room_id: str, loudest: int = 0) -> None:
        """``loudest`` limits the microphones that are forwarded, 0 does not. Raises ValueError where the id
        is taken.
        """
        if room_id in ctx.rooms:
            raise ValueError(f"room {room_id!r} exists already")
        self.ctx = ctx
        self.id = room_id
        self.peers: dict[str, Peer] = {}
        self.audio = RoomAudio(self, loudest)
        self.closed = False
        ctx.rooms[room_id] = self

    def create_peer(self, peer_id: str) -> Peer:
        """Raises ValueError where the id is taken or the room closed, LimitReached beyond `PEERS_LIMIT`."""
        if self.closed:
            raise ValueError("the room is closed")
        if peer_id in self.peers:
            raise ValueError(f"peer {peer_id!r} exists already")
        if len(self.peers) >= PEERS_LIMIT:
            raise LimitReached(f"a room has {PEERS_LIMIT} peers at most")
        peer = self.peers[peer_id] = Peer(self.ctx, self, peer_id)
        return peer

    def duties(self) -> Iterator[Callable[[float], None]]:
        """What is due about three times a second, in small pieces, in this order: each takes the time."""
        yield self._listen
        transports = [transport for peer in self.peers.values() for transport in peer.transports.values()]
        producers = [
            producer
            for transport in transports
            for producer in transport.producers.values()
            if producer.kind == "video"
        ]
        yield from (producer.layers.update for producer in producers)
        yield from (transport.adaptation.run for transport in transports if transport.consumers)
        yield from (producer.layers.demand for producer in producers)

    def _listen(self, now: float) -> None:
        if not self.closed:
            self.audio.tick(now)

    def tick(self, now: float) -> None:
        """Does all of it at once."""
        for duty in self.duties():
            duty(now)

    def close(self) -> None:
        """Closes its peers. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        for peer in list(self.peers.values()):
            peer.close()
        self.ctx.rooms.pop(self.id, None)
