"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("provision_permission", sa.String(length=8), nullable=False),
        sa.Column("sip_management", sa.Boolean(), nullable=False),
        sa.Column("sip_trunking_management", sa.Boolean(), nullable=False),
        sa.Column("os_login", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("parent_id", "kind", "name"),
    )
    op.create_index(op.f("ix_account_parent_id"), "account", ["parent_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.String(length=1024), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "published_file",
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_index(
        op.f("ix_published_file_device_id"), "published_file", ["device_id"], unique=False
    )
    op.create_table(
        "system_settings",
        sa.Column("sip_server", sa.String(), nullable=False),
        sa.Column("sip_port", sa.Integer(), nullable=False),
        sa.Column("outbound_proxy", sa.String(), nullable=False),
        sa.Column("outbound_proxy_port", sa.Integer(), nullable=False),
        sa.Column("register_expiry", sa.Integer(), nullable=False),
        sa.Column("voicemail_number", sa.String(), nullable=False),
        sa.Column("ntp_server", sa.String(), nullable=False),
        sa.Column("provisioning_host", sa.String(), nullable=False),
        sa.Column("http_port", sa.Integer(), nullable=False),
        sa.Column("https_port", sa.Integer(), nullable=False),
        sa.Column("allow_mac_based_provisioning", sa.Boolean(), nullable=False),
        sa.Column("sip_trunking_channels", sa.Integer(), nullable=False),
        sa.Column("infrastructure_type", sa.String(length=8), nullable=False),
        sa.Column("private_network", sa.String(), nullable=False),
        sa.Column("codecs_offered", sa.String(), nullable=False),
        sa.Column("publish_root", sa.String(), nullable=False),
        sa.Column("publish_group", sa.String(), nullable=False),
        sa.Column("world_readable", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "device",
        sa.Column("admin_username", sa.String(length=32), nullable=False),
        sa.Column("password_generation", sa.String(length=8), nullable=False),
        sa.Column("admin_password", sa.String(length=64), nullable=False),
        sa.Column("update_interval", sa.Integer(), nullable=True),
        sa.Column("update_protocol", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("parking_watch_lines", sa.Integer(), nullable=True),
        sa.Column("friendly_name", sa.String(length=32), nullable=False),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("firmware", sa.String(length=64), nullable=False),
        sa.Column("application_version", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("mac_based_provisioning", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("notes", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("publish_state", sa.String(length=16), nullable=False),
        sa.Column("publish_reason", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index(op.f("ix_device_friendly_name"), "device", ["friendly_name"], unique=False)
    op.create_index(op.f("ix_device_mac"), "device", ["mac"], unique=False)
    op.create_index(op.f("ix_device_organization_id"), "device", ["organization_id"], unique=False)
    op.create_index(op.f("ix_device_owner_id"), "device", ["owner_id"], unique=False)
    op.create_index(op.f("ix_device_publish_state"), "device", ["publish_state"], unique=False)
    op.create_table(
        "extension",
        sa.Column("allow_virtualization", sa.Boolean(), nullable=False),
        sa.Column("secret_code", sa.String(length=8), nullable=False),
        sa.Column("media_encryption", sa.String(length=16), nullable=False),
        sa.Column("dtmf_mode", sa.String(length=8), nullable=False),
        sa.Column("pbx_connected", sa.Boolean(), nullable=False),
        sa.Column("ping", sa.Boolean(), nullable=False),
        sa.Column("allow_reinvite", sa.Boolean(), nullable=False),
        sa.Column("on_private_network", sa.Boolean(), nullable=False),
        sa.Column("publishes_state", sa.Boolean(), nullable=False),
        sa.Column("force_mwi", sa.Boolean(), nullable=False),
        sa.Column("codecs", sa.String(length=255), nullable=False),
        sa.Column("fixed_ip", sa.String(length=15), nullable=False),
        sa.Column("fixed_port", sa.Integer(), nullable=True),
        sa.Column("fixed_auth", sa.String(length=16), nullable=False),
        sa.Column("signaling_transport", sa.String(length=4), nullable=False),
        sa.Column("allowed_networks", sa.String(length=1024), nullable=False),
        sa.Column("equipment_description", sa.String(length=255), nullable=False),
        sa.Column("use_provisioning", sa.Boolean(), nullable=False),
        sa.Column("extension", sa.String(length=21), nullable=False),
        sa.Column("extension_name", sa.String(length=64), nullable=False),
        sa.Column("sip_username", sa.String(length=64), nullable=False),
        sa.Column("sip_password", sa.String(length=64), nullable=False),
        sa.Column("max_public_concurrent_calls", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("extension"),
    )
    op.create_index(op.f("ix_extension_fixed_ip"), "extension", ["fixed_ip"], unique=False)
    op.create_index(op.f("ix_extension_user_id"), "extension", ["user_id"], unique=False)
    op.create_table(
        "kept_draft",
        sa.Column("viewer", sa.String(length=80), nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("texts", sa.String(), nullable=False),
        sa.Column("extension_version", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["extension_id"], ["extension.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("viewer", "extension_id"),
    )
    op.create_table(
        "line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["device.id"],
        ),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extension.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_id", "number"),
        sa.UniqueConstraint("extension_id"),
    )


def downgrade() -> None:

    op.drop_table("line")
    op.drop_table("kept_draft")
    op.drop_index(op.f("ix_extension_user_id"), table_name="extension")
    op.drop_index(op.f("ix_extension_fixed_ip"), table_name="extension")
    op.drop_table("extension")
    op.drop_index(op.f("ix_device_publish_state"), table_name="device")
    op.drop_index(op.f("ix_device_owner_id"), table_name="device")
    op.drop_index(op.f("ix_device_organization_id"), table_name="device")
    op.drop_index(op.f("ix_device_mac"), table_name="device")
    op.drop_index(op.f("ix_device_friendly_name"), table_name="device")
    op.drop_table("device")
    op.drop_table("system_settings")
    op.drop_index(op.f("ix_published_file_device_id"), table_name="published_file")
    op.drop_table("published_file")
    op.drop_table("event")
    op.drop_index(op.f("ix_account_parent_id"), table_name="account")
    op.drop_table("account")
