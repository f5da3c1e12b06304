"""`column IN (many ids)` with one parameter, and one statement for any number of them.

SQLAlchemy's `in_` writes a parameter for each id, which takes longer than finding its row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import NullType, TypeDecorator


class _Numbers(TypeDecorator[Sequence[int]]):
    """Numbers as one parameter: an array, JSON where the database knows none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(
            ARRAY(BigInteger) if dialect.name == "postgresql" else Text()
        )

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class among(ColumnElement[bool]):
    """Is this column's value one of these numbers?"""

    inherit_cache = True
    type: Any = NullType()  # of a Boolean SQLite would be asked whether it is 1, for each row
    _traverse_internals = [  # noqa: RUF012  SQLAlchemy's own form
        ("column", InternalTraversal.dp_clauseelement),
        ("numbers", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: Any, numbers: Sequence[int]) -> None:
        self.column = column
        self.numbers = bindparam(None, numbers, type_=_Numbers())


@compiles(among)
def _with_json(element: among, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    numbers = compiler.process(element.numbers, **options)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608  names and a mark


@compiles(among, "postgresql")
def _with_array(element: among, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} = ANY({compiler.process(element.numbers, **options)})"
