"""The innermost loop of the server: one packet of a publisher to everybody who receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from media.net.srtp import protect
from media.net.udp import BATCH_OUT, SLOT
from media.rtp.codecs import vp8
from media.rtp.extensions import abs_send_time
from media.rtp.header import whole_packet
from media.rtp.rewrite import Run

if TYPE_CHECKING:
    from media.context import MediaContext
    from media.transport import Transport

#: What `fan_out` needs of one consumer, side by side in memory: transport, libsrtp's session, address, SSRC,
#: what is added to number and timestamp, mid and abs-send-time element, first byte of the transport-wide
#: sequence number element, and the run of numbers where picture ids are shifted.
Row: TypeAlias = "tuple[Transport, Any, int, int, int, int, bytes, int, int, Run | None]"


def fan_out(
    ctx: MediaContext, rows: list[Row], packet: bytes, tail: bytes, payload: int, number: int, timestamp: int
) -> None:
    """Sends one packet in our layout, one-byte form, to all ``rows``: the innermost loop of the server.

    For each of them: one `pack_into` writes the packet with its patched fields into the next slot, libsrtp
    protects it in place, length and address are noted. ``tail`` is what follows the fixed part of ``packet``.
    """
    socket = ctx.socket
    out, sizes, names = socket.outgoing, socket.sizes, socket.names
    pointers, lengths = socket.outgoing_pointers, socket.outgoing_lengths
    size = len(packet)
    pack = whole_packet(len(tail))
    first, profile, words = (
        packet[0] << 8 | packet[1],
        packet[12] << 8 | packet[13],
        packet[14] << 8 | packet[15],
    )
    send_time = abs_send_time(ctx.now)
    slot = socket.count
    for transport, handle, address, ssrc, ahead, later, mid, absolute, head, run in rows:
        if slot == BATCH_OUT:
            socket.count = slot
            socket.flush()
            slot = 0
        own = 0
        if head:
            transport.sequence = own = transport.sequence + 1 & 0xFFFF
        at = slot * SLOT
        pack(
            out,
            at,
            first,
            number + ahead & 0xFFFF,
            timestamp + later & 0xFFFFFFFF,
            ssrc,
            profile,
            words,
            mid,
            absolute and absolute | send_time,
            head,
            own,
            tail,
        )
        if run is not None:
            vp8.shift_numbering(out, at + payload, at + size, run.picture_offset, run.tl0_offset)
        sizes[2 * slot + 1] = size
        if protect(handle, pointers[slot], lengths[slot]):
            transport.consumer_ssrcs[ssrc].not_sent(size - payload)
            continue
        names[8 * slot] = address
        slot += 1
    socket.count = slot
