"""The person a decision is about, as plain values; whoever asks has looked them up."""

from __future__ import annotations

from dataclasses import dataclass, field

from signalling.permissions.names import STAFF, Part, Permission, Role


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is on record for this person in this session beside their roles."""

    denies: frozenset[Permission] = frozenset()
    grants: frozenset[Permission] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """``roles`` are those of this session only (S65). ``active_parts`` are the parts whose time it is now.

    ``confirmed`` is False while the registration awaits approval. ``acting_host``: the duty was delegated to
    them, or no host is present. ``leads_room``: the decision is about a breakout room that they lead.
    """

    roles: frozenset[Role]
    owner: bool = False
    confirmed: bool = True
    overrides: Overrides = field(default_factory=Overrides)
    live_revokes: frozenset[Permission] = frozenset()
    live_grants: frozenset[Permission] = frozenset()
    active_parts: frozenset[Part] = frozenset()
    acting_host: bool = False
    leads_room: bool = False

    @property
    def effective_roles(self) -> tuple[Role, ...]:
        """Highest first; the owner is always an Organiser (S27)."""
        held = self.roles | {Role.ORGANISER} if self.owner else self.roles
        return tuple(role for role in Role if role in held)

    @property
    def staff(self) -> bool:
        return any(role in STAFF for role in self.effective_roles)
