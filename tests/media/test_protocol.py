"""Control messages: every class survives its line; a line that is no message is refused by name and place."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from media import protocol
from media.framing import (
    MAX_LINE,
    NOTIFICATIONS,
    REQUESTS,
    ProtocolError,
    Reply,
    decode_from_worker,
    decode_request,
    encode_error,
    encode_notification,
    encode_request,
    encode_response,
)
from media.protocol import MediaError, Request
from media.wire import WireError, from_wire, to_wire


def sample(tp: Any, full: bool) -> Any:
    """A value of the type: ``full`` sets every optional field, else only what is required."""
    origin, args = get_origin(tp), get_args(tp)
    scalars: dict[Any, Any] = {str: "x", int: 7, float: 0.5, bool: True, Any: "any"}
    if tp in scalars:
        return scalars[tp]
    if origin is Literal:
        return args[0]
    if origin in (Union, types.UnionType):
        return sample(next(arg for arg in args if arg is not types.NoneType), full)
    if origin is list:
        return [sample(args[0], full)] * 2
    if origin is dict:
        return {"key": sample(args[1], full)}
    hints = get_type_hints(tp)
    fields = [field for field in dataclasses.fields(tp) if full or _required(field)]
    return tp(**{field.name: sample(hints[field.name], full) for field in fields})


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def subclasses(base: type) -> Iterator[type]:
    """Those of the protocol module; ``slots=True`` leaves a shadow of each class behind, not one of them."""
    return (
        item
        for item in vars(protocol).values()
        if isinstance(item, type) and issubclass(item, base) and item is not base
    )


def test_the_tables_hold_every_message_of_the_protocol() -> None:
    assert set(REQUESTS.values()) == set(subclasses(protocol.Request))
    assert set(NOTIFICATIONS.values()) == set(subclasses(protocol.Notification))
    assert len({cls.method for cls in subclasses(protocol.Request) if issubclass(cls, Request)}) == len(
        REQUESTS
    )


@pytest.mark.parametrize("full", [True, False], ids=["full", "minimal"])
@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_and_its_response_survive_their_lines(method: str, full: bool) -> None:
    request = sample(REQUESTS[method], full)
    line = encode_request(12, request)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_request(line) == (12, request)

    response = sample(request.response, full)
    reply = decode_from_worker(encode_response(12, response))
    assert isinstance(reply, Reply)
    assert reply.id == 12
    assert reply.read(request) == response


@pytest.mark.parametrize("full", [True, False], ids=["full", "minimal"])
@pytest.mark.parametrize("event", NOTIFICATIONS)
def test_a_notification_survives_its_line(event: str, full: bool) -> None:
    notification = sample(NOTIFICATIONS[event], full)
    assert decode_from_worker(encode_notification(notification)) == notification


@pytest.mark.parametrize("field", [None, "rtpParameters.codecs[0]"])
def test_an_error_survives_its_line(field: str | None) -> None:
    reply = decode_from_worker(encode_error(3, MediaError("unsupported", "no such codec", field)))
    assert isinstance(reply, Reply)
    with pytest.raises(MediaError) as caught:
        reply.read(protocol.CreateRoom("r"))
    assert (caught.value.code, caught.value.message, caught.value.field) == (
        "unsupported",
        "no such codec",
        field,
    )


def test_absent_fields_stay_absent_on_the_wire() -> None:
    """mediasoup-client takes null for a value: ``channels: null`` would match no video codec."""
    wire = to_wire(protocol.RtpCodecCapability("video", "video/VP8", 90000))
    assert "channels" not in wire
    assert from_wire(protocol.RtpCodecCapability, wire) == protocol.RtpCodecCapability(
        "video", "video/VP8", 90000
    )


def _request(**changes: Any) -> bytes:
    message = {"id": 1, "method": "room.create", "params": {"room_id": "r"}} | changes
    return json.dumps({key: value for key, value in message.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("line", "problem", "request_id"),
    [
        (b"", "not JSON", None),
        (b"\xff\xfe{}", "not JSON", None),
        (b"[" * 100_000, "not JSON", None),
        (b'{"id": 1, "x": NaN}', "not JSON", None),
        (b"[1]", "not a JSON object", None),
        (_request(id=None), "no integer id", None),
        (_request(id="1"), "no integer id", None),
        (_request(id=True), "no integer id", None),
        (_request(params=None), "exactly id, method and params", 1),
        (_request(extra=1), "exactly id, method and params", 1),
        (_request(method="room.destroy"), "unknown method 'room.destroy'", 1),
        (_request(method=["room.create"]), "unknown method", 1),
        (_request(params={}), "room.create: room_id: missing", 1),
        (_request(params=[]), "room.create: message: expected an object", 1),
        (_request(params={"room_id": 5}), "room_id: expected a string", 1),
        (_request(params={"room_id": None}), "exactly|expected a string", 1),
        (_request(params={"room_id": "r", "owner": "me"}), "owner: unknown field of CreateRoom", 1),
    ],
)
def test_a_malformed_request_is_refused(line: bytes, problem: str, request_id: int | None) -> None:
    with pytest.raises(ProtocolError, match=problem) as caught:
        decode_request(line)
    assert caught.value.request_id == request_id


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"codecs": {}}, r"rtpParameters\.codecs: expected a list"),
        (
            {"codecs": [{"mimeType": "a", "clockRate": 1}]},
            r"rtpParameters\.codecs\[0\]\.payloadType: missing",
        ),
        ({"encodings": [{"ssrc": 1.5}]}, r"encodings\[0\]\.ssrc: expected an integer"),
        ({"encodings": [{"ssrc": True}]}, r"encodings\[0\]\.ssrc: expected an integer"),
        ({"encodings": [{"dtx": 1}]}, r"encodings\[0\]\.dtx: expected true or false"),
        ({"encodings": [{"rtx": 5}]}, r"encodings\[0\]\.rtx: expected an object"),
        ({"rtcp": {"cnames": []}}, r"rtcp\.cnames: unknown field of RtcpParameters"),
    ],
)
def test_a_malformed_field_is_named_by_its_path(change: dict[str, Any], problem: str) -> None:
    params = {
        "transport_id": "t",
        "producer_id": "p",
        "kind": "audio",
        "rtpParameters": {"codecs": [], "encodings": []} | change,
    }
    with pytest.raises(ProtocolError, match=problem):
        decode_request(_request(method="producer.create", params=params))


def test_a_word_outside_the_literal_is_refused() -> None:
    with pytest.raises(WireError, match="direction: expected 'send' or 'recv'"):
        from_wire(protocol.CreateTransport, {"peer_id": "p", "transport_id": "t", "direction": "both"})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"event": "worker.sleepy", "params": {}}', "no notification"),
        (b'{"event": "worker.ready"}', "no notification"),
        (b'{"event": ["worker.ready"], "params": {}}', "no notification"),
        (b'{"event": "worker.ready", "params": {"port": "40000"}}', "port: expected an integer"),
        (
            b'{"event": "worker.load", "params": {"cpu": true, "peers": 0, "consumers": 0}}',
            "cpu: expected a number",
        ),
        (b'{"id": 1}', "either a result or an error"),
        (b'{"id": 1, "result": {}, "error": {}}', "either a result or an error"),
        (b'{"id": 1, "error": {"code": "sad", "message": ""}}', r"error\.code: expected"),
        (b'{"result": {}}', "no integer id"),
    ],
)
def test_a_malformed_line_from_a_worker_is_refused(line: bytes, problem: str) -> None:
    with pytest.raises(ProtocolError, match=problem):
        decode_from_worker(line)


def test_a_response_of_the_wrong_shape_is_an_internal_error() -> None:
    reply = decode_from_worker(b'{"id": 1, "result": {"rtpCapabilities": 5}}')
    assert isinstance(reply, Reply)
    with pytest.raises(MediaError, match="rtpCapabilities: expected an object") as caught:
        reply.read(protocol.CreateRoom("r"))
    assert caught.value.code == "internal"


def test_lines_are_bounded_both_ways() -> None:
    with pytest.raises(MediaError, match="longer than") as caught:
        encode_request(1, protocol.CreateRoom("r" * MAX_LINE))
    assert caught.value.code == "limit"
    with pytest.raises(ProtocolError, match="longer than"):
        decode_request(b" " * (MAX_LINE + 1))


def test_a_number_that_is_no_number_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_notification(protocol.WorkerLoad(float("nan"), 0, 0))
