"""Tables that publishing, serving and the history fill, and the list of extensions never reads:
this module is imported where they are used, which keeps the start short."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from tuiprov.data.record import Record


class PublishedFile(Record, table=True):
    """A file that should be in the publish tree: path inside the root, and what its bytes are."""

    __tablename__ = "published_file"

    path: str = Field(primary_key=True, max_length=255)
    device_id: int | None = Field(default=None, index=True)
    """The device it belongs to; None for a shared file."""
    digest: str = Field(max_length=64)
    """Of its bytes, as `Content` has them."""
    version_id: int | None = None
    """The `FileVersion` it is."""
    published_at: datetime


class Event(Record, table=True):
    """Who did what when: one line for each save, publish and revealed secret; never a secret."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    who: str = Field(max_length=80)
    viewer: str | None = Field(default=None, max_length=80)
    """The `key` of who did it, as names may be another's, too; None for tuiprov itself."""
    action: str = Field(max_length=32)
    subject: str = Field(max_length=128)
    detail: str = Field(default="", max_length=1024)
    undoes: int | None = None
    """The event that this one took back."""


class Content(Record, table=True):
    """The bytes of a published file, kept once and sealed (`sealing.py`). `digest` is their
    HMAC-SHA256 under the site's key: without the key nobody can try passwords against it."""

    __tablename__ = "content"

    digest: str = Field(primary_key=True, max_length=64)
    sealed: bytes
    size: int
    """Of the bytes before they were sealed."""


class FileVersion(Record, table=True):
    """What was put in the place of a file when: `digest` names its bytes, "" that it was deleted.
    `event_id` is the operation that did it."""

    __tablename__ = "file_version"

    id: int | None = Field(default=None, primary_key=True)
    path: str = Field(max_length=255, index=True)
    device_id: int | None = Field(default=None, index=True)
    digest: str = Field(max_length=64)
    at: datetime
    who: str = Field(max_length=80)
    event_id: int | None = Field(default=None, index=True)


class FieldChange(Record, table=True):
    """One field that an operation changed. `before` and `after` are JSON; a secret is sealed."""

    __tablename__ = "field_change"

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", index=True, ondelete="CASCADE")
    table: str = Field(max_length=32)
    row_id: int
    field: str = Field(max_length=64)
    before: str
    after: str
    key: str = Field(max_length=16)
    """The name of the key that secrets in it are sealed with; "" for none in it."""


class Enrolment(Record, table=True):
    """A device's first token: it is good for `until`, and dies when the phone first uses its
    steady one (`Device.token`), which the fetch log shows."""

    __tablename__ = "enrolment"

    device_id: int = Field(primary_key=True, foreign_key="device.id", ondelete="CASCADE")
    token: str = Field(max_length=32, unique=True)
    opened_at: datetime
    until: datetime


class Fetch(Record, table=True):
    """One request to `tuiprov serve` and what became of it."""

    __tablename__ = "fetch_log"
    # When a device was last sent a file: asked of every device by `fetched:` in a filter.
    __table_args__ = (Index("ix_fetch_log_sent", "device_id", "at", "version_id"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    address: str = Field(max_length=45)
    protocol: str = Field(max_length=8)
    """http, https."""
    method: str = Field(max_length=16)
    path: str = Field(max_length=255)
    """As asked for, with tokens shortened to their first 8 characters."""
    agent: str = Field(max_length=255)
    device_id: int | None = Field(default=None, index=True)
    file: str = Field(max_length=255)
    """The published file meant, a path inside the publish root; "" for none."""
    verdict: str = Field(max_length=16)
    """The word of the link of the chain that decided (`serve/verdicts.py`); "served"."""
    status: int
    version_id: int | None = None
    """The version of the file that was sent whole."""
    sent: int
    """Bytes of the body."""


class FirmwareSeen(Record, table=True):
    """The firmware that a device named when it last asked for a file: what its User-Agent says,
    taken apart once, so that a filter can compare it. Written with the log of requests."""

    __tablename__ = "firmware_seen"

    device_id: int = Field(primary_key=True, foreign_key="device.id", ondelete="CASCADE")
    firmware: str = Field(max_length=255, index=True)
    """`66.84.0.15`; "" when it named none."""
    is_served: bool
    """Was that request served? Another one may be of somebody who tries the phone's link, and only
    counts as long as none was."""


class Resync(Record, table=True):
    """When a device was last asked to fetch its files again, and how that went."""

    __tablename__ = "resync"

    device_id: int = Field(primary_key=True, foreign_key="device.id", ondelete="CASCADE")
    asked_at: datetime
    who: str = Field(max_length=80)
    how: str = Field(max_length=16)
    problem: str = Field(max_length=255)


class PbxEntry(Record, table=True):
    """What the PBX's published files hold of an extension: the version of its row. Another version
    than the row's, or none: the PBX does not know it yet as it is."""

    __tablename__ = "pbx_entry"

    extension_id: int = Field(primary_key=True, foreign_key="extension.id", ondelete="CASCADE")
    version: int


class PbxOptions(Record, table=True):
    """Options of an extension's sections that the page has no field for, kept as they were when the
    PBX's own configuration was taken over: sealed JSON, a list of [section type, option, value,
    instead] as in `page.OwnOption`."""

    __tablename__ = "pbx_options"

    extension_id: int = Field(primary_key=True, foreign_key="extension.id", ondelete="CASCADE")
    options: str
