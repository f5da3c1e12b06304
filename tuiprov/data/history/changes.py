"""Every change of data, field by field, written down in the transaction that makes it.

One transaction is one operation: all its changes hang on the first event that it records (a save,
an import, a bulk edit). Who undoes it takes them back as a whole (`undo.py`). A row that is new or
gone is one change of all its fields. Secrets are sealed once more, for the history alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import event, insert, inspect
from sqlmodel import Session, col, select

from tuiprov.data.history import events as history
from tuiprov.data.kept import Event, FieldChange, PbxOptions
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import SECRET_COLUMNS, about, identity
from tuiprov.data.settings import SystemSettings
from tuiprov.data.templates.tables import Template, TemplateFile
from tuiprov.data.together.operation import note

TRACKED: Final = {
    str(model.__tablename__): model
    for model in (
        *(Account, Extension, Device, Line, SystemSettings, Template, TemplateFile),
        PbxOptions,
    )
}
"""Tables whose changes are the history's, by name."""

ALL: Final = ""
"""The `field` of a change that is a whole row."""

_NOT_DATA: Final = frozenset(
    {"version", "publish_state", "publish_reason", "published_at", "rendered_by"}
)
"""What tuiprov itself notes beside an admin's data."""

_BOUND_TO: Final = {"extension": "extension", "device": "serial"}
"""The column that a row's secrets are bound to (`secret_columns.identity`)."""

_MORE_SECRETS: Final = {"device": ("token",)}
"""A token opens a phone's directory."""


@dataclass(frozen=True, slots=True)
class _Change:
    table: str
    row_id: int
    field: str
    before: Any
    after: Any


def secrets_of(table: str) -> frozenset[str]:
    """The columns of a table that the history shows as "changed" only."""
    return frozenset((*SECRET_COLUMNS.get(table, ()), *_MORE_SECRETS.get(table, ())))


def follow(session: Session) -> None:
    """Write down all changes of this session when it commits."""
    session.info["changes"] = []
    event.listen(session, "after_flush", _collect)
    event.listen(session, "before_commit", write_down)


def note_new(session: Session, table: str, row_id: int, values: Mapping[str, Any]) -> None:
    """A row that was inserted without being an object of the session: all its columns, secrets in
    clear."""
    session.info["changes"].append(_Change(table, row_id, ALL, None, dict(values)))


def _collect(session: Session, _context: Any) -> None:
    found, keys = session.info["changes"], keys_of(session)
    for row in session.new:
        if _is_tracked(row):
            found.append(_whole(keys, row, is_new=True))
    for row in session.deleted:
        if _is_tracked(row):
            found.append(_whole(keys, row, is_new=False))
    for row in session.dirty:
        if _is_tracked(row) and row not in session.deleted:
            found.extend(_field_changes(keys, row))


def _whole(keys: Keys, row: Any, *, is_new: bool) -> _Change:
    if isinstance(row, TemplateFile):
        before, after = (None, row.text) if is_new else (row.text, None)
        return _Change("template_file", row.template_id, row.path, before, after)
    table = str(row.__tablename__)
    values = {name: _plain(getattr(row, name)) for name in _columns(row)}
    for name in SECRET_COLUMNS.get(table, ()):
        values[name] = keys.open(values[name], about(table, identity(row), name))
    return _Change(table, key_of(row), ALL, *((None, values) if is_new else (values, None)))


def key_of(row: Any) -> int:
    """The id of a row; what belongs to one extension alone has that one's."""
    return int(row.extension_id if isinstance(row, PbxOptions) else row.id)


def _field_changes(keys: Keys, row: Any) -> Iterator[_Change]:
    table = str(row.__tablename__)
    for name in _columns(row):
        before, after = _was_and_is(row, name)
        if name in SECRET_COLUMNS.get(table, ()):
            former, _ = _was_and_is(row, _BOUND_TO.get(table, "extension_id"))
            before = keys.open(before or "", about(table, str(former), name))
            after = keys.open(after or "", about(table, identity(row), name))
        if before != after:
            if isinstance(row, TemplateFile):
                yield _Change(table, row.template_id, row.path, before, after)
            else:
                yield _Change(table, key_of(row), name, _plain(before), _plain(after))


