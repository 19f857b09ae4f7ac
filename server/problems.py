"""Refusals as RFC 9457 problem documents. `code` is stable and meant for programs, `detail` is a sentence to
show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: what the OpenAPI document lists, and what `Problem` is raised with."""

    status: int
    code: str
    detail: str


VALIDATION = Refusal(422, "validation", "Some fields need another look.")
NOT_JSON = Refusal(400, "body.not_json", "The body is not valid JSON.")
NOT_READABLE = Refusal(400, "body.not_readable", "The body did not arrive as it was announced.")
NOT_JSON_TYPE = Refusal(415, "body.type", "The body must be sent as application/json.")
TOO_LARGE = Refusal(413, "body.too_large", "That is more than this server accepts.")
TOO_SLOW = Refusal(408, "body.too_slow", "The request did not arrive in time.")
NOT_FOUND = Refusal(404, "not_found", "There is nothing at this address.")
METHOD_NOT_ALLOWED = Refusal(405, "method_not_allowed", "That cannot be done at this address.")
INTERNAL = Refusal(500, "internal", "Something went wrong on our side. It has been noted.")
UNAVAILABLE = Refusal(503, "unavailable", "The server is busy. Please try again in a moment.")
RATE_LIMITED = Refusal(429, "rate.limited", "That was too often. Please wait a moment and try again.")
ORIGIN_REFUSED = Refusal(403, "origin.refused", "This request came from another website and was refused.")
AUTH_REQUIRED = Refusal(401, "auth.required", "Please sign in first.")
INVALID_TOKEN = Refusal(401, "auth.invalid_token", "This token is not valid, or not any more.")
PERMISSION_DENIED = Refusal(403, "permission.denied", "You may not do that.")


class Problem(Exception):
    """Raised anywhere in the handling of a request; nothing of that request is kept."""

    def __init__(
        self,
        refusal: Refusal,
        detail: str | None = None,
        *,
        field: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.detail = detail or refusal.detail
        self.field = field
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = more

    def response(self, request_id: str) -> web.Response:
        status = self.refusal.status
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self.detail,
            "code": self.refusal.code,
            "requestId": request_id,
            **self.more,
        }
        if self.field:
            document["field"] = self.field
        if self.errors:
            document["errors"] = self.errors
        return web.json_response(document, status=status, content_type=CONTENT_TYPE, headers=self.headers)
