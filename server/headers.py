"""The security headers of every response, and cookies."""

from __future__ import annotations

import re

from aiohttp import web

from server.accounts.identity import COOKIE

_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]+")
_FEATURES = ("camera", "microphone", "display-capture", "fullscreen", "autoplay")
_NOT_NEEDED = ("geolocation", "payment", "usb", "midi", "serial", "hid")
PERMISSIONS_POLICY = ", ".join(
    [*(f"{name}=(self)" for name in _FEATURES), *(f"{name}=()" for name in _NOT_NEEDED)]
)


def content_security_policy(host: str) -> str:
    """No inline script or style. The socket is named because older Safari does not count ws: as 'self'."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            f"connect-src 'self'{sockets}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` handler: nothing leaves without these, whoever made the response."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy(request.host))
    headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    headers.popall("Server", None)


def set_sign_in_cookie(response: web.StreamResponse, token: str, *, days: int, secure: bool) -> None:
    """An empty token removes the cookie."""
    if token:
        response.set_cookie(
            COOKIE, token, max_age=days * 86400, path="/", httponly=True, samesite="Lax", secure=secure
        )
    else:
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=secure)
