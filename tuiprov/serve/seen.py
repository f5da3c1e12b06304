"""Which firmware each phone names: taken from the requests as they are written into the log.

A User-Agent is taken apart once, here; the list of devices and its filter read what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import bindparam, func, insert, update
from sqlmodel import Session, col

from tuiprov.data.database import Database
from tuiprov.data.kept import Fetch, FirmwareSeen
from tuiprov.data.models import Device
from tuiprov.data.queries import columns
from tuiprov.serve.agents import parse
from tuiprov.serve.verdicts import SERVED

Asked = tuple[int, str, bool]
"""A device, the User-Agent it asked with, and whether it was served."""

_AT_ONCE: Final = 500


def note(session: Session, asked: Iterable[Asked]) -> None:
    """Write down the firmware that these requests name, of few devices, the oldest first. What a
    refused one says counts only for a device that was never served."""
    said: dict[int, tuple[str, bool]] = {}
    for device_id, agent, is_served in asked:
        if is_served or not said.get(device_id, ("", False))[1]:
            said[device_id] = agent, is_served
    known = columns(Device.id, FirmwareSeen.firmware, FirmwareSeen.is_served)
    known = known.outerjoin(FirmwareSeen, col(FirmwareSeen.device_id) == col(Device.id))
    new, other = [], []
    # Only of devices that are there still: a row of any other would keep the log from its rows.
    for number, firmware, was_served in session.execute(known.where(col(Device.id).in_(said))):
        agent, is_served = said[number]
        told = parse(agent).firmware
        if was_served is None:
            new.append({"device_id": number, "firmware": told, "is_served": is_served})
        elif is_served >= was_served and (told, is_served) != (firmware, was_served):
            other.append({"number": number, "firmware": told, "is_served": is_served})
    if new:
        session.execute(insert(FirmwareSeen), new)
    if other:
        changed = update(FirmwareSeen).where(col(FirmwareSeen.device_id) == bindparam("number"))
        session.connection().execute(changed, other)


def catch_up(database: Database) -> None:
    """Write down what the log says of devices of which nothing is written down yet: those that
    asked before there was a place for it."""
    with database.read() as session:
        unseen = columns(func.max(Fetch.id))
        unseen = unseen.join(Device, col(Device.id) == Fetch.device_id)
        unseen = unseen.outerjoin(FirmwareSeen, col(FirmwareSeen.device_id) == Fetch.device_id)
        unseen = unseen.where(col(FirmwareSeen.device_id).is_(None))
        unseen = unseen.group_by(col(Fetch.device_id), col(Fetch.verdict) == SERVED)
        query = columns(Fetch.device_id, Fetch.agent, Fetch.verdict)
        query = query.where(col(Fetch.id).in_(unseen)).order_by(col(Fetch.device_id), col(Fetch.id))
        found = [(number, agent, word == SERVED) for number, agent, word in session.execute(query)]
    for some in _in_parts(found):
        with database.write() as session:
            note(session, some)


def _in_parts(found: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    for start in range(0, len(found), _AT_ONCE):
        yield found[start : start + _AT_ONCE]
