"""The firmware that each device named last, to be filtered by; the service reads the log for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "firmware_seen",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("firmware", sa.String(length=255), nullable=False),
        sa.Column("is_served", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id"),
    )
    name = op.f("ix_firmware_seen_firmware")
    op.create_index(name, "firmware_seen", ["firmware"], unique=False)


def downgrade() -> None:
    op.drop_table("firmware_seen")
