"""Taking an operation back as a whole: one save, one bulk edit, one import.

Only what is still as the operation left it is taken back; what somebody changed since is named, and
then nothing is. What comes of it is checked like any save, and is an operation of its own, which
can be taken back in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer, own
from tuiprov.data.bulk.edit import OnRecord, unheard
from tuiprov.data.bulk.rotate import ROTATE
from tuiprov.data.bulk.undo import (
    count_changed_since,
    goes_by_sets,
    record_reversal,
    take_back,
)
from tuiprov.data.former_passwords import keep_former
from tuiprov.data.history import events as history
from tuiprov.data.history.changes import ALL, TRACKED, key_of, read
from tuiprov.data.history.replaced import refuse_replaced
from tuiprov.data.history.undo_check import refused_now
from tuiprov.data.history.versions import in_parts
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.reading import page_of
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import SECRET_COLUMNS, about, identity
from tuiprov.data.templates.tables import TemplateFile
from tuiprov.data.writer import outdate, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused

_MOST_NAMED = 3


def undo(
    session: Session, viewer: Viewer, event_id: int, on_record: OnRecord = unheard
) -> set[int]:
    """Take an operation back; gives the devices whose files follow. Raises NotFound, NotAllowed,
    Conflict (it is not as the operation left it) or Refused, or what `on_record` raises, which is
    told how many changes have been taken back; then the caller rolls back."""
    event = session.get(Event, event_id)
    refuse_replaced(session, event_id)
    if event is not None and viewer.is_administrator and goes_by_sets(session, event_id):
        return _undo_by_sets(session, viewer, event, on_record)
    rows = session.exec(
        select(FieldChange)
        .where(FieldChange.event_id == event_id)
        .order_by(col(FieldChange.id).desc())
    ).all()
    if event is None or not rows:
        raise NotFound("this operation changed no data that could be taken back")
    own = _own_page(session, viewer, event, rows)
    done = history.record(session, viewer, "undo", event.subject, f"{event.action} {event.id}")
    done.undoes = event.id
    if own is not None:
        page, values = own
        write_page(session, viewer, page, values)
        _keep_rotated(session, keys_of(session), rows)
        return {page.device_id} if page.device_id else set()
    if not viewer.is_administrator:
        raise NotAllowed(
            "only the system administrator takes back what others did, or more than one page"
        )
    return _take_back(session, viewer, rows, on_record)


def _undo_by_sets(session: Session, viewer: Viewer, event: Event, on_record: OnRecord) -> set[int]:
    changed = count_changed_since(session, event.id or 0)
    if changed:
        raise Conflict(f"{changed} of these fields changed since; nothing was taken back")
    done = history.record(session, viewer, "undo", event.subject, f"{event.action} {event.id}")
    done.undoes = event.id
    session.flush()
    found = take_back(session, viewer, event.id or 0, on_record)
    record_reversal(session, event.id or 0, done.id or 0)
    return found


def _own_page(
    session: Session, viewer: Viewer, event: Event, rows: Sequence[FieldChange]
) -> tuple[Page, dict[str, Any]] | None:
    """The page and the former values when the operation is the viewer's own save of one page: it
    goes the way of any save, through all gates."""
    places = {(row.table, row.row_id) for row in rows}
    saved = select(Extension.id).where(Extension.extension == event.subject)
    extension_id = session.exec(saved).first()
    if extension_id is None or any(row.field == ALL for row in rows):
        return None
    mine = select(Event.id).where(Event.id == event.id, own(viewer, Event))
    if session.exec(mine).first() is None:
        return None
    page = page_of(session, viewer, extension_id)
    if places - {("extension", extension_id), ("device", page.device_id)}:
        return None
    keys = keys_of(session)
    _refuse_changed(
        f"{row.field} of {page.values['extension']}"
        for row in rows
        if row.field in page.values and page.values[row.field] != read(keys, row)[1]
    )
    return page, {row.field: read(keys, row)[0] for row in rows if row.field in page.values}


def _refuse_changed(changed: Iterable[str]) -> None:
    names = list(changed)
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise Conflict(
            f"changed since: {', '.join(names[:_MOST_NAMED])}{more}; nothing was taken back"
        )


def _take_back(
    session: Session, viewer: Viewer, rows: Sequence[FieldChange], on_record: OnRecord
) -> set[int]:
    keys = keys_of(session)
    known = Known(session, rows)
    _refuse_changed(_changed_since(keys, known, rows, on_record))
    try:
        for count, (row, following) in enumerate(zip_longest(rows, rows[1:])):
            on_record(count)
            _revert(session, keys, known, row)
            if following is None or not _go_together(row, following):
                session.flush()
    except IntegrityError:
        raise Conflict(
            "something of it is another record's now, or its account is gone: "
            "nothing was taken back"
        ) from None
    session.expire_all()
    _keep_rotated(session, keys, rows)
    devices = set(_devices(session, rows, known))
    for device_id in devices:
        device = session.get(Device, device_id)
        if device is not None:
            outdate(device)
            session.add(device)
    refused = refused_now(
        session, viewer, _ids(rows, "extension", known), lambda: on_record(len(rows))
    )
    if refused:
        raise Refused(refused)
    return devices


def _keep_rotated(session: Session, keys: Keys, rows: Sequence[FieldChange]) -> None:
    """Phones that have fetched the password of a rotation keep it until they fetch again: the PBX
    takes it as long."""
    event = session.get_one(Event, rows[0].event_id)
    if ROTATE not in (event.action, event.detail.partition(" ")[0]):
        return
    passwords = [row for row in rows if (row.table, row.field) == ("extension", "sip_password")]
    keep_former(session, {row.row_id: str(read(keys, row)[1]) for row in passwords})


def _go_together(row: FieldChange, following: FieldChange) -> bool:
    """Whole rows of one table that all come back, or all go, may do so in one statement, unless
    they hang on each other, as accounts do."""
    return (
        row.field == following.field == ALL
        and row.table in _RENUMBERED
        and row.table == following.table
        and row.row_id != following.row_id
        and (row.before == "null") == (following.before == "null")
    )


class Known:
    """The records that changes are about, as they are now: read by sets, and followed while they
    come and go."""

    def __init__(self, session: Session, rows: Sequence[FieldChange]) -> None:
        self._session = session
        self._rows: dict[tuple[str, int], Any] = {}
        self._moved: dict[tuple[str, int], Any] = {}
        """A record that came back under another id, because SQLite has given its own away."""
        for table, model in TRACKED.items():
            wanted = sorted({row.row_id for row in rows if row.table == table})
            if table != "template_file" and wanted:
                self._read(table, model, wanted)

    def _read(self, table: str, model: Any, wanted: Sequence[int]) -> None:
        key = inspect(model).primary_key[0]
        for some in in_parts(wanted):
            for found in self._session.exec(select(model).where(key.in_(some))):
                self._rows[table, key_of(found)] = found

    def of(self, row: FieldChange) -> Any:
        """The record that a change is about; None when there is none (any more)."""
        if row.table == "template_file":
            return self._session.get(TemplateFile, (row.row_id, row.field))
        return self._rows.get((row.table, row.row_id))

    def set(self, row: FieldChange, found: Any) -> None:
        """The record is this one from now on; None: it goes."""
        self._rows[row.table, row.row_id] = found

    def id_of(self, table: str, number: int) -> int:
        """The id that a record has now."""
        found = self._moved.get((table, number))
        return key_of(found) if found is not None else number

    def move(self, row: FieldChange, found: Any) -> None:
        self._moved[row.table, row.row_id] = found
        self.set(row, found)


def _changed_since(
    keys: Keys, known: Known, rows: Sequence[FieldChange], on_record: OnRecord
) -> Iterator[str]:
    """What is not as the operation left it. Of several changes of one field the last counts, which
    is the first of `rows`."""
    left: dict[tuple[str, int], dict[str, Any]] = {}
    for row in rows:
        on_record(0)  # nothing is taken back yet, and it may be stopped
        later = left.setdefault((row.table, row.row_id), {})
        if row.field in later or ALL in later:
            continue
        _, after = read(keys, row)
        if row.field == ALL and row.table != "template_file" and after is not None:
            after |= later
        later[row.field] = after
        if after is None and row.field == ALL and row.table in _RENUMBERED:
            continue  # who has its id now is another one: it comes back under a new id
        if _now(keys, known, row) != after:
            yield f"{row.field or 'all'} of {row.table} {row.row_id}"


_RENUMBERED: Final = {
    "extension": (),
    "device": (),
    "line": (("extension_id", "extension"), ("device_id", "device")),
}
"""Tables whose removed records may come back under another id, and which of their columns name
records of these. Numbers, serials and lines are unique: none comes back twice."""
_NAMES_EXTENSION: Final = (("extension_id", "extension"),)


def _now(keys: Keys, known: Known, row: FieldChange) -> Any:
    found = known.of(row)
    if found is None:
        return None
    if isinstance(found, TemplateFile):
        return found.text
    if row.field == ALL:
        before, after = read(keys, row)
        return {name: _value(keys, found, name) for name in after or before}
    return _value(keys, found, row.field)


def _value(keys: Keys, found: Any, name: str) -> Any:
    value = getattr(found, name)
    table = str(found.__tablename__)
    if name in SECRET_COLUMNS.get(table, ()):
        return keys.open(value, about(table, identity(found), name))
    return value.isoformat() if isinstance(value, datetime) else value


def _revert(session: Session, keys: Keys, known: Known, row: FieldChange) -> None:
    before, _ = read(keys, row)
    found = known.of(row)
    if row.table == "template_file":
        _revert_file(session, row, before, found)
    elif row.field != ALL:
        _put(keys, found, {row.field: before})
        session.add(found)
    elif before is None:
        session.delete(found)
        known.set(row, None)
    else:
        _bring_back(session, keys, known, row, before)


def _bring_back(
    session: Session, keys: Keys, known: Known, row: FieldChange, before: dict[str, Any]
) -> None:
    """A whole row again, under a new id where its own is somebody else's by now."""
    model: Any = TRACKED[row.table]
    hidden = SECRET_COLUMNS.get(row.table, ())
    references = _RENUMBERED.get(row.table, _NAMES_EXTENSION if "extension_id" in before else ())
    values = {name: value for name, value in before.items() if name not in hidden}
    values |= {name: known.id_of(table, before[name]) for name, table in references}
    taken = row.table in _RENUMBERED and known.of(row) is not None
    fresh = model(**values | ({"id": None} if taken else {}))
    _put(keys, fresh, {name: before[name] for name in hidden})
    session.add(fresh)
    if taken:
        known.move(row, fresh)
    else:
        known.set(row, fresh)


