"""Settings of the PBX, and what its files hold of each extension."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SETTINGS: dict[str, tuple[Any, str]] = {
    "pbx": (sa.String(length=16), "none"),
    "pbx_group": (sa.String(), ""),
    "pbx_context": (sa.String(), "phones"),
    "pbx_mailboxes": (sa.String(), "default"),
    "pbx_udp_transport": (sa.String(), "transport-udp"),
    "pbx_tcp_transport": (sa.String(), "transport-tcp"),
    "pbx_release": (sa.String(length=8), "22"),
    "pbx_realm": (sa.String(), ""),
    "pbx_reload": (sa.Boolean(), "0"),
}
"""New columns of the settings and what they hold in a site that is there already."""


def upgrade() -> None:
    for name, (kind, old) in _SETTINGS.items():
        op.add_column("system_settings", sa.Column(name, kind, nullable=False, server_default=old))
    with op.batch_alter_table("system_settings") as batch:
        for name in _SETTINGS:
            batch.alter_column(name, server_default=None)
    name = op.f("ix_extension_sip_username")
    op.create_index(name, "extension", ["sip_username"], unique=False)
    _of_extensions("pbx_entry", sa.Column("version", sa.Integer(), nullable=False))
    _of_extensions("pbx_options", sa.Column("options", sa.String(), nullable=False))


def downgrade() -> None:
    op.drop_table("pbx_options")
    op.drop_table("pbx_entry")
    op.drop_index(op.f("ix_extension_sip_username"), table_name="extension")
    for name in reversed(_SETTINGS):
        op.drop_column("system_settings", name)


def _of_extensions(name: str, column: sa.Column[Any]) -> None:
    """A table with at most one row for each extension, which goes with it."""
    op.create_table(
        name,
        sa.Column("extension_id", sa.Integer(), nullable=False),
        column,
        sa.ForeignKeyConstraint(["extension_id"], ["extension.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("extension_id"),
    )
