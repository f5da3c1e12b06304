"""The tables, composed of the page's sections. Migrations in `migrations/` follow them exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from tuiprov.data.account_fields import AccountSettings
from tuiprov.data.identity import Identity
from tuiprov.data.record import Record
from tuiprov.data.sections import (
    DeviceInformation,
    DeviceSettings,
    Provisioning,
    SipPreferences,
    Virtualization,
)
from tuiprov.data.site import Site
from tuiprov.data.template_fields import TemplateSettings

SYSTEM, PROVIDER, ORGANIZATION, USER = "system", "provider", "organization", "user"


def _version() -> SqlColumn[Any]:
    """A row's version: SQLAlchemy adds it to every UPDATE's WHERE, so that a second editor of the
    same row is noticed instead of overwritten."""
    return SqlColumn("version", Integer, nullable=False)


_account_version = _version()
_extension_version = _version()
_device_version = _version()
_settings_version = _version()
_template_version = _version()


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


class SystemSettings(Site, table=True):
    """The one row of system-wide settings."""

    __tablename__ = "system_settings"
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _settings_version}

    id: int = Field(default=1, primary_key=True)
    version: int = Field(default=1, sa_column=_settings_version)


class Template(TemplateSettings, table=True):
    """A provisioning template of an account: files of its own in place of tuiprov's."""

    __tablename__ = "template"
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _template_version}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(foreign_key="account.id", index=True)
    version: int = Field(default=1, sa_column=_template_version)


class TemplateFile(Record, table=True):
    """One file of a template. `base` is the server default it was copied from: when that changes
    with an upgrade, the three can be merged."""

    __tablename__ = "template_file"

    template_id: int = Field(primary_key=True, foreign_key="template.id", ondelete="CASCADE")
    path: str = Field(primary_key=True, max_length=128)
    """Its name among the built-in templates, e.g. yealink/phone.cfg.j2."""
    text: str
    base: str


class PublishedFile(Record, table=True):
    """A file that should be in the publish tree: path inside the root, and what its bytes are."""

    __tablename__ = "published_file"

    path: str = Field(primary_key=True, max_length=255)
    device_id: int | None = Field(default=None, index=True)
    """The device it belongs to; None for a shared file."""
    digest: str = Field(max_length=64)
    """Of its bytes, as `kept.Content` has them."""
    version_id: int | None = None
    """The `kept.FileVersion` it is."""
    published_at: datetime


class KeptDraft(Record, table=True):
    """What somebody had typed on a page when the session ended; offered again at the next start."""

    __tablename__ = "kept_draft"

    viewer: str = Field(primary_key=True, max_length=80)
    extension_id: int = Field(primary_key=True, foreign_key="extension.id", ondelete="CASCADE")
    texts: str
    """JSON: column name → the text as typed."""
    extension_version: int
    kept_at: datetime


class Event(Record, table=True):
    """Who did what when: one line for each save, publish and revealed secret; never a secret."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    who: str = Field(max_length=80)
    action: str = Field(max_length=32)
    subject: str = Field(max_length=128)
    detail: str = Field(default="", max_length=1024)
    undoes: int | None = None
    """The event that this one took back."""
