"""Very many extensions in the database: chosen and written by sets, for `edit.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Integer,
    Select,
    String,
    case,
    column,
    delete,
    insert,
    table,
    text,
    true,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import literal as sql_literal
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, select

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.bulk.text import Composed
from tuiprov.data.fields import Flag, Number, Value
from tuiprov.data.kept import FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS

Change = Mapping[str, "Value | Composed"]
"""Column name → its new value, the same for all or composed from each record's own."""


def plain(change: Change) -> dict[str, Value]:
    """The values that are the same for all."""
    return {name: value for name, value in change.items() if not isinstance(value, Composed)}


def is_sqlite(session: Session) -> bool:
    """Is it SQLite, whose JSON functions have other names than PostgreSQL's?"""
    return session.get_bind().dialect.name == "sqlite"


_CHOSEN: Final = table("chosen_extension", column("id", Integer), column("device_id", Integer))


class Selection:
    """The extensions that a change is about, each with its device, as a table of this connection
    alone. Who is out of the viewer's reach is not in it; with `unlike` nor who has all of these
    values already. An extension without a device has no value of a device's field. `ids`: they
    themselves, or the statement that finds each once."""

    def __init__(
        self,
        session: Session,
        viewer: Viewer,
        ids: Collection[int] | Select[Any],
        unlike: Mapping[str, Value] | None = None,
    ) -> None:
        self._session = session
        self._viewer = viewer
        self._ids = ids
        self._unlike = unlike

    def __enter__(self) -> Selection:
        self._session.execute(
            text(
                f"CREATE TEMPORARY TABLE {_CHOSEN.name} (id integer PRIMARY KEY, device_id integer)"
            )
        )
        rows = self._within_reach(Extension.id, Line.device_id)
        if self._unlike is not None:
            rows = rows.outerjoin(Device, col(Device.id) == Line.device_id)
            rows = rows.where(_differs(self._unlike))
        self._session.execute(insert(_CHOSEN).from_select(["id", "device_id"], rows))
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.execute(text(f"DROP TABLE {_CHOSEN.name}"))

    @property
    def chosen(self) -> Select[Any]:
        """Their ids, for a statement."""
        return sql_select(_CHOSEN.c.id)

    @property
    def their_devices(self) -> Select[Any]:
        """The ids of their devices, for a statement."""
        return sql_select(_CHOSEN.c.device_id).where(_CHOSEN.c.device_id.is_not(None))

    def ids(self) -> list[int]:
        """In the order of their numbers."""
        query = select(Extension.id).where(col(Extension.id).in_(self.chosen))
        return [n for n in self._session.exec(query.order_by(col(Extension.extension))) if n]

    def count(self) -> int:
        return self._count(sql_select(func.count()).select_from(_CHOSEN))

    def count_reached(self) -> int:
        """How many of those asked for are within reach, whatever values they have."""
        return self._count(self._within_reach(func.count()))

    def leave_out(self, ids: Collection[int]) -> None:
        if ids:
            gone = sql_select(number_of(listed(self._session, ids)))
            self._session.execute(delete(_CHOSEN).where(_CHOSEN.c.id.in_(gone)))

    def leave_out_without_device(self) -> None:
        """Leave out those of which these values, of a device's fields, change nothing."""
        own = {n: v for n, v in (self._unlike or {}).items() if n in EXTENSION_FIELDS}
        is_left_out: Any = _CHOSEN.c.device_id.is_(None)
        if own:
            differing = select(Extension.id).where(_differs(own))
            is_left_out &= _CHOSEN.c.id.not_in(differing)
        self._session.execute(delete(_CHOSEN).where(is_left_out))

    def devices(self) -> set[int]:
        """The devices they are on."""
        return set(self._session.connection().execute(self.their_devices).scalars())

    def of_chosen(self, query: Select[Any]) -> Select[Any]:
        """`query` of their extensions, lines and devices."""
        # The sum keeps SQLite from reading all extensions to look each up among the chosen ones.
        return (
            query.select_from(_CHOSEN)
            .join(Extension, col(Extension.id) == _CHOSEN.c.id + 0)
            .outerjoin(Device, col(Device.id) == _CHOSEN.c.device_id)
        )

    def _within_reach(self, *wanted: Any) -> Select[Any]:
        """What is wanted of those asked for that the viewer sees, and of their lines."""
        if isinstance(self._ids, Select):
            asked: Any = self._ids.subquery()
            (number,) = asked.c
        else:
            asked = listed(self._session, set(self._ids))
            number = number_of(asked)
        query = (
            sql_select(*wanted)
            .select_from(asked)
            .join(Extension, col(Extension.id) == number)
            .outerjoin(Line, col(Line.extension_id) == Extension.id)
        )
        if self._viewer.is_administrator:
            return query
        user, organization = user_and_organization()
        query = query.join(user, col(Extension.user_id) == user.id)
        query = query.join(organization, user.parent_id == organization.id)
        return query.where(within_reach(self._viewer, user, organization))

    def _count(self, query: Select[Any]) -> int:
        return int(self._session.execute(query).scalar_one())


