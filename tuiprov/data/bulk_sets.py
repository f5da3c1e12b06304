"""Very many extensions in the database: chosen, grouped and written by sets, for `bulk_edit.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    case,
    delete,
    insert,
    text,
    true,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import literal as sql_literal
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, select

from tuiprov.data.accounts import Viewer, user_and_organization, within_reach
from tuiprov.data.bulk_text import Composed
from tuiprov.data.fields import Flag, Number, Value
from tuiprov.data.kept import FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.reading import columns, joined
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS

Change = Mapping[str, "Value | Composed"]
"""Column name → its new value, the same for all or composed from each record's own."""

_OWN: Final = frozenset(
    {
        "extension",
        "extension_name",
        "sip_username",
        "sip_password",
        "secret_code",
        "equipment_description",
        "mac",
        "friendly_name",
        "notes",
        "admin_password",
    }
)
"""Fields that differ from record to record: a group is alike in whether they are there at all."""

_WITHOUT_RULE: Final = frozenset(
    {
        "extension_name",
        "sip_username",
        "media_encryption",
        "dtmf_mode",
        "ping",
        "allow_reinvite",
        "on_private_network",
        "publishes_state",
        "force_mwi",
        "signaling_transport",
        "fixed_port",
        "equipment_description",
        "secret_code",
        "admin_username",
        "notes",
    }
)
"""Fields that no rule about another field looks at (a test tries each)."""

_MOST_PARTS: Final = 500


def plain(change: Change) -> dict[str, Value]:
    """The values that are the same for all."""
    return {name: value for name, value in change.items() if not isinstance(value, Composed)}


_POSTGRESQL_LIST: Final = (
    "(SELECT CAST(one AS integer) AS value FROM json_array_elements_text(CAST(:ids AS json)) one) l"
)


def is_sqlite(session: Session) -> bool:
    """Is it SQLite, whose JSON functions have other names than PostgreSQL's?"""
    return session.get_bind().dialect.name == "sqlite"


class Selection:
    """The extensions that a change is about, as a table of this connection alone."""

    def __init__(self, session: Session, viewer: Viewer, ids: Collection[int]) -> None:
        self._session = session
        self._table = Table(
            "chosen_extension",
            MetaData(),
            Column("id", Integer, primary_key=True),
            prefixes=["TEMPORARY"],
        )
        self._viewer = viewer
        self._ids = ids

    def __enter__(self) -> Selection:
        connection = self._session.connection()
        self._table.create(connection)
        # One statement for any number: a row of parameters each would cost as much as the change.
        listed = json.dumps(sorted(set(self._ids)))
        source = "json_each(:ids)" if is_sqlite(self._session) else _POSTGRESQL_LIST
        self._session.execute(
            text(f"INSERT INTO {self._table.name} (id) SELECT value FROM {source}"),  # noqa: S608
            {"ids": listed},
        )
        user, organization = user_and_organization()
        seen = joined(select(Extension.id), user, organization)
        if self._viewer.is_administrator:
            seen = select(Extension.id)
        else:
            seen = seen.where(within_reach(self._viewer, user, organization))
        self._session.execute(delete(self._table).where(self._table.c.id.not_in(seen)))
        return self

    def __exit__(self, *_error: object) -> None:
        self._table.drop(self._session.connection())

    @property
    def chosen(self) -> Select[Any]:
        """Their ids, for a statement."""
        return sql_select(self._table.c.id)

    def ids(self) -> list[int]:
        """In the order of their numbers."""
        query = select(Extension.id).where(col(Extension.id).in_(self.chosen))
        return [n for n in self._session.exec(query.order_by(col(Extension.extension))) if n]

    def count(self) -> int:
        query = sql_select(func.count()).select_from(self._table)
        return int(self._session.execute(query).scalar_one())

    def leave_out(self, ids: Sequence[int]) -> None:
        for start in range(0, len(ids), _MOST_PARTS):
            some = ids[start : start + _MOST_PARTS]
            self._session.execute(delete(self._table).where(self._table.c.id.in_(some)))

    def groups(self, change: Change) -> list[list[int]]:
        """Their ids, those together that are alike in all that the rules look at for this change.
        Made here and not by the database, which sorts rows this wide more slowly."""
        key = list(_key_columns(change))
        if "template" in change:
            key.append(col(Extension.user_id))  # which templates there are hangs on the account
        # Without labels two columns of one name would be one.
        labelled = [column.label(f"k{n}") for n, column in enumerate(key)]
        alike: dict[tuple[Any, ...], list[int]] = {}
        for row in self._session.execute(self.of_chosen(columns(Extension.id, *labelled))):
            alike.setdefault(row[1:], []).append(row[0])
        return list(alike.values())

    def count_differing(self, change: Change) -> int:
        """How many would change."""
        values = plain(change)
        query = self.of_chosen(columns(func.count(Extension.id.distinct())))  # type: ignore[union-attr]
        return int(self._session.execute(query.where(_differs(values))).scalar_one())

    def keep_differing(self, values: Mapping[str, Value]) -> None:
        """Leave out those that have these values already."""
        differing = self.of_chosen(columns(Extension.id)).where(_differs(values))
        self._session.execute(delete(self._table).where(self._table.c.id.not_in(differing)))

    def devices(self) -> set[int]:
        """The devices they are on."""
        return set(self._session.execute(self.their_devices).scalars())

    @property
    def their_devices(self) -> Select[Any]:
        return columns(Line.device_id).where(col(Line.extension_id).in_(self.chosen)).distinct()

    def of_chosen(self, query: Select[Any]) -> Select[Any]:
        return (
            query.select_from(self._table)
            .join(Extension, col(Extension.id) == self._table.c.id)
            .outerjoin(Line, col(Line.extension_id) == Extension.id)
            .outerjoin(Device, col(Line.device_id) == Device.id)
        )


def _key_columns(change: Change) -> Iterator[Any]:
    """What the rules look at: the fields themselves, and of those that differ from record to
    record whether they are there."""
    for model, names in ((Extension, EXTENSION_FIELDS), (Device, DEVICE_FIELDS)):
        for name in names:
            if name in _WITHOUT_RULE and name not in change:
                continue
            column = getattr(model, name)
            yield (column != "") if name in _OWN else column


def _differs(values: Mapping[str, Value]) -> Any:
    """Has the extension, or its device if it has one, another value?"""
    found: Any = None
    for name, value in values.items():
        model = Device if name in DEVICE_FIELDS else Extension
        other = getattr(model, name).is_distinct_from(value)
        if model is Device:
            other = other & col(Device.id).is_not(None)
        found = other if found is None else found | other
    return found if found is not None else ~true()


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
        differs = _differs(own)
        changed = update(model).where(model.id.in_(ids), differs)
        session.execute(changed.values(**own, version=model.version + 1), execution_options=_BLIND)
    stale = update(Device).where(
        col(Device.id).in_(chosen.their_devices), col(Device.publish_state) != "stale"
    )
    session.execute(
        stale.values(publish_state="stale", publish_reason=""), execution_options=_BLIND
    )


_BLIND: Final = {"synchronize_session": False}
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
