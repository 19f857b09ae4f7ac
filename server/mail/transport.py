"""Hands finished mails over: to an SMTP server, or as files where none is set.

A transport opens a connection for a batch; each mail on it ends well, in `Refused` (never again), in
`Deferred` (this one later) or in `Unavailable` (all of them later).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiosmtplib
from aiosmtplib import SMTP

from server.settings import Settings, SmtpSecurity

_SECONDS = 30.0  # for each step of talking to the server
_PERMANENT = range(500, 600)


class Refused(Exception):
    """The other side will not take this mail, now or later."""


class Deferred(Exception):
    """The other side will not take this mail now."""


class Unavailable(Exception):
    """There is no talking to the other side; no other mail would fare better."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """``name`` is the same for every attempt, and usable as a file's name."""

    sender: str
    recipient: str
    message: bytes
    name: str


class Connection(Protocol):
    async def send(self, envelope: Envelope) -> None:
        """Raises Refused, Deferred or Unavailable."""


class Transport(Protocol):
    def open(self) -> AbstractAsyncContextManager[Connection]:
        """Raises Unavailable."""


def transport_for(settings: Settings) -> Transport:
    return SmtpTransport(settings) if settings.smtp_host else FileTransport(settings.data / "mail")


class FileTransport:
    """One .eml file per mail, for development and for looking at. A repeated mail replaces its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        yield self

    async def send(self, envelope: Envelope) -> None:
        try:
            await asyncio.to_thread(self._write, envelope)
        except OSError as error:
            raise Unavailable(str(error)) from error

    def _write(self, envelope: Envelope) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{envelope.name}.{os.getpid()}"
        unfinished.write_bytes(envelope.message)
        unfinished.replace(self._folder / f"{envelope.name}.eml")


class SmtpTransport:
    def __init__(self, settings: Settings, *, seconds: float = _SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        settings = self._settings
        client = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=settings.smtp_password,
            use_tls=settings.smtp_security is SmtpSecurity.TLS,
            start_tls=settings.smtp_security is SmtpSecurity.STARTTLS,
            timeout=self._seconds,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise Unavailable(_text(error)) from error
        try:
            yield _SmtpConnection(client)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=2)
            client.close()


class _SmtpConnection:
    def __init__(self, client: SMTP) -> None:
        self._client = client

    async def send(self, envelope: Envelope) -> None:
        options = [] if envelope.recipient.isascii() else ["SMTPUTF8"]
        try:
            await self._client.sendmail(
                envelope.sender, [envelope.recipient], envelope.message, mail_options=options
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            raise _judged(refusal.code, _text(refusal)) from error
        except aiosmtplib.SMTPSenderRefused as error:  # our own settings are at fault, not this mail
            raise Unavailable(_text(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error.code, _text(error)) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            raise Refused(_text(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable(_text(error)) from error


def _judged(code: int, text: str) -> Refused | Deferred | Unavailable:
    """RFC 5321, 4.2.1: 5yz is for good, everything else may work later; with 421 the server hangs up."""
    if code == aiosmtplib.SMTPStatus.domain_unavailable:
        return Unavailable(text)
    return Refused(text) if code in _PERMANENT else Deferred(text)


def _text(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
