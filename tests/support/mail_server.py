"""A real SMTP server (aiosmtpd) for tests, on a port of its own, with the moods that such servers have."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """What arrived, and how it behaves: an address in ``refuses`` gets 550, one in ``defers`` 451; it
    ``drops`` that many connections when a mail was sent, and ``holds`` back the acknowledgement until set.
    """

    port: int = 0
    received: list[tuple[str, bytes]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    defers: set[str] = field(default_factory=set)
    drops: int = 0
    holds: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    credentials: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None
    _connections: set[_Connection] = field(default_factory=set)

    async def start(self) -> None:
        """On ``port``, and on the same again after `stop`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.hang_up()
        await self._server.wait_closed()
        self._server = None

    # --- aiosmtpd's handler ---

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 there is nobody of that name"
        if address in self.defers:
            return "451 4.7.1 please come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drops:
            self.drops -= 1
            server.hang_up()
            return "421 4.4.2 gone"
        assert isinstance(envelope.content, bytes)
        self.received.append((envelope.rcpt_tos[0], envelope.content))
        self.arrived.set()
        if self.holds:
            await self.holds.wait()
        return "250 2.0.0 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, way: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.credentials, handled=False)


class _Connection(SMTP):
    def __init__(self, owner: MailServer) -> None:
        self._owner = owner
        super().__init__(
            owner,
            hostname="mail.test",
            enable_SMTPUTF8=True,
            tls_context=owner.tls,
            require_starttls=owner.tls is not None,
            authenticator=owner.authenticate if owner.credentials else None,
            auth_required=owner.credentials is not None,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._owner._connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner._connections.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()


@asynccontextmanager
async def mail_server(**moods: Any) -> AsyncIterator[MailServer]:
    server = MailServer(**moods)
    await server.start()
    try:
        yield server
    finally:
        if server._server is not None:
            await server.stop()
