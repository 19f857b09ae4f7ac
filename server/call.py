"""What a request handler gets and what the URL table says about it: `Call`, `Route`, `Access`, `Services`.

A handler is ``async def handler(call: Call[Body]) -> Answer | None``. It acts on ``call.db`` and leaves
committing to the pipeline (http.py); what must happen only once it is committed goes through
`Call.after_commit`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.passwords import Passwords
from server.accounts.tables import Account
from server.db.engine import Database
from server.limits import Limiter, Rate
from server.problems import AUTH_REQUIRED, NOT_FOUND, Problem, Refusal
from server.settings import Settings
from server.turns import Turns
from signalling.inspection import Inspection
from signalling.permissions import Editing, Permission
from signalling.phases import Phase
from signalling.tickets import Tickets

if TYPE_CHECKING:
    from server.sessions.cards import Cards
    from server.sessions.scope import Scope

B = TypeVar("B", bound=BaseModel | None)


class LiveRooms(Protocol):
    """What REST asks of the hub."""

    def phase(self, timeslot_id: str) -> Phase | None: ...

    def admits(self, timeslot_id: str) -> bool: ...

    async def inspect(self, timeslot_id: str) -> Inspection | None: ...

    async def end_room(self, timeslot_id: str, by: str | None, reason: Any) -> None: ...

    async def facts_changed(self, timeslot_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the application consists of, made once in app.py. ``clock`` returns seconds since the epoch."""

    settings: Settings
    database: Database
    passwords: Passwords
    limiter: Limiter
    tickets: Tickets
    rooms: LiveRooms
    cards: Cards
    turns: Turns
    clock: Callable[[], float]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route. A route whose path names a session, a timeslot, a registration or a room's slug
    is about that session: who may not see it gets 404. ``permission`` is then required in it; ``own`` lets
    the person pass whose registration the path names.
    """

    signed_in: bool = False
    creates_sessions: bool = False
    admin: bool = False
    or_admin: bool = False  # who runs the installation passes without the permission
    permission: Permission | None = None
    own: bool = False
    invited: bool = False  # finds what is private, too: the handler asks for the invitation
    editing: Editing = Editing.SETTINGS


ANYONE = Access()
SIGNED_IN = Access(signed_in=True)


@dataclass(frozen=True, slots=True)
class Download:
    """A file as an answer, of the type that its route ``produces``. ``name`` is what it is saved as."""

    content: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the URL table. ``answer`` None means 204 without a body, or a `Download` of the media type
    that it ``produces``.
    """

    method: str
    path: str
    handler: Callable[[Call[Any]], Awaitable[Any]]
    access: Access
    summary: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    refusals: tuple[Refusal, ...] = ()
    rate: Rate | None = None
    headers: tuple[str, ...] = ()
    produces: str | None = None

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass(slots=True)
class Call(Generic[B]):
    """One request on its way through the pipeline. ``sign_in_token`` replaces the cookie; "" removes it."""

    request: web.Request
    services: Services
    db: AsyncSession
    now: datetime
    address: str
    account: Account | None
    body: B
    query: Any = None
    _scope: Scope | None = None
    sign_in_token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    effects: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def me(self) -> Account:
        """The account, on routes that need one."""
        if self.account is None:
            raise Problem(AUTH_REQUIRED)
        return self.account

    @property
    def scope(self) -> Scope:
        """The session that the path is about, on routes that name one."""
        if self._scope is None:
            raise Problem(NOT_FOUND)
        return self._scope

    def enter(self, scope: Scope) -> None:
        self._scope = scope

    def after_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Called once everything is stored; not at all when the request fails."""
        self.effects.append(effect)

    def facts_changed(self, *timeslot_ids: str) -> None:
        """Lets running rooms read again who is who in them."""
        for timeslot_id in timeslot_ids:
            self.after_commit(partial(self.services.rooms.facts_changed, timeslot_id))
