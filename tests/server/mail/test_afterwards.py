"""What becomes of mail later: feedback is asked for, what failed is tried again, what is old is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from server.db.engine import Database
from server.mail import feedback, pruning
from server.mail.tables import Kind, Mail, MailState
from server.rooms.tables import LiveRun, Presence, RoomParticipant, RunState
from server.scheduler.tables import JobRun
from server.settings import Settings
from tests.server.mail.people import NOW, START, Gathering, gather, mails, queue
from tests.server.mail.test_clock import Server
from tests.server.scene import Cast, Scene, set_scene

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = START + HOUR


def asking(database: Database, folder: Path, *, feedback_requests: bool = True) -> Server:
    server = Server(database, folder)
    settings = Settings(data=folder, feedback_requests=feedback_requests)
    server.services = replace(server.services, settings=settings)
    return server


async def held(database: Database, gathering: Gathering, *, came: int, ended: datetime | None = END) -> None:
    """The timeslot took place with the first so many of its guests."""
    async with database.writing() as db:
        state = RunState.LIVE if ended is None else RunState.ENDED
        db.add(LiveRun(timeslot_id=gathering.timeslot_id, state=state, started_at=START, ended_at=ended))
        for guest in gathering.guests[:came]:
            person = RoomParticipant(
                id=guest.account_id[:8], timeslot_id=gathering.timeslot_id, account_id=guest.account_id
            )
            db.add(person)
            db.add(
                Presence(
                    timeslot_id=gathering.timeslot_id,
                    participant_id=person.id,
                    connection_id=guest.account_id[:8],
                    joined_at=START,
                    left_at=ended,
                )
            )
        await db.commit()


async def test_those_who_came_are_asked_once(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 3)
    await held(empty_tables, gathering, came=2)
    server = asking(empty_tables, tmp_path)
    await server.look(END + feedback.AFTER - timedelta(seconds=1), feedback.JOBS)
    assert await mails(empty_tables) == []
    for later in (feedback.AFTER, HOUR, DAY):
        await server.look(END + later, feedback.JOBS)
    asked = await mails(empty_tables)
    assert {mail.account_id for mail in asked} == {guest.account_id for guest in gathering.guests[:2]}
    assert [mail.kind for mail in asked] == [Kind.FEEDBACK] * 2
    assert asked[0].not_after == END + feedback.NOT_AFTER


async def test_nobody_is_asked_while_it_goes_on_again(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await held(empty_tables, gathering, came=1)
    await held(empty_tables, gathering, came=0, ended=None)
    await asking(empty_tables, tmp_path).look(END + HOUR, feedback.JOBS)
    assert await mails(empty_tables) == []


async def test_a_server_that_was_off_for_days_does_not_ask(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await held(empty_tables, gathering, came=1)
    await asking(empty_tables, tmp_path).look(END + feedback.NOT_AFTER, feedback.JOBS)
    assert await mails(empty_tables) == []


async def test_asking_is_a_setting(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await held(empty_tables, gathering, came=1)
    await asking(empty_tables, tmp_path, feedback_requests=False).look(END + HOUR, feedback.JOBS)
    assert await mails(empty_tables) == []


async def test_old_mail_is_forgotten_and_what_waits_is_not(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    for kind in (Kind.CONFIRMED, Kind.REMINDER_DAY, Kind.REMINDER_HOUR, Kind.REINSTATED):
        await queue(empty_tables, gathering, kind)
    states = (MailState.SENT, MailState.FAILED, MailState.LATE, MailState.WAITING)
    async with empty_tables.writing() as db:
        for mail, state in zip(await mails(empty_tables), states, strict=True):
            await db.execute(update(Mail).where(Mail.id == mail.id).values(state=state))
        db.add(JobRun(job="old", subject="x", moment=NOW, done_at=NOW))
        await db.commit()
    server = Server(empty_tables, tmp_path)
    kept = timedelta(days=server.services.settings.mail_days)
    await server.look(NOW + kept, pruning.JOBS)
    assert len(await mails(empty_tables)) == 4
    await server.look(NOW + kept + DAY, pruning.JOBS)
    assert [mail.state for mail in await mails(empty_tables)] == [MailState.WAITING]
    async with empty_tables.reading() as db:
        assert set(await db.scalars(select(JobRun.job))) == {"prune"}


# --- sending again ---


async def failed(cast: Cast, scene: Scene, kind: Kind = Kind.CONFIRMED) -> int:
    services = cast.app.services
    async with services.database.writing() as db:
        mail = Mail(
            kind=kind,
            dedupe_key=f"{kind}:{scene.participant_registration_id}",
            account_id=cast.ids["participant"],
            session_id=scene.session_id,
            context={
                "session_id": scene.session_id,
                "timeslot_id": scene.timeslot_id,
                "registration_id": scene.participant_registration_id,
            },
            state=MailState.FAILED,
            created_at=services.now(),
            attempts=30,
            error="mailbox full",
        )
        db.add(mail)
        await db.commit()
        return mail.id


async def test_an_organiser_sends_again_what_failed(cast: Cast) -> None:
    scene = await set_scene(cast)
    mail_id = await failed(cast, scene)
    path = f"/sessions/{scene.session_id}/mail"
    again = await cast["organiser"].post(f"{path}/{mail_id}/resend")
    assert (again.status, again.body["state"], again.body["attempts"]) == (200, "waiting", 0)
    item = again.body
    while item["state"] == "waiting":
        item = (await cast["organiser"].get(path)).body["items"][0]
    assert (item["state"], item["error"]) == ("sent", None)
    assert (await cast["organiser"].post(f"{path}/{mail_id}/resend")).code == "mail.not_failed"


async def test_an_invitation_is_not_sent_again_without_its_secret(cast: Cast) -> None:
    scene = await set_scene(cast)
    mail_id = await failed(cast, scene, Kind.INVITATION)
    again = await cast["organiser"].post(f"/sessions/{scene.session_id}/mail/{mail_id}/resend")
    assert again.code == "mail.secret_gone"


async def test_mail_of_another_session_is_not_there(cast: Cast) -> None:
    scene, other = await set_scene(cast), await set_scene(cast)
    mail_id = await failed(cast, scene)
    for name in (str(mail_id), "0", "x", "9" * 40):
        path = f"/sessions/{other.session_id}/mail/{name}/resend"
        assert (await cast["organiser"].post(path)).code == "mail.not_found"
