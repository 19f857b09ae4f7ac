"""The ICE-lite agent: STUN binding requests in, responses out, and what they say about the path.

Messages: RFC 8489 (RFC 5389's wire format); ICE: RFC 8445, lite side; consent: RFC 7675. No I/O and no clock
here: an agent is fed with datagrams and ``now`` in seconds.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import struct
import zlib
from dataclasses import dataclass

from media.rtp.header import Buffer

BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111
MAGIC_COOKIE = 0x2112A442

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

ROLE_CONFLICT = 487

HEADER_SIZE = 20
_FINGERPRINT_XOR = 0x5354554E
_INTEGRITY_SIZE = 24
_FINGERPRINT_SIZE = 8

_header = struct.Struct("!HHI12s")
_attribute = struct.Struct("!HH")


@dataclass(slots=True)
class Request:
    """A binding request with a right FINGERPRINT; not authenticated yet.

    ``signed`` are the bytes that MESSAGE-INTEGRITY covers, with the length field as it was when signing.
    """

    transaction: bytes
    username: str
    nominates: bool
    controlled: bool
    signed: bytes
    integrity: bytes

    def is_signed_with(self, password: str) -> bool:
        return hmac.compare_digest(hmac.digest(password.encode(), self.signed, "sha1"), self.integrity)


def is_request(data: Buffer, at: int) -> bool:
    """Whether the message at ``data[at]``, at least two bytes of it, is a binding request."""
    return data[at] == 0 and data[at + 1] == 1


def parse_request(data: bytes) -> Request:
    """Parses a binding request as ICE uses it (RFC 8445, 7.1 and 7.3).

    USERNAME, MESSAGE-INTEGRITY and a right FINGERPRINT at the end are required. Raises ValueError.
    """
    if len(data) < HEADER_SIZE:
        raise ValueError("shorter than a STUN header")
    kind, length, cookie, transaction = _header.unpack_from(data)
    if kind != BINDING_REQUEST or cookie != MAGIC_COOKIE or length % 4 or length + HEADER_SIZE != len(data):
        raise ValueError("not a binding request")
    body = len(data) - _FINGERPRINT_SIZE
    if body < HEADER_SIZE or data[body : body + 4] != b"\x80\x28\x00\x04":
        raise ValueError("no fingerprint at the end")
    if int.from_bytes(data[body + 4 :], "big") != zlib.crc32(data[:body]) ^ _FINGERPRINT_XOR:
        raise ValueError("wrong fingerprint")
    username = ""
    nominates = controlled = False
    at = HEADER_SIZE
    while at + 4 <= body:
        attribute, size = _attribute.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if at + 4 + size > body:
            raise ValueError("attribute is cut off")
        if attribute == USERNAME:
            username = value.decode("utf-8", "replace")
        elif attribute == USE_CANDIDATE:
            nominates = True
        elif attribute == ICE_CONTROLLED:
            controlled = True
        elif attribute == MESSAGE_INTEGRITY:
            if size != 20:
                raise ValueError("wrong size of the message integrity")
            # What follows it is not signed and is ignored (RFC 8489, 14.5).
            covered = _header.pack(kind, at + _INTEGRITY_SIZE - HEADER_SIZE, cookie, transaction)
            signed = covered + data[HEADER_SIZE:at]
            return Request(transaction, username, nominates, controlled, signed, value)
        at += 4 + size + (-size & 3)
    raise ValueError("no message integrity")


def _finish(kind: int, transaction: bytes, attributes: bytes, password: str) -> bytes:
    """Adds MESSAGE-INTEGRITY and FINGERPRINT, each with the length field as it is at that point."""
    length = len(attributes) + _INTEGRITY_SIZE
    message = _header.pack(kind, length, MAGIC_COOKIE, transaction) + attributes
    signature = hmac.digest(password.encode(), message, "sha1")
    message += _attribute.pack(MESSAGE_INTEGRITY, 20) + signature
    message = message[:2] + struct.pack("!H", length + _FINGERPRINT_SIZE) + message[4:]
    return message + struct.pack("!HHI", FINGERPRINT, 4, zlib.crc32(message) ^ _FINGERPRINT_XOR)


def success(request: Request, password: str, host: str, port: int) -> bytes:
    """The response that tells the client its address."""
    address = ipaddress.ip_address(host)
    mask = struct.pack("!I", MAGIC_COOKIE) + request.transaction
    mapped = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    value = struct.pack("!BBH", 0, family, port ^ MAGIC_COOKIE >> 16) + mapped
    attribute = _attribute.pack(XOR_MAPPED_ADDRESS, len(value)) + value
    return _finish(BINDING_SUCCESS, request.transaction, attribute, password)


def role_conflict(request: Request, password: str) -> bytes:
    """A lite agent is always controlled; a client that says so too has to change (RFC 8445, 7.3.1.1)."""
    reason = b"Role Conflict"
    value = struct.pack("!HBB", 0, ROLE_CONFLICT // 100, ROLE_CONFLICT % 100) + reason
    attribute = _attribute.pack(ERROR_CODE, len(value)) + value + b"\0" * (-len(value) & 3)
    return _finish(BINDING_ERROR, request.transaction, attribute, password)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Our half of an ICE session: 64 random bits of name, 128 of password (RFC 8445, 5.3)."""

    fragment: str
    password: str

    @classmethod
    def new(cls) -> Credentials:
        return cls(secrets.token_hex(8), secrets.token_hex(16))
