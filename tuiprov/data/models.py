"""The tables, composed of the page's sections. Migrations in `migrations/` follow them exactly."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from tuiprov.data.accounts.fields import AccountSettings
from tuiprov.data.identity import Identity
from tuiprov.data.record import Record
from tuiprov.data.sections import (
    DeviceInformation,
    DeviceSettings,
    Provisioning,
    SipPreferences,
    Virtualization,
)

SYSTEM, PROVIDER, ORGANIZATION, USER = "system", "provider", "organization", "user"


def version_column() -> SqlColumn[Any]:
    """A row's version: SQLAlchemy adds it to every UPDATE's WHERE, so that a second editor of the
    same row is noticed instead of overwritten."""
    return SqlColumn("version", Integer, nullable=False)


_account_version = version_column()
_extension_version = version_column()
_device_version = version_column()


class Account(AccountSettings, table=True):
    """An account of the tree system administrator → provider → organization → user."""

    __table_args__ = (
        UniqueConstraint("parent_id", "kind", "name"),
        # One person of this host is one account; without a login there may be many. On
        # PostgreSQL the migration says the same: saying it here costs 28 ms of every start.
        Index(
            "ux_account_os_login",
            "os_login",
            unique=True,
            sqlite_where=text("os_login <> ''"),
        ),
    )
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _account_version}

    id: int | None = Field(default=None, primary_key=True)
    parent_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    kind: str = Field(max_length=16)
    version: int = Field(default=1, sa_column=_account_version)


class Extension(Identity, Provisioning, SipPreferences, Virtualization, table=True):
    """A phone terminal extension of a user, with its SIP preferences."""

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _extension_version}

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="account.id", index=True)
    version: int = Field(default=1, sa_column=_extension_version)


class Device(DeviceInformation, DeviceSettings, table=True):
    """A phone. `token` names its directory when the link is not built from the MAC."""

    __table_args__ = (Index("ix_device_order", text("lower(friendly_name)"), "id"),)
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _device_version}

    id: int | None = Field(default=None, primary_key=True)
    serial: str = Field(max_length=32, unique=True)
    owner_id: int = Field(foreign_key="account.id", index=True)
    organization_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    token: str = Field(max_length=32, index=True)
    publish_state: str = Field(default="stale", max_length=16, index=True)
    """published (disk = database), stale (the database is ahead), publishing (a save ordered its
    files, which a process that ended may owe still) or failed."""
    publish_reason: str = Field(default="", max_length=255)
    published_at: datetime | None = None
    """When its files were last found or made equal to the database; None: never."""
    version: int = Field(default=1, sa_column=_device_version)


class Line(Record, table=True):
    """An extension on a line of a device; `number` is 1-based."""

    __table_args__ = (UniqueConstraint("device_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    device_id: int = Field(foreign_key="device.id")
    number: int
    extension_id: int = Field(foreign_key="extension.id", unique=True)


class KeptDraft(Record, table=True):
    """What somebody had typed on a page when the session ended; offered again at the next start."""

    __tablename__ = "kept_draft"

    viewer: str = Field(primary_key=True, max_length=80)
    extension_id: int = Field(primary_key=True, foreign_key="extension.id", ondelete="CASCADE")
    texts: str
    """JSON: column name → the text as typed."""
    extension_version: int
    kept_at: datetime
