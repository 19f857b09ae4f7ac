"""Connectivity checks as the server reads them, made by aioice."""

from __future__ import annotations

from aioice import stun

from media.net.stun import Credentials, Request, parse_request


def request_of(credentials: Credentials, *, password: str | None = None, nominates: bool = True) -> Request:
    """A browser's check under ``credentials``; another ``password`` makes it a forged one."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{credentials.fragment}:browser"
    message.attributes["PRIORITY"] = 1845501695
    message.attributes["ICE-CONTROLLING"] = 7
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((password or credentials.password).encode())
    return parse_request(bytes(message))
