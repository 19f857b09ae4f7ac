"""Who may do what, and why not. Pure: values in, values out; REST and the live room both ask here.

``names`` the words · ``matrix`` THE table · ``policy`` a session's settings · ``subject`` the person ·
``decisions`` the policy order and what a refusal says · ``ceiling`` who may give roles to and remove whom.
"""

from signalling.permissions.ceiling import may_assign, may_remove
from signalling.permissions.decisions import Decision, Forbidden, allowed, explain, permit_all, require
from signalling.permissions.matrix import MATRIX, PARTS, PartGrants, When
from signalling.permissions.names import STAFF, Editing, Part, Permission, Role, Rule
from signalling.permissions.policy import Policy, SessionType, ShareScreen, default_policy
from signalling.permissions.subject import Overrides, Subject

__all__ = [
    "MATRIX",
    "PARTS",
    "STAFF",
    "Decision",
    "Editing",
    "Forbidden",
    "Overrides",
    "Part",
    "PartGrants",
    "Permission",
    "Policy",
    "Role",
    "Rule",
    "SessionType",
    "ShareScreen",
    "Subject",
    "When",
    "allowed",
    "default_policy",
    "explain",
    "may_assign",
    "may_remove",
    "permit_all",
    "require",
]
