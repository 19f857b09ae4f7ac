"""STUN messages, the ICE-lite agent, the socket, and what the seam onto aiortc relies on."""

from __future__ import annotations

import inspect
import sys
import zlib
from importlib.metadata import version

import pytest
from aioice import stun as reference
from aiortc import rtcdtlstransport
from hypothesis import given
from hypothesis import strategies as st

from media.core import BATCH_IN, BATCH_OUT, SLOT
from media.net import ice, stun
from media.net.ice import IceAgent
from media.net.srtp import REPLAY_WINDOW, SrtpSession, drop_reason
from media.net.udp import (
    DatagramSocket,
    PlainSocket,
    open_socket,
    pack_address,
    unpack_address,
)
from media.stats import Counters, Drop


def check(username: str = "ours:theirs", key: bytes = b"password") -> reference.Message:
    message = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(key)
    return message


def test_a_request_written_by_another_stack_is_read() -> None:
    request = stun.parse_request(bytes(check()))
    assert request.username == "ours:theirs"
    assert request.nominates
    assert not request.controlled
    assert request.is_signed_with("password")
    assert not request.is_signed_with("guess")


@given(st.binary(max_size=200))
def test_any_bytes_are_no_request(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        stun.parse_request(data)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_request_changed_anywhere_is_refused(at: int, change: int) -> None:
    data = bytearray(bytes(check()))
    data[at % len(data)] ^= change
    with pytest.raises(ValueError, match=r"\w"):
        stun.parse_request(bytes(data))


@given(st.binary(max_size=60))
def test_a_request_with_a_right_fingerprint_around_anything_raises_nothing_else(body: bytes) -> None:
    body += b"\0" * (-len(body) & 3)
    head = b"\x00\x01" + (len(body) + 8).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12)
    crc = zlib.crc32(head + body) ^ 0x5354554E
    with pytest.raises(ValueError, match=r"\w"):
        stun.parse_request(head + body + b"\x80\x28\x00\x04" + crc.to_bytes(4, "big"))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::7"])
def test_another_stack_reads_our_response(host: str) -> None:
    request = stun.parse_request(bytes(check()))
    response = reference.parse_message(stun.success(request, "password", host, 40001))
    assert response.check_message_integrity(b"password")
    assert response.transaction_id == request.transaction
    assert response.attributes["XOR-MAPPED-ADDRESS"] == (host, 40001)


def request_for(agent: IceAgent, credentials: stun.Credentials | None = None) -> stun.Request:
    credentials = credentials or agent.credentials
    message = check(f"{credentials.fragment}:theirs", credentials.password.encode())
    return stun.parse_request(bytes(message))


def test_new_to_connected_to_disconnected_and_back() -> None:
    agent = IceAgent()
    assert agent.current_state(0.0) == "new"
    agent.checked_from(b"a", True, agent.credentials, 1.0)
    assert agent.current_state(1.0) == "connected"
    late = 1.0 + ice.SILENCE_LIMIT + 0.1
    assert agent.current_state(late) == "disconnected"
    agent.heard = late  # media counts as a sign of life …
    assert agent.current_state(late) == "connected"
    assert not agent.has_consent(1.0 + ice.CONSENT_LIMIT + 0.1)  # … but not as consent
    agent.checked_from(b"a", True, agent.credentials, 50.0)
    assert agent.has_consent(50.0)


def test_the_last_nomination_selects() -> None:
    agent = IceAgent()
    agent.checked_from(b"a", False, agent.credentials, 0.0)
    assert agent.selected == b"a"  # the first heard, before any nomination
    agent.checked_from(b"b", False, agent.credentials, 0.1)
    assert agent.selected == b"a"
    agent.checked_from(b"b", True, agent.credentials, 0.2)
    assert agent.selected == b"b"


def test_a_silent_selected_address_gives_way_to_one_that_is_heard() -> None:
    agent = IceAgent()
    agent.checked_from(b"a", True, agent.credentials, 0.0)
    agent.checked_from(b"b", False, agent.credentials, ice.SILENCE_LIMIT + 1)
    assert agent.selected == b"b"


def test_unused_addresses_expire_but_not_the_selected() -> None:
    agent = IceAgent()
    agent.checked_from(b"a", True, agent.credentials, 0.0)
    agent.checked_from(b"b", False, agent.credentials, 0.0)
    assert agent.expire(ice.CONSENT_LIMIT + 1) == [b"b"]
    assert list(agent.addresses) == [b"a"]


