"""Requests of the live room and the door to it: any JSON is a message, or refused by name."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalling import messages as m
from signalling.dispatch import parse
from signalling.errors import Refused, invalid
from signalling.messages import REQUESTS, Request
from signalling.tickets import Ticket, TicketExpired, TicketInvalid, Tickets
from tests.fuzz.shapes import JSON, mutated, nearly
from tests.support.requests import PAYLOADS

TICKETS = Tickets(b"s" * 32)
GENUINE = TICKETS.issue("timeslot", "account", now=1000.0)[0]


@st.composite
def requests(draw: st.DrawFn) -> tuple[type[Request], Any]:
    request = draw(st.sampled_from(REQUESTS))
    return request, draw(nearly(PAYLOADS[request]) | JSON)


@given(requests())
def test_a_request_is_read_or_refused_by_name(request: tuple[type[Request], Any]) -> None:
    kind, payload = request
    problem = None
    try:
        assert isinstance(parse(kind, (payload,)), kind)
    except Refused as refused:
        problem = refused.problem
    assert problem is None or problem.code == "validation"
    assert problem is None or json.dumps(m.plain(problem)).encode()  # it can be sent back


@given(nearly({"ticket": GENUINE, "resume": {"participantId": "p", "seq": 4}}) | JSON)
def test_whatever_is_said_at_the_door(auth: Any) -> None:
    problem = None
    try:
        m.Connect.model_validate(auth)
    except ValidationError as error:
        problem = invalid(error).problem
    assert problem is None or problem.code == "validation"


@given(st.text(max_size=100) | mutated([GENUINE.encode()]).map(lambda data: data.decode("latin-1")))
def test_only_tickets_of_ours_are_tickets(token: str) -> None:
    try:
        ticket = TICKETS.read(token, now=1001.0)
    except (TicketInvalid, TicketExpired):
        assert token != GENUINE
    else:
        assert token == GENUINE
        assert ticket == Ticket("timeslot", "account", ticket.jti, ticket.expires_at)
