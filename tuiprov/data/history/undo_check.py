"""What no save would have let through, asked of many extensions after an operation was taken back.

A few are asked one by one. Of many, those alike are asked together, and one by one only who shares
with others what the rules about others look at: a MAC address, a fixed IP, a SIP user, a phone's
lines.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any, Final

from sqlmodel import Session, col, func, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import refused_as_they_are
from tuiprov.data.bulk.sets import Selection
from tuiprov.data.catalog import default_catalog
from tuiprov.data.checks import check_page
from tuiprov.data.history.versions import in_parts
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.pbx_rows import accounts_taken_twice
from tuiprov.data.queries import columns
from tuiprov.data.reading import page_of
from tuiprov.data.writer import RecordedNeighbours
from tuiprov.errors import Refusal

_FEW: Final = 50


def refused_now(
    session: Session, viewer: Viewer, ids: Collection[int], on_each: Callable[[], object]
) -> list[Refusal]:
    """Why these extensions, as far as they are there, could not be stored as they are. What
    `on_each` raises, which is called before each that is asked alone, ends it."""
    there = alone = _there(session, ids)
    found: list[Refusal] = []
    if len(there) > _FEW:
        with Selection(session, viewer, there) as chosen:
            found += refused_as_they_are(session, viewer, chosen)
        alone = set(_sharing(session)) & there
    for number in sorted(alone):
        on_each()
        found += _of_one(session, viewer, number)
    return list(dict.fromkeys(found))


def _of_one(session: Session, viewer: Viewer, number: int) -> list[Refusal]:
    page = page_of(session, viewer, number)
    where = str(page.values["extension"])
    refused = check_page(page, RecordedNeighbours(session, page, viewer))
    return [replace(one, where=where) for one in refused]


def _there(session: Session, ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for some in in_parts(sorted(ids)):
        query = select(Extension.id).where(col(Extension.id).in_(some))
        found |= {number for number in session.exec(query) if number}
    return found


def _sharing(session: Session) -> Iterator[int]:
    """The extensions that have something in common with another one, or a line that their phone
    may not have."""
    macs = select(Device.mac).where(Device.mac != "").group_by(Device.mac).having(func.count() > 1)
    lines = select(Line.extension_id).join(Device, col(Line.device_id) == col(Device.id))
    yield from session.exec(lines.where(col(Device.mac).in_(macs)))
    address: Any = col(Extension.fixed_ip)
    shared = select(address).where(address != "").group_by(address).having(func.count() > 1)
    at_one = select(Extension.id).where(address.in_(shared))
    yield from (number for number in session.exec(at_one) if number)
    twice = accounts_taken_twice(session)
    if twice:
        accounts = columns(Extension.id, Extension.extension, Extension.sip_username)
        for number, extension, user in session.execute(accounts):
            if (user or extension) in twice:
                yield number
    yield from _beyond(session)


def _beyond(session: Session) -> Iterator[int]:
    """The extensions on a line that their phone's model has not."""
    kind = (Device.manufacturer, Device.model, Device.firmware)
    query = columns(*kind, Line.extension_id, Line.number)
    query = query.join(Device, col(Line.device_id) == col(Device.id))
    catalog = default_catalog()
    for manufacturer, model, firmware, extension_id, number in session.execute(query):
        known = catalog.find(manufacturer, model, firmware)
        if known is None or number > known.lines:
            yield extension_id
