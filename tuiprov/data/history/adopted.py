"""Files that phones have kept from the program that provisioned them before.

They are on record like published ones. An event tells their origin: `KEPT` where a file lay in the
publish tree already, `COPIED` where it was put there. Taking the adoption back deletes copies only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from tuiprov.data.history.versions import KEPT, in_parts
from tuiprov.data.kept import Event, FileVersion, PublishedFile
from tuiprov.data.models import Device
from tuiprov.errors import Conflict

ADOPT: Final = "adopt"
COPIED: Final = "copy"
_ADOPTED: Final = frozenset({KEPT, COPIED})


def keeping(session: Session, states: Sequence[str]) -> set[int]:
    """The devices in one of these publish states that have the files they were adopted with, and no
    other."""
    query = select(PublishedFile.device_id, Event.action).distinct()
    query = query.join(Device, col(Device.id) == col(PublishedFile.device_id))
    query = query.join(FileVersion, col(FileVersion.id) == col(PublishedFile.version_id))
    query = query.outerjoin(Event, col(Event.id) == col(FileVersion.event_id))
    origins = session.exec(query.where(col(Device.publish_state).in_(states))).all()
    others = {number for number, action in origins if action not in _ADOPTED}
    return {number for number, _ in origins if number and number not in others}


def let_go(session: Session, event_id: int, devices: Collection[int]) -> None:
    """After an operation has been taken back, in its transaction: where it was an adoption, let go
    of the files that were there before it. Conflict: as `_release`."""
    event = session.get(Event, event_id)
    if event is None or event.action != ADOPT:
        return
    kept = _release(session, devices)
    if kept:
        stay = "1 file stays" if kept == 1 else f"{kept} files stay"
        session.info["operation"].detail += f"; {stay} in the publish tree"


def _release(session: Session, devices: Collection[int]) -> int:
    """Forget the files of these devices that were in the publish tree before they were adopted:
    they stay there and are nobody's again; gives how many. Conflict: something else was published
    in their place."""
    count = 0
    for some in in_parts(sorted(devices)):
        query = select(FileVersion.path, Event.action)
        query = query.outerjoin(Event, col(Event.id) == col(FileVersion.event_id))
        query = query.where(col(FileVersion.device_id).in_(some)).order_by(col(FileVersion.id))
        kept: dict[str, bool] = {}
        """Whether a file that was kept is still as it was."""
        for path, action in session.exec(query):
            if action == KEPT or path in kept:
                kept[path] = action == KEPT
        for path, is_as_it_was in kept.items():
            if not is_as_it_was:
                raise Conflict(f"{path} was published since it was adopted; nothing was taken back")
        count += len(kept)
        for paths in in_parts(list(kept)):
            session.execute(delete(PublishedFile).where(col(PublishedFile.path).in_(paths)))
    return count
