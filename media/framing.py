"""Control messages as JSON lines: one object per line, each read back into its class of `media.protocol`.

request        {"id": 7, "method": "room.create", "params": {"room_id": "r1"}}
response       {"id": 7, "result": {...}}   or   {"id": 7, "error": {"code", "message", "field"?}}
notification   {"event": "worker.ready", "params": {"port": 40000}}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from media.protocol import (
    ActiveSpeaker,
    AudioLevels,
    CloseConsumer,
    ClosePeer,
    CloseProducer,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    ConsumerClosed,
    ConsumerStarved,
    CreateConsumer,
    CreatePeer,
    CreateProducer,
    CreateRoom,
    CreateTransport,
    ErrorCode,
    GetMetrics,
    GetStats,
    MediaError,
    Notification,
    PauseConsumer,
    PauseProducer,
    ProducerLayersWanted,
    R,
    Request,
    RestartIce,
    ResumeConsumer,
    ResumeProducer,
    SetConsumerLayers,
    TransportState,
    WorkerDraining,
    WorkerFailed,
    WorkerLoad,
    WorkerReady,
)
from media.wire import WireError, from_wire, to_wire

MAX_LINE = 4 * 1024 * 1024  # a whole worker's statistics are the longest line by far

REQUESTS: dict[str, type[Request[Any]]] = {
    cls.method: cls
    for cls in (
        CreateRoom,
        CloseRoom,
        CreatePeer,
        ClosePeer,
        CreateTransport,
        ConnectTransport,
        RestartIce,
        CloseTransport,
        CreateProducer,
        PauseProducer,
        ResumeProducer,
        CloseProducer,
        CreateConsumer,
        PauseConsumer,
        ResumeConsumer,
        SetConsumerLayers,
        CloseConsumer,
        GetStats,
        GetMetrics,
    )
}

NOTIFICATIONS: dict[str, type[Notification]] = {
    cls.event: cls
    for cls in (
        WorkerReady,
        WorkerFailed,
        TransportState,
        ConsumerClosed,
        ConsumerStarved,
        ActiveSpeaker,
        AudioLevels,
        ProducerLayersWanted,
        WorkerDraining,
        WorkerLoad,
    )
}


class ProtocolError(ValueError):
    """A line that is no message. ``request_id`` is set when at least the request's id could be read."""

    def __init__(self, message: str, request_id: int | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


@dataclass(slots=True)
class Reply:
    """A response as it arrived: either ``result`` (to be read with the request's class) or ``error``."""

    id: int
    result: Any = None
    error: MediaError | None = None

    def read(self, request: Request[R]) -> R:
        """The response object; raises the MediaError that the worker sent."""
        if self.error is not None:
            raise self.error
        try:
            response: R = from_wire(request.response, self.result)
        except WireError as error:
            raise MediaError("internal", f"response to {request.method}: {error}") from None
        return response


@dataclass(slots=True)
class _ErrorBody:
    code: ErrorCode
    message: str
    field: str | None = None


def encode_request(request_id: int, request: Request[Any]) -> bytes:
    return _line({"id": request_id, "method": request.method, "params": to_wire(request)})


def encode_response(request_id: int, response: Any) -> bytes:
    return _line({"id": request_id, "result": to_wire(response)})


def encode_error(request_id: int, error: MediaError) -> bytes:
    body = _ErrorBody(error.code, error.message, error.field)
    return _line({"id": request_id, "error": to_wire(body)})


def encode_notification(notification: Notification) -> bytes:
    return _line({"event": notification.event, "params": to_wire(notification)})


def decode_request(line: bytes) -> tuple[int, Request[Any]]:
    """What the worker reads. Raises ProtocolError."""
    message = _object(line)
    request_id = _id(message)
    if message.keys() != {"id", "method", "params"}:
        raise ProtocolError("a request has exactly id, method and params", request_id)
    method = message["method"]
    cls = REQUESTS.get(method) if isinstance(method, str) else None
    if cls is None:
        raise ProtocolError(f"unknown method {method!r}", request_id)
    try:
        return request_id, from_wire(cls, message["params"])
    except WireError as error:
        raise ProtocolError(f"{method}: {error}", request_id) from None


def decode_from_worker(line: bytes) -> Reply | Notification:
    """What the main process reads. Raises ProtocolError."""
    message = _object(line)
    if "event" in message:
        return _notification(message)
    request_id = _id(message)
    if message.keys() == {"id", "result"}:
        return Reply(request_id, result=message["result"])
    if message.keys() != {"id", "error"}:
        raise ProtocolError("a response has an id and either a result or an error", request_id)
    try:
        body = from_wire(_ErrorBody, message["error"], "error")
    except WireError as error:
        raise ProtocolError(str(error), request_id) from None
    return Reply(request_id, error=MediaError(body.code, body.message, body.field))


def _notification(message: dict[str, Any]) -> Notification:
    event = message["event"]
    cls = NOTIFICATIONS.get(event) if isinstance(event, str) else None
    if cls is None or message.keys() != {"event", "params"}:
        raise ProtocolError(f"no notification: event {event!r}")
    try:
        return from_wire(cls, message["params"])
    except WireError as error:
        raise ProtocolError(f"{event}: {error}") from None


def _line(message: dict[str, Any]) -> bytes:
    line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise MediaError("limit", f"a message of {len(line)} bytes is longer than {MAX_LINE}")
    return line


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a line of {len(line)} bytes is longer than {MAX_LINE}")
    try:
        message = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolError("not a JSON object")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _id(message: dict[str, Any]) -> int:
    request_id = message.get("id")
    if not isinstance(request_id, int) or isinstance(request_id, bool):
        raise ProtocolError("no integer id")
    return request_id
