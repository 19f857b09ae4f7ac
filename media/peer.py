"""A participant's presence in a media worker: the transports of one browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.protocol import Direction, LimitReached
from media.transport import Transport

if TYPE_CHECKING:
    from media.context import MediaContext
    from media.room import MediaRoom

#: A browser has one of each direction, and for a moment one more of each while it rebuilds them.
TRANSPORTS_LIMIT = 8


class Peer:
    def __init__(self, ctx: MediaContext, room: MediaRoom, peer_id: str) -> None:
        self.ctx = ctx
        self.room = room
        self.id = peer_id
        self.transports: dict[str, Transport] = {}
        self.closed = False

    def create_transport(self, transport_id: str, direction: Direction) -> Transport:
        """Raises ValueError where the id is taken or the peer closed, LimitReached beyond
        `TRANSPORTS_LIMIT`.
        """
        if self.closed:
            raise ValueError("the peer is closed")
        if transport_id in self.ctx.transports:
            raise ValueError(f"transport {transport_id!r} exists already")
        if len(self.transports) >= TRANSPORTS_LIMIT:
            raise LimitReached(f"a peer has {TRANSPORTS_LIMIT} transports at most")
        transport = Transport(self.ctx, self, transport_id, direction)
        self.transports[transport_id] = transport
        return transport

    def close(self) -> None:
        """Closes its transports. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        for transport in list(self.transports.values()):
            transport.close()
        self.room.peers.pop(self.id, None)
