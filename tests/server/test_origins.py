"""Which pages may send state-changing requests, and whose address counts behind proxies."""

from __future__ import annotations

import pytest

from server.origins import client_address, same_origin

PUBLIC = "https://convene.example"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"Origin": "http://localhost:8080", "Host": "localhost:8080"}, True),
        ({"Origin": "http://localhost:8081", "Host": "localhost:8080"}, False),
        ({"Origin": "http://localhost", "Host": "localhost:8080"}, False),
        ({"Origin": PUBLIC, "Host": "10.0.0.1:8080"}, True),
        ({"Origin": "http://convene.example", "Host": "10.0.0.1:8080"}, False),
        ({"Origin": "https://convene.example.evil.example", "Host": "convene.example"}, False),
        ({"Origin": "https://evil.example", "Host": "convene.example"}, False),
        ({"Origin": "null", "Host": "convene.example"}, False),
        ({"Origin": "", "Host": ""}, False),
        ({"Origin": "file://", "Host": ""}, False),
        (
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin", "Host": "convene.example"},
            False,
        ),
        ({"Origin": "http://convene.example", "Host": "convene.example"}, False),  # without TLS
        ({"Origin": "http://[::1", "Host": "[::1"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({}, None),
    ],
)
def test_only_our_own_pages(headers: dict[str, str], verdict: bool | None) -> None:
    assert same_origin(headers, PUBLIC) is verdict


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),  # not our proxy: invented
        ("10.0.0.2", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.2", ["203.0.113.1, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.2", ["203.0.113.1", "198.51.100.7"], "198.51.100.7"),  # the proxy added a line
        ("10.0.0.2", ["203.0.113.1, 10.0.0.9"], "203.0.113.1"),
        ("10.0.0.2", ["nonsense"], "nonsense"),
        ("10.0.0.2", [" , "], "10.0.0.2"),
        ("10.0.0.2", [], "10.0.0.2"),
        (None, ["203.0.113.1"], "unknown"),
        ("2001:db8:1:2:aaaa::1", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", [], "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("::ffff:10.0.0.2", ["203.0.113.1"], "203.0.113.1"),
    ],
)
def test_the_last_address_that_is_not_ours(peer: str | None, forwarded: list[str], address: str) -> None:
    assert client_address(peer, forwarded, ["10.0.0.0/8"]) == address
