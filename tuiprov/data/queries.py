"""Queries of extensions as every list asks them: joined with their accounts and devices, as ids.

The list that a start ends with needs these and no page: `reading.py` reads those.
"""

from __future__ import annotations

from array import array
from operator import itemgetter
from typing import Any

from sqlalchemy import Select
from sqlalchemy import select as sql_select
from sqlmodel import Session, col

from tuiprov.data.models import Device, Extension, Line

_IDS_AT_ONCE = 5_000


def columns(*columns: Any) -> Select[Any]:
    """`select` of more columns than its typed overloads know."""
    return sql_select(*columns)


def ids_of(session: Session, query: Any) -> array[int]:
    """The ids that this query of one column gives, 8 bytes each."""
    found: array[int] = array("q")
    result = session.connection().execute(query)
    # The driver's own rows: SQLAlchemy's take a second more for a million.
    while some := result.cursor.fetchmany(_IDS_AT_ONCE):
        found.extend(map(itemgetter(0), some))
    result.close()
    return found


def joined(query: Any, user: Any, organization: Any) -> Any:
    return (
        query.select_from(Extension)
        .join(user, col(Extension.user_id) == user.id)
        .join(organization, user.parent_id == organization.id)
        .outerjoin(Line, col(Line.extension_id) == Extension.id)
        .outerjoin(Device, col(Line.device_id) == Device.id)
    )
