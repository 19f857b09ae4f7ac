"""The site's settings over REST."""

from __future__ import annotations

from server.call import Call
from server.sessions.audit import record
from server.site.rules import Site, SiteChange, read_site, write_site


async def show_site(call: Call[None]) -> Site:
    return await read_site(call.db, members_create_sessions=call.services.settings.members_create_sessions)


async def change_site(call: Call[SiteChange]) -> Site:
    values = call.body.model_dump(mode="json", by_alias=False, include=call.body.model_fields_set)
    before = (await _site(call)).model_dump(mode="json", by_alias=False)
    await write_site(call.db, values)
    after = await _site(call)
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action="site.change",
        before={key: before[key] for key in values},
        after={key: getattr(after, key) for key in values},
    )
    return after


async def _site(call: Call[SiteChange]) -> Site:
    return await read_site(call.db, members_create_sessions=call.services.settings.members_create_sessions)
