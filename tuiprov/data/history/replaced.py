"""Records that an operation changed, and that are gone since while another one got their id.

SQLite gives the highest id again once its row is gone: the history's `device 7` may be two phones.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, or_

from tuiprov.data.history.changes import ALL
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.queries import columns
from tuiprov.errors import Conflict

_NOTHING: Final = "null"
"""JSON: before it was there, or after it was gone."""
_WITHIN: Final = {"template_file": "template", "pbx_options": "extension"}
"""Tables whose rows have the id of a record of another table."""
_WITH_IDS: Final = ("account", "extension", "device", "line", "template")


def refuse_replaced(session: Session, event_id: int) -> None:
    """Conflict when a record of this operation is another one by now: nothing of it may be taken
    back there. (What the operation removed comes back under a new id: `undo.py`.)"""
    made = _made_since(session, event_id)
    count = len(made & _changed(session, event_id)) if made else 0
    if count:
        words = "record of it is gone, and another has" if count == 1 else "records of it are gone"
        words += " its place" if count == 1 else ", and others have their places"
        raise Conflict(f"{count} {words}; nothing was taken back")


def _made_since(session: Session, event_id: int) -> set[tuple[str, int]]:
    """Table and id of the records that were made after the operation. One that came back where it
    was, because its removal was taken back, is none of them."""
    query = columns(FieldChange.table, FieldChange.row_id, Event.undoes)
    query = query.join(Event, col(Event.id) == col(FieldChange.event_id))
    query = query.where(col(FieldChange.event_id) > event_id, col(FieldChange.field) == ALL)
    query = query.where(col(FieldChange.before) == _NOTHING, col(FieldChange.table).in_(_WITH_IDS))
    found = [(undone, (table, number)) for table, number, undone in session.execute(query)]
    removed = {undone: _removed(session, undone) for undone in {one for one, _ in found} if undone}
    return {place for undone, place in found if place not in removed.get(undone, ())}


def _removed(session: Session, event_id: int) -> set[tuple[str, int]]:
    query = columns(FieldChange.table, FieldChange.row_id)
    query = query.where(col(FieldChange.event_id) == event_id, col(FieldChange.field) == ALL)
    query = query.where(col(FieldChange.after) == _NOTHING)
    return {(table, number) for table, number in session.execute(query)}


def _changed(session: Session, event_id: int) -> set[tuple[str, int]]:
    """Table and id of the records that the operation left behind."""
    query = columns(FieldChange.table, FieldChange.row_id).distinct()
    was_kept = or_(col(FieldChange.field) != ALL, col(FieldChange.after) != _NOTHING)
    query = query.where(col(FieldChange.event_id) == event_id, was_kept)
    return {(_WITHIN.get(table, table), number) for table, number in session.execute(query)}
