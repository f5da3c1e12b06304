"""Plans that are applied in waves, as the database knows them: starting one, who drives it, what it
is told, and how far each device is.

Whatever becomes of the process that drives one, another goes on from these rows or brings the files
of before back. What a wave does to files is `publish/waves.py`'s, who drives it `rollout.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, func, insert, update
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer, own
from tuiprov.data.database import Database
from tuiprov.data.history import events as history
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device
from tuiprov.data.permissions import needs, require
from tuiprov.data.queries import columns
from tuiprov.data.rollouts.tables import Rollout, RolloutDevice
from tuiprov.data.together.processes import is_running, this_process
from tuiprov.errors import Conflict, NotFound, PublishError

State = Literal[
    "waiting", "published", "asked", "fetched", "registered", "late", "rolled back", "left out"
]
Order = Literal["", "next", "pause", "go", "back"]
OPEN: Final = ("running", "paused", "going back")
LEASE: Final = timedelta(seconds=120)
"""So long after it was last heard of, a driver on another host is taken for alive."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device of a new rollout; as `RolloutDevice`."""

    device_id: int
    wave: int
    planned: str
    is_awaited: bool
    is_seen: bool


@dataclass(frozen=True, slots=True)
class NewRollout:
    """What is to be applied in waves; as `Rollout`."""

    sizes: str
    waves: int
    wait_seconds: int
    asks: bool
    watches: bool
    back: Literal["all", "wave"]
    devices: Sequence[NewDevice]
    extensions: Sequence[int] = ()
    operation: int | None = None


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout as it is now. `counts`: devices by their state; `is_driven`: a process drives it;
    `is_mine`: this one does."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    who: str
    state: str
    reason: str
    sizes: str
    waves: int
    wave: int
    wait_seconds: int
    asks: bool
    watches: bool
    back: str
    order: str
    driver: str
    is_driven: bool
    is_mine: bool
    extensions: tuple[int, ...]
    operation: int | None
    counts: Mapping[str, int]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def words(self) -> str:
        """`running: wave 2 of 3; 1 registered, 5 asked, 20 waiting`."""
        place = f": wave {self.wave} of {self.waves}" if self.is_open else ""
        states = ", ".join(f"{count} {state}" for state, count in self.counts.items())
        reason = f"; {self.reason}" if self.reason else ""
        return f"{self.state}{place}; {states or 'no devices'}{reason}"


@dataclass(frozen=True, slots=True)
class WaveDevice:
    """A device in a wave, as it is now."""

    device_id: int
    name: str
    phone: str
    wave: int
    state: str
    note: str
    planned: str
    is_awaited: bool
    is_seen: bool
    contacts: Mapping[str, Any]
    published_at: datetime | None
    asked_at: datetime | None
    fetched_at: datetime | None
    registered_at: datetime | None
    is_over: bool

    @property
    def since(self) -> datetime | None:
        """Since when it is waited for."""
        return self.asked_at or self.published_at


