"""What many records have in common, for the form of many (`sheet.py`): the values in which they do
not differ, and one page of each kind there is among them.

Asked of the database by sets: a form of a hundred thousand opens as soon as one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Integer, Select, func
from sqlalchemy import cast as sql_cast
from sqlmodel import Session, col

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.kinds import Kinds
from tuiprov.data.bulk.sets import Selection, listed, number_of
from tuiprov.data.devices.reach import reach
from tuiprov.data.devices.rows import DeviceRow, device_rows
from tuiprov.data.fields import Flag, Value
from tuiprov.data.history.versions import in_parts
from tuiprov.data.models import Device, Extension
from tuiprov.data.page import Page
from tuiprov.data.permissions import require
from tuiprov.data.queries import columns
from tuiprov.data.reading import device_page, pages_of
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS

_MOST_KINDS: Final = 30
"""Of more kinds of records a form does not ask which of its fields are open."""
_OF_KIND: Final = (
    *("manufacturer", "model", "firmware", "update_protocol", "password_generation"),
    *("template", "owner_id", "organization_id"),
)
"""The columns of a device on which it hangs which of its fields are open, and to what."""


@dataclass(frozen=True, slots=True)
class Common:
    """What these records have in common: `values` of the fields in which they do not differ, and
    one `page` of each kind there is among them. `cannot_edit`: why none of them can be edited."""

    ids: Sequence[int]
    values: Mapping[str, Value]
    pages: Sequence[Page]
    cannot_edit: str = ""


def common(
    session: Session, viewer: Viewer, ids: Collection[int], names: Collection[str]
) -> Common:
    """What these extensions have in common of the fields `names`, and their devices as far as they
    have one."""
    ordered, listed_names = list(ids), _readable(names)
    with Selection(session, viewer, ordered) as chosen:
        counts = func.count(col(Extension.id)), func.count(col(Device.id))
        query = chosen.of_chosen(columns(*counts, *_asked(listed_names)))
        extensions, devices, *rest = session.execute(query).one()
        with Kinds(session, chosen, {}) as kinds:
            pages = list(pages_of(session, viewer, kinds.firsts(_MOST_KINDS)))

    def total(name: str) -> int:
        return int(devices if name in DEVICE_FIELDS else extensions)

    return Common(ordered, _alike(listed_names, total, rest), pages)


def common_of_devices(
    session: Session,
    viewer: Viewer,
    ids: Collection[int],
    names: Collection[str],
    on_record: Callable[[int], None],
) -> Common:
    """What these devices have in common of the fields `names`. Only those that the viewer may edit
    say what is open. What `on_record` raises ends it."""
    require(viewer, "devices.see")
    ordered, listed_names = list(ids), _readable(names)
    seen = reach(session, viewer)
    asked = _of(session, ordered, columns(func.count(col(Device.id)), *_asked(listed_names)))
    devices, *rest = session.execute(asked.where(seen)).one()
    values = _alike(listed_names, lambda _: int(devices), rest)
    editable, reason = _editable(session, viewer, ordered, on_record)
    own = [getattr(Device, name) for name in _OF_KIND]
    first = func.min(col(Device.id))
    kinds = _of(session, editable or ordered, columns(first)).where(seen).group_by(*own)
    firsts = session.execute(kinds.order_by(first).limit(_MOST_KINDS)).scalars().all()
    pages = [device_page(session, viewer, session.get_one(Device, number)) for number in firsts]
    return Common(ordered, values, pages, "" if editable else reason)


def _of(session: Session, ids: Collection[int], query: Select[Any]) -> Select[Any]:
    """`query` of these devices."""
    asked = listed(session, set(ids))
    return query.select_from(asked).join(Device, col(Device.id) == number_of(asked))


def _editable(
    session: Session, viewer: Viewer, ids: Sequence[int], on_record: Callable[[int], None]
) -> tuple[Sequence[int], str]:
    """Those of these devices that the viewer may edit, and why another one not."""
    if viewer.is_administrator:
        return ids, ""
    rows = list(_rows(session, viewer, ids, on_record))
    reason = next((row.cannot_edit for row in rows), "none of these is there any more")
    return [row.id for row in rows if not row.cannot_edit], reason


def _rows(
    session: Session, viewer: Viewer, ids: Sequence[int], on_record: Callable[[int], None]
) -> Iterator[DeviceRow]:
    done = 0
    for some in in_parts(ids):
        on_record(done)
        done += len(some)
        yield from device_rows(session, viewer, some).values()


def _readable(names: Collection[str]) -> list[str]:
    return [name for name in names if not FIELDS[name].secret]


def _asked(names: Sequence[str]) -> list[Any]:
    """Of each field its lowest and highest value, and how many have one."""
    parts = []
    for name in names:
        column = getattr(Device if name in DEVICE_FIELDS else Extension, name)
        plain = sql_cast(column, Integer) if isinstance(FIELDS[name], Flag) else column
        parts += [func.min(plain), func.max(plain), func.count(column)]
    return parts


def _alike(
    names: Sequence[str], total: Callable[[str], int], answers: Sequence[Any]
) -> dict[str, Value]:
    """The fields in which all of the `total` records are alike, from the answers to `_asked`."""
    found: dict[str, Value] = {}
    for place, name in enumerate(names):
        low, high, count = answers[3 * place : 3 * place + 3]
        if low == high and (count == total(name) or not count):
            found[name] = bool(low) if isinstance(FIELDS[name], Flag) else low
    return found
