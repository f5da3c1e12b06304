"""Kept contents, history field by field, enrolment, the fetch log, sealed secrets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SETTINGS: dict[str, tuple[Any, str]] = {
    "phone_networks": (sa.String(), ""),
    "trusted_proxies": (sa.String(), ""),
    "http_authentication": (sa.String(length=8), "none"),
    "client_certificates": (sa.String(length=8), "none"),
    "two_stage_enrolment": (sa.Boolean(), "0"),
    "enrolment_hours": (sa.Integer(), "24"),
    "resync_by": (sa.String(length=8), "none"),
    "resync_per_second": (sa.Integer(), "10"),
    "rendered_by": (sa.String(length=64), ""),
}
"""New columns of the settings and what they hold in a site that is there already."""

_SEALED = (
    ("extension", "sip_password", 64),
    ("extension", "secret_code", 8),
    ("device", "admin_password", 64),
)
"""Table, column and former length: a sealed secret is longer than the secret."""


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    _add("system_settings", _SETTINGS)
    for table, column, length in _SEALED:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                column, type_=sa.String(255), existing_type=sa.String(length), nullable=False
            )
    _add("published_file", {"digest": (sa.String(length=64), "")})
    with op.batch_alter_table("published_file") as batch:
        batch.drop_column("sha256")
        batch.add_column(sa.Column("version_id", sa.Integer(), nullable=True))
    op.add_column("event", sa.Column("undoes", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
    op.create_table(
        "content",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "file_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        _moment("at"),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("path", "device_id", "event_id"):
        op.create_index(op.f(f"ix_file_version_{name}"), "file_version", [name], unique=False)
    op.create_table(
        "field_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("table", sa.String(length=32), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_field_change_event_id"), "field_change", ["event_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        _moment("opened_at"),
        _moment("until"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id"),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "fetch_log",
        sa.Column("id", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("agent", sa.String(length=255), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("at", "device_id"):
        op.create_index(op.f(f"ix_fetch_log_{name}"), "fetch_log", [name], unique=False)
    op.create_table(
        "resync",
        sa.Column("device_id", sa.Integer(), nullable=False),
        _moment("asked_at"),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id"),
    )


def downgrade() -> None:
    for table in ("resync", "fetch_log", "enrolment", "field_change", "file_version", "content"):
        op.drop_table(table)
    op.drop_index(op.f("ix_event_at"), table_name="event")
    op.drop_column("event", "undoes")
    _add("published_file", {"sha256": (sa.String(length=64), "")})
    with op.batch_alter_table("published_file") as batch:
        batch.drop_column("digest")
        batch.drop_column("version_id")
    for table, column, length in _SEALED:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                column, type_=sa.String(length), existing_type=sa.String(255), nullable=False
            )
    for name in reversed(_SETTINGS):
        op.drop_column("system_settings", name)


def _add(table: str, columns: dict[str, tuple[Any, str]]) -> None:
    """Add columns that must have a value; what old rows get is no default of the column."""
    for name, (kind, old) in columns.items():
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=old))
    with op.batch_alter_table(table) as batch:
        for name in columns:
            batch.alter_column(name, server_default=None)
