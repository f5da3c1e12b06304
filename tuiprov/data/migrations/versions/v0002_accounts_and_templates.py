"""Provisioning templates of accounts, localised phones, defaults of new devices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SETTINGS: dict[str, tuple[Any, str]] = {
    "tftp_port": (sa.Integer(), "69"),
    "phonebook_url": (sa.String(), ""),
    "time_zone": (sa.String(), ""),
    "language": (sa.String(), ""),
    "tone_country": (sa.String(), ""),
    "default_update_protocol": (sa.String(), ""),
    "default_mac_based_provisioning": (sa.Boolean(), "0"),
    "default_password_generation": (sa.String(), "none"),
    "default_status": (sa.String(), "enabled"),
}
"""New columns of the settings and what they hold in a site that is there already."""


def upgrade() -> None:
    _add("system_settings", _SETTINGS)
    _add("account", {"provision_after_adding": (sa.Boolean(), "0")})
    op.create_index(
        "ux_account_os_login",
        "account",
        ["os_login"],
        unique=True,
        sqlite_where=sa.text("os_login <> ''"),
        postgresql_where=sa.text("os_login <> ''"),
    )
    op.add_column("device", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("models", sa.String(length=1024), nullable=False),
        sa.Column("firmware", sa.String(length=255), nullable=False),
        sa.Column("notes", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(op.f("ix_template_owner_id"), "template", ["owner_id"], unique=False)
    op.create_table(
        "template_file",
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=128), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["template.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("template_id", "path"),
    )
    op.create_index(op.f("ix_device_template"), "device", ["template"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_device_template"), table_name="device")
    op.drop_table("template_file")
    op.drop_index(op.f("ix_template_owner_id"), table_name="template")
    op.drop_table("template")
    op.drop_column("device", "published_at")
    op.drop_index("ux_account_os_login", table_name="account")
    op.drop_column("account", "provision_after_adding")
    for name in reversed(_SETTINGS):
        op.drop_column("system_settings", name)


def _add(table: str, columns: dict[str, tuple[Any, str]]) -> None:
    """Add columns that must have a value; what old rows get is no default of the column."""
    for name, (kind, old) in columns.items():
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=old))
    with op.batch_alter_table(table) as batch:
        for name in columns:
            batch.alter_column(name, server_default=None)
