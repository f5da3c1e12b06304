"""Kinds of extensions: those are of one kind that are alike in all that the rules look at, so that
one of them is asked for all. For `edit.py`, on a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import TableClause, and_, column, false, func, insert, literal, table, text
from sqlalchemy import select as sql_select
from sqlmodel import Session

from tuiprov.data.bulk.sets import Change, Selection, is_sqlite, listed, number_of, plain
from tuiprov.data.models import Device, Extension
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS

THERE_OR_NOT: Final = frozenset(
    {
        "extension",
        "extension_name",
        "sip_username",
        "sip_password",
        "secret_code",
        "equipment_description",
        "fixed_ip",
        "allowed_networks",
        "mac",
        "friendly_name",
        "notes",
        "admin_password",
    }
)
"""Fields of which the rules about other fields ask only whether they are there at all."""

WITHOUT_RULE: Final = frozenset(
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
"""Fields that no rule about another field looks at."""


class Kinds:
    """The kinds there are among chosen extensions, for one change of them."""

    def __init__(self, session: Session, chosen: Selection, change: Change) -> None:
        self._session = session
        self._chosen = chosen
        self._key = _key(change)

    def __enter__(self) -> Kinds:
        """SQLite would sort all rows for a GROUP BY: there each is looked up among the few kinds of
        a table."""
        first = func.min(_EXTENSION.id)
        if not is_sqlite(self._session):
            rows = self._chosen.of_chosen(sql_select(*self._named(), first.label("id")))
            self._kinds: Any = rows.group_by(*self._key).subquery()
            return self
        self._kinds = _table(len(self._key))
        names = ", ".join(self._kinds.c.keys()[:-1])
        self._run(
            text(
                f"CREATE TEMPORARY TABLE {_NAME} ({names}, id, PRIMARY KEY ({names})) WITHOUT ROWID"
            )
        )
        rows = self._chosen.of_chosen(sql_select(*self._key, _EXTENSION.id))
        fill = insert(self._kinds).prefix_with("OR IGNORE")
        self._run(fill.from_select(list(self._kinds.c), rows))
        return self

    def __exit__(self, *_error: object) -> None:
        if is_sqlite(self._session):
            self._run(text(f"DROP TABLE {_NAME}"))

    def firsts(self, most: int | None = None) -> list[int]:
        """One extension of each kind, at most so many."""
        query = sql_select(self._kinds.c.id).order_by(self._kinds.c.id).limit(most)
        return list(self._run(query).scalars())

    def members(self, firsts: Collection[int]) -> Iterator[tuple[int, int]]:
        """(first, member) for all members of the kinds that these are the first of."""
        if not firsts:
            return
        kinds = self._kinds.c
        alike = and_(*(one == kinds[f"k{n}"] for n, one in enumerate(self._key)))
        rows = self._chosen.of_chosen(sql_select(kinds.id, _EXTENSION.id)).join(self._kinds, alike)
        wanted = sql_select(number_of(listed(self._session, firsts)))
        yield from map(tuple, self._run(rows.where(kinds.id.in_(wanted))))

    def _named(self) -> list[Any]:
        return [one.label(f"k{n}") for n, one in enumerate(self._key)]

    def _run(self, statement: Any) -> Any:
        return self._session.connection().execute(statement)


_NAME: Final = "kind_of_extension"
_EXTENSION: Final = Extension.__table__.c  # type: ignore[attr-defined]
_DEVICE: Final = Device.__table__.c  # type: ignore[attr-defined]


@cache
def _table(parts: int) -> TableClause:
    """The same object for every change, so that SQLAlchemy knows its statements again."""
    return table(_NAME, *(column(f"k{n}") for n in range(parts)), column("id"))


def _key(change: Change) -> list[Any]:
    """What the rules look at, and of the changed fields whether they would become another."""
    found = list(_key_of_rules())
    for name, value in plain(change).items():
        own = _DEVICE[name] if name in DEVICE_FIELDS else _EXTENSION[name]
        found.append(own.is_distinct_from(value))
    if "template" in change:
        found.append(_EXTENSION.user_id)  # which templates there are hangs on the account
    return found


@cache
def _key_of_rules() -> tuple[Any, ...]:
    """The fields themselves or whether they are there, never null."""
    found: list[Any] = [_DEVICE.id.is_(None)]
    for columns, names in ((_EXTENSION, EXTENSION_FIELDS), (_DEVICE, DEVICE_FIELDS)):
        for name in names:
            if name not in WITHOUT_RULE:
                own = columns[name]
                part = own != "" if name in THERE_OR_NOT else own
                is_never_null = columns is _EXTENSION and not own.nullable
                found.append(part if is_never_null else _there(part))
    return tuple(found)


def _there(part: Any) -> Any:
    """A value in place of null, as no two nulls are alike: nobody has a number of -1, and what an
    extension without a device has of one does not matter."""
    nothing: Any = {bool: false(), int: literal(-1)}.get(part.type.python_type, literal(""))
    return func.coalesce(part, nothing)