class Waves:
    """The rollouts of a site. Every operation takes who is looking: the administrator sees all,
    others those that they started."""

    def __init__(self, database: Database):
        self._database = database

    @needs("files.publish")
    def rows(self, viewer: Viewer, most: int = 50) -> list[RolloutRow]:
        """The rollouts that the viewer sees, the latest first."""
        require(viewer, "files.publish")
        with self._database.read() as session:
            query = select(Rollout).where(_seen_by(viewer)).order_by(col(Rollout.id).desc())
            found = session.exec(query.limit(most)).all()
            counts = _counts(session, [one.id or 0 for one in found])
            return [_row(one, counts.get(one.id or 0, {})) for one in found]

    @needs("files.publish")
    def row(self, viewer: Viewer, rollout_id: int) -> RolloutRow:
        """One rollout; NotFound when the viewer does not see it."""
        require(viewer, "files.publish")
        with self._database.read() as session:
            one = _seen(session, viewer, rollout_id)
            return _row(one, _counts(session, [rollout_id]).get(rollout_id, {}))

    @needs("files.publish")
    def open_one(self, viewer: Viewer) -> RolloutRow | None:
        """The rollout that is under way, as far as the viewer sees it."""
        return next((one for one in self.rows(viewer) if one.is_open), None)

    @needs("files.publish")
    def devices(self, viewer: Viewer, rollout_id: int) -> list[WaveDevice]:
        """The devices of a rollout in the order of its waves."""
        require(viewer, "files.publish")
        with self._database.read() as session:
            _seen(session, viewer, rollout_id)
            return devices_of(session, rollout_id)

    @needs("files.publish")
    def start(self, viewer: Viewer, new: NewRollout) -> int:
        """Write a rollout down, driven by this process; gives its id. PublishError while another
        one is under way."""
        require(viewer, "files.publish")
        now = datetime.now(UTC)
        with self._database.write() as session:
            query = select(Rollout).where(col(Rollout.state).in_(OPEN)).limit(1)
            other = session.exec(query).first()
            if other is not None:
                is_seen = session.exec(query.where(_seen_by(viewer))).first() is not None
                raise PublishError(_under_way(other, is_seen=is_seen))
            rollout = Rollout(
                started_at=now,
                who=viewer.label[:80],
                viewer=viewer.key,
                state="running",
                sizes=new.sizes[:80],
                waves=new.waves,
                wave=1,
                wait_seconds=new.wait_seconds,
                asks=new.asks,
                watches=new.watches,
                back=new.back,
                driver=this_process(),
                driven_at=now,
                extensions=json.dumps(list(new.extensions)),
                operation=new.operation,
            )
            session.add(rollout)
            session.flush()
            number = rollout.id or 0
            if rows := _new_devices(number, new.devices):
                session.execute(insert(RolloutDevice), rows)
            count = len(new.devices)
            words = f"{count} device{'s' if count != 1 else ''}"
            history.record(session, viewer, "waves", words, f"in waves of {new.sizes}")
        return number

    @needs("files.publish")
    def take(self, viewer: Viewer, rollout_id: int) -> None:
        """Drive a rollout from now on. Conflict while another process does, or after its end."""
        require(viewer, "files.publish")
        with self._database.write() as session:
            one = _seen(session, viewer, rollout_id)
            if one.state not in OPEN:
                raise Conflict(f"the waves have ended: {one.state}")
            if one.driver != this_process() and _is_driven(one):
                raise Conflict(f"another process drives these waves: {_driver_words(one)}")
            one.driver, one.driven_at = this_process(), datetime.now(UTC)
            session.add(one)

    @needs("files.publish")
    def order(self, viewer: Viewer, rollout_id: int, order: Order) -> bool:
        """Tell whoever drives a rollout what to do; gives whether anybody does. Conflict after its
        end."""
        require(viewer, "files.publish")
        with self._database.write() as session:
            one = _seen(session, viewer, rollout_id)
            if one.state not in OPEN:
                raise Conflict(f"the waves have ended: {one.state}")
            one.order = order
            session.add(one)
            return _is_driven(one)

    @needs("files.publish")
    def leave(self, viewer: Viewer, rollout_id: int) -> None:
        """Say that this process does not drive it any more: it can be gone on with."""
        require(viewer, "files.publish")
        with self._database.write() as session:
            mine = update(Rollout).where(col(Rollout.id) == rollout_id)
            mine = mine.where(col(Rollout.driver) == this_process())
            session.execute(mine.values(driver=""))


# -- for who drives one ---------------------------------------------------------------------------


def driven(session: Session, rollout_id: int) -> Rollout:
    """The rollout that this process drives, heard of now. Conflict when it does not any more."""
    one = session.get(Rollout, rollout_id)
    if one is None or one.driver != this_process():
        raise Conflict("another process drives these waves now")
    one.driven_at = datetime.now(UTC)
    session.add(one)
    return one


def devices_of(
    session: Session, rollout_id: int, open_up_to: int | None = None
) -> list[WaveDevice]:
    """The devices of a rollout in the order of its waves; those of the waves `open_up_to` a number
    that are not over."""
    query = columns(
        RolloutDevice, Device.friendly_name, Device.mac, Device.manufacturer, Device.model
    )
    query = query.join(Device, col(Device.id) == RolloutDevice.device_id)
    query = query.where(col(RolloutDevice.rollout_id) == rollout_id)
    if open_up_to is not None:
        query = query.where(col(RolloutDevice.wave) <= open_up_to, ~col(RolloutDevice.is_over))
    rows = session.execute(query.order_by(col(RolloutDevice.place)))
    return [_device(row, name or mac, f"{make} {model}") for row, name, mac, make, model in rows]