def test_restart_accepts_both_credentials_until_the_new_ones_are_used() -> None:
    agent = IceAgent()
    old = agent.credentials
    agent.checked_from(b"a", True, old, 0.0)
    agent.restart()
    agent.restart()  # twice in a row: the pair in use is still the first
    assert agent.authenticate(request_for(agent, old)) is old
    agent.checked_from(b"a", True, old, 1.0)
    new = agent.authenticate(request_for(agent))
    assert new is agent.credentials
    agent.checked_from(b"b", False, new, 2.0)
    assert agent.selected == b"b"
    assert agent.authenticate(request_for(agent, old)) is None
    assert agent.fragments == [new.fragment]


def test_a_request_with_a_foreign_password_is_not_authenticated() -> None:
    agent = IceAgent()
    forged = stun.Credentials(agent.credentials.fragment, "guess")
    assert agent.authenticate(request_for(agent, forged)) is None


def test_credentials_are_long_enough_and_never_the_same() -> None:
    made = [stun.Credentials.new() for _ in range(100)]
    assert len({credentials.fragment for credentials in made}) == 100
    assert min(len(credentials.password) for credentials in made) >= 22  # RFC 8445, 5.3


@pytest.mark.parametrize("kind", [DatagramSocket, PlainSocket])
def test_batches_arrive_whole_in_order_and_from_whom(kind: type[DatagramSocket]) -> None:
    if kind is DatagramSocket and sys.platform != "linux":
        pytest.skip("no recvmmsg on this platform")
    counters = Counters()
    one, other = kind("127.0.0.1", 0, counters), kind("127.0.0.1", 0, counters)
    endpoint = one.endpoint(pack_address("127.0.0.1", other.port))
    count = BATCH_IN + 8
    for number in range(count):
        one.put(bytes((number,)) * number, endpoint)
    one.flush()
    seen = []
    for _ in range(4):
        for slot in range(other.receive()):
            size, source = other.received(slot)
            seen.append(bytes(other.incoming[SLOT * slot : SLOT * slot + size]))
            assert unpack_address(source) == ("127.0.0.1", one.port)
    assert seen == [bytes((number,)) * number for number in range(count)]
    assert counters.state.packets_out == count
    one.close()
    other.close()


@pytest.mark.parametrize("kind", [DatagramSocket, PlainSocket])
def test_a_full_batch_is_flushed_and_an_impossible_address_counted(kind: type[DatagramSocket]) -> None:
    counters = Counters()
    socket = kind("127.0.0.1", 0, counters)
    unreachable = socket.endpoint(pack_address("203.0.113.1", 9))  # not from a loopback address
    sink = open_socket("127.0.0.1", 0, Counters())
    good = socket.endpoint(pack_address("127.0.0.1", sink.port))
    for number in range(BATCH_OUT + 5):
        socket.put(b"x", unreachable if number == 3 else good)
    assert socket.count == 5
    socket.flush()
    assert counters.drops[Drop.SEND_ERROR] == 1
    assert counters.state.packets_out == BATCH_OUT + 4
    socket.close()
    sink.close()


def test_a_datagram_longer_than_a_slot_is_recognised() -> None:
    one, other = (open_socket("127.0.0.1", 0, Counters()) for _ in range(2))
    one._socket.sendto(bytes(SLOT + 100), ("127.0.0.1", other.port))
    one._socket.sendto(b"", ("127.0.0.1", other.port))
    assert other.receive() == 2
    assert [other.received(slot)[0] for slot in range(2)] == [SLOT, 0]
    one.close()
    other.close()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 1), ("192.0.2.9", 65535), ("2001:db8::1", 443)])
def test_addresses_are_packed_as_the_kernel_does(host: str, port: int) -> None:
    assert unpack_address(pack_address(host, port)) == (host, port)


def test_an_srtp_session_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="key"):
        SrtpSession(1, b"short", outbound=True)
    assert drop_reason(7) is Drop.SRTP_AUTHENTICATION
    assert drop_reason(9) is drop_reason(10) is Drop.SRTP_REPLAY
    assert drop_reason(1) is Drop.SRTP_OTHER
    assert REPLAY_WINDOW >= 1024


def test_aiortc_is_the_version_whose_private_names_we_use() -> None:
    assert version("aiortc") == "1.16.0"
    transport = rtcdtlstransport.RTCDtlsTransport
    for name in ("_setup_srtp", "_set_role", "_recv_next", "_write_ssl", "_set_state"):
        assert callable(getattr(transport, name))
    source = inspect.getsource(transport)
    for name in (
        "self._srtp_profiles",
        "self._ssl",
        "self._task",
        "self._role",
        "self._rx_srtp",
        "self._tx_srtp",
    ):
        assert name in source
    assert "await self.transport._recv()" in source
    assert "await self.transport._send(data)" in source