def listed(session: Session, ids: Collection[int]) -> Any:
    """These ids as rows of a statement: one parameter for any number, because a row of parameters
    each would cost as much as the change."""
    if is_sqlite(session):
        return func.json_each(json.dumps(sorted(ids))).table_valued("value")
    return func.json_array_elements_text(sql_literal(sorted(ids), JSON)).table_valued("value")


def number_of(rows: Any) -> Any:
    """The id in each of the rows that `listed` gives."""
    return sql_cast(rows.c.value, Integer)


def _differs(values: Mapping[str, Value]) -> Any:
    """Has the extension or its device another value? Without a device it has none."""
    found: Any = ~true()
    for name, value in values.items():
        model = Device if name in DEVICE_FIELDS else Extension
        found |= getattr(model, name).is_distinct_from(value)
    return found


def write_all(
    session: Session, chosen: Selection, values: Mapping[str, Value], event_id: int
) -> None:
    """Write these values to all that are left, and the history of it, field by field."""
    tables: Sequence[tuple[Any, Sequence[str], Select[Any]]] = (
        (Extension, EXTENSION_FIELDS, chosen.chosen),
        (Device, DEVICE_FIELDS, chosen.their_devices),
    )
    for model, names, ids in tables:
        own = {name: value for name, value in values.items() if name in names}
        if not own:
            continue
        for name, value in own.items():
            _write_history(session, model, name, value, ids, event_id)
        changed = update(model).where(model.id.in_(ids), _differs(own))
        session.execute(changed.values(**own, version=model.version + 1), execution_options=BLIND)
    outdate_all(session, chosen.their_devices)


def outdate_all(session: Session, devices: Select[Any]) -> None:
    """The database is now ahead of the files of these devices (`writer.outdate`)."""
    is_wanted = col(Device.id).in_(devices)
    stale = update(Device).where(is_wanted, col(Device.publish_state) != "stale")
    session.execute(stale.values(publish_state="stale", publish_reason=""), execution_options=BLIND)


BLIND: Final = {"synchronize_session": False}
"""The session has none of these rows; who reads them afterwards reads them anew."""


def _write_history(
    session: Session, model: Any, name: str, value: Value, ids: Select[Any], event_id: int
) -> None:
    column = getattr(model, name)
    field_of = FIELDS[name]
    rows = sql_select(
        sql_literal(event_id),
        sql_literal(str(model.__tablename__)),
        model.id,
        sql_literal(name),
        as_json(session, column, field_of),
        as_json(session, sql_literal(value, type_=column.type), field_of),
        sql_literal(""),
    ).where(model.id.in_(ids), column.is_distinct_from(value))
    names = ("event_id", "table", "row_id", "field", "before", "after", "key")
    session.execute(insert(FieldChange).from_select(names, rows))


def as_json(session: Session, column: Any, field_of: object) -> Any:
    """A column's value as JSON text, as `changes.py` writes it, made by the database."""
    if isinstance(field_of, Flag):
        return case((column, "true"), else_="false")
    if isinstance(field_of, Number):
        return func.coalesce(sql_cast(column, String), "null")
    if is_sqlite(session):
        return func.json_quote(column)
    return sql_cast(func.to_json(column), String)
