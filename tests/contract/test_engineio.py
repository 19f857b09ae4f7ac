"""What signalling/connections.py and fanout.py rely on in Engine.IO and Socket.IO beyond their documentation.

Where this fails after an upgrade, read both files against the new version before the numbers are changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import version

import pytest
from engineio import async_server, async_socket, base_server
from socketio import (
    async_manager,
    base_manager,
)
from socketio import (
    async_server as socketio_server,
)
from socketio import (
    base_server as socketio_base,
)


@pytest.mark.parametrize(("package", "known"), [("python-engineio", "4.15.1"), ("python-socketio", "5.18.1")])
def test_the_versions_are_those_that_were_read(package: str, known: str) -> None:
    assert version(package) == known


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (async_server.AsyncServer._handle_connect, ["self", "environ", "transport", "jsonp_index"]),
        (async_server.AsyncServer._trigger_event, ["self", "event", "args", "kwargs"]),
        (base_server.BaseServer._ok, ["self", "packets", "headers", "jsonp_index"]),
        (base_server.BaseServer._bad_request, ["self", "message"]),
        (async_socket.AsyncSocket._upgrade_websocket, ["self", "environ"]),
        (async_socket.AsyncSocket.handle_post_request, ["self", "environ"]),
        (async_socket.AsyncSocket.schedule_ping, ["self"]),
        (async_socket.AsyncSocket.send, ["self", "pkt"]),
        (async_socket.AsyncSocket.receive, ["self", "pkt"]),
        (async_socket.AsyncSocket.close, ["self", "wait", "abort", "reason"]),
        (socketio_base.BaseServer._engineio_server_class, ["self"]),
        (socketio_server.AsyncServer._handle_connect, ["self", "eio_sid", "namespace", "data"]),
        (socketio_server.AsyncServer._handle_eio_message, ["self", "eio_sid", "data"]),
        (async_manager.AsyncManager.connect, ["self", "sid", "namespace"]),
        (async_manager.AsyncManager.disconnect, ["self", "sid", "namespace", "kwargs"]),
        (base_manager.BaseManager.get_participants, ["self", "namespace", "room"]),
        (base_manager.BaseManager.eio_sid_from_sid, ["self", "sid", "namespace"]),
    ],
    ids=lambda each: getattr(each, "__qualname__", ""),
)
def test_what_is_overridden_or_called_is_as_it_was(
    function: Callable[..., object], parameters: list[str]
) -> None:
    assert list(inspect.signature(function).parameters) == parameters
