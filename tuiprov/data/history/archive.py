"""Reading the history: what was done, which fields it changed, which versions a file had; and
taking an operation back.

The history screens and `tuiprov history`, `undo` and `versions` call it. The system administrator
sees what everybody did; others what they did themselves, and the files of devices within reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.accounts.viewers import Viewer, own
from tuiprov.data.database import Database
from tuiprov.data.devices.reach import reach
from tuiprov.data.fields import Field
from tuiprov.data.filters import Asker, Log, log_condition
from tuiprov.data.history.adopted import let_go
from tuiprov.data.history.changes import ALL, read, secrets_of
from tuiprov.data.history.undo import undo
from tuiprov.data.history.versions import GONE, content, in_parts
from tuiprov.data.kept import Content, Event, FieldChange, FileVersion, PublishedFile
from tuiprov.data.models import Account, Device, Extension
from tuiprov.data.permissions import needs, require
from tuiprov.data.queries import columns
from tuiprov.data.sections import FIELDS
from tuiprov.data.settings import site_of
from tuiprov.data.site import SITE_FIELDS
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.tables import Template
from tuiprov.errors import NotFound

MOST: Final = 5_000
"""How many operations a list shows: the latest."""
SECRET: Final = "changed"
"""What is shown of a secret."""
_LABELS: Final[dict[str, Field]] = {
    **ACCOUNT_FIELDS, **TEMPLATE_FIELDS, **SITE_FIELDS, **FIELDS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventRow:
    """One operation. `changes`: how many fields and records it changed; `undone_by`: the operation
    that took it back."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: str
    changes: int
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One changed field: of which record, its label, the texts before and after ("" for nothing).
    A record that is new or gone has the label "" and its name before or after."""

    record: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a published file. `is_gone`: it was deleted; `is_current`: it is the one that
    should be on disk; `size` in bytes."""

    id: int
    path: str
    at: datetime
    who: str
    why: str
    is_gone: bool
    is_current: bool
    size: int


def change_words(change: ChangeRow) -> str:
    """`extension 0027*001: Extension name: Anna → Bob`, or that a record is new or gone."""
    if not change.label:
        return f"{change.record}: {'new' if change.after else 'removed'}"
    before, after = change.before or "(empty)", change.after or "(empty)"
    words = "changed" if change.before == change.after else f"{before} → {after}"
    return f"{change.record}: {change.label}: {words}"


def labels_of(detail: str) -> list[str]:
    """The labels of the fields that an event's detail names."""
    return [_LABELS[name].label for name in detail.split() if name in _LABELS]


class Archive:
    """The history of a site."""

    def __init__(self, database: Database):
        self._database = database

    @needs("history.see")
    def ids(self, viewer: Viewer, words: str = "") -> Sequence[int]:
        """Ids of the operations that the viewer may see and the filter text matches, the latest
        first: words, and `who:`, `what:`, `of:`, `fields:`."""
        with self._database.read() as session:
            query = _seen(session, viewer, select(Event.id))
            query = query.where(log_condition(words, Asker(session, viewer, "history"), OPERATIONS))
            found = session.execute(query.order_by(col(Event.id).desc()).limit(MOST)).scalars()
            return [number for number in found if number]

    @needs("history.see")
    def rows(self, viewer: Viewer, ids: Sequence[int]) -> Mapping[int, EventRow]:
        """These operations, as far as the viewer may see them."""
        events = select(Event).where(col(Event.id).in_(list(ids)), seen_by(viewer))
        counts = select(FieldChange.event_id, func.count()).group_by(col(FieldChange.event_id))
        counts = counts.where(col(FieldChange.event_id).in_(list(ids)))
        undone = select(Event.undoes, Event.id).where(col(Event.undoes).in_(list(ids)))
        with self._database.read() as session:
            number = dict(session.exec(counts).all())
            by = dict(session.exec(undone).all())
            return {
                event.id: EventRow(
                    event.id, event.at, event.who, event.action, event.subject, event.detail,
                    number.get(event.id, 0), by.get(event.id),
                )
                for event in session.exec(events)
                if event.id
            }  # fmt: skip

    @needs("history.see")
    def changes(self, viewer: Viewer, event_id: int, most: int = 500) -> Sequence[ChangeRow]:
        """What an operation changed, field by field, at most `most` of them; secrets as "changed".
        NotFound when the viewer may not see it."""
        if event_id not in self.rows(viewer, [event_id]):
            raise NotFound("this operation is not in the history")
        query = select(FieldChange).where(FieldChange.event_id == event_id)
        with self._database.read() as session:
            rows = session.exec(query.order_by(col(FieldChange.id)).limit(most)).all()
            names = _names(session, rows)
            return [_change_row(session, row, names) for row in rows]

    @needs("history.undo")
    def undo(
        self, viewer: Viewer, event_id: int, on_record: Callable[[int], None] = lambda _: None
    ) -> set[int]:
        """Take an operation back; gives the devices whose files are to follow. Raises NotFound,
        NotAllowed, Conflict or Refused, or what `on_record` raises, which is told how many changes
        have been taken back and, as the last thing before it is final, how many devices follow;
        then nothing is changed."""
        require(viewer, "history.undo")
        with self._database.write() as session:
            devices = undo(session, viewer, event_id, on_record)
            let_go(session, event_id, devices)
            on_record(len(devices))
            return devices

    @needs("history.undo")
    def undone(self, viewer: Viewer, event_id: int) -> set[int]:
        """The extensions that taking this operation back has changed, which the PBX may not know as
        they are now; none where tuiprov does not write its files."""
        require(viewer, "history.undo")
        query = select(FieldChange.row_id).join(Event, col(Event.id) == col(FieldChange.event_id))
        query = query.where(Event.undoes == event_id, FieldChange.table == "extension")
        with self._database.read() as session:
            if site_of(session).pbx == "none":
                return set()
            return set(session.exec(query.where(seen_by(viewer)).distinct()))

    @needs("files.see")
    def versions(self, viewer: Viewer, device_id: int) -> Sequence[VersionRow]:
        """All versions of a device's files, the latest first; NotFound when it is out of reach."""
        with self._database.read() as session:
            _require_device(session, viewer, device_id)
            current = select(PublishedFile.version_id)
            current = current.where(PublishedFile.device_id == device_id)
            now = set(session.exec(current))
            query = (
                select(FileVersion, Event.subject, Content.size)
                .outerjoin(Event, col(FileVersion.event_id) == col(Event.id))
                .outerjoin(Content, col(FileVersion.digest) == col(Content.digest))
                .where(FileVersion.device_id == device_id)
                .order_by(col(FileVersion.id).desc())
            )
            return [
                VersionRow(
                    one.id or 0, one.path, one.at, one.who, why or "",
                    one.digest == GONE, one.id in now, size or 0,
                )
                for one, why, size in session.exec(query)
            ]  # fmt: skip

    @needs("files.see")
    def version(self, viewer: Viewer, version_id: int) -> tuple[FileVersion, bytes | None]:
        """A version and its bytes with their secrets (None: deleted); whoever shows it masks them.
        NotFound when it is out of reach; StoreError when it cannot be opened."""
        with self._database.read() as session:
            row = session.get(FileVersion, version_id)
            if row is None or row.device_id is None:
                raise NotFound("there is no such version")
            _require_device(session, viewer, row.device_id)
            return row, None if row.digest == GONE else content(session, row.digest)


