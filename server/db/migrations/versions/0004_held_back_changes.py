"""What people in a timeslot are to be told of its changes once the editing is over.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("timeslots") as table:
        table.add_column(sa.Column("untold", sa.JSON(), nullable=True))
        table.add_column(sa.Column("untold_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("tell_at", sa.DateTime(timezone=True), nullable=True))
        table.create_index("ix_timeslots_tell_at", ["tell_at"])


def downgrade() -> None:
    with op.batch_alter_table("timeslots") as table:
        table.drop_index("ix_timeslots_tell_at")
        table.drop_column("tell_at")
        table.drop_column("untold_since")
        table.drop_column("untold")
