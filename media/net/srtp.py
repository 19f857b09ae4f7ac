"""SRTP in place: libsrtp on the socket's own buffers (RFC 3711, RFC 7714).

pylibsrtp's classes copy each packet twice; its binding is called directly instead. `protect`, `unprotect` and
their RTCP twins take a session's ``handle``, a pointer to the packet, and a pointer to its length, which
libsrtp changes; they return 0 or one of libsrtp's error numbers (`drop_reason`) and never raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from socket import htonl
from typing import Any

from pylibsrtp import Policy
from pylibsrtp._binding import ffi as _binding_ffi
from pylibsrtp._binding import lib as _lib

from media.stats import Drop

ffi: Any = _binding_ffi
protect = _lib.srtp_protect
unprotect = _lib.srtp_unprotect
protect_rtcp = _lib.srtp_protect_rtcp
unprotect_rtcp = _lib.srtp_unprotect_rtcp
#: Where the first two are, for the compiled loop.
PROTECT_ADDRESS, UNPROTECT_ADDRESS = (
    int(ffi.cast("uintptr_t", ffi.addressof(_lib, name))) for name in ("srtp_protect", "srtp_unprotect")
)

TRAILER_LIMIT = 32  # bytes that protecting adds at most: tag, and for RTCP the index
REPLAY_WINDOW = 1024  # packets behind the newest that are still taken
SEND_WINDOW = 128  # the same of our own; libsrtp shifts it for each packet, so it is no longer than needed

_AUTHENTICATION_FAILED = 7  # srtp_err_status_t
_REPLAYED = (9, 10)


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """What a DTLS handshake yields: libsrtp's number of the profile, and key with salt for each direction."""

    profile: int
    name: str
    send: bytes
    receive: bytes


class SrtpSession:
    """One direction of one association. Streams appear in it as their SSRCs do; the owner bounds how many."""

    __slots__ = ("_session", "address", "handle")

    def __init__(self, profile: int, key: bytes, outbound: bool) -> None:
        """Raises pylibsrtp.Error where libsrtp does not know the profile.

        Repeating an index is refused in both directions: on receiving it is a replay, on sending it would use
        an AES-GCM nonce twice.
        """
        kind = Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=profile)
        policy.window_size = SEND_WINDOW if outbound else REPLAY_WINDOW
        holder = ffi.new("srtp_t *")
        status = _lib.srtp_create(holder, policy._policy)
        if status:
            raise ValueError(f"libsrtp refuses the session (error {status})")
        self._session = ffi.gc(holder, _deallocate)
        self.handle = holder[0]
        self.address = int(ffi.cast("uintptr_t", self.handle))

    def forget(self, ssrc: int) -> None:
        """Releases what libsrtp keeps of a stream."""
        _lib.srtp_remove_stream(self.handle, htonl(ssrc))


def _deallocate(holder: Any) -> None:
    _lib.srtp_dealloc(holder[0])


def drop_reason(status: int) -> Drop:
    if status == _AUTHENTICATION_FAILED:
        return Drop.SRTP_AUTHENTICATION
    return Drop.SRTP_REPLAY if status in _REPLAYED else Drop.SRTP_OTHER