def _require_device(session: Session, viewer: Viewer, device_id: int) -> None:
    require(viewer, "files.see")
    query = select(Device.id).where(Device.id == device_id, reach(session, viewer))
    if session.exec(query).first() is None and not viewer.is_administrator:
        raise NotFound("this device does not exist (any more)")


def seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """The SQL condition under which the viewer may see an operation."""
    return col(Event.id).is_not(None) if viewer.is_administrator else own(viewer, Event)


def _seen(_session: Session, viewer: Viewer, query: Any) -> Any:
    """A query on the operations that the viewer sees."""
    require(viewer, "history.see")
    return query.select_from(Event).where(seen_by(viewer))


OPERATIONS: Final = Log(
    {"who": Event.who, "what": Event.action, "of": Event.subject, "fields": Event.detail},
    frozenset(),
    _seen,
)
"""Named as the list calls them."""


def _change_row(session: Session, row: FieldChange, names: Names) -> ChangeRow:
    before, after = read(session.info["keys"], row)
    record = _record_name(row, before, after, names)
    if row.table == "template_file":
        return ChangeRow(
            record, row.field, "" if before is None else "file", "" if after is None else "file"
        )
    if row.field == ALL:
        return ChangeRow(
            record, "", "" if before is None else record, "" if after is None else record
        )
    if row.field in _ACCOUNTS:
        texts = [names.get(("account", number)) or str(number or "") for number in (before, after)]
        return ChangeRow(record, _ACCOUNTS[row.field], *texts)
    label = _LABELS[row.field].label if row.field in _LABELS else row.field
    if row.field in secrets_of(row.table):
        return ChangeRow(record, label, SECRET if before else "", SECRET if after else "")
    return ChangeRow(record, label, _text(row.field, before), _text(row.field, after))


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    return _LABELS[name].text(value) if name in _LABELS else str(value)


Names = dict[tuple[str, int], str]
"""Table and id of a record → what it is called."""

_NAMES: Final[dict[str, tuple[Any, str]]] = {
    "extension": (Extension, "extension"),
    "device": (Device, "friendly_name"),
    "account": (Account, "name"),
    "template": (Template, "name"),
    "template_file": (Template, "name"),
    "pbx_options": (Extension, "extension"),
}


_ACCOUNTS: Final = {"user_id": "User", "organization_id": "Organization", "owner_id": "Owner"}
"""Columns that name an account, and their labels."""


def _accounts_of(rows: Sequence[FieldChange]) -> set[int]:
    """The accounts that changes of these columns name."""
    texts = (text for row in rows if row.field in _ACCOUNTS for text in (row.before, row.after))
    return {int(text) for text in texts if text != "null"}


def _names(session: Session, rows: Sequence[FieldChange]) -> Names:
    """What the changed records are called now, those that are gone left out: one look a table."""
    found: Names = {}
    for table, (model, name) in _NAMES.items():
        wanted = {row.row_id for row in rows if row.table == table}
        wanted |= _accounts_of(rows) if table == "account" else set()
        for some in in_parts(sorted(wanted)):
            query = columns(col(model.id), getattr(model, name)).where(col(model.id).in_(some))
            found |= {(table, number): called for number, called in session.execute(query)}
    return found


def _record_name(row: FieldChange, before: Any, after: Any, names: Names) -> str:
    """`extension 0027*001`, `device Desk01`, `preferences`."""
    if row.table == "system_settings":
        return "preferences"
    words = row.table.replace("_", " ")
    if row.table == "line":
        return f"{words} {row.row_id}"
    _, name = _NAMES[row.table]
    whole = (after or before) if row.field == ALL and row.table != "template_file" else None
    if whole:
        named = whole.get(name) or names.get((row.table, row.row_id))
        return f"{words} {named or row.row_id}"
    return f"{words} {names.get((row.table, row.row_id)) or row.row_id}"
