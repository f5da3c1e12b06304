"""Whose an event or a rollout is: accounts below different ones may have the same name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table in ("event", "rollout"):
        op.add_column(table, sa.Column("viewer", sa.String(length=80), nullable=True))


def downgrade() -> None:
    for table in ("rollout", "event"):
        op.drop_column(table, "viewer")
