"""`/metrics`: what it tells, to whom, and that it answers whatever is the matter with a worker."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families as parse

from media.measure import summary
from media.protocol import Summary
from media.stats import Drop
from server import outbox
from server.metrics import page
from server.scheduler.jobs import JOBS
from server.scheduler.run import Scheduler
from tests.support.app import Client, Clock, Running, running
from tests.support.live import Person

DOCUMENT = Path(__file__).parents[2] / "server" / "docs" / "metrics.md"
TOKEN = "a-token-for-the-scraper"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    data = tmp_path_factory.mktemp("metrics")
    async with running(data, with_demo=True, media_workers=2) as server:
        yield server


async def scrape(client: Client, token: str | None = None) -> Samples:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.http.get(client.url + "/metrics", headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/plain"
        families = parse(await response.text())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, /, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_a_session_shows_in_the_figures(app: Running) -> None:
    client = await app.demo_client("facilitator")
    person = Person("facilitator")
    await person.connect(app.url, {"ticket": await client.ticket()}, {"Origin": app.url})
    try:
        await person.told("welcome")
        await person.ask("chat.send", clientId="c1", text="hello")
        await person.ask("media.createTransport", direction="send")
        found = await scrape(client)
        assert value(found, "convene_rooms", phase="live") == 1
        assert value(found, "convene_rooms", phase="lobby") == 0
        assert value(found, "convene_room_participants") == 1
        assert value(found, "convene_hub_connections") == 1
        assert value(found, "convene_hub_requests_total", name="chat.send", outcome="ok") == 1
        assert value(found, "convene_hub_messages_total", type="chat.posted") == 1
        transports = [
            value(found, "convene_media_open", worker=worker, kind="transports") for worker in ("0", "1")
        ]
        assert sorted(transports) == [0, 1]
        assert [value(found, "convene_media_worker_up", worker=worker) for worker in ("0", "1")] == [1, 1]
        asked = {"route": "/api/v1/timeslots/{timeslot_id}/ticket", "method": "POST", "status": "2xx"}
        assert value(found, "convene_http_request_seconds_count", **asked) == 1
    finally:
        await person.quit()


async def test_every_reason_of_a_drop_is_there_before_it_happens(app: Running) -> None:
    found = await scrape(app.client())
    reasons = {dict(labels)["reason"] for name, labels in found if name == "convene_media_drops_total"}
    assert reasons == {reason.name.lower() for reason in Drop}


async def test_a_dropped_packet_is_counted_by_its_reason(app: Running) -> None:
    loop = asyncio.get_running_loop()
    worker = app.media.places["0"]
    before = value(await scrape(app.client()), "convene_media_drops_total", worker="0", reason="unbound")
    wire, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", worker.port)
    )
    wire.sendto(b"\x80 nobody knows me")
    wire.close()
    counted = before
    while counted == before:
        counted = value(await scrape(app.client()), "convene_media_drops_total", worker="0", reason="unbound")
    assert counted == before + 1


async def test_labels_never_hold_what_strangers_write(app: Running) -> None:
    client = app.client()
    for path in ("//no/such/page-7f3a", "/sessions/7f3a9c", "/no-7f3a"):
        await client.get(path)
    await client.call("BREW", "/sessions")
    found = await scrape(client)
    assert not [labels for _, labels in found if "7f3a" in str(labels) or "BREW" in str(labels)]
    routes = [dict(labels).get("route", "") for _, labels in found]
    assert "none" in routes
    assert "/api/v1/sessions/{session_id}" in routes


async def test_a_worker_that_hangs_costs_its_own_figures_only(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PATIENCE", 0.05)
    worker = app.media.places["1"]
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        found = await scrape(app.client())
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert value(found, "convene_media_worker_up", worker="1") == 0
    assert value(found, "convene_metrics_problems_total", part="worker") >= 1
    assert ("convene_media_packets_in_total", frozenset({("worker", "1")})) not in found


async def test_the_outbox_and_the_scheduler_tell_how_late_they_are(tmp_path: Path) -> None:
    clock = Clock()
    async with running(tmp_path, clock=clock) as app:
        services = app.services
        client = app.client()
        await client.post(
            "/accounts", {"email": "ann@example.org", "name": "Ann", "password": "long enough for us"}
        )
        scheduler = Scheduler(services, ())
        clock.ahead += 60
        assert scheduler.age == pytest.approx(60, abs=10)
        async with services.database.writing() as db:
            await outbox.put(
                db,
                outbox.Kind.MESSAGE,
                recipient=outbox.Address("bob@example.org"),
                context={"session_id": "none", "sender": "x", "subject": "s", "text": "t"},
                dedupe_key="late",
                at=services.now() - timedelta(hours=1),
                due_at=services.now() + timedelta(days=1),
            )
            await db.commit()
        found = await scrape(client)
        assert value(found, "convene_outbox_lag_seconds") == 0  # held back is not late
        assert value(found, "convene_mails", state="waiting") == 1
        jobs = {dict(labels)["job"] for name, labels in found if name == "convene_job_lag_seconds"}
        assert jobs <= {job.name for job in JOBS}


async def test_with_a_token_it_is_needed_and_enough(tmp_path: Path) -> None:
    async with running(tmp_path, metrics_token=TOKEN, media_workers=1) as app:
        client = app.client()
        refused = await client.get("//metrics")
        assert (refused.status, refused.code) == (401, "metrics.token_needed")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        wrong = await client.get("//metrics", headers={"Authorization": "Bearer wrong"})
        assert wrong.status == 401
        assert await scrape(client, TOKEN)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_without_a_token_what_came_through_a_proxy_is_not_local(app: Running, header: str) -> None:
    refused = await app.client().get("//metrics", headers={header: "203.0.113.9"})
    assert (refused.status, refused.code) == (403, "metrics.local_only")


async def test_they_can_be_turned_off(tmp_path: Path) -> None:
    async with running(tmp_path, metrics=False, media_workers=1) as app:
        refused = await app.client().get("//metrics")
        assert (refused.status, refused.code) == (404, "metrics.off")


async def test_the_document_names_every_metric_and_no_other(app: Running) -> None:
    client = await app.demo_client("participant")
    person = Person("participant")
    await person.connect(app.url, {"ticket": await client.ticket()}, {"Origin": app.url})
    await person.told("welcome")
    await person.quit()
    async with client.http.get(app.url + "/metrics") as response:
        text = await response.text()
    told = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    written = set(re.findall(r"^\| `(\w+)`", DOCUMENT.read_text(), re.MULTILINE))
    assert {name for name in told if not name.startswith("process_")} == written


def test_quantiles_are_values_that_occur() -> None:
    assert summary([]) == Summary()
    assert summary([7.0]) == Summary(1, 7.0, 7.0, 7.0)
    assert summary(float(n) for n in range(100, 0, -1)) == Summary(100, 50.0, 90.0, 99.0)
