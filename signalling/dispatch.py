"""From a request to its acknowledgement: limits, parse, require, handle. Each request has one handler, in
one table.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from signalling import messages as m
from signalling.errors import Refused, denied, internal, invalid, left, unavailable
from signalling.ledger import LedgerUnavailable
from signalling.messages import Message, Problem, Request
from signalling.permissions import Forbidden
from signalling.phases import Phase
from signalling.room import Call, Connection, Handler

log = logging.getLogger(__name__)

AT_ONCE = 128
"""Requests of one connection that may be under way. Joining a large room takes as many."""

BEFORE_LIVE: frozenset[type[Request]] = frozenset({m.RoomSync, m.RoomLeave, m.RoomEnd, m.MediaStats})
"""Requests that are answered in the lobby too."""


@dataclass(slots=True)
class Answer:
    """``ack`` goes to the browser; then ``afterwards`` is started. ``flood``: the connection is to be
    closed.
    """

    ack: dict[str, Any]
    afterwards: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    flood: bool = False


class Dispatch:
    """The table of handlers, complete for all of `messages.REQUESTS`."""

    def __init__(self, handlers: Mapping[type[Request], Handler]) -> None:
        if missing := set(m.REQUESTS) ^ set(handlers):
            raise ValueError(f"requests and handlers differ by {missing}")
        self._handlers = handlers
        self._requests = {request.name: request for request in m.REQUESTS}

    def known(self, name: object) -> str:
        """The name of a request that there is; one word for all others."""
        return name if isinstance(name, str) and name in self._requests else "unknown"

    async def answer(
        self, connection: Connection, name: object, payload: tuple[object, ...], now: float
    ) -> Answer:
        """Never raises; what a handler did not expect is logged and masked."""
        request_class = self._requests.get(name) if isinstance(name, str) else None
        if connection.requests >= AT_ONCE or not connection.limits.admit(request_class, now):
            problem = Problem(code="rate.limited", message="That was too fast. Please wait a moment.")
            return Answer(refusal(problem), flood=connection.limits.flooding(now))
        connection.requests += 1
        try:
            if request_class is None:
                raise Refused("request.unknown", f"There is no request {str(name)[:40]!r}.")
            return await self._handle(connection, request_class, payload, now)
        except Refused as refused:
            return Answer(refusal(refused.problem))
        except Forbidden as forbidden:
            return Answer(refusal(denied(forbidden.decision)))
        except LedgerUnavailable as error:
            log.error("%s: the ledger is unavailable: %s", name, error)
            return Answer(refusal(unavailable().problem))
        except Exception:  # noqa: BLE001  # logged there
            return Answer(refusal(internal(str(name))))
        finally:
            connection.requests -= 1

    async def _handle(
        self, connection: Connection, request_class: type[Request], payload: tuple[object, ...], now: float
    ) -> Answer:
        room, member = connection.room, connection.member
        if member.connection is not connection:
            raise left()
        request = parse(request_class, payload)
        if request_class.permission is not None:
            member.require(request_class.permission)
        if room.phase is not Phase.LIVE and request_class not in BEFORE_LIVE:
            raise Refused("room.not_started", "The session has not started yet.")
        call = Call(room, member, now)
        response = await self._handlers[request_class](call, request)
        return Answer({"ok": True, **(m.plain(response) if response else {})}, call.afterwards)


def parse(request_class: type[Request], payload: tuple[object, ...]) -> Message:
    """Raises Refused, naming the field at fault."""
    if len(payload) != 1 or not isinstance(payload[0], dict):
        raise Refused("validation", "A request carries exactly one object.")
    try:
        return request_class.model_validate(payload[0])
    except ValidationError as error:
        raise invalid(error) from error


def refusal(problem: Problem) -> dict[str, Any]:
    return {"ok": False, "error": m.plain(problem)}