def _was_and_is(row: Any, name: str) -> tuple[Any, Any]:
    known = inspect(row).attrs[name].history
    now = getattr(row, name)
    return (known.deleted[0] if known.deleted else now), now


def note_change(
    session: Session, table: str, row_id: int, name: str, before: Any, after: Any
) -> None:
    """A column that was changed the same way; a secret in clear."""
    session.info["changes"].append(_Change(table, row_id, name, before, after))


def write_down(session: Session) -> None:
    """Put what has changed so far into the history. The commit does; who changes very much in one
    transaction does from time to time, so that it is not all in memory at once."""
    if session.new or session.dirty or session.deleted:
        session.flush()
    if session.info["changes"]:
        _write_changes(session)
    note(session)


def _write_changes(session: Session) -> None:
    found, keys = session.info["changes"], keys_of(session)
    session.info["changes"] = []
    operation: Event = session.info.get("operation") or history.record(session, None, "change", "")
    session.flush()
    rows = [_row(keys, operation.id or 0, change) for change in found]
    session.execute(insert(FieldChange), rows)


def _row(keys: Keys, event_id: int, change: _Change) -> dict[str, Any]:
    hidden = secrets_of(change.table)
    names = hidden if change.field == ALL else hidden & {change.field}
    row = f"{change.table}.{change.row_id}"
    return {
        "event_id": event_id,
        "table": change.table,
        "row_id": change.row_id,
        "field": change.field,
        "before": json.dumps(_hidden(keys, row, change, change.before, names)),
        "after": json.dumps(_hidden(keys, row, change, change.after, names)),
        "key": keys.current if names else "",
    }


def _hidden(keys: Keys, row: str, change: _Change, value: Any, names: frozenset[str]) -> Any:
    if not names or value is None:
        return value
    if change.field != ALL:
        return keys.seal(str(value), about("field_change", row, change.field))
    sealed = {n: keys.seal(str(value[n]), about("field_change", row, n)) for n in names}
    return {**value, **sealed}


def read(keys: Keys, change: FieldChange) -> tuple[Any, Any]:
    """What a change had before and after it, secrets in clear."""
    row = f"{change.table}.{change.row_id}"
    hidden = secrets_of(change.table)
    return (
        _clear(keys, row, change.field, json.loads(change.before), hidden),
        _clear(keys, row, change.field, json.loads(change.after), hidden),
    )


def _clear(keys: Keys, row: str, field: str, value: Any, hidden: frozenset[str]) -> Any:
    if value is None:
        return None
    if field != ALL:
        return keys.open(value, about("field_change", row, field)) if field in hidden else value
    opened = {n: keys.open(value[n], about("field_change", row, n)) for n in hidden & set(value)}
    return {**value, **opened}


def reseal(session: Session, most: int) -> int:
    """Seal the secrets of at most `most` changes with the key of now; gives how many."""
    keys = keys_of(session)
    query = select(FieldChange).where(col(FieldChange.key).not_in(("", keys.current)))
    rows = session.exec(query.limit(most)).all()
    for row in rows:
        before, after = read(keys, row)
        change = _Change(row.table, row.row_id, row.field, before, after)
        fresh = _row(keys, row.event_id, change)
        row.before, row.after, row.key = fresh["before"], fresh["after"], fresh["key"]
        session.add(row)
    return len(rows)


def _is_tracked(row: Any) -> bool:
    return str(getattr(type(row), "__tablename__", "")) in TRACKED


def _columns(row: Any) -> list[str]:
    if isinstance(row, TemplateFile):
        return ["text"]
    return [c.key for c in inspect(row).mapper.column_attrs if c.key not in _NOT_DATA]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
