"""What the list of devices shows: its columns by the width of the screen, and the words in them."""

from __future__ import annotations

from collections.abc import Sequence

from tuiprov.data.devices.rows import DeviceRow
from tuiprov.inventory import Fetched
from tuiprov.screens.extensions import STATE_SIGNS
from tuiprov.text import local_time
from tuiprov.widgets.table import Column

WIDEST = 150
FULL = 190
"""From these widths on there is room for the columns of publishing, and of fetching."""
READ_ONLY = "r"
"""Marks the rows that this viewer cannot edit."""

_SIGNS = {**STATE_SIGNS, "unassigned": "  unassigned"}
_LOCK = Column("lock", "", 1)
_PHONE = Column("phone", "Phone", 16)
_STATE = Column("state", "State", 12)
_NAME = Column("friendly_name", "Name", 11, flex=True)
_MAC = Column("mac", "MAC address", 17)
_LINES = Column("used", "Lines", 5)
_EXTENSIONS = Column("extensions", "Extensions", 10, flex=True)
_NARROW = (_LOCK, _STATE, _NAME, _MAC, _PHONE, _LINES, _EXTENSIONS)
_WIDE = (
    _LOCK,
    _STATE,
    _NAME,
    _MAC,
    Column("manufacturer", "Manufacturer", 12),
    Column("model", "Model", 9),
    Column("firmware", "Firmware", 8),
    _LINES,
    _EXTENSIONS,
    Column("organization", "Organization", 12, flex=True),
    Column("owner", "Owner", 10, flex=True),
)
_WIDEST = (
    *_WIDE[:-3],
    Column("extensions", "Extensions", 18, flex=True),
    Column("organization", "Organization", 18, flex=True),
    Column("owner", "Owner", 14, flex=True),
    Column("published_at", "Published at", 16),
)
_FULL = (
    *_WIDEST,
    Column("fetched", "Last fetched", 16),
    Column("version", "Version", 7),
    Column("firmware_seen", "Firmware seen", 13),
)
CHOICES = (*_FULL[:-3], _PHONE, Column("serial", "Serial number", 13), *_FULL[-3:])
"""All that can be chosen."""


def columns_for(width: int, *, wide: bool) -> Sequence[Column]:
    """The columns that there is room for on a screen of so many cells."""
    if width >= FULL:
        return _FULL
    if width >= WIDEST:
        return _WIDEST
    return _WIDE if wide else _NARROW


def cell(row: DeviceRow, fetched: Fetched, name: str) -> str:
    if name == "lock":
        return READ_ONLY if row.cannot_edit else ""
    if name == "state":
        return _SIGNS.get(row.state, row.state)
    if name == "used":
        return f"{row.lines_used}/{'?' if row.lines_total is None else row.lines_total}"
    if name == "published_at":
        return local_time(row.published_at)
    if name == "fetched":
        return local_time(fetched.at)
    if name == "version":
        return fetched.version
    if name == "firmware_seen":
        return fetched.firmware
    return str(getattr(row, name))


def in_past(fetched: Fetched) -> str:
    """`fetched 2026-11-24 12:00 (an older version), firmware 66.84.0.15`."""
    words = []
    if fetched.at is not None:
        version = "this version" if fetched.is_current else "an older version"
        words.append(f"fetched {local_time(fetched.at)} ({version})")
    if fetched.firmware:
        words.append(f"firmware {fetched.firmware}")
    return ", ".join(words)
