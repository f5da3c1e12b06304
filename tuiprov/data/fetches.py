"""The log of what phones fetched, and were refused: who asked when for what, and what decided.

`tuiprov serve` writes it (`kept.Fetch`); here it is read. The administrator sees every request,
other accounts those for devices within their reach.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, true
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.devices.reach import reach
from tuiprov.data.filters import Asker, Log, log_condition
from tuiprov.data.kept import Fetch, FirmwareSeen, PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.permissions import needs, require
from tuiprov.data.queries import columns
from tuiprov.text import without_tokens

MOST: Final = 1_000
"""So many of the newest requests are listed."""
LOOKED_THROUGH: Final = 200_000
"""So many of the newest ones a filter looks through: half a second in SQLite."""
SERVED: Final = "served"
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One request. `verdict` is the link of the chain that decided; `is_current`: what it was sent
    is what is published now."""

    id: int
    at: datetime
    address: str
    protocol: str
    method: str
    path: str
    agent: str
    device_id: int | None
    device: str
    """The device's friendly name; "" for a request of nobody we know."""
    file: str
    """Where it is published, its token shortened as in `path`."""
    verdict: str
    status: int
    sent: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class LastFetch:
    """When a device was last sent a file, whether it has its files as they are published now, and
    the firmware that its last served request named (its last one, where none was). `at` None: it
    asked, but was sent nothing."""

    at: datetime | None
    is_current: bool
    firmware: str


