"""Taking an operation back as a whole: one save, one bulk edit, one import.

Only what is still as the operation left it is taken back; what somebody changed since is named, and
then nothing is. What comes of it is checked like any save, and is an operation of its own, which
can be taken back in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.bulk_undo import (
    count_changed_since,
    goes_by_sets,
    record_reversal,
    take_back,
)
from tuiprov.data.changes import ALL, TRACKED, read
from tuiprov.data.checks import check_page
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.reading import page_of
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import SECRET_COLUMNS, about, identity
from tuiprov.data.template_tables import TemplateFile
from tuiprov.data.writer import RecordedNeighbours, outdate, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refusal, Refused

_MOST_NAMED = 3


def undo(session: Session, viewer: Viewer, event_id: int) -> set[int]:
    """Take an operation back; gives the devices whose files follow. Raises NotFound, NotAllowed,
    Conflict (it is not as the operation left it) or Refused; then the caller rolls back."""
    event = session.get(Event, event_id)
    if event is not None and viewer.is_administrator and goes_by_sets(session, event_id):
        return _undo_by_sets(session, viewer, event)
    rows = session.exec(
        select(FieldChange)
        .where(FieldChange.event_id == event_id)
        .order_by(col(FieldChange.id).desc())
    ).all()
    if event is None or not rows:
        raise NotFound("this operation changed no data that could be taken back")
    own = _own_page(session, viewer, event, rows)
    done = history.record(
        session, viewer.label, "undo", event.subject, f"{event.action} {event.id}"
    )
    done.undoes = event.id
    if own is not None:
        page, values = own
        write_page(session, viewer, page, values)
        return {page.device_id} if page.device_id else set()
    if not viewer.is_administrator:
        raise NotAllowed(
            "only the system administrator takes back what others did, or more than one page"
        )
    return _take_back(session, viewer, rows)


def _undo_by_sets(session: Session, viewer: Viewer, event: Event) -> set[int]:
    changed = count_changed_since(session, event.id or 0)
    if changed:
        raise Conflict(f"{changed} of these fields changed since; nothing was taken back")
    done = history.record(
        session, viewer.label, "undo", event.subject, f"{event.action} {event.id}"
    )
    done.undoes = event.id
    session.flush()
    found = take_back(session, viewer, event.id or 0)
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
    if event.who != viewer.label or extension_id is None or any(r.field == ALL for r in rows):
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


def _take_back(session: Session, viewer: Viewer, rows: Sequence[FieldChange]) -> set[int]:
    keys = keys_of(session)
    _refuse_changed(_changed_since(session, keys, rows))
    for row in rows:
        _revert(session, keys, row)
        session.flush()
    session.expire_all()
    devices = set(_devices(session, rows))
    for device_id in devices:
        device = session.get(Device, device_id)
        if device is not None:
            outdate(device)
            session.add(device)
    _check(session, viewer, rows)
    return devices


def _changed_since(session: Session, keys: Keys, rows: Sequence[FieldChange]) -> Iterator[str]:
    """What is not as the operation left it. Of several changes of one field the last counts, which
    is the first of `rows`."""
    left: dict[tuple[str, int], dict[str, Any]] = {}
    for row in rows:
        later = left.setdefault((row.table, row.row_id), {})
        if row.field in later or ALL in later:
            continue
        _, after = read(keys, row)
        if row.field == ALL and row.table != "template_file" and after is not None:
            after |= later
        later[row.field] = after
        if _now(session, keys, row) != after:
            yield f"{row.field or 'all'} of {row.table} {row.row_id}"


def _now(session: Session, keys: Keys, row: FieldChange) -> Any:
    found = _row(session, row)
    if found is None:
        return None
    if isinstance(found, TemplateFile):
        return found.text
    if row.field == ALL:
        known = read(keys, row)
        names = known[1] or known[0]
        return {name: _value(keys, found, name) for name in names}
    return _value(keys, found, row.field)


def _row(session: Session, row: FieldChange) -> Any:
    if row.table == "template_file":
        return session.get(TemplateFile, (row.row_id, row.field))
    return session.get(TRACKED[row.table], row.row_id)


def _value(keys: Keys, found: Any, name: str) -> Any:
    value = getattr(found, name)
    table = str(found.__tablename__)
    if name in SECRET_COLUMNS.get(table, ()):
        return keys.open(value, about(table, identity(found), name))
    return value.isoformat() if isinstance(value, datetime) else value


def _revert(session: Session, keys: Keys, row: FieldChange) -> None:
    before, _ = read(keys, row)
    found = _row(session, row)
    if row.table == "template_file":
        _revert_file(session, row, before, found)
    elif row.field != ALL:
        _put(keys, found, {row.field: before})
        session.add(found)
    elif before is None:
        session.delete(found)
    else:
        model: Any = TRACKED[row.table]
        hidden = SECRET_COLUMNS.get(row.table, ())
        fresh = model(**{name: value for name, value in before.items() if name not in hidden})
        _put(keys, fresh, {name: before[name] for name in hidden})
        session.add(fresh)


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


def _devices(session: Session, rows: Sequence[FieldChange]) -> Iterator[int]:
    """The devices whose files hold what is taken back."""
    extensions = [row.row_id for row in rows if row.table == "extension"]
    yield from (row.row_id for row in rows if row.table == "device")
    for some in (extensions[n : n + 500] for n in range(0, len(extensions), 500)):
        yield from session.exec(select(Line.device_id).where(col(Line.extension_id).in_(some)))
    if any(row.table == "system_settings" for row in rows):
        yield from (number for number in session.exec(select(Device.id)) if number)
    names = [row.row_id for row in rows if row.table in ("template", "template_file")]
    if names:
        from tuiprov.data.template_tables import Template

        used = select(Device.id).join(Template, col(Template.name) == col(Device.template))
        yield from (n for n in session.exec(used.where(col(Template.id).in_(names))) if n)


def _check(session: Session, viewer: Viewer, rows: Sequence[FieldChange]) -> None:
    """Refuse what no save would have let through."""
    found: list[Refusal] = []
    for number in {row.row_id for row in rows if row.table == "extension"}:
        if session.get(Extension, number) is not None:
            page = page_of(session, viewer, number)
            where = str(page.values["extension"])
            refused = check_page(page, RecordedNeighbours(session, page, viewer))
            found += [Refusal(one.field, one.reason, where) for one in refused]
    if found:
        raise Refused(found)
