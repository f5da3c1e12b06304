"""SIP passwords that the PBX still accepts until the phone has the new one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_HOURS = "former_password_hours"


def upgrade() -> None:
    op.create_table(
        "former_password",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        _moment("since"),
        _moment("until"),
        sa.ForeignKeyConstraint(["extension_id"], ["extension.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    name = op.f("ix_former_password_extension_id")
    op.create_index(name, "former_password", ["extension_id"], unique=False)
    hours = sa.Column(_HOURS, sa.Integer(), nullable=False, server_default="168")
    op.add_column("system_settings", hours)
    with op.batch_alter_table("system_settings") as batch:
        batch.alter_column(_HOURS, server_default=None)


def downgrade() -> None:
    op.drop_column("system_settings", _HOURS)
    op.drop_table("former_password")


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
