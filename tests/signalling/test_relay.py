"""Credentials for the TURN server, and what a real coturn with our configuration makes of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from aioice import stun

from signalling.messages import IceServer
from signalling.permissions import Role
from signalling.relay import Relay, is_turn_address
from tests.support.coturn import SECRET, Coturn, Over, coturn, needs_coturn, turn_client
from tests.support.live import live_server

LIFETIME = 600.0
PER_PARTICIPANT = 24  # user-quota in deploy/turnserver.conf


def credentials(server: Coturn, *, now: float, participant: str = "p1", secret: str = SECRET) -> IceServer:
    (issued,) = Relay((server.address("udp"),), secret, LIFETIME).servers(participant, now=now)
    return issued


def test_the_user_name_says_until_when_and_whose_the_password_signs_it() -> None:
    relay = Relay(("turn:turn.example", "turns:turn.example:443?transport=tcp"), SECRET, LIFETIME)
    (server,) = relay.servers("participant", now=1_000_000.7)
    assert server.urls == ["turn:turn.example", "turns:turn.example:443?transport=tcp"]
    assert server.username == "1000600:participant"
    expected = hmac.new(SECRET.encode(), b"1000600:participant", hashlib.sha1).digest()
    assert base64.b64decode(server.credential) == expected


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("turn:turn.example", True),
        ("turn:192.0.2.1:3478", True),
        ("turn:[2001:db8::1]:3478?transport=udp", True),
        ("turns:turn.example:443?transport=tcp", True),
        ("stun:turn.example", False),
        ("turn.example", False),
        ("turn:turn.example?transport=sctp", False),
        ("turn:turn.example:3478/path", False),
        ("turn: turn.example", False),
        ("turn:", False),
    ],
)
def test_addresses_of_turn_servers(address: str, right: bool) -> None:
    assert is_turn_address(address) is right


# --- told to browsers ----------------------------------------------------------------------------


async def test_every_transport_and_every_restart_brings_fresh_credentials() -> None:
    relay = Relay(("turn:turn.example:3478",), SECRET, LIFETIME)
    async with live_server(workers=1, relay=relay) as live:
        host = await live.join("host", Role.FACILITATOR)
        created = await host.ask("media.createTransport", direction="send")
        restarted = await host.ask("media.restartIce", transportId=created["transportId"])
        for answer in (created, restarted):
            (server,) = answer["iceServers"]
            assert server["urls"] == list(relay.addresses)
            expires, _, whose = server["username"].partition(":")
            assert whose == host.id
            assert 0 < int(expires) - time.time() <= LIFETIME


async def test_without_a_relay_none_is_told() -> None:
    async with live_server(workers=1) as live:
        host = await live.join("host", Role.FACILITATOR)
        assert (await host.ask("media.createTransport", direction="send"))["iceServers"] == []


# --- a real coturn -------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    folder: Path = tmp_path_factory.mktemp("coturn")
    async with coturn(folder, loopback=False) as running:
        yield running


@needs_coturn
@pytest.mark.asyncio(loop_scope="module")
class TestCoturn:
    @pytest.mark.parametrize("over", ["udp", "tcp"])
    async def test_gives_a_relayed_address_for_ours(self, server: Coturn, over: Over) -> None:
        issued = credentials(server, now=time.time())
        async with turn_client(server, issued.username, issued.credential, over) as client:
            host, port = await client.connect()
            assert host == "127.0.0.1"
            assert port >= 49152
            await client.delete()

    async def test_refuses_expired_ones(self, server: Coturn) -> None:
        await self._refused(server, credentials(server, now=time.time() - LIFETIME - 1))

    async def test_refuses_what_another_secret_signed(self, server: Coturn) -> None:
        await self._refused(server, credentials(server, now=time.time(), secret="guessed, not known"))

    async def test_refuses_a_longer_life_under_the_same_signature(self, server: Coturn) -> None:
        issued = credentials(server, now=time.time())
        expires, _, whose = issued.username.partition(":")
        longer = issued.model_copy(update={"username": f"{int(expires) + 86400}:{whose}"})
        await self._refused(server, longer)

    async def test_refuses_another_participant_under_the_same_signature(self, server: Coturn) -> None:
        issued = credentials(server, now=time.time())
        other = issued.model_copy(update={"username": issued.username.replace("p1", "p2")})
        await self._refused(server, other)

    async def test_keeps_a_path_whose_credentials_have_expired(self, server: Coturn) -> None:
        issued = credentials(server, now=time.time() - LIFETIME + 1)
        async with turn_client(server, issued.username, issued.credential) as client:
            await client.connect()
            while int(issued.username.partition(":")[0]) >= time.time() - 1:  # by coturn's clock
                await asyncio.sleep(0.1)
            await self._refused(server, issued)
            await client.channel_bind(0x4000, ("9.9.9.9", 40000))
            refresh = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
            refresh.attributes["LIFETIME"] = 600
            response, _ = await client.request_with_retry(refresh)
            assert response.attributes["LIFETIME"] == 600
            await client.delete()

    async def _refused(self, server: Coturn, issued: IceServer) -> None:
        async with turn_client(server, issued.username, issued.credential) as client:
            with pytest.raises(stun.TransactionFailed) as caught:
                await client.connect()
            assert caught.value.response.attributes["ERROR-CODE"][0] == 401

    @pytest.mark.parametrize(
        "peer",
        [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ],
    )
    async def test_leads_into_no_private_network(self, server: Coturn, peer: str) -> None:
        issued = credentials(server, now=time.time(), participant=f"curious-{peer.replace('.', '-')}")
        async with turn_client(server, issued.username, issued.credential) as client:
            await client.connect()
            with pytest.raises(stun.TransactionFailed) as caught:
                await client.channel_bind(0x4000, (peer, 80))
            assert caught.value.response.attributes["ERROR-CODE"][0] == 403
            await client.channel_bind(0x4001, ("9.9.9.9", 40000))  # anything public may be a media worker
            await client.delete()

    async def test_one_participant_gets_so_many_paths_and_no_more(self, server: Coturn) -> None:
        async with AsyncExitStack() as stack:

            async def allocate(at: float) -> None:
                # Each with credentials of another second: the quota goes by the participant all the same.
                issued = credentials(server, now=at, participant="greedy")
                client = await stack.enter_async_context(
                    turn_client(server, issued.username, issued.credential)
                )
                stack.push_async_callback(client.delete)
                await client.connect()

            now = time.time()
            for number in range(PER_PARTICIPANT):
                await allocate(now - number)
            with pytest.raises(stun.TransactionFailed) as caught:
                await allocate(now)
            assert caught.value.response.attributes["ERROR-CODE"][0] == 486
            other = credentials(server, now=now, participant="modest")
            async with turn_client(server, other.username, other.credential) as client:
                await client.connect()
                await client.delete()
