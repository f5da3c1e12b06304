"""The inventory's first page comes from an index, however many devices there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # In the order that `devices/rows.order_by` gives by name.
    op.create_index("ix_device_order", "device", [sa.text("lower(friendly_name)"), "id"])


def downgrade() -> None:
    op.drop_index("ix_device_order", table_name="device")
