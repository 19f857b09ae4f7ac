"""`GET /metrics` in Prometheus' text format: gathers from workers, hub and database, once per scrape.

It says how busy an installation is, so not everybody may read it: with CONVENE_METRICS_TOKEN whoever shows
that token, without one only what asks from this machine itself and did not come through a proxy.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
from collections import Counter
from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from media.client import MediaError, MediaWorker, WorkerDied
from media.pool import MediaPool
from media.protocol import GetMetrics, WorkerMetrics
from server.call import Services
from server.mail.tables import Mail, MailState
from server.metrics.figures import Figures, Gathered
from server.metrics.requests import timed
from server.problems import Problem, Refusal
from server.scheduler.run import Scheduler
from signalling.hub import Hub

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds for one worker, and for the database
TURNED_OFF = Refusal(404, "metrics.off", "There are no metrics here.")
LOCAL_ONLY = Refusal(
    403, "metrics.local_only", "Metrics are for this machine alone: a token can be set for others."
)
TOKEN_NEEDED = Refusal(401, "metrics.token_needed", "Metrics need the token that was set for them.")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class Metrics:
    """``middleware`` is to be the application's outermost."""

    def __init__(self, services: Services, media: MediaPool, hub: Hub, scheduler: Scheduler) -> None:
        self._services = services
        self._media = media
        self._hub = hub
        self._scheduler = scheduler
        self._registry = CollectorRegistry()
        self._problems: Counter[str] = Counter()
        ProcessCollector(registry=self._registry)
        self.middleware: Middleware = timed(self._registry)

    async def handle(self, request: web.Request) -> web.Response:
        self._admit(request)
        scrape = CollectorRegistry()
        scrape.register(Gathered(await self._gather()))
        text = generate_latest(self._registry) + generate_latest(scrape)
        return web.Response(body=text, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})

    def _admit(self, request: web.Request) -> None:
        settings = self._services.settings
        if not settings.metrics:
            raise Problem(TURNED_OFF)
        if settings.metrics_token is None:
            if not is_from_here(request):
                raise Problem(LOCAL_ONLY)
            return
        scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            shown.encode(), settings.metrics_token.encode()
        ):
            raise Problem(TOKEN_NEEDED, headers={hdrs.WWW_AUTHENTICATE: "Bearer"})

    async def _gather(self) -> Figures:
        workers = self._media.places
        answers = await asyncio.gather(*(self._ask(worker) for worker in workers.values()))
        mails, lag = await self._outbox()
        hub = self._hub
        return Figures(
            workers=dict(zip(workers, answers, strict=True)),
            cpu={place: worker.load.cpu for place, worker in workers.items()},
            rooms=hub.rooms_by_phase,
            participants=hub.participants,
            connections=hub.connections,
            asked=hub.asked,
            told=hub.told,
            mails=mails,
            outbox_lag=lag,
            job_lag=self._scheduler.lag,
            scheduler_age=self._scheduler.age,
            draining=hub.draining,
            problems=self._problems,
        )

    async def _ask(self, worker: MediaWorker) -> WorkerMetrics | None:
        try:
            return await worker.request(GetMetrics(), within=PATIENCE)
        except (MediaError, WorkerDied) as error:
            self._problems["worker"] += 1
            log.warning("no metrics of worker %s: %s", worker.id, error)
            return None

    async def _outbox(self) -> tuple[Mapping[MailState, int], float]:
        """Mails by state, and the seconds for which the oldest that is due has waited."""
        now = self._services.now()
        since = func.coalesce(Mail.due_at, Mail.created_at)
        due = (Mail.state == MailState.WAITING, or_(Mail.due_at.is_(None), Mail.due_at <= now))
        try:
            async with asyncio.timeout(PATIENCE), self._services.database.reading() as db:
                rows = await db.execute(select(Mail.state, func.count()).group_by(Mail.state))
                counts = {row[0]: row[1] for row in rows}
                oldest = await db.scalar(select(since).where(*due).order_by(since).limit(1))
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            self._problems["database"] += 1
            log.warning("no metrics of the outbox: %s", error)
            return {}, 0.0
        return counts, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def is_from_here(request: web.Request) -> bool:
    """Whether a program on this machine asks for itself; one that passes on what others ask says so."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
