"""How long after the start people may still come in.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("timeslots") as table:
        table.add_column(sa.Column("late_entry_min", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("timeslots") as table:
        table.drop_column("late_entry_min")
