"""How long requests take, by the line of the URL table that answered: never by what is in the URL itself."""

from __future__ import annotations

import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
SOCKET = "/socket.io/"  # a connection, not a request

# A time series more for each that nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


def timed(registry: CollectorRegistry) -> Middleware:
    """A middleware, the outermost, that notes each request in ``registry``."""
    durations = Histogram(
        "convene_http_request_seconds",
        "Time to answer an HTTP request, by route, method and class of status.",
        ("route", "method", "status"),
        buckets=BUCKETS,
        registry=registry,
    )

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(SOCKET):
            return await handler(request)
        began = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            method = request.method if request.method in METHODS else "other"
            durations.labels(route_of(request), method, f"{status // 100}xx").observe(
                time.perf_counter() - began
            )
        return response

    return middleware


def route_of(request: web.Request) -> str:
    """The route's own words, ``/api/v1/sessions/{session_id}``; one word for all that has no route."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"