def _revert_file(session: Session, row: FieldChange, before: Any, found: Any) -> None:
    if before is None:
        session.delete(found)
    elif found is None:
        session.add(TemplateFile(template_id=row.row_id, path=row.field, text=before, base=before))
    else:
        found.text = before
        session.add(found)


def _put(keys: Keys, found: Any, values: Mapping[str, Any]) -> None:
    """Give a row former values; a secret is sealed for the row, and all of them when the number
    they are bound to changes."""
    table = str(found.__tablename__)
    hidden = SECRET_COLUMNS.get(table, ())
    moves = table == "extension" and "extension" in values
    clear = {name: _value(keys, found, name) for name in hidden} if moves else {}
    for name, value in {**clear, **values}.items():
        if name not in hidden:
            setattr(found, name, value)
    for name, value in {**clear, **values}.items():
        if name in hidden:
            setattr(found, name, keys.seal(str(value or ""), about(table, identity(found), name)))
    if table in ("device", "extension"):
        flag_modified(found, "status" if table == "device" else "extension_name")


def _devices(session: Session, rows: Sequence[FieldChange], known: Known) -> Iterator[int]:
    """The devices whose files hold what is taken back."""
    extensions = sorted(_ids(rows, "extension", known))
    yield from _ids(rows, "device", known)
    for row in rows:
        if row.table == "line":
            yield from _devices_of_line(row, known)
    for some in in_parts(extensions):
        yield from session.exec(select(Line.device_id).where(col(Line.extension_id).in_(some)))
    if any(row.table == "system_settings" for row in rows):
        yield from (number for number in session.exec(select(Device.id)) if number)
    names = [row.row_id for row in rows if row.table in ("template", "template_file")]
    if names:
        from tuiprov.data.templates.tables import Template

        used = select(Device.id).join(Template, col(Template.name) == col(Device.template))
        yield from (n for n in session.exec(used.where(col(Template.id).in_(names))) if n)


def _ids(rows: Sequence[FieldChange], table: str, known: Known) -> set[int]:
    return {known.id_of(table, row.row_id) for row in rows if row.table == table}


def _devices_of_line(row: FieldChange, known: Known) -> Iterator[int]:
    """The devices that a line was on before and after the operation."""
    for text in (row.before, row.after):
        value = json.loads(text)
        number = value if row.field == "device_id" else (value or {}) if row.field == ALL else None
        if isinstance(number, dict):
            number = number.get("device_id")
        if isinstance(number, int):
            yield known.id_of("device", number)
