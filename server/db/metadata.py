"""All tables together: imported by whoever needs the whole schema."""

from __future__ import annotations

from sqlalchemy import MetaData

import server.accounts.tables
import server.calendars.tables
import server.mail.tables
import server.registrations.tables
import server.rooms.tables
import server.scheduler.tables
import server.sessions.tables
import server.site.tables
from server.db.base import Base

MODULES = (
    server.accounts.tables,
    server.sessions.tables,
    server.registrations.tables,
    server.rooms.tables,
    server.mail.tables,
    server.calendars.tables,
    server.scheduler.tables,
    server.site.tables,
)

metadata: MetaData = Base.metadata
