"""What an administrator sets for the whole site (M28, M30, M31)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class SiteSetting(Base):
    """One setting that was changed; the others have the defaults of `server.site.rules`."""

    __tablename__ = "site_settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
