"""Schemathesis walks the OpenAPI document: requests made from it, valid and invalid, as an organiser and as a
stranger. No answer is a failure of ours, and each is one that the document promises.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server import demo
from server.openapi import document
from server.routes import PREFIX, ROUTES
from tests.support.demo_server import demo_server

pytestmark = pytest.mark.slow

EXAMPLES = 16  # per route
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(document(ROUTES, PREFIX))
NAMES = [f"{route.method} {route.path}" for route in ROUTES]
PEOPLE = ("organiser", "organiser", "organiser", "participant3", None)  # strangers get less far
MOSTLY = st.sampled_from([True, True, True, False])


@dataclass(frozen=True)
class World:
    """A running server, tokens by person, and ids of what there is, by the name of the parameter."""

    url: str
    tokens: dict[str, str]
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONVENE_REQUESTS_PER_MINUTE", "1000000")
        starting = demo_server(tmp_path_factory.mktemp("walk"))
        server = runner.run(starting.__aenter__())
        try:
            yield look_around(server.url)
        finally:
            runner.run(starting.__aexit__(None, None, None))
    assert "Traceback" not in server.log(), server.log()


def look_around(url: str) -> World:
    tokens = {name: new_token(url, name) for name in set(PEOPLE) if name}
    sessions = ask(url, "GET", "/sessions?scope=mine", token=tokens["organiser"])["items"]
    slots = [session["timeslot"] for session in sessions]
    rosters = [
        ask(url, "GET", f"/timeslots/{slot['id']}/registrations", token=tokens["organiser"])["items"]
        for slot in slots
    ]
    return World(
        url,
        tokens,
        {
            "session_id": [session["id"] for session in sessions],
            "timeslot_id": [slot["id"] for slot in slots],
            "slug": [slot["slug"] for slot in slots],
            "seat_id": [seat["kind"] for session in sessions for seat in session["seats"]],
            "registration_id": [item["id"] for roster in rosters for item in roster],
            "account_id": [ask(url, "GET", "/me", token=token)["id"] for token in tokens.values()],
        },
    )


def version(world: World, path: dict[str, Any]) -> str:
    """Of the session that the path is about, as If-Match wants it; of any where it is about none."""
    token = world.tokens["organiser"]
    for session in ask(world.url, "GET", "/sessions?scope=mine", token=token)["items"]:
        shown = ask(world.url, "GET", f"/sessions/{session['id']}", token=token)
        if set(path.values()) & set(find_ids(shown)):
            return f'"{shown["version"]}"'
    return '"1"'


def find_ids(shown: Any) -> Iterator[str]:
    """All that is called an id in an answer, or a kind of seat."""
    if isinstance(shown, list):
        for item in shown:
            yield from find_ids(item)
    elif isinstance(shown, dict):
        yield from (str(shown[name]) for name in ("id", "kind") if name in shown)
        for item in shown.values():
            yield from find_ids(item)


def new_token(url: str, name: str) -> str:
    """Of a person of the demo."""
    credentials = {"email": demo.address(name), "password": demo.PASSWORD}
    request = _request(url, "POST", "/sign-in", credentials)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    made = _request(url, "POST", "/me/tokens", {"name": "walk"})
    made.add_header("Cookie", cookie)
    with urllib.request.urlopen(made, timeout=10) as answer:  # noqa: S310
        return str(json.load(answer)["token"])


def ask(url: str, method: str, path: str, *, token: str) -> Any:
    request = _request(url, method, path)
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def _request(url: str, method: str, path: str, body: object = None) -> urllib.request.Request:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Origin": url, "Content-Type": "application/json"}
    return urllib.request.Request(url + PREFIX + path, data, headers, method=method)  # noqa: S310


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_is_one_that_the_document_promises(name: str, world: World) -> None:
    method, path = name.split(" ")
    operation = SCHEMA[PREFIX + path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(operation.as_strategy(mode))
        for parameter in set(world.known) & set(case.path_parameters or {}):
            if data.draw(MOSTLY):
                case.path_parameters[parameter] = data.draw(st.sampled_from(world.known[parameter]))
        who = data.draw(st.sampled_from(PEOPLE))
        headers = {"Authorization": f"Bearer {world.tokens[who]}"} if who else {"Origin": world.url}
        if "If-Match" in (case.headers or {}) and data.draw(MOSTLY):
            case.headers["If-Match"] = version(world, case.path_parameters)
        response = case.call(base_url=world.url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    walk()
