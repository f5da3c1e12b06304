"""Tables of plans that are applied in waves: imported where they are used, like `kept.py`."""

from datetime import datetime

from sqlmodel import Field

from tuiprov.data.record import Record


class Rollout(Record, table=True):
    """A plan that is applied in waves: how, how far it is, and which process drives it."""

    __tablename__ = "rollout"

    id: int | None = Field(default=None, primary_key=True)
    started_at: datetime
    ended_at: datetime | None = None
    who: str = Field(max_length=80)
    viewer: str | None = Field(default=None, max_length=80)
    """The `key` of who began it."""
    state: str = Field(max_length=16)
    """running, paused, going back; once it has ended: done, rolled back, left."""
    reason: str = Field(default="", max_length=1024)
    """Why it went back or was left."""
    sizes: str = Field(max_length=80)
    """As they were asked for: `1,5,all`."""
    waves: int
    """How many there are."""
    wave: int
    """The one that is under way, from 1."""
    wait_seconds: int
    """So long a phone has to come back."""
    asks: bool
    """Are the phones of a wave asked to fetch?"""
    watches: bool
    """Must phones that were registered at the PBX register again?"""
    back: str = Field(max_length=8)
    """What goes back when a phone does not come: all waves so far, or the last `wave` alone."""
    order: str = Field(default="", max_length=8)
    """What somebody told whoever drives it: next, pause, go, back; "" for nothing."""
    driver: str = Field(default="", max_length=128)
    """Which process drives it: host, process id and start time; "" for none."""
    driven_at: datetime
    """When that process was last heard of."""
    extensions: str = Field(default="[]")
    """JSON list of ids: extensions on no phone of it, which the PBX is told with the last wave."""
    operation: int | None = None
    """The event of the change that it publishes, where it is of one."""


class RolloutDevice(Record, table=True):
    """A device in a wave, and how far it is."""

    __tablename__ = "rollout_device"

    rollout_id: int = Field(primary_key=True, foreign_key="rollout.id", ondelete="CASCADE")
    device_id: int = Field(primary_key=True, foreign_key="device.id", ondelete="CASCADE")
    wave: int
    place: int
    """Its place in the order of all."""
    state: str = Field(max_length=16)
    """waiting, published, asked, fetched, registered, late, rolled back, left out."""
    note: str = Field(default="", max_length=255)
    planned: str = Field(max_length=64)
    """Digest of the files that the plan showed: others are not published."""
    is_awaited: bool
    """Does it have to come back?"""
    is_seen: bool
    """Does the fetch log see it fetch?"""
    contacts: str = Field(default="{}")
    """JSON: what the PBX knew of each of its accounts before it fetched."""
    published_at: datetime | None = None
    asked_at: datetime | None = None
    fetched_at: datetime | None = None
    registered_at: datetime | None = None
    is_over: bool = False
    """Is it not watched any more?"""


class RolloutFile(Record, table=True):
    """A file that a wave replaced, or one extension's block of a PBX's file: what was there before
    and what is there now, by their digests ("" for nothing)."""

    __tablename__ = "rollout_file"

    id: int | None = Field(default=None, primary_key=True)
    rollout_id: int = Field(foreign_key="rollout.id", index=True, ondelete="CASCADE")
    wave: int
    device_id: int | None = None
    """None: a file that phones share, or the PBX's."""
    path: str = Field(max_length=255)
    block: str = Field(default="", max_length=64)
    """Of a PBX's file: the extension's number."""
    before: str = Field(max_length=64)
    after: str = Field(max_length=64)
    version_id: int | None = None
    """Its version once it is published; None: not yet, or a block."""
    is_due: bool = False
    """Does the phone have to fetch it?"""
