"""Serves the web client: one page for every address that people open, and its hashed files for ever."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from server.problems import NOT_FOUND, Problem

WEB_DIST = Path(__file__).parent / "web_dist"


_NOT_PAGES = ("/api", "/socket.io", "/assets")
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_DAY = "public, max-age=86400"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_ROBOTS = "User-agent: *\nDisallow: /api/\nDisallow: /live/\n"

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Convene</title></head>
<body><h1>Convene is running</h1>
<p>The pages have not been built yet. Run <code>make run</code>, or <code>npm ci</code> and
<code>npm run build</code> in <code>web/</code>, and load this page again.</p>
<p>The API is described at <a href="/api/openapi.json">/api/openapi.json</a>.</p></body></html>
"""


class Pages:
    """The built client in ``folder``. Its files are listed: no request ever names a path on the disk."""

    def __init__(self, folder: Path = WEB_DIST) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._list()

    def answer(self, request: web.Request) -> web.StreamResponse:
        """What a GET for an address without a route of its own gets: a file, or the page. Else raises not
        found.
        """
        path = request.path
        if not self._files:
            self._list()  # built while the server runs
        if path in self._files and path != "/index.html":
            return self._file(request, path)
        if path == "/robots.txt":
            return web.Response(text=_ROBOTS)
        accepts = request.headers.get("Accept", "")
        if path.startswith(_NOT_PAGES) or not ("text/html" in accepts or path == "/"):
            raise Problem(NOT_FOUND)
        return self._page()

    def _list(self) -> None:
        if self._folder.is_dir():
            self._files = {
                f"/{path.relative_to(self._folder).as_posix()}": path
                for path in self._folder.rglob("*")
                if path.is_file()
            }

    def _page(self) -> web.Response:
        """Never cached: it names the files of the version that runs now."""
        index = self._files.get("/index.html")
        text = index.read_text(encoding="utf-8") if index and index.is_file() else _NOT_BUILT
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    def _file(self, request: web.Request, path: str) -> web.StreamResponse:
        headers = {
            "Cache-Control": _FOR_EVER if path.startswith("/assets/") else _FOR_A_DAY,
            "Content-Type": mimetypes.guess_type(path)[0] or "application/octet-stream",
        }
        accepted = request.headers.get("Accept-Encoding", "")
        for encoding, suffix in _ENCODINGS:
            packed = self._files.get(path + suffix)
            if packed and encoding in accepted:
                return web.Response(
                    body=packed.read_bytes(),
                    headers=headers | {"Content-Encoding": encoding, "Vary": "Accept-Encoding"},
                )
        return web.FileResponse(self._files[path], headers=headers)


PAGES = web.AppKey("pages", Pages)


@web.middleware
async def fallback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Addresses that no route knows are the client's to interpret."""
    if isinstance(request.match_info.http_exception, web.HTTPNotFound) and request.method in ("GET", "HEAD"):
        return request.app[PAGES].answer(request)
    return await handler(request)
