"""Reading and writing pages: the one way into the tables for screens, command line and tests.

Every write takes the viewer and goes through the gates and checks inside its transaction
(`writer.py`), so nothing gets around them. All or nothing: a refused write leaves everything as it
was and names every field that is wrong. Lists come as ids and pages of rows; no query per row.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.filters import Asker, condition
from tuiprov.data.history import events as history
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.permissions import internal, may, needs, require
from tuiprov.data.queries import columns, ids_of, joined
from tuiprov.errors import NotAllowed, NotFound, Refusal

if TYPE_CHECKING:
    # Imported where they are used: the list of extensions, which every start ends with, needs
    # none of them.
    from tuiprov.data.accounts.tree import Accounts
    from tuiprov.data.devices.inventory import Devices
    from tuiprov.data.drafts import Drafts
    from tuiprov.data.extensions import Extensions
    from tuiprov.data.fetches import Fetches
    from tuiprov.data.history.archive import Archive
    from tuiprov.data.page import Page, Phone
    from tuiprov.data.resyncs import Resyncs
    from tuiprov.data.rollouts.waves import Waves
    from tuiprov.data.site import Site
    from tuiprov.data.site_sheet import SiteUse
    from tuiprov.data.stop import Stop
    from tuiprov.data.templates.library import Templates
    from tuiprov.data.together.operations import Operations
    from tuiprov.data.together.presence import Presences
    from tuiprov.data.together.together import Together
    from tuiprov.data.views import Views


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """One row of the extensions list."""

    id: int
    extension: str
    name: str
    organization: str
    user: str
    state: str
    phone: str
    mac: str
    line: int | None


class Store:
    """A site's data. One per program; safe to use from several threads. `console`: the words of the
    command that runs the PBX's console on this host."""

    def __init__(self, database: Database, console: Sequence[str] = ("asterisk",)):
        self.database = database
        self.console = console

    @cached_property
    def accounts(self) -> Accounts:
        from tuiprov.data.accounts.tree import Accounts

        return Accounts(self.database)

    @cached_property
    def devices(self) -> Devices:
        from tuiprov.data.devices.inventory import Devices

        return Devices(self.database)

    @cached_property
    def extensions(self) -> Extensions:
        from tuiprov.data.extensions import Extensions

        return Extensions(self.database)

    @cached_property
    def templates(self) -> Templates:
        from tuiprov.data.templates.library import Templates

        return Templates(self.database)

    @cached_property
    def drafts(self) -> Drafts:
        from tuiprov.data.drafts import Drafts

        return Drafts(self.database)

    @cached_property
    def archive(self) -> Archive:
        from tuiprov.data.history.archive import Archive

        return Archive(self.database)

    @cached_property
    def fetches(self) -> Fetches:
        from tuiprov.data.fetches import Fetches

        return Fetches(self.database)

    @cached_property
    def resyncs(self) -> Resyncs:
        from tuiprov.data.resyncs import Resyncs

        return Resyncs(self.database)

    @cached_property
    def operations(self) -> Operations:
        from tuiprov.data.together.operations import Operations

        return Operations(self.database)

    @cached_property
    def views(self) -> Views:
        from tuiprov.data.views import Views

        return Views(self.database)

    @cached_property
    def presences(self) -> Presences:
        from tuiprov.data.together.presence import Presences

        return Presences(self.database)

    @cached_property
    def together(self) -> Together:
        from tuiprov.data.together.together import Together

        return Together(self.database)

    @cached_property
    def waves(self) -> Waves:
        from tuiprov.data.rollouts.waves import Waves

        return Waves(self.database)

    # -- settings -------------------------------------------------------------------------------

    @needs("site.see")
    def site(self) -> Site:
        from tuiprov.data.settings import site_of

        with self.database.read() as session:
            return site_of(session)

    @needs("site.change")
    def site_use(self, viewer: Viewer) -> SiteUse:
        """What hangs on the settings, for the warnings beside them."""
        from tuiprov.data.site_sheet import site_use

        _require_site_change(viewer)
        with self.database.read() as session:
            return site_use(session)

    @needs("site.change")
    def proposed_site(self, viewer: Viewer, values: Values) -> Site:
        """The settings with `values` in them, not stored. Refused names each that is wrong."""
        from tuiprov.data.settings import proposed_site

        _require_site_change(viewer)
        with self.database.read() as session:
            return proposed_site(session, values)

    @needs("site.change")
    def set_site(self, viewer: Viewer, values: Values, seen: Site | None = None) -> Site:
        """Change system-wide settings; a change that reaches phones makes every device stale.
        Refused names each setting that is wrong; Conflict: they are not what was `seen` any more.
        """
        from tuiprov.data.settings import change_site

        _require_site_change(viewer)
        with self.database.write() as session:
            return change_site(session, viewer, values, seen)

    # -- the extensions list --------------------------------------------------------------------

    @needs("extensions.see")
    def extension_ids(
        self, viewer: Viewer, where: str = "", most: int | None = None, stop: Stop | None = None
    ) -> array[int]:
        """Ids of the extensions the viewer sees and the filter text matches, by number: the first
        `most`, or all. `stop` ends the search (StoreError)."""
        query: Any = select(Extension.id)
        with self.database.read(stop) as session:
            if where.strip() or not viewer.is_administrator:
                user, organization = user_and_organization()
                query = joined(query, user, organization).where(
                    within_reach(viewer, user, organization),
                    condition(where, Asker(session, viewer), user, organization),
                )
            return ids_of(session, query.order_by(col(Extension.extension)).limit(most))

    @needs("extensions.see")
    def extension_rows(self, viewer: Viewer, ids: Sequence[int]) -> dict[int, ExtensionRow]:
        """The rows of those of these ids (a page of `extension_ids`) that the viewer sees. Whom the
        page shows no device, the list shows none either."""
        user, organization = user_and_organization()
        query = columns(
            Extension.id,
            Extension.extension,
            Extension.extension_name,
            organization.name,
            user.name,
            Extension.use_provisioning,
            Device.status,
            Device.publish_state,
            Device.manufacturer,
            Device.model,
            Device.mac,
            Line.number,
        )
        query = joined(query, user, organization).where(
            col(Extension.id).in_(list(ids)), within_reach(viewer, user, organization)
        )
        with self.database.read() as session:
            rows = {row[0]: _list_row(row) for row in session.execute(query)}
        if may(viewer, "files.see"):
            return rows
        return {n: replace(row, state="", phone="", mac="", line=None) for n, row in rows.items()}

    @needs("extensions.see")
    def extension_values(
        self, viewer: Viewer, ids: Sequence[int], names: Sequence[str]
    ) -> dict[int, dict[str, str]]:
        """The texts of more columns (`extension_columns.py`) of those of these ids that the viewer
        sees."""
        from tuiprov.data.extension_columns import extension_values

        with self.database.read() as session:
            return extension_values(session, viewer, ids, names)

    @needs("extensions.see")
    def find_extension(self, viewer: Viewer, number: str) -> int:
        """The id of the extension with this extended number; NotFound when it cannot be seen."""
        with self.database.read() as session:
            query = select(Extension.id).where(Extension.extension == number)
            found = session.exec(query).first()
        if found is None or found not in set(self.extension_ids(viewer, f"extension:{number}")):
            raise NotFound(f"there is no extension {number!r}")
        return found

    # -- pages ----------------------------------------------------------------------------------

    @needs("extensions.see")
    def page(self, viewer: Viewer, extension_id: int) -> Page:
        """The page of an extension; NotFound when it does not exist or is out of reach."""
        from tuiprov.data.reading import page_of

        with self.database.read() as session:
            return page_of(session, viewer, extension_id)

    @needs("extensions.edit")
    def check(
        self, page: Page, viewer: Viewer | None = None
    ) -> tuple[list[Refusal], dict[str, str]]:
        """What would be refused and what is worth a warning, for live validation."""
        from tuiprov.data.checks import check_page, warnings
        from tuiprov.data.writer import RecordedNeighbours

        with self.database.read() as session:
            neighbours = RecordedNeighbours(session, page, viewer)
            return check_page(page, neighbours), warnings(page, neighbours)

    @needs("extensions.edit")
    def save(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store `changes` to `page` (as it was read) and read it again. Raises Refused with every
        reason, or Conflict when somebody else saved in between; then nothing is written."""
        from tuiprov.data.reading import page_of
        from tuiprov.data.writer import as_stored, write_page

        with self.database.write() as session:
            extension_id = write_page(session, viewer, as_stored(session, viewer, page), changes)
            return page_of(session, viewer, extension_id)

    # -- phones, for plans ----------------------------------------------------------------------

    @needs("files.see")
    def phone(self, viewer: Viewer, device_id: int) -> Phone | None:
        """One device as the viewer sees it: the passwords of lines out of reach stay hidden."""
        from tuiprov.data.reading import lines_seen_by

        require(viewer, "files.see")
        phone = next(self.phones([device_id]), None)
        if phone is None:
            return None
        with self.database.read() as session:
            seen = lines_seen_by(session, viewer, [device_id])
            return replace(phone, lines=tuple(seen.get(device_id, ())))

    @internal
    def phones(
        self, ids: Iterable[int] | None = None, proposed: Site | None = None
    ) -> Iterator[Phone]:
        """These devices (all: None) as phones with their lines, in pages by key; under `proposed`
        settings instead of those that are stored."""
        from tuiprov.data.reading import phones_of

        with self.database.read() as session:
            yield from phones_of(session, None if ids is None else sorted(set(ids)), proposed)

    @needs("files.see")
    def device_ids(self, viewer: Viewer, where: str = "", *, outdated: bool = False) -> list[int]:
        """Devices that serve an extension which the viewer sees and the filter text matches, and
        those that serve nobody any more but left files behind; `outdated`: only those whose files
        may not be what the database says, which are found by an index."""
        from tuiprov.data.devices.inventory import is_outdated, leftovers

        require(viewer, "files.see")
        user, organization = user_and_organization()
        query = joined(select(Line.device_id), user, organization)
        query = query.where(within_reach(viewer, user, organization))
        with self.database.read() as session:
            query = query.where(condition(where, Asker(session, viewer), user, organization))
            if outdated:
                query = query.where(is_outdated(session))
            found = session.execute(query.where(col(Line.device_id).is_not(None)).distinct())
            left = leftovers(session, viewer, where, outdated=outdated)
            return sorted({*found.scalars(), *left})

    @internal
    def has_pbx_files(self) -> bool:
        """Are any files of a PBX on record?"""
        from tuiprov.data.pbx_rows import pbx_paths

        with self.database.read() as session:
            return bool(pbx_paths(session))

    @internal
    def rendered_by(self) -> str:
        """Which catalogue and templates the published files were made with, "" for none."""

        from tuiprov.data.settings import SystemSettings

        with self.database.read() as session:
            return session.get_one(SystemSettings, 1).rendered_by

    # -- events -------------------------------------------------------------------------------

    @needs("events.record")
    def record(self, viewer: Viewer, action: str, subject: str, detail: str = "") -> None:
        """Write down that something was done (never a secret)."""
        with self.database.write() as session:
            history.record(session, viewer, action, subject, detail)


def _require_site_change(viewer: Viewer) -> None:
    if not may(viewer, "site.change"):
        raise NotAllowed("only the system administrator changes settings of the site")


def _list_row(row: Any) -> ExtensionRow:
    (number, extension, name, organization, user, used, status, state, maker, model, mac, line) = (
        row
    )
    return ExtensionRow(
        number,
        extension,
        name,
        organization,
        user,
        _state(used, status, state),
        f"{maker} {model}" if maker else "",
        mac or "",
        line,
    )


def _state(used: bool, status: str | None, publish_state: str | None) -> str:
    """not provisioned → disabled → published, stale or failed."""
    if not used or status is None:
        return "not provisioned"
    return "disabled" if status == "disabled" else publish_state or "stale"
