"""Planning in full: conditions, waitlists, invitations, agendas, series of timeslots, site settings.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("timeslot_id", sa.String(length=32), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_invitations_session_id_sessions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["timeslot_id"],
            ["timeslots.id"],
            name=op.f("fk_invitations_timeslot_id_timeslots"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_session_id"), ["session_id"], unique=False)

    op.create_table(
        "site_settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_site_settings")),
    )
    op.create_table(
        "agenda_items",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("timeslot_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("planned_min", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("presenter_registration_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["presenter_registration_id"],
            ["registrations.id"],
            name=op.f("fk_agenda_items_presenter_registration_id_registrations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["timeslot_id"],
            ["timeslots.id"],
            name=op.f("fk_agenda_items_timeslot_id_timeslots"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_items")),
    )
    with op.batch_alter_table("agenda_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agenda_items_timeslot_id"), ["timeslot_id"], unique=False)

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("premium_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue_rank", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("talk_order", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offer_expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("responses", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("consents", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("payment", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("invitation_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("message", sa.Text(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_registrations_offer_expires_at"), ["offer_expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_registrations_seat_kind_id_status_queue_rank"),
            ["seat_kind_id", "status", "queue_rank"],
            unique=False,
        )

    with op.batch_alter_table("seat_kinds", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("waitlist", sa.String(length=32), nullable=False, server_default="offer")
        )
        batch_op.add_column(sa.Column("offer_min", sa.Integer(), nullable=True))

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("visibility", sa.String(length=32), nullable=False, server_default="public")
        )
        batch_op.add_column(
            sa.Column("join_condition", sa.String(length=32), nullable=False, server_default="free")
        )
        batch_op.add_column(sa.Column("conditions", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("talk_min", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("qa_min", sa.Integer(), nullable=True))

    with op.batch_alter_table("timeslots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("registration_cancel_by", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("auto_end_min", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("minimum", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("minimum_by", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("minimum_checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("series_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("recurrence", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("cancelled_reason", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_timeslots_minimum_by"), ["minimum_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_timeslots_series_id"), ["series_id"], unique=False)


def downgrade() -> None:
    op.drop_table("site_settings")
    with op.batch_alter_table("timeslots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timeslots_series_id"))
        batch_op.drop_index(batch_op.f("ix_timeslots_minimum_by"))
        batch_op.drop_column("cancelled_reason")
        batch_op.drop_column("sequence")
        batch_op.drop_column("recurrence")
        batch_op.drop_column("series_id")
        batch_op.drop_column("minimum_checked_at")
        batch_op.drop_column("minimum_by")
        batch_op.drop_column("minimum")
        batch_op.drop_column("auto_end_min")
        batch_op.drop_column("registration_cancel_by")

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("qa_min")
        batch_op.drop_column("talk_min")
        batch_op.drop_column("conditions")
        batch_op.drop_column("join_condition")
        batch_op.drop_column("visibility")

    with op.batch_alter_table("seat_kinds", schema=None) as batch_op:
        batch_op.drop_column("offer_min")
        batch_op.drop_column("waitlist")

    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registrations_seat_kind_id_status_queue_rank"))
        batch_op.drop_index(batch_op.f("ix_registrations_offer_expires_at"))
        batch_op.drop_column("message")
        batch_op.drop_column("removed")
        batch_op.drop_column("invitation_id")
        batch_op.drop_column("payment")
        batch_op.drop_column("consents")
        batch_op.drop_column("responses")
        batch_op.drop_column("offer_expires_at")
        batch_op.drop_column("talk_order")
        batch_op.drop_column("queue_rank")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("premium_until")

    with op.batch_alter_table("agenda_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agenda_items_timeslot_id"))

    op.drop_table("agenda_items")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_session_id"))

    op.drop_table("invitations")