class Fetches:
    """The fetch log of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("fetches.see")
    def ids(self, viewer: Viewer, where: str = "") -> array[int]:
        """The newest requests that the viewer sees and the filter text matches, newest first:
        words, and `address:`, `agent:`, `device:`, `file:`, `path:`, `status:`, `verdict:`."""
        require(viewer, "fetches.see")
        with self._database.read() as session:
            query = _seen(session, viewer, select(Fetch.id))
            query = query.where(log_condition(where, Asker(session, viewer, "requests"), REQUESTS))
            query = query.order_by(col(Fetch.id).desc()).limit(MOST)
            return array("q", session.execute(query).scalars())

    @needs("fetches.see")
    def newest(self, viewer: Viewer) -> int:
        """The id of the newest request of all, 0 for none: while it stays, so does the list."""
        require(viewer, "fetches.see")
        with self._database.read() as session:
            return _newest(session)

    @needs("fetches.see")
    def rows(self, viewer: Viewer, ids: Sequence[int]) -> dict[int, FetchRow]:
        """The rows of those of these ids that the viewer sees."""
        require(viewer, "fetches.see")
        found: dict[int, FetchRow] = {}
        with self._database.read() as session:
            within = _within(session, viewer)
            for some in _in_parts(ids):
                query = columns(Fetch, Device.friendly_name, PublishedFile.version_id)
                query = query.outerjoin(Device, col(Fetch.device_id) == Device.id)
                query = query.outerjoin(PublishedFile, col(PublishedFile.path) == Fetch.file)
                query = query.where(col(Fetch.id).in_(some), within)
                for fetch, device, version_id in session.execute(query):
                    found[fetch.id] = _row(fetch, device, version_id)
        return found

    @needs("fetches.see")
    def last_of(self, viewer: Viewer, device_ids: Sequence[int]) -> dict[int, LastFetch]:
        """What those of these devices that the viewer sees have fetched last; a device that never
        asked is not among them."""
        require(viewer, "fetches.see")
        found: dict[int, LastFetch] = {}
        with self._database.read() as session:
            for some in _in_parts(device_ids):
                # Asked of the devices first: of every request it takes twenty times as long.
                seen = select(Device.id).where(col(Device.id).in_(some), reach(session, viewer))
                ids = [number for number in session.exec(seen) if number]
                files = _files_of(session, col(Fetch.device_id).in_(ids))
                firmware = _firmware_of(session, ids)
                for device_id in files.keys() | firmware.keys():
                    found[device_id] = _last(files.get(device_id, []), firmware.get(device_id, ""))
        return found


# -- parts ----------------------------------------------------------------------------------------

_BY_TOKEN = and_(
    col(Fetch.file).like("http/%"),
    func.substr(Fetch.file, 18, 1) != "/",  # else its key is a MAC address, of 12 digits
    func.substr(Fetch.file, 38, 1) == "/",
)
_FILE: Final = case(
    (_BY_TOKEN, func.substr(Fetch.file, 1, 13).concat("…").concat(func.substr(Fetch.file, 38))),
    else_=Fetch.file,
)
"""As `without_tokens` has it: a filter proposes what is in the log."""
_COLUMNS: Final[Mapping[str, Any]] = {
    "address": Fetch.address,
    "agent": Fetch.agent,
    "device": func.coalesce(Device.friendly_name, ""),
    "file": _FILE,
    "path": Fetch.path,
    "status": Fetch.status,
    "verdict": Fetch.verdict,
}
_EXACT: Final = frozenset({"status", "verdict"})


def _seen(session: Session, viewer: Viewer, query: Any) -> Any:
    """A query on the newest requests that the viewer sees, and their devices."""
    require(viewer, "fetches.see")
    query = query.select_from(Fetch).outerjoin(Device, col(Fetch.device_id) == Device.id)
    return query.where(_within(session, viewer), col(Fetch.id) > _newest(session) - LOOKED_THROUGH)


REQUESTS: Final = Log(_COLUMNS, _EXACT, _seen)


def _within(session: Session, viewer: Viewer) -> ColumnElement[bool]:
    """The SQL condition under which the viewer sees a request."""
    if viewer.is_administrator:
        return true()
    return col(Fetch.device_id).in_(select(Device.id).where(reach(session, viewer)))


def _newest(session: Session) -> int:
    return session.exec(select(func.max(Fetch.id))).one() or 0


def _in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])


def _row(fetch: Fetch, device: str | None, version_id: int | None) -> FetchRow:
    return FetchRow(
        fetch.id or 0,
        fetch.at,
        fetch.address,
        fetch.protocol,
        fetch.method,
        fetch.path,
        fetch.agent,
        fetch.device_id,
        device or "",
        without_tokens(fetch.file),
        fetch.verdict,
        fetch.status,
        fetch.sent,
        version_id is not None and fetch.version_id == version_id,
    )


_File = tuple[datetime, bool | None]
"""When a file was last sent to a device, and whether it was as it is published now; None: it is
not published any more."""


def _files_of(session: Session, about: ColumnElement[bool]) -> dict[int, list[_File]]:
    """Device → the last time that each file was sent whole."""
    newest = select(func.max(Fetch.id)).where(about, col(Fetch.version_id).is_not(None))
    newest = newest.group_by(col(Fetch.device_id), Fetch.file)
    query = columns(Fetch.device_id, Fetch.at, Fetch.version_id, PublishedFile.version_id)
    query = query.outerjoin(PublishedFile, col(PublishedFile.path) == Fetch.file)
    found: dict[int, list[_File]] = {}
    for device_id, at, sent, current in session.execute(query.where(col(Fetch.id).in_(newest))):
        found.setdefault(device_id, []).append((at, None if current is None else sent == current))
    return found


def _firmware_of(session: Session, device_ids: Sequence[int]) -> dict[int, str]:
    """Device → the firmware it named last."""
    query = columns(FirmwareSeen.device_id, FirmwareSeen.firmware)
    rows = session.execute(query.where(col(FirmwareSeen.device_id).in_(device_ids)))
    return dict(map(tuple, rows))


def _last(files: Sequence[_File], firmware: str) -> LastFetch:
    """A phone need not ask for all that is published for it; what it asked for must be current."""
    known = [is_current for _, is_current in files if is_current is not None]
    at = max((at for at, _ in files), default=None)
    return LastFetch(at, bool(known) and all(known), firmware)
