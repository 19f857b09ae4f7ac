"""Who may import what: the contracts in pyproject.toml hold, and each of them would notice a violation."""

from __future__ import annotations

import ast
import copy
from itertools import accumulate
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import api
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

ROOT = Path(__file__).parents[2]
OPTIONS: dict[str, Any] = api.read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: dict[str, dict[str, Any]] = {each["name"]: each for each in OPTIONS["contracts_options"]}

ENTRY = "media is entered through client, pool, protocol and record"
PURE = "pure modules know no clock, loop, socket or log"
SOCKETS = "socketio belongs to signalling.hub and what it stands on"
IMPURE = ("asyncio", "time", "socket", "logging", "aiortc", "socketio", "redis", "sqlalchemy")

# Imports that nobody may add, and the contract that refuses each.
VIOLATIONS = [
    ("server, then signalling, then media", "media.worker", "signalling.messages"),
    ("server, then signalling, then media", "signalling.room", "server.settings"),
    ("server, then signalling, then media", "media.worker", "server.settings"),
    (ENTRY, "signalling.room", "media.worker"),
    (ENTRY, "signalling.room", "media.rtp.header"),
    (ENTRY, "server.settings", "media.net.udp"),
    (ENTRY, "server.settings", "media.record.journal"),
    *((PURE, "media.protocol", library) for library in IMPURE),
    (PURE, "media.rtp.header", "time"),
    (PURE, "media.rtp.codecs.vp8", "logging"),
    (PURE, "media.control", "asyncio"),
    (PURE, "media.capabilities", "socket"),
    (PURE, "signalling.messages", "redis"),
    (PURE, "signalling.permissions.decisions", "time"),
    (PURE, "signalling.permissions", "media.pool"),  # impure by way of another module
    ("aiortc belongs to media.net.dtls", "media.transport", "aiortc"),
    ("pylibsrtp belongs to media.net.srtp", "media.consumer", "pylibsrtp"),
    ("av belongs to media.record", "media.worker", "av"),
    ("av belongs to media.record", "server.settings", "av"),
    (SOCKETS, "signalling.room", "socketio"),
    (SOCKETS, "signalling.hub", "engineio"),
    (SOCKETS, "signalling.connections", "socketio"),
    (SOCKETS, "server.settings", "engineio"),
    ("prometheus_client belongs to server.metrics", "signalling.hub", "prometheus_client"),
    ("prometheus_client belongs to server.metrics", "server.http", "prometheus_client"),
    ("redis belongs to signalling.live.redis_store", "signalling.live.memory", "redis"),
    ("redis belongs to signalling.live.redis_store", "server.settings", "redis"),
    ("sqlalchemy belongs to server", "signalling.ledger", "sqlalchemy"),
    ("sqlalchemy belongs to server", "media.worker", "aiosqlite"),
]

# Imports that the owners make, or will: no contract minds them.
PERMITTED = [
    ("signalling.room", "media.client"),
    ("signalling.room", "media.pool"),
    ("signalling.room", "media.protocol"),
    ("signalling.room", "media.record"),
    ("server.settings", "media.pool"),
    ("server.settings", "signalling.permissions"),
    ("media.net.dtls", "aiortc"),
    ("media.net.srtp", "pylibsrtp"),
    ("media.record.journal", "av"),
    ("signalling.hub", "socketio"),
    ("signalling.fanout", "engineio"),
    ("signalling.connections", "engineio"),
    ("server.metrics.page", "prometheus_client"),
    ("signalling.live.redis_store", "redis"),
    ("server.db.engine", "sqlalchemy"),
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *OPTIONS["session_options"]["root_packages"], include_external_packages=True, cache_dir=None
    )


def contract(name: str) -> Contract:
    kinds: dict[str, type[Contract]] = {"forbidden": ForbiddenContract, "layers": LayersContract}
    options = CONTRACTS[name]
    return kinds[options["type"]](
        name=name, session_options=OPTIONS["session_options"], contract_options=options
    )


def violations(name: str, graph: grimp.ImportGraph) -> object:
    """What a contract finds in this graph; empty when it holds."""
    check = contract(name).check(copy.deepcopy(graph), verbose=False)  # takes ignored imports out
    return {} if check.kept else check.metadata


def with_import(graph: grimp.ImportGraph, importer: str, imported: str) -> grimp.ImportGraph:
    """The graph as if one more line were written. Modules that do not exist yet are added."""
    changed = copy.deepcopy(graph)
    roots = OPTIONS["session_options"]["root_packages"]
    for module in (importer, imported):
        for name in accumulate(module.split("."), "{}.{}".format):
            if name not in changed.modules:
                changed.add_module(name, is_squashed=name.split(".")[0] not in roots)
    if not changed.direct_import_exists(importer=importer, imported=imported):
        changed.add_import(importer=importer, imported=imported, line_number=1, line_contents="import …")
    return changed


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract_holds(name: str, graph: grimp.ImportGraph) -> None:
    assert violations(name, graph) == {}


@pytest.mark.parametrize(("name", "importer", "imported"), VIOLATIONS)
def test_contract_notices(name: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    assert violations(name, with_import(graph, importer, imported)) != violations(name, graph)


@pytest.mark.parametrize(("importer", "imported"), PERMITTED)
def test_owners_are_let_through(importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    changed = with_import(graph, importer, imported)
    complaints = [name for name in CONTRACTS if violations(name, changed) != violations(name, graph)]
    assert complaints == []


def test_every_contract_has_a_violation_that_it_notices() -> None:
    assert {name for name, *_ in VIOLATIONS} == set(CONTRACTS)


def test_nothing_of_ours_is_mocked() -> None:
    """Tests use the real parts, or another implementation of the same interface."""
    mocking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {"mock", "unittest.mock", "pytest_mock"} & imported_names(node)
    ]
    assert mocking == []


def imported_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {node.module or ""} | {f"{node.module}.{name}" for name in names}
    return names


def test_warnings_fail_tests(pytestconfig: pytest.Config) -> None:
    assert "error" in pytestconfig.getini("filterwarnings")
