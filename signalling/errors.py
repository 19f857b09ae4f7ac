"""How requests fail. A person may not or cannot: `Refused`, with a stable code and a sentence to show.
Everything else is a mistake of ours: logged under an id, and masked.
"""

from __future__ import annotations

import logging
import secrets

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from signalling.messages import Problem
from signalling.permissions import Decision

log = logging.getLogger(__name__)


class Refused(Exception):
    """Refuses a request or a connection; ``problem`` is what the browser gets."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.problem = Problem(code=code, message=message, field=field)


def denied(decision: Decision) -> Problem:
    """The problem that says why a permission is missing."""
    return Problem(code="permission.denied", message=decision.message)


def invalid(error: ValidationError) -> Refused:
    """Names the first field at fault, as it is spelled on the wire: ``rtpParameters.codecs.0.mimeType``."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join([to_camel(part) if "_" in part else part for part in place]) or None
    return Refused("validation", f"{field or 'The message'}: {first['msg']}", field)


def left() -> Refused:
    """The request comes from a connection that has been closed, or is just being closed."""
    return Refused("room.left", "You are not in the room any more.")


def unavailable() -> Refused:
    """The database did not answer."""
    return Refused("unavailable", "That did not work just now. Please try again in a moment.")


def restarting() -> Refused:
    """No room begins here any more."""
    return Refused("server.restarting", "The server is about to restart. Please try again in a minute.")


def internal(what: str) -> Problem:
    """Logs the exception being handled under a new id, which is all that the browser learns."""
    error_id = secrets.token_hex(4)
    log.exception("%s failed unexpectedly [%s]", what, error_id)
    return Problem(code="internal", message=f"Something went wrong on our side (error {error_id}).")
