"""The innermost loop of the server: one packet of a publisher to everybody who receives it.

There are two of it, in Python here and in C in media/core/fan_out.c. Either works on rows that a stream keeps
ready: what is needed of each consumer, side by side in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from media.core import BATCH_OUT, SLOT, ffi
from media.net.srtp import protect
from media.rtp.codecs import vp8
from media.rtp.extensions import abs_send_time
from media.rtp.header import whole_packet
from media.rtp.rewrite import Run
from media.stats import Drop

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.context import MediaContext
    from media.transport import Transport

#: Transport, libsrtp's session, address, SSRC, what is added to number and timestamp, mid and abs-send-time
#: element, first byte of the transport-wide sequence number element, the run of numbers where picture ids are
#: shifted, and where to count what could not be sent.
Row: TypeAlias = "tuple[Transport, Any, int, int, int, int, bytes, int, int, Run | None, Any]"


def row(consumer: Consumer) -> Row:
    """As it is now; the stream is told when any of it changes (`ReceiveStream.rows_changed`)."""
    numbers, transport = consumer.numbers, consumer.transport
    return (
        transport,
        transport.send_handle,
        transport.pointer,
        consumer.ssrc,
        numbers.sequence_offset,
        numbers.timestamp_offset,
        consumer.mid,
        consumer.abs_send_time,
        consumer.sequence_head,
        numbers.run if consumer.renumbers else None,
        consumer.unsent,
    )


def compiled_rows(rows: list[Row]) -> Any:
    """The same as an array of ``struct row``."""
    out = ffi.new("struct row[]", len(rows))
    for at, (transport, _, _, ssrc, ahead, later, mid, absolute, head, run, unsent) in enumerate(rows):
        out[at] = (
            transport.state,
            unsent,
            ssrc,
            later & 0xFFFFFFFF,
            absolute,
            ahead & 0xFFFF,
            run.picture_offset % vp8.PICTURE_ID_MODULO if run is not None else 0,
            run.tl0_offset % vp8.TL0_MODULO if run is not None else 0,
            head,
            tuple(mid),
        )
    return out


def fan_out(
    ctx: MediaContext, rows: list[Row], packet: bytes, tail: bytes, payload: int, number: int, timestamp: int
) -> None:
    """Sends one packet in our layout, one-byte form, to all ``rows``.

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
    now = ctx.now
    send_time = abs_send_time(now)
    slot = socket.count
    for transport, handle, address, ssrc, ahead, later, mid, absolute, head, run, unsent in rows:
        if slot == BATCH_OUT:
            socket.count = slot
            socket.flush()
            slot = 0
        own = transport.next_sequence() if head else 0
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
        if head and transport.path is not None:
            transport.path.sent.note(own, now, size)
        sizes[2 * slot + 1] = size
        if protect(handle, pointers[slot], lengths[slot]):
            ctx.stats.drops[Drop.SRTP_PROTECT] += 1
            unsent.packets += 1
            unsent.octets += size - payload
            continue
        names[8 * slot] = address
        slot += 1
    socket.count = slot
