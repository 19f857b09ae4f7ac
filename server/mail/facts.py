"""What a mail tells about, as values: nothing here reads anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.mail.tables import Kind
from server.sessions.tables import LocationKind


@dataclass(frozen=True, slots=True)
class Site:
    """Who writes (M31). ``url`` is the address of the pages, without a slash at the end."""

    url: str
    name: str = "Convene"
    tagline: str = ""
    contact: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets it. ``zone`` None: theirs is not known."""

    email: str
    name: str = ""
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A timeslot as the reader may know it: ``external_url`` only for those who may see the details."""

    timeslot_id: str
    slug: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    location: LocationKind
    address: str | None = None
    external_url: str | None = None
    external_password: str | None = None
    opens_before_min: int = 15


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one mail draws on. ``seat`` is the name of the seat kind, ``owner`` who organises.

    ``has_place``: the reader has a place, or had one until what the mail tells of. Their calendar follows.
    """

    kind: Kind
    site: Site
    reader: Reader
    session_id: str
    title: str
    owner: str = ""
    place: Place | None = None
    seat: str = ""
    has_place: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The zone in which times are told: the reader's, else the session's."""
        return self.reader.zone or (self.place.zone if self.place else "UTC")

    @property
    def session_url(self) -> str:
        return f"{self.site.url}/sessions/{self.session_id}"

    @property
    def room_url(self) -> str:
        return f"{self.site.url}/live/{self.place.slug}" if self.place else self.session_url
