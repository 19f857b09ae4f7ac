"""The settings of the site, with their defaults, and who counts as premium (M28, M30, M31)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.handlers import Email
from server.accounts.tables import Account
from server.fields import Answer, Body, Line, Name, Prose
from server.problems import Refusal
from server.site.tables import SiteSetting

ADMIN_ONLY = Refusal(403, "admin.required", "Only an administrator may do that.")


class Site(Answer):
    """What everybody may read of it: pages and mail footers show it."""

    name: str = "Convene"
    tagline: str = ""
    contact_email: str | None = None
    address: str = ""
    members_create_sessions: bool = False
    premium_host: bool = False
    premium_present: bool = False
    premium_label: str = "Premium"


class SiteChange(Body):
    """What is left out stays; null goes back to the default."""

    name: Name | None = None
    tagline: Line | None = None
    contact_email: Email | None = None
    address: Annotated[Prose, Field(max_length=1000)] | None = None
    members_create_sessions: bool | None = None
    premium_host: bool | None = None
    premium_present: bool | None = None
    premium_label: Name | None = None


async def read_site(db: AsyncSession, *, members_create_sessions: bool) -> Site:
    """What is set, over the defaults; that of M30 comes from the server's own settings."""
    rows = await db.scalars(select(SiteSetting))
    stored = {row.key: row.value for row in rows if row.key in Site.model_fields}
    return Site(**({"members_create_sessions": members_create_sessions} | stored))


async def write_site(db: AsyncSession, values: dict[str, Any]) -> None:
    for key, value in values.items():
        await db.execute(delete(SiteSetting).where(SiteSetting.key == key))
        if value is not None:
            db.add(SiteSetting(key=key, value=value))
    await db.flush()


def is_premium(account: Account, now: datetime) -> bool:
    """Administrators always are."""
    return account.staff or (account.premium_until is not None and now < account.premium_until)
