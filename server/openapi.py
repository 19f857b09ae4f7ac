"""The OpenAPI 3.1 document, made from the URL table: what is not in the table is not routed, and what is, is
described.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server import problems
from server.accounts.identity import COOKIE
from server.call import Access, Route
from server.problems import CONTENT_TYPE, Refusal

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `code` is stable, `detail` a sentence to show.",
    "required": ["type", "title", "status", "detail", "code", "requestId"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "requestId": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def document(routes: Iterable[Route], prefix: str) -> dict[str, Any]:
    """Plain JSON values. Every route says which refusals it may answer with, by status and code."""
    routes = list(routes)
    schemas, refs = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Convene",
            "version": _version(),
            "description": "State-changing requests with the cookie are accepted from our own pages only; "
            "scripts send a token as `Authorization: Bearer cvn_…`.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(routes: list[Route]) -> tuple[dict[str, Any], dict[type[BaseModel], str]]:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for route in routes:
        if route.body:
            models[route.body, "validation"] = None
        if route.answer:
            models[route.answer, "serialization"] = None
    keyed, definitions = models_json_schema(list(models), ref_template="#/components/schemas/{model}")
    refs = {model: schema["$ref"] for (model, _mode), schema in keyed.items()}
    return definitions.get("$defs", {}), refs  # type: ignore[return-value]


def _operation(route: Route, refs: dict[type[BaseModel], str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [route.handler.__module__.split(".")[1]],
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
        "security": [{"cookie": []}, {"token": []}] + ([] if route.access.signed_in else [{}]),
    }
    if described := _access(route.access):
        operation["description"] = described
    if route.body:
        required = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": {"$ref": refs[route.body]}}},
        }
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.query:
        schema = route.query.model_json_schema()
        definitions = schema.get("$defs", {})
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": _inlined(field, definitions)}
            for name, field in schema["properties"].items()
        ]
    parameters += [
        {"name": name, "in": "header", "required": name == "If-Match", "schema": {"type": "string"}}
        for name in route.headers
    ]
    return parameters


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A parameter's schema without references: it is no component."""
    if isinstance(schema, list):
        return [_inlined(entry, definitions) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref", "").removeprefix("#/$defs/"):
        return _inlined(definitions[name], definitions)
    return {key: _inlined(value, definitions) for key, value in schema.items()}


def _responses(route: Route, refs: dict[type[BaseModel], str]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if route.answer:
        responses[str(route.status)] = {
            "description": route.summary,
            "content": {"application/json": {"schema": {"$ref": refs[route.answer]}}},
        }
    elif route.produces:
        responses["200"] = {"description": route.summary, "content": {route.produces.partition(";")[0]: {}}}
    else:
        responses["204"] = {"description": "Done"}
    by_status: dict[int, list[Refusal]] = defaultdict(list)
    for refusal in (*_usual(route), *route.refusals):
        by_status[refusal.status].append(refusal)
    for status, refusals in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "\n".join(f"`{refusal.code}`: {refusal.detail}" for refusal in refusals),
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _usual(route: Route) -> list[Refusal]:
    """The refusals that follow from the table itself."""
    found = [problems.RATE_LIMITED, problems.INVALID_TOKEN, problems.INTERNAL]
    if route.access.signed_in:
        found.append(problems.AUTH_REQUIRED)
    if route.access.permission:
        found.append(problems.PERMISSION_DENIED)
    if route.writes:
        found += [problems.ORIGIN_REFUSED, problems.TOO_LARGE, problems.TOO_SLOW, problems.NOT_READABLE]
    if route.body:
        found += [problems.NOT_JSON, problems.NOT_JSON_TYPE]
    if route.body or route.query:
        found.append(problems.VALIDATION)
    return found


def _access(access: Access) -> str:
    if access.permission:
        own = "Your own registration, or " if access.own else ""
        admin = ", or to be an administrator" if access.or_admin else ""
        return f"{own}needs `{access.permission}` in this session{admin}."
    if access.creates_sessions:
        return "For accounts that may create sessions."
    if access.admin:
        return "For administrators."
    return ""


def _version() -> str:
    try:
        return version("convene")
    except PackageNotFoundError:
        return "0"
