"""What attackers send: datagrams from outside, and the packets of a peer that has keys but means harm.

Forged STUN, DTLS from a stranger (the ClientHello race, alerts), empty datagrams, injected RTP; and from
inside floods of SSRCs, storms of NACK and PLI, and garbage behind a valid SRTP tag.
"""

from __future__ import annotations

import contextlib
import random
import struct

from aioice import stun
from OpenSSL import SSL

from tests.support.rtc_peer import rtp_packet

ALERT = bytes.fromhex("15fefd00000000000000000002") + b"\x02\x28"  # fatal, handshake failure; epoch 0
CLOSE = bytes.fromhex("15fefd00000000000000000002") + b"\x01\x00"  # warning, close notify


def forged_check(fragment: str, password: str = "x" * 32, nominate: bool = True) -> bytes:
    """A connectivity check for the transport of this fragment, signed with a password that is guessed."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{fragment}:attacker"
    message.attributes["PRIORITY"] = 1845501695
    message.attributes["ICE-CONTROLLING"] = 7
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def unsigned_check(fragment: str) -> bytes:
    """The same without a signature."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{fragment}:attacker"
    message.attributes["USE-CANDIDATE"] = None
    return bytes(message)


def client_hello() -> bytes:
    """The first flight of a DTLS client, as OpenSSL makes it."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(4096)


def stun_response(transaction: bytes = bytes(12)) -> bytes:
    """A success response nobody asked for."""
    return struct.pack("!HHI", 0x0101, 0, 0x2112A442) + transaction


def outside_datagrams(chance: random.Random, count: int) -> list[bytes]:
    """A mixture of all that strangers send, in random order; of every kind at least one in sixteen."""
    hello = client_hello()
    kinds = (
        lambda: b"",
        lambda: bytes((chance.randrange(256),)),
        lambda: forged_check(f"{chance.getrandbits(64):016x}"),
        lambda: unsigned_check(f"{chance.getrandbits(64):016x}"),
        lambda: stun_response(chance.randbytes(12)),
        lambda: struct.pack("!HHI", 1, 0, 0x2112A442) + chance.randbytes(12),
        lambda: hello,
        lambda: ALERT,
        lambda: CLOSE,
        lambda: bytes((20 + chance.randrange(44),)) + chance.randbytes(100),
        lambda: rtp_packet(chance.getrandbits(32), chance.getrandbits(16), 0, chance.randbytes(1000), 96),
        lambda: b"\x80\xc8\x00\x06" + chance.randbytes(24),
        lambda: b"\x81\xce\x00\x02" + chance.randbytes(8),
        lambda: bytes((64 + chance.randrange(64),)) + chance.randbytes(60),
        lambda: chance.randbytes(chance.randrange(1, 1400)),
        lambda: b"\x80" + chance.randbytes(1999),
    )
    mixture = [kinds[number % len(kinds)]() for number in range(count)]
    chance.shuffle(mixture)
    return mixture


# --- from inside ---


def unknown_stream(chance: random.Random, sequence: int, payload_type: int = 96) -> bytes:
    """RTP of an SSRC that was never announced."""
    return rtp_packet(chance.getrandbits(32), sequence, 0, b"\x90\x80\x80\x01" + bytes(60), payload_type)


def nack_storm(ssrc: int, chance: random.Random, items: int = 250) -> bytes:
    """One NACK that asks for as many packets as fit a datagram: 17 by each item (RFC 4585, 6.2.1)."""
    fci = b"".join(struct.pack("!HH", chance.getrandbits(16), 0xFFFF) for _ in range(items))
    return struct.pack("!BBHII", 0x81, 205, 2 + items, 1, ssrc) + fci


def picture_losses(ssrc: int, count: int = 100) -> bytes:
    """Many PLIs in one datagram."""
    return struct.pack("!BBHII", 0x81, 206, 2, 1, ssrc) * count


def report_blocks(ssrc: int, count: int = 31) -> bytes:
    """A receiver report that claims everything lost and a round trip of hours."""
    block = struct.pack("!IBBHIIII", ssrc, 255, 0xFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 0xFFFFFFFF)
    return struct.pack("!BBHI", 0x80 | count, 201, 1 + 6 * count, 1) + block * count


def garbage(chance: random.Random, ssrc: int, sequence: int) -> bytes:
    """A packet with a right RTP version and SSRC; everything else is noise: CSRCs, extensions, padding."""
    data = bytearray(chance.randbytes(chance.randrange(12, 1200)))
    data[0] = 0x80 | data[0] & 0x3F
    data[1] = chance.choice((96, 97, 111, 96 | 0x80, data[1] & 0x7F))
    if 64 <= data[1] & 0x7F <= 95:
        data[1] = 96
    data[2:4] = struct.pack("!H", sequence & 0xFFFF)
    data[8:12] = struct.pack("!I", ssrc)
    return bytes(data)


def garbage_rtcp(chance: random.Random) -> bytes:
    """A compound packet of right types and lengths and noise inside."""
    out = b""
    for _ in range(chance.randrange(1, 6)):
        words = chance.randrange(1, 30)
        kind = chance.randrange(192, 212)
        out += struct.pack("!BBH", 0x80 | chance.randrange(32), kind, words) + chance.randbytes(4 * words)
    return out