def sole_change(session: Session, device_ids: Sequence[int]) -> int | None:
    """The one operation that changed any data since these devices were last published; None when
    there were several, or they never were."""
    published: list[datetime] = []
    for start in range(0, len(device_ids), _AT_ONCE):
        some = device_ids[start : start + _AT_ONCE]
        query = select(func.min(Device.published_at)).where(col(Device.id).in_(some))
        published += [at for at in session.exec(query) if at is not None]
    if not published:
        return None
    since = select(func.min(Event.id)).where(col(Event.at) > min(published))
    first = session.exec(since).one()
    if first is None:
        return None
    changes = select(FieldChange.event_id).where(col(FieldChange.event_id) >= first)
    found = session.exec(changes.distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None


def mark(session: Session, rollout_id: int, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Set columns of these devices of a rollout."""
    rows = []
    for device_id, values in changes.items():
        known = dict(values)
        if "contacts" in known:
            known["contacts"] = json.dumps(known["contacts"], sort_keys=True)
        if "note" in known:
            known["note"] = known["note"][:255]
        rows.append({"rollout_id": rollout_id, "device_id": device_id, **known})
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        by_columns.setdefault(tuple(row), []).append(row)
    for alike in by_columns.values():
        session.execute(update(RolloutDevice), alike)


# -- parts ----------------------------------------------------------------------------------------


def _seen_by(viewer: Viewer) -> ColumnElement[bool]:
    return col(Rollout.id).is_not(None) if viewer.is_administrator else own(viewer, Rollout)


def _seen(session: Session, viewer: Viewer, rollout_id: int) -> Rollout:
    query = select(Rollout).where(Rollout.id == rollout_id, _seen_by(viewer))
    found = session.exec(query).first()
    if found is None:
        raise NotFound("there are no such waves")
    return found


def _under_way(other: Rollout, *, is_seen: bool) -> str:
    if not is_seen:
        return "another account's waves are under way; one rollout at a time"
    return (
        f"waves of {other.who} are under way (wave {other.wave} of {other.waves}): "
        "tuiprov waves shows, goes on with or rolls back these"
    )


def _is_driven(one: Rollout) -> bool:
    heard = datetime.now(UTC) - one.driven_at
    return is_running(one.driver, is_recent=heard < LEASE)


def _driver_words(one: Rollout) -> str:
    host, process, _ = f"{one.driver}  ".split(" ", 2)
    return f"process {process} on {host}"


def _counts(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    query = columns(RolloutDevice.rollout_id, RolloutDevice.state, func.count())
    query = query.where(col(RolloutDevice.rollout_id).in_(list(ids)))
    query = query.group_by(col(RolloutDevice.rollout_id), col(RolloutDevice.state))
    found: dict[int, dict[str, int]] = {}
    for number, state, count in session.execute(query.order_by(col(RolloutDevice.state))):
        found.setdefault(number, {})[state] = count
    return found


def _row(one: Rollout, counts: Mapping[str, int]) -> RolloutRow:
    return RolloutRow(
        id=one.id or 0,
        started_at=one.started_at,
        ended_at=one.ended_at,
        who=one.who,
        state=one.state,
        reason=one.reason,
        sizes=one.sizes,
        waves=one.waves,
        wave=one.wave,
        wait_seconds=one.wait_seconds,
        asks=one.asks,
        watches=one.watches,
        back=one.back,
        order=one.order,
        driver=_driver_words(one) if one.driver else "",
        is_driven=one.state in OPEN and _is_driven(one),
        is_mine=one.driver == this_process(),
        extensions=tuple(json.loads(one.extensions)),
        operation=one.operation,
        counts=counts,
    )


def _device(row: RolloutDevice, name: str, phone: str) -> WaveDevice:
    same = {
        field: getattr(row, field)
        for field in WaveDevice.__dataclass_fields__
        if field not in ("name", "phone", "contacts")
    }
    return WaveDevice(name=name, phone=phone, contacts=json.loads(row.contacts), **same)


def _new_devices(rollout_id: int, devices: Sequence[NewDevice]) -> list[dict[str, Any]]:
    return [
        {
            "rollout_id": rollout_id,
            "device_id": one.device_id,
            "wave": one.wave,
            "place": place,
            "state": "waiting",
            "note": "",
            "planned": one.planned,
            "is_awaited": one.is_awaited,
            "is_seen": one.is_seen,
            "contacts": "{}",
            "is_over": False,
        }
        for place, one in enumerate(devices)
    ]
