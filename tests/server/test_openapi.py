"""The OpenAPI document describes what is routed, and is itself in order."""

from __future__ import annotations

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from server.problems import Refusal
from server.routes import PREFIX, ROUTES
from tests.support.app import Running


async def fetch(app: Running) -> dict[str, Any]:
    document: dict[str, Any] = (await app.client().get("//api/openapi.json")).body
    return document


async def test_it_is_valid(app: Running) -> None:
    document = await fetch(app)
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_it_lists_exactly_what_is_routed(app: Running) -> None:
    document = await fetch(app)
    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    routed = {
        (route.method, route.resource.canonical)
        for route in app.app.router.routes()
        if route.resource and route.resource.canonical.startswith(PREFIX)
    }
    assert described == routed
    assert len(described) == len(ROUTES)


async def test_refusals_are_described_by_code(app: Running) -> None:
    document = await fetch(app)
    for route in ROUTES:
        responses = document["paths"][PREFIX + route.path][route.method.lower()]["responses"]
        for refusal in route.refusals:
            assert f"`{refusal.code}`" in responses[str(refusal.status)]["description"]


def test_a_code_has_one_status() -> None:
    refusals: set[Refusal] = {refusal for route in ROUTES for refusal in route.refusals}
    codes = [refusal.code for refusal in refusals]
    assert len({(refusal.code, refusal.status) for refusal in refusals}) == len(set(codes))


def test_operations_have_names_of_their_own() -> None:
    names = [route.handler.__name__ for route in ROUTES]
    assert len(names) == len(set(names))
