"""The inventory's first page comes from an index, however many devices there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # In the order that `device_rows.order_by` gives by name. The model does not name it: an index
    # on an expression would cost every start the import of what builds it.
    op.create_index("ix_device_order", "device", [sa.text("lower(friendly_name)"), "id"])


def downgrade() -> None:
    op.drop_index("ix_device_order", table_name="device")
