"""Very many rows for one table, as the database's driver takes them.

Publishing uses it. SQLAlchemy makes a dictionary of parameters of each row, which takes as long as
SQLite takes to store it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import Dialect, insert
from sqlmodel import Session, SQLModel

_AT_ONCE: Final = 500

Row = Sequence[Any]


def insert_many(
    session: Session,
    table: type[SQLModel],
    names: Sequence[str],
    rows: Iterable[Row],
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows that hold values of the columns `names`, in their order; `same`: columns that
    have one value in all of them."""
    same = same or {}
    connection = session.connection()
    statement = insert(table)
    store: Callable[[list[Any]], object]
    ready: Iterator[Any]
    if connection.dialect.positional:
        known = [*names, *same]
        compiled = statement.compile(dialect=connection.dialect, column_keys=known)
        store = partial(connection.exec_driver_sql, compiled.string)
        ready = _for_driver(connection.dialect, table, names, rows, same)
    else:
        store = partial(connection.execute, statement)
        ready = ({**dict(zip(names, row, strict=True)), **same} for row in rows)
    while some := list(islice(ready, _AT_ONCE)):
        store(some)


def _for_driver(
    dialect: Dialect,
    table: type[SQLModel],
    names: Sequence[str],
    rows: Iterable[Row],
    same: Mapping[str, Any],
) -> Iterator[tuple[Any, ...]]:
    """The rows with what their columns' types make of each value: a time is a text in SQLite."""
    columns = table.metadata.tables[str(table.__tablename__)].columns

    def maker(name: str) -> Callable[[Any], Any] | None:
        return columns[name].type.dialect_impl(dialect).bind_processor(dialect)

    def made(name: str, value: Any) -> Any:
        make = maker(name)
        return value if make is None else make(value)

    end = tuple(made(name, value) for name, value in same.items())
    makers = [(at, make) for at, name in enumerate(names) if (make := maker(name)) is not None]
    for row in rows:
        if makers:
            values = list(row)
            for at, make in makers:
                values[at] = make(values[at])
            yield (*values, *end)
        else:
            yield (*row, *end)
