"""Mail goes out once, whatever the mail server does and however many processes send; on both databases."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import outbox
from server.db.engine import Database
from server.mail.sender import ATTEMPTS, Sender, wait_before
from server.mail.tables import Kind, MailState
from server.mail.transport import Envelope, FileTransport, SmtpTransport, Unavailable, transport_for
from server.sessions.tables import Session
from server.settings import Settings, SmtpSecurity
from tests.server.mail.people import NOW, Gathering, gather, mails, queue
from tests.support.mail_server import MailServer, mail_server

HOUR, DAY = 3600.0, 86400.0


class Time:
    """Stands at NOW until it is moved."""

    def __init__(self) -> None:
        self.at = NOW.timestamp()

    def __call__(self) -> float:
        return self.at


def to(server: MailServer, **more: object) -> Settings:
    values = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": SmtpSecurity.NONE}
    return Settings(**(values | more))  # type: ignore[arg-type]


def sender(database: Database, settings: Settings, time: Time | None = None) -> Sender:
    return Sender(database, settings, transport_for(settings), time or Time())


async def states(database: Database) -> list[str]:
    return [mail.state.value for mail in await mails(database)]


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# --- from the transaction to the mailbox -----------------------------------------------------------


async def test_what_is_rolled_back_is_never_sent(empty_tables: Database) -> None:
    gathering = await gather(empty_tables)
    [guest] = gathering.guests
    async with empty_tables.writing() as db:
        added = await outbox.put(
            db, Kind.CONFIRMED, recipient=guest.account_id, context=gathering.context(guest),
            dedupe_key="x", at=NOW,
        )  # fmt: skip
        assert added
    assert await mails(empty_tables) == []


async def test_the_same_occasion_is_one_mail(empty_tables: Database) -> None:
    gathering = await gather(empty_tables)
    await queue(empty_tables, gathering)
    await queue(empty_tables, gathering)
    assert await states(empty_tables) == ["waiting"]


@pytest.mark.parametrize("context", [{}, {"reason": "x"}])
async def test_a_context_that_does_not_fit_is_refused_at_once(
    empty_tables: Database, context: dict[str, str]
) -> None:
    async with empty_tables.writing() as db:
        with pytest.raises(ValueError, match="context"):
            await outbox.put(db, Kind.CONFIRMED, recipient="a", context=context, dedupe_key="x", at=NOW)


async def test_a_mail_arrives_once_with_its_calendar_entry(empty_tables: Database) -> None:
    gathering = await gather(empty_tables)
    await queue(empty_tables, gathering)
    async with mail_server() as server:
        worker = sender(empty_tables, to(server))
        assert await worker.once() == 1
        assert await worker.once() == 0
    [(recipient, content)] = server.received
    assert recipient == gathering.guests[0].email
    mail = parsed(content)
    assert mail["Subject"] == "You are registered: Listening"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
        "application/ics",
    ]  # fmt: skip
    [invite] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert invite.get_param("method") == "REQUEST"
    [row] = await mails(empty_tables)
    assert (row.state, row.attempts, row.message, row.claim) == (MailState.SENT, 1, None, None)
    assert row.subject == mail["Subject"]
    assert row.sent_at == NOW


async def test_without_a_server_mail_becomes_files(empty_tables: Database, tmp_path: Path) -> None:
    await queue(empty_tables, await gather(empty_tables, 2))
    await sender(empty_tables, Settings(data=tmp_path)).once()
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert parsed(files[0].read_bytes())["From"] == "Convene <convene@localhost>"


async def test_what_is_secret_is_forgotten_once_it_was_sent(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables)
    async with empty_tables.writing() as db:
        await outbox.put(
            db,
            Kind.INVITATION,
            recipient=outbox.Address("new@example.org", "New"),
            context={
                "session_id": gathering.session_id,
                "token": "s3cret",
                "inviter": "Ada",
                "role": "observer",
            },
            dedupe_key="i1",
            at=NOW,
        )
        await db.commit()
    await sender(empty_tables, Settings(data=tmp_path)).once()
    [file] = (tmp_path / "mail").iterdir()
    text = parsed(file.read_bytes()).get_body(("plain",))
    assert text is not None
    assert "invitation#s3cret" in text.get_content()
    [row] = await mails(empty_tables)
    assert (row.email, row.message) == ("new@example.org", None)
    assert "s3cret" not in str(row.context)


# --- when it does not go smoothly ------------------------------------------------------------------


@pytest.mark.slow
async def test_a_mail_server_that_is_down_for_an_hour_loses_nothing(empty_tables: Database) -> None:
    await queue(empty_tables, await gather(empty_tables, 30))
    time = Time()
    async with mail_server() as server:
        await server.stop()
        worker = sender(empty_tables, to(server), time)
        while time.at < NOW.timestamp() + HOUR:
            while await worker.once():
                pass
            time.at += 60
        waiting = await mails(empty_tables)
        assert {mail.state for mail in waiting} == {MailState.WAITING}
        assert {mail.attempts for mail in waiting} <= {6, 7, 8}  # it backs off
        assert all("Connect" in (mail.error or "") for mail in waiting)
        await server.start()
        time.at += 2 * HOUR
        while await worker.once():
            pass
    assert await states(empty_tables) == ["sent"] * 30
    assert len({recipient for recipient, _ in server.received}) == len(server.received) == 30


async def test_a_dropped_connection_is_tried_again_with_the_same_bytes(empty_tables: Database) -> None:
    await queue(empty_tables, await gather(empty_tables, 3))
    time = Time()
    async with mail_server(drops=1) as server:
        worker = sender(empty_tables, to(server), time)
        await worker.once()
        [first, *_] = await mails(empty_tables)
        assert (first.state, first.attempts) == (MailState.WAITING, 1)
        assert await worker.once() == 0  # not before its time
        time.at += 60
        await worker.once()
    assert await states(empty_tables) == ["sent"] * 3
    assert sorted(content for _, content in server.received)[0].startswith(b"Subject: ")
    assert any(first.message == content for _, content in server.received)


async def test_a_server_that_does_not_answer_holds_nobody_up_for_ever(empty_tables: Database) -> None:
    await queue(empty_tables, await gather(empty_tables))
    async with mail_server(holds=asyncio.Event()) as server:
        settings = to(server)
        worker = Sender(empty_tables, settings, SmtpTransport(settings, seconds=0.2), Time())
        await worker.once()
    [row] = await mails(empty_tables)
    assert (row.state, row.attempts) == (MailState.WAITING, 1)


async def test_one_address_does_not_hold_up_the_others(empty_tables: Database) -> None:
    gathering = await gather(empty_tables, 4)
    await queue(empty_tables, gathering)
    nobody, later, *_ = (guest.email for guest in gathering.guests)
    time = Time()
    async with mail_server(refuses={nobody}, defers={later}) as server:
        worker = sender(empty_tables, to(server), time)
        await worker.once()
        assert await states(empty_tables) == ["failed", "waiting", "sent", "sent"]
        assert "nobody of that name" in ((await mails(empty_tables))[0].error or "")
        server.defers.clear()
        time.at += 60
        await worker.once()
    assert await states(empty_tables) == ["failed", "sent", "sent", "sent"]


async def test_after_the_last_attempt_it_has_failed(empty_tables: Database) -> None:
    await queue(empty_tables, await gather(empty_tables))
    time = Time()
    async with mail_server() as server:
        await server.stop()
        worker = sender(empty_tables, to(server), time)
        for attempt in range(1, ATTEMPTS + 1):
            assert await states(empty_tables) == ["waiting"]
            assert await worker.once() == 1, attempt
            time.at += 2 * HOUR
        assert await worker.once() == 0
    [row] = await mails(empty_tables)
    assert (row.state, row.attempts, row.message) == (MailState.FAILED, ATTEMPTS, None)
    assert row.error


async def test_what_would_come_too_late_is_not_sent(empty_tables: Database, tmp_path: Path) -> None:
    await queue(empty_tables, await gather(empty_tables), not_after=NOW - timedelta(seconds=1))
    await sender(empty_tables, Settings(data=tmp_path)).once()
    assert await states(empty_tables) == ["late"]
    assert not (tmp_path / "mail").exists()


async def test_an_offer_is_not_sent_after_it_expired(empty_tables: Database, tmp_path: Path) -> None:
    expired = (NOW - timedelta(minutes=1)).isoformat()
    await queue(empty_tables, await gather(empty_tables), Kind.OFFERED, expires_at=expired)
    await sender(empty_tables, Settings(data=tmp_path)).once()
    assert await states(empty_tables) == ["late"]


async def test_a_session_that_is_gone_is_said_to_be_so(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables)
    await queue(empty_tables, gathering)
    async with empty_tables.writing() as db:
        await db.delete(await db.get_one(Session, gathering.session_id, options=[]))
        await db.commit()
    await sender(empty_tables, Settings(data=tmp_path)).once()
    [row] = await mails(empty_tables)
    assert (row.state, row.error) == (MailState.FAILED, "the session was deleted")


async def test_a_clock_that_is_set_back_does_not_hold_mail_back(
    empty_tables: Database, tmp_path: Path
) -> None:
    await queue(empty_tables, await gather(empty_tables))
    time = Time()
    time.at -= DAY
    assert await sender(empty_tables, Settings(data=tmp_path), time).once() == 1
    assert await states(empty_tables) == ["sent"]


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [(2, 0.5, 30), (2, 0, 22.5), (2, 1, 37.5), (3, 0.5, 60), (8, 0.5, 1920), (9, 0.5, 3600), (30, 0.5, 3600)],
)
def test_waiting_doubles_up_to_an_hour(attempt: int, chance: float, seconds: float) -> None:
    assert wait_before(attempt, chance).total_seconds() == seconds


# --- several processes -----------------------------------------------------------------------------


@asynccontextmanager
async def process(
    url: str, port: int, at: float = NOW.timestamp()
) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.mail.one_sender", url, str(port), str(NOW.timestamp()),
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert started.stdin is not None
    try:
        yield started
    finally:
        if started.returncode is None:
            started.stdin.close()
            await started.wait()


async def all_sent(database: Database, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while set(await states(database)) != {"sent"}:
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_two_processes_send_each_mail_once(empty_tables: Database, database_url: str) -> None:
    await queue(empty_tables, await gather(empty_tables, 150))
    async with (
        mail_server() as server,
        process(database_url, server.port) as one,
        process(database_url, server.port) as two,
    ):
        await all_sent(empty_tables)
    assert (one.returncode, two.returncode) == (0, 0)
    times = Counter(parsed(content)["Message-ID"] for _, content in server.received)
    assert len(times) == 150
    assert set(times.values()) == {1}


@pytest.mark.slow
async def test_killed_between_sending_and_noting_it_comes_again_as_the_same_mail(
    empty_tables: Database, database_url: str
) -> None:
    gathering: Gathering = await gather(empty_tables, 3)
    await queue(empty_tables, gathering)
    held = asyncio.Event()
    async with mail_server(holds=held) as server:
        async with process(database_url, server.port) as doomed:
            async with asyncio.timeout(30):
                await server.arrived.wait()
            doomed.kill()
            await doomed.wait()
        held.set()
        time = Time()
        worker = sender(empty_tables, to(server), time)
        assert await worker.once() == 0  # the dead one's claim still holds
        time.at += 601
        assert await worker.once() == 3
    assert await states(empty_tables) == ["sent"] * 3
    first, *again = server.received
    assert again.count(first) == 1
    assert len(server.received) == 4


# --- how it talks to the server --------------------------------------------------------------------


def own_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


ENVELOPE = Envelope("convene@localhost", "mia@example.org", b"Subject: hi\r\n\r\nhi\r\n", "1")


async def test_a_protected_connection_with_a_name_and_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, public = own_certificate(tmp_path)
    async with mail_server(tls=context, credentials=("convene", "swordfish")) as server:
        settings = to(
            server,
            smtp_host="localhost",
            smtp_security=SmtpSecurity.STARTTLS,
            smtp_user="convene",
            smtp_password="swordfish",
        )
        with pytest.raises(Unavailable, match=r"(?i)certificate"):  # nobody vouches for it
            async with SmtpTransport(settings).open():
                pass
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        async with SmtpTransport(settings).open() as connection:
            await connection.send(ENVELOPE)
        wrong = settings.model_copy(update={"smtp_password": "sword"})
        with pytest.raises(Unavailable):
            async with SmtpTransport(wrong).open():
                pass
    assert [recipient for recipient, _ in server.received] == ["mia@example.org"]


async def test_nothing_is_said_in_the_open_when_it_should_be_protected() -> None:
    async with mail_server() as server:
        settings = to(server, smtp_security=SmtpSecurity.STARTTLS)
        with pytest.raises(Unavailable):
            async with SmtpTransport(settings).open() as connection:
                await connection.send(ENVELOPE)
    assert server.received == []


async def test_an_address_in_letters_of_its_own_arrives() -> None:
    async with mail_server() as server:
        envelope = Envelope("convene@localhost", "jörg@example.org", b"Subject: hi\r\n\r\nhi\r\n", "1")
        async with SmtpTransport(to(server)).open() as connection:
            await connection.send(envelope)
    assert server.received[0][0] == "jörg@example.org"


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    async with FileTransport(tmp_path / "mail").open() as connection:
        with pytest.raises(Unavailable):
            await connection.send(ENVELOPE)
