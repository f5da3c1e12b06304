"""Plans that are applied in waves, and how far each device of them is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "rollout",
        _number("id"),
        _moment("started_at"),
        _moment("ended_at", nullable=True),
        _text("who", 80),
        _text("state", 16),
        _text("reason", 1024),
        _text("sizes", 80),
        _number("waves"),
        _number("wave"),
        _number("wait_seconds"),
        _flag("asks"),
        _flag("watches"),
        _text("back", 8),
        _text("order", 8),
        _text("driver", 128),
        _moment("driven_at"),
        _text("extensions"),
        _number("operation", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rollout_device",
        _number("rollout_id"),
        _number("device_id"),
        _number("wave"),
        _number("place"),
        _text("state", 16),
        _text("note", 255),
        _text("planned", 64),
        _flag("is_awaited"),
        _flag("is_seen"),
        _text("contacts"),
        *(_moment(f"{what}_at", nullable=True) for what in _STEPS),
        _flag("is_over"),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "device_id"),
    )
    op.create_table(
        "rollout_file",
        _number("id"),
        _number("rollout_id"),
        _number("wave"),
        _number("device_id", nullable=True),
        _text("path", 255),
        _text("block", 64),
        _text("before", 64),
        _text("after", 64),
        _number("version_id", nullable=True),
        _flag("is_due"),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    name = op.f("ix_rollout_file_rollout_id")
    op.create_index(name, "rollout_file", ["rollout_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_rollout_file_rollout_id"), table_name="rollout_file")
    for table in ("rollout_file", "rollout_device", "rollout"):
        op.drop_table(table)


_STEPS = ("published", "asked", "fetched", "registered")


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)
