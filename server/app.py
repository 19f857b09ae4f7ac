"""The composition root: database → ledger → hub and media workers → routes. All is made here, once, and stops
in reverse order.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from media.pool import MediaPool, PoolSettings
from server import demo, http, openapi, pages
from server.accounts.passwords import Passwords
from server.calendars.handlers import feed
from server.call import Services
from server.db.engine import Database
from server.db.migrate import migrate
from server.headers import secure
from server.health import Health, database_answers
from server.ledger import DatabaseLedger
from server.limits import Limiter
from server.mail.sender import Sender
from server.mail.transport import transport_for
from server.metrics.page import Metrics
from server.origins import address_of, origin_allowed
from server.rooms.records import recover
from server.routes import PREFIX, ROUTES
from server.scheduler.jobs import JOBS
from server.scheduler.run import Scheduler
from server.sessions.cards import Cards
from server.settings import Settings
from server.turns import Turns
from signalling.connections import ConnectionSettings
from signalling.hub import Hub
from signalling.live.memory import MemoryStore
from signalling.relay import Relay
from signalling.tickets import Tickets

Progress = Callable[[str], None]
Context = Callable[[web.Application], AsyncIterator[None]]

SERVICES = web.AppKey("services", Services)
HUB = web.AppKey("hub", Hub)
MEDIA = web.AppKey("media", MediaPool)
HUB_RUNS = web.AppKey("hub_runs", asyncio.Event)

_IN_PATH = re.compile(r"\{(\w+)\}")  # an id or a slug: nothing else gets as far as the database
_PATIENCE = 10.0  # seconds that the mail in hand has when the server stops


def create_app(
    settings: Settings,
    *,
    with_demo: bool = False,
    clock: Callable[[], float] = time.time,
    progress: Progress = lambda line: None,
) -> web.Application:
    """The whole application; starting it opens and migrates the database and starts the media workers and the
    hub.

    ``with_demo`` puts the demo's content there. ``clock`` returns seconds since the epoch; ``progress`` is
    told what is happening, a line at a time.
    """
    settings.make_data_folder()
    database = Database(settings.effective_database_url)
    media = MediaPool(
        PoolSettings(
            workers=settings.media_workers,
            listen=settings.effective_media_listen,
            port=settings.media_port,
            announced=settings.effective_media_addresses,
            log_level=settings.log_level,
        )
    )
    tickets = Tickets(settings.secret())
    hub = Hub(
        ledger=DatabaseLedger(database, clock),
        media=media,
        live=MemoryStore(),
        tickets=tickets,
        origins=_SocketOrigins(settings.public_url),
        now=clock,
        connections=ConnectionSettings(
            total=settings.connections, per_address=settings.connections_per_address
        ),
        address=partial(address_of, trusted=settings.trusted_proxies),
        relay=_relay(settings),
    )
    services = Services(
        settings=settings,
        database=database,
        passwords=Passwords(memory_kib=settings.password_memory_kib, passes=settings.password_passes),
        limiter=Limiter(),
        tickets=tickets,
        rooms=hub,
        cards=Cards(),
        turns=Turns(),
        clock=clock,
    )
    scheduler = Scheduler(services, JOBS)
    metrics = Metrics(services, media, hub, scheduler)
    app = web.Application(
        client_max_size=http.BODY_LIMIT, middlewares=[metrics.middleware, http.failures, pages.fallback]
    )
    app[SERVICES], app[HUB], app[MEDIA], app[pages.PAGES] = services, hub, media, pages.Pages()
    app[HUB_RUNS] = asyncio.Event()
    app.on_response_prepare.append(secure)
    hub.attach(app)
    _add_routes(app, services, _health(services, media, app, with_demo))
    app.cleanup_ctx.append(_database(services, with_demo, progress))
    app.cleanup_ctx.append(_live(services, media, hub, progress))
    app.router.add_get("/metrics", metrics.handle)
    app.cleanup_ctx.append(_background(services, scheduler))
    app.on_shutdown.append(_stop_hub)
    return app


def _relay(settings: Settings) -> Relay | None:
    if not settings.turn_urls or settings.turn_secret is None:
        return None
    return Relay(tuple(settings.turn_urls), settings.turn_secret, settings.turn_seconds)


class _SocketOrigins:
    """Which pages may open the socket; engine.io also passes the request's environment, which knows the
    host.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    def __call__(self, origin: str | None, environ: Mapping[str, Any] | None = None) -> bool:
        host = environ.get("HTTP_HOST", "") if environ else ""
        return origin is not None and origin_allowed(origin, host, self._public_url)


def _add_routes(app: web.Application, services: Services, health: Health) -> None:
    for route in ROUTES:
        path = _IN_PATH.sub(r"{\1:[A-Za-z0-9_-]{1,64}}", PREFIX + route.path)
        app.router.add_route(route.method, path, http.entry(route, services))
    document = openapi.document(ROUTES, PREFIX)

    async def describe(request: web.Request) -> web.Response:
        return web.json_response(document)

    app.router.add_get("/api/openapi.json", describe)
    app.router.add_get("/calendar/{secret}.ics", feed(services))
    app.router.add_get("/healthz", health.handle)


def _health(services: Services, media: MediaPool, app: web.Application, with_demo: bool) -> Health:
    async def hub() -> bool:
        return app[HUB_RUNS].is_set()

    async def all_workers() -> bool:
        return len(media.workers) == services.settings.media_workers

    checks = {"database": database_answers(services.database), "hub": hub, "media workers": all_workers}
    return Health(checks, draining=lambda: app[HUB].draining, demo=with_demo)


def _database(services: Services, with_demo: bool, progress: Progress) -> Context:
    async def context(app: web.Application) -> AsyncIterator[None]:
        database = services.database
        try:
            before, after = await migrate(database)
            shown = database.url.render_as_string(hide_password=True)
            if before != after:
                progress(f"database {'made' if before is None else 'brought up to date'}: {shown}")
            await recover(database, services.now())
            if with_demo:
                await demo.prepare(database, services.passwords, services.now())
            yield
        finally:
            await database.close()

    return context


async def _stop_hub(app: web.Application) -> None:
    """Before aiohttp waits for connections: those of the socket end when the hub says so."""
    app[HUB_RUNS].clear()
    await app[HUB].stop()


def _live(services: Services, media: MediaPool, hub: Hub, progress: Progress) -> Context:
    async def context(app: web.Application) -> AsyncIterator[None]:
        addresses = ", ".join(services.settings.effective_media_addresses)
        count = services.settings.media_workers
        progress(f"starting {count} media worker{'s' if count > 1 else ''}")
        await hub.start()
        await media.start()
        app[HUB_RUNS].set()
        ports = ", ".join(str(port) for port in sorted(worker.port for worker in media.workers))
        progress(f"media on UDP and TCP {ports}, reached at {addresses}")
        try:
            yield
        finally:
            await media.stop()

    return context


def _background(services: Services, scheduler: Scheduler) -> Context:
    """Mail, and what happens by the clock. When the server stops, what they are at is finished first."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        sender = Sender(
            services.database, services.settings, transport_for(services.settings), services.clock
        )
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(sender.run(stop)),
            asyncio.create_task(scheduler.run(stop)),
        ]
        try:
            yield
        finally:
            stop.set()
            _, late = await asyncio.wait(tasks, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return context
