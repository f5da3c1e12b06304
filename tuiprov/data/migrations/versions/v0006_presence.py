"""Who is editing what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_RECORDS = ("extension", "device")
"""What can be edited, and is gone with everybody who edited it."""


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("host", sa.String(length=64), nullable=False),
        *(sa.Column(f"{name}_id", sa.Integer(), nullable=True) for name in _RECORDS),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], ondelete="CASCADE")
            for name in _RECORDS
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in _RECORDS:
        index = op.f(f"ix_presence_{name}_id")
        op.create_index(index, "presence", [f"{name}_id"], unique=False)


def downgrade() -> None:
    op.drop_table("presence")
