"""Very many rows for one table, as the database's driver takes them.

Publishing uses it. SQLAlchemy makes a dictionary of parameters of each row, which takes as long as
SQLite takes to store it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import Dialect, insert
from sqlmodel import Session, SQLModel

_AT_ONCE: Final = 500

Row = Sequence[Any]


def insert_many(
    session: Session, table: type[SQLModel], names: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert rows that hold values of these columns, in the order of the table."""
    connection = session.connection()
    statement = insert(table)
    store: Callable[[list[Any]], object]
    ready: Iterator[Any]
    if connection.dialect.positional:
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
        store = partial(connection.exec_driver_sql, compiled.string)
        ready = _for_driver(connection.dialect, table, names, rows)
    else:
        store = partial(connection.execute, statement)
        ready = (dict(zip(names, row, strict=True)) for row in rows)
    while some := list(islice(ready, _AT_ONCE)):
        store(some)


def _for_driver(
    dialect: Dialect, table: type[SQLModel], names: Sequence[str], rows: Iterable[Row]
) -> Iterator[tuple[Any, ...]]:
    """The rows with what their columns' types make of each value: a time is a text in SQLite."""
    columns = table.metadata.tables[str(table.__tablename__)].columns
    types = [columns[name].type.dialect_impl(dialect) for name in names]
    makers = [(at, make) for at, one in enumerate(types) if (make := one.bind_processor(dialect))]
    for row in rows:
        values = list(row)
        for at, make in makers:
            values[at] = make(values[at])
        yield tuple(values)
