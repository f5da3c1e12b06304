"""Saved filters and the columns a list shows, by account; when a device was last sent a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SENT = "ix_fetch_log_sent"


def upgrade() -> None:
    op.create_table(
        "list_view",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "list", "kind", "name"),
    )
    op.create_index(_SENT, "fetch_log", ["device_id", "at", "version_id"], unique=False)


def downgrade() -> None:
    op.drop_index(_SENT, table_name="fetch_log")
    op.drop_table("list_view")
