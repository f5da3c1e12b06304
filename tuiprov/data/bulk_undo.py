"""Taking a bulk edit back by sets, as it was made: `undo.py` calls it for operations of many rows.

Only plain changes of fields of extensions and devices go this way; whole rows and secrets go one by
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import JSON, exists, func, insert, literal, literal_column, update
from sqlalchemy import cast as sql_cast
from sqlmodel import Session, col, select

from tuiprov.data.accounts import Viewer
from tuiprov.data.bulk_edit import refused_as_they_are
from tuiprov.data.bulk_sets import is_sqlite
from tuiprov.data.changes import ALL
from tuiprov.data.fields import Flag, Number
from tuiprov.data.kept import FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.reading import columns
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.errors import Refused

FROM: Final = 200
"""From so many changes on it is worth while."""
_MODELS: Final[Mapping[str, tuple[Any, Sequence[str]]]] = {
    "extension": (Extension, EXTENSION_FIELDS),
    "device": (Device, DEVICE_FIELDS),
}


def goes_by_sets(session: Session, event_id: int) -> bool:
    """Did the operation change so many fields, and nothing but plain ones, each once?"""
    own = col(FieldChange.event_id) == event_id
    count = session.exec(select(func.count()).select_from(FieldChange).where(own)).one()
    if count < FROM:
        return False
    other = (
        col(FieldChange.table).not_in(tuple(_MODELS))
        | (col(FieldChange.field) == ALL)
        | (col(FieldChange.key) != "")
    )
    if session.exec(select(FieldChange.id).where(own, other).limit(1)).first() is not None:
        return False
    if any(field not in _MODELS[table][1] for table, field in _parts(session, event_id)):
        return False
    place = [col(getattr(FieldChange, name)) for name in ("table", "row_id", "field")]
    twice = columns(FieldChange.row_id).where(own).group_by(*place).having(func.count() > 1)
    return session.execute(twice.limit(1)).first() is None


def count_changed_since(session: Session, event_id: int) -> int:
    """How many fields are not as the operation left them."""
    return sum(
        int(
            session.execute(
                columns(func.count())
                .select_from(FieldChange)
                .outerjoin(_MODELS[table][0], _MODELS[table][0].id == FieldChange.row_id)
                .where(*_of(event_id, table, field), ~_is_as_left(session, table, field))
            ).scalar_one()
        )
        for table, field in _parts(session, event_id)
    )


def take_back(session: Session, viewer: Viewer, event_id: int) -> set[int]:
    """Give all rows their former values; the caller knows that nothing has changed since. Gives the
    devices whose files follow. Refused names what no save would have let through."""
    parts = _parts(session, event_id)
    for table, field in parts:
        model = _MODELS[table][0]
        own = _of(event_id, table, field)
        column = getattr(model, field)
        former = _from_json(session, col(FieldChange.before), field, column)
        # UPDATE … FROM: the rows are found by their ids, however many the history has.
        statement = update(model).where(*own, model.id == col(FieldChange.row_id))
        session.execute(
            statement.values({column: former, model.version: model.version + 1}),
            execution_options={"synchronize_session": False},
        )
    changed = columns(FieldChange.row_id).where(col(FieldChange.event_id) == event_id)
    of_extensions = changed.where(col(FieldChange.table) == "extension").distinct()
    of_devices = changed.where(col(FieldChange.table) == "device").distinct()
    devices = columns(Device.id).where(
        col(Device.id).in_(of_devices)
        | exists().where(
            col(Line.device_id) == col(Device.id), col(Line.extension_id).in_(of_extensions)
        )
    )
    found = {number for number in session.execute(devices).scalars() if number}
    stale = update(Device).where(col(Device.id).in_(devices))
    session.execute(
        stale.values(publish_state="stale", publish_reason=""),
        execution_options={"synchronize_session": False},
    )
    session.expire_all()
    lines = columns(Line.extension_id).where(col(Line.device_id).in_(of_devices))
    extensions = {*session.execute(of_extensions).scalars(), *session.execute(lines).scalars()}
    refused = refused_as_they_are(session, viewer, extensions)
    if refused:
        raise Refused(refused)
    return found


def record_reversal(session: Session, event_id: int, undoing: int) -> None:
    """Write the history of taking it back: the same fields, from after to before."""
    names = ("event_id", "table", "row_id", "field", "before", "after", "key")
    rows = columns(
        literal(undoing),
        FieldChange.table,
        FieldChange.row_id,
        FieldChange.field,
        FieldChange.after,
        FieldChange.before,
        FieldChange.key,
    ).where(col(FieldChange.event_id) == event_id)
    session.execute(insert(FieldChange).from_select(names, rows))


def _parts(session: Session, event_id: int) -> list[tuple[str, str]]:
    """The tables and fields that the operation changed."""
    query = columns(FieldChange.table, FieldChange.field)
    rows = session.execute(query.where(col(FieldChange.event_id) == event_id).distinct())
    return [(table, field) for table, field in rows]


def _of(event_id: int, table: str, field: str) -> tuple[Any, ...]:
    return (
        col(FieldChange.event_id) == event_id,
        col(FieldChange.table) == table,
        col(FieldChange.field) == field,
    )


def _is_as_left(session: Session, table: str, field: str) -> Any:
    """Is the field's value what the operation gave it? Compared as values, not as JSON texts, of
    which there are several for one."""
    column = getattr(_MODELS[table][0], field)
    after = _from_json(session, col(FieldChange.after), field, column)
    same = ~column.is_distinct_from(after)
    return func.coalesce(same & _MODELS[table][0].id.is_not(None), False)


def _from_json(session: Session, value: Any, field: str, column: Any) -> Any:
    """A value from its JSON text, by the database."""
    if isinstance(FIELDS[field], Flag):
        return value == "true"
    if isinstance(FIELDS[field], Number):
        return sql_cast(func.nullif(value, "null"), column.type)
    if is_sqlite(session):
        return func.json_extract(value, "$")
    return sql_cast(value, JSON).op("#>>")(literal_column("'{}'"))  # the whole value, as text
