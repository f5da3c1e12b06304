"""How an account looks at the lists: the filters it saved under names, the columns it chose.

Kept by account, so all administrators of a site share theirs, and a phone terminal has its user's.
The table is a plain one, because every start reads the columns chosen for the list of extensions
before it shows a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlmodel import Session, SQLModel

from tuiprov.data.accounts.viewers import Viewer, user_and_organization
from tuiprov.data.database import Database
from tuiprov.data.permissions import needs, require
from tuiprov.errors import Refusal, Refused
from tuiprov.text import in_words, is_one_line, visible

if TYPE_CHECKING:
    from tuiprov.data.completion import Typed

LONGEST_NAME: Final = 32
LONGEST_TEXT: Final = 1_000
MOST: Final = 100
"""So many filters of a list may an account save."""
_FILTER, _COLUMNS = "filter", "columns"
_MOST_NAMED: Final = 8

VIEWS: Final = Table(
    "list_view",
    SQLModel.metadata,
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("list", String(16), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("text", String(LONGEST_TEXT), nullable=False),
)
"""`kind` filter: `text` is a filter called `name`; columns: the names of columns, by commas."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter text under a name."""

    name: str
    text: str


class Views:
    """What the viewer's account keeps for each list (`extensions`, `devices`, `accounts`,
    `templates`, `requests`, `history`)."""

    def __init__(self, database: Database):
        self._database = database

    @needs("views.keep")
    def filters(self, viewer: Viewer, list: str) -> list[SavedFilter]:
        """The saved filters by name."""
        require(viewer, "views.keep")
        with self._database.read() as session:
            return _filters(session, viewer, list)

    @needs("views.keep")
    def save_filter(self, viewer: Viewer, list: str, name: str, text: str) -> None:
        """Save a filter, in place of one that had the name. Refused: the name, or what the text
        would be refused for as a filter."""
        require(viewer, "views.keep")
        with self._database.write() as session:
            _check_name(name)
            _check_text(session, viewer, list, text)
            known = [one.name for one in _filters(session, viewer, list)]
            if name not in known and len(known) >= MOST:
                raise Refused([Refusal("", f"no more than {MOST} filters can be saved", name)])
            _put(session, viewer, list, _FILTER, name, text)

    @needs("views.keep")
    def remove_filter(self, viewer: Viewer, list: str, name: str) -> None:
        """Remove a saved filter, if it is still there."""
        require(viewer, "views.keep")
        with self._database.write() as session:
            _put(session, viewer, list, _FILTER, name, "")

    @needs("views.keep")
    def values(self, viewer: Viewer, list: str, at: Typed) -> Sequence[str]:
        """What the word of a filter that is being typed may become, as the database knows it."""
        from tuiprov.data.completion import values_of

        require(viewer, "views.keep")
        with self._database.read() as session:
            return values_of(session, viewer, list, at)

    @needs("views.keep")
    def columns(self, viewer: Viewer, list: str) -> tuple[str, ...]:
        """The names of the columns chosen, in their order; none: the list's usual ones."""
        require(viewer, "views.keep")
        query = select(VIEWS.c.text).where(*_place(viewer, list, _COLUMNS))
        with self._database.read() as session:
            text = session.execute(query).scalar()
        return tuple(text.split(",")) if text else ()

    @needs("views.keep")
    def choose_columns(self, viewer: Viewer, list: str, names: tuple[str, ...]) -> None:
        """Keep these columns; none: the list's usual ones again. Refused: they are no names."""
        require(viewer, "views.keep")
        text = ",".join(names)
        if len(text) > LONGEST_TEXT or not all(name.isidentifier() for name in names):
            raise Refused([Refusal("columns", "are not names of columns")])
        with self._database.write() as session:
            _put(session, viewer, list, _COLUMNS, "", text)


def saved_text(session: Session, viewer: Viewer, list: str, name: str) -> str:
    """The text of a saved filter; Refused says which names there are."""
    known = {one.name: one.text for one in _filters(session, viewer, list)}
    if name in known:
        return known[name]
    names = [*known][:_MOST_NAMED]
    if not names:
        told = f"you have saved no filters for {list}"
    else:
        more = " and others" if len(known) > len(names) else ""
        told = f"you have saved no such filter for {list}; there are {in_words(names, 'and')}{more}"
    raise Refused([Refusal(f"@{visible(name[:LONGEST_NAME])}", told, "filter")])


def explained(session: Session, viewer: Viewer, list: str, text: str) -> str:
    """A filter with what its saved ones say now, for the history: `@old (@old: firmware:<84)`."""
    from tuiprov.data.filter_words import words

    names = dict.fromkeys(word.saved for word in words(text) if word.saved)
    return text + "".join(f" (@{n}: {saved_text(session, viewer, list, n)})" for n in names)


def saved_names(session: Session, viewer: Viewer, list: str) -> Sequence[str]:
    """The names of the filters that the viewer's account has saved."""
    return [one.name for one in _filters(session, viewer, list)]


# -- parts ----------------------------------------------------------------------------------------


def _place(viewer: Viewer, list: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    return VIEWS.c.account_id == viewer.account_id, VIEWS.c.list == list, VIEWS.c.kind == kind


def _filters(session: Session, viewer: Viewer, list: str) -> list[SavedFilter]:
    query = select(VIEWS.c.name, VIEWS.c.text).where(*_place(viewer, list, _FILTER))
    return [SavedFilter(*row) for row in session.execute(query.order_by(VIEWS.c.name))]


def _put(session: Session, viewer: Viewer, list: str, kind: str, name: str, text: str) -> None:
    """Keep `text` in place of what was there; "" keeps nothing."""
    session.execute(delete(VIEWS).where(*_place(viewer, list, kind), VIEWS.c.name == name))
    if text:
        values = {"account_id": viewer.account_id, "list": list, "kind": kind, "name": name}
        session.execute(insert(VIEWS).values(**values, text=text))


def _check_name(name: str) -> None:
    """A name is one word of a shell and of a filter."""
    if not (0 < len(name) <= LONGEST_NAME and all(c.isalnum() or c in "._-" for c in name)):
        told = f"must be 1 to {LONGEST_NAME} letters, digits or . _ -"
        raise Refused([Refusal("name", told)])


def _check_text(session: Session, viewer: Viewer, list: str, text: str) -> None:
    from tuiprov.data.filter_words import unfinished, words
    from tuiprov.data.filters import Asker, condition, log_condition, log_of
    from tuiprov.data.row_filters import LISTS, matcher

    if not is_one_line(text):
        raise Refused([Refusal("filter", "must be one line of visible characters")])
    found = words(text)
    if not found:
        raise Refused([Refusal("filter", "is empty: there is nothing to save")])
    if len(text) > LONGEST_TEXT:
        raise Refused([Refusal("filter", f"must be at most {LONGEST_TEXT} characters long")])
    if inner := next((word.saved for word in found if word.saved), ""):
        raise Refused([Refusal("filter", f"a saved filter cannot hold another one (@{inner})")])
    if name := unfinished(text):
        raise Refused([Refusal(name, "says no value to look for", "filter")])
    asker, log = Asker(session, viewer, list), log_of(list)
    if log is not None:
        log_condition(text, asker, log)
    elif list in LISTS:
        matcher(text, asker)
    elif list == "devices":
        from tuiprov.data.devices.inventory import matching

        matching(text, asker)
    else:
        condition(text, asker, *user_and_organization())
