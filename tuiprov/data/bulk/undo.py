"""Taking a bulk edit back by sets, as it was made: `undo.py` calls it for operations of many rows.

Only plain changes of fields of extensions and devices go this way; whole rows and secrets go one by
one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Select, func, insert, literal, literal_column, update
from sqlalchemy import cast as sql_cast
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import OnRecord, refused_as_they_are
from tuiprov.data.bulk.sets import BLIND, Selection, is_sqlite, outdate_all
from tuiprov.data.fields import Flag, Number
from tuiprov.data.kept import FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.queries import columns
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
    parts = columns(FieldChange.table, FieldChange.field, FieldChange.key).where(own).distinct()
    if not all(_is_plain(*part) for part in session.execute(parts)):
        return False
    place = [col(getattr(FieldChange, name)) for name in ("table", "row_id", "field")]
    twice = columns(FieldChange.row_id).where(own).group_by(*place).having(func.count() > 1)
    return session.execute(twice.limit(1)).first() is None


def _is_plain(table: str, field: str, key: str) -> bool:
    """Is it a field of these tables, neither a whole row nor a secret?"""
    return table in _MODELS and field in _MODELS[table][1] and key == ""


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


def take_back(session: Session, viewer: Viewer, event_id: int, on_record: OnRecord) -> set[int]:
    """Give all rows their former values; the caller knows that nothing has changed since. Gives the
    devices whose files follow. Refused names what no save would have let through. `on_record` is
    told between the statements, of which each is of very many rows."""
    parts = _parts(session, event_id)
    done = 0
    for table, field in parts:
        model = _MODELS[table][0]
        own = _of(event_id, table, field)
        column = getattr(model, field)
        former = _from_json(session, col(FieldChange.before), field, column)
        # UPDATE … FROM: the rows are found by their ids, however many the history has.
        statement = update(model).where(*own, model.id == col(FieldChange.row_id))
        statement = statement.values({column: former, model.version: model.version + 1})
        on_record(done)
        done += session.connection().execute(statement, execution_options=BLIND).rowcount
    on_record(done)
    session.expire_all()
    of_devices = _rows(event_id, "device")
    with Selection(session, viewer, _extensions(event_id, {table for table, _ in parts})) as chosen:
        found = chosen.devices() | set(session.connection().execute(of_devices).scalars())
        outdate_all(session, chosen.their_devices)
        outdate_all(session, of_devices)
        on_record(done)
        refused = refused_as_they_are(session, viewer, chosen)
    if refused:
        raise Refused(refused)
    return found


def _rows(event_id: int, table: str) -> Select[Any]:
    """The ids of the rows of a table that the operation changed, each once."""
    own = col(FieldChange.event_id) == event_id, col(FieldChange.table) == table
    return columns(FieldChange.row_id).where(*own).distinct()


def _extensions(event_id: int, tables: Collection[str]) -> Select[Any]:
    """The extensions that the operation changed, themselves or their device, each once."""
    of_extensions = _rows(event_id, "extension")
    if "device" not in tables:
        return of_extensions
    on_devices = col(Line.device_id).in_(_rows(event_id, "device"))
    meant = columns(Extension.id).outerjoin(Line, col(Line.extension_id) == Extension.id)
    return meant.where(on_devices | col(Extension.id).in_(of_extensions))


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
