"""The ceiling rule (note j): nobody gives a role above their own, or removes someone of equal or higher rank.

These only compare. Require `participants.manage` before `may_assign`, `room.remove` and the like before
`may_remove`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from signalling.permissions.names import Role
from signalling.permissions.subject import Subject

_ASSIGNABLE: Final[dict[Role, frozenset[Role]]] = {
    Role.ORGANISER: frozenset(Role),
    Role.FACILITATOR: frozenset({Role.CO_FACILITATOR, Role.PARTICIPANT, Role.OBSERVER}),
    Role.CO_FACILITATOR: frozenset(),  # does not touch roles (note k)
    Role.PARTICIPANT: frozenset(),
    Role.OBSERVER: frozenset(),
}


def may_assign(actor_roles: Iterable[Role], target_role: Role) -> bool:
    """Whether these roles may give ``target_role`` to somebody, or take it away (S63).

    Pass `Subject.effective_roles`, in which an owner is an Organiser.
    """
    return any(target_role in _ASSIGNABLE[role] for role in actor_roles)


def may_remove(actor: Subject, target: Subject) -> bool:
    """Whether staff stand above ``target``. The owner stands above every Organiser."""
    return actor.staff and _standing(actor) > _standing(target)


def _standing(subject: Subject) -> tuple[bool, int]:
    return subject.owner, max((role.rank for role in subject.effective_roles), default=0)
