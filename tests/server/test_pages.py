"""The web client: one page for every address, its files, and what is not the client's."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.http import failures
from server.pages import PAGES, Pages, fallback

INDEX = '<!doctype html><script type="module" src="/assets/index-abc.js"></script>'
Browser = TestClient[web.Request, web.Application]


def application(folder: Path) -> web.Application:
    app = web.Application(middlewares=[failures, fallback])
    app[PAGES] = Pages(folder)
    return app


@pytest_asyncio.fixture(loop_scope="session")
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(INDEX)
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "index-abc.js").write_text("plain")
    (dist / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(b"plain"))
    (tmp_path / "secret").write_text("secret")
    async with TestClient(TestServer(application(dist))) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/sign-in?next=/", "/sessions/abc", "/live/welcome", "/%2e%2e/x", "/index.html"]
)
async def test_every_address_is_the_page(browser: Browser, path: str) -> None:
    response = await browser.get(path, headers={"Accept": "text/html,*/*"})
    assert (response.status, response.content_type) == (200, "text/html")
    assert await response.text() == INDEX
    assert response.headers["Cache-Control"] == "no-store"


async def test_hashed_files_are_kept_for_ever_and_sent_packed(browser: Browser) -> None:
    packed = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    plain = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    for response in (packed, plain):
        assert "immutable" in response.headers["Cache-Control"]
        assert response.content_type in ("text/javascript", "application/javascript")
        assert await response.text() == "plain"


async def test_other_files_are_kept_for_a_day(browser: Browser) -> None:
    response = await browser.get("/favicon.svg")
    assert response.content_type == "image/svg+xml"
    assert "immutable" not in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    ["/assets/none.js", "/api/none", "/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret", "/..%2fsecret"],
)
async def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    response = await browser.get(path, headers={"Accept": "*/*"})
    assert response.status == 404
    assert response.content_type == "application/problem+json"


async def test_robots_are_kept_out_of_rooms(browser: Browser) -> None:
    assert "Disallow: /live/" in await (await browser.get("/robots.txt")).text()


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with TestClient(TestServer(application(tmp_path / "none"))) as client:
        response = await client.get("/")
        assert response.status == 200
        assert "npm run build" in await response.text()
