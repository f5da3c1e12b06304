"""Records that several admins have open: is one stored otherwise by now, and who did it.

Who and when come from the history, newest first, so that asking costs the same in a long history.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlmodel import Session, col, or_, select

from tuiprov.data.accounts.sheet import AccountView
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.devices.choices import row_of, taken
from tuiprov.data.fields import Values
from tuiprov.data.history.changes import ALL
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device
from tuiprov.data.page import Page
from tuiprov.data.permissions import needs, require
from tuiprov.data.reading import device_page, page_of
from tuiprov.data.settings import site_of
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.data.together.meeting import Newer, Said
from tuiprov.errors import NotFound

_MOST_LOOKED_AT: Final = 200
"""So many of a record's latest changes are looked through for who changed which field."""

Places = Mapping[str, int | None]
"""Table → id of the row that a record is stored in."""


class Together:
    """What others have done to a record since it was read. Every method gives None while it is
    stored as it was seen, and raises NotFound, saying who removed it, when it is gone."""

    def __init__(self, database: Database):
        self._database = database

    @needs("extensions.see")
    def newer_page(self, viewer: Viewer, seen: Page) -> Newer | None:
        """The page of an extension."""
        with self._database.read() as session:
            try:
                page = page_of(session, viewer, seen.extension_id or 0)
            except NotFound as error:
                raise _gone(session, str(seen.values["extension"]), error) from None
            if seen.is_taken and seen.device_id is not None:
                page = taken(session, viewer, page, seen.device_id)
            if page.versions == seen.versions:
                return None
            places = {"extension": page.extension_id, "device": page.device_id}
            return _newer(session, page, page.values, seen.values, places)

    @needs("devices.see")
    def newer_device(self, viewer: Viewer, seen: Page) -> Newer | None:
        """The page of a device alone."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            try:
                row = row_of(session, viewer, seen.device_id or 0)
            except NotFound as error:
                name = seen.values["friendly_name"]
                raise _gone(session, f"device {name}", error) from None
            page = device_page(session, viewer, session.get_one(Device, row.id))
            if page.versions == seen.versions:
                return None
            return _newer(session, page, page.values, seen.values, {"device": page.device_id})

    @needs("site.change")
    def newer_site(self, viewer: Viewer, seen: Site) -> Newer | None:
        """The preferences."""
        require(viewer, "site.change")
        with self._database.read() as session:
            site = site_of(session)
            if site == seen:
                return None
            now, before = _values(site), _values(seen)
            return _newer(session, site, now, before, {"system_settings": 1})

    @needs("accounts.see")
    def newer_account(self, viewer: Viewer, seen: AccountView) -> Newer | None:
        """An account."""
        from tuiprov.data.accounts.tree import view_of

        with self._database.read() as session:
            try:
                view = view_of(session, viewer, seen.id or 0)
            except NotFound as error:
                raise _gone(session, f"{seen.kind} {seen.values['name']}", error) from None
            if view.version == seen.version:
                return None
            return _newer(session, view, view.values, seen.values, {"account": view.id})


def _values(site: Site) -> Values:
    return {name: getattr(site, name) for name in SITE_FIELDS}


def _newer(session: Session, record: Any, now: Values, before: Values, places: Places) -> Newer:
    changed = {name for name, value in now.items() if before[name] != value}
    by, last = _who(session, places, changed)
    return Newer(record, now, by, last)


def _who(
    session: Session, places: Places, names: Collection[str]
) -> tuple[Mapping[str, Said], Said]:
    """Who changed each of these fields of a record last, and who changed any of it."""
    rows = [
        (col(FieldChange.table) == table) & (col(FieldChange.row_id) == number)
        for table, number in places.items()
        if number is not None
    ]
    query = (
        select(FieldChange.field, Event.who, Event.at)
        .join(Event, col(FieldChange.event_id) == col(Event.id))
        .where(or_(*rows))
        .order_by(col(FieldChange.id).desc())
        .limit(_MOST_LOOKED_AT)
    )
    found: dict[str, Said] = {}
    last = Said()
    for name, who, at in session.exec(query):
        said = Said(who, at)
        last = last if last.at else said
        if name == ALL:
            break  # what is older was another record's
        if name in names:
            found.setdefault(name, said)
        if found.keys() >= set(names):
            break
    return found, last


def _gone(session: Session, subject: str, error: NotFound) -> NotFound:
    """The error with who removed it, when the history knows."""
    removed = col(Event.action).startswith("remove") & (col(Event.subject) == subject)
    event = session.exec(select(Event).where(removed).order_by(col(Event.id).desc())).first()
    return NotFound(f"{Said(event.who, event.at)} removed {subject}") if event else error
