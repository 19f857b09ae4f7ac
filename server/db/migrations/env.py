"""Alembic's entry: runs the steps on the connection that `server.db.migrate` passes in."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum

from server.db.base import Moment
from server.db.metadata import metadata


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """New revisions name the types of the database, so that they keep working when our classes change."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter columns in place
    render_item=plain_types,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
