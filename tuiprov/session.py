"""A site opened for one viewer: what the screens ask and order, in one object.

The app imports this module in a thread after its first frame, and with it the whole data layer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tuiprov.data.accounts.viewers import Viewer, os_viewer, same_viewer, viewers
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.models import USER
from tuiprov.data.permissions import may_ever
from tuiprov.data.store import ExtensionRow, Store
from tuiprov.errors import NotFound

if TYPE_CHECKING:
    # Imported where they are used: the list of extensions needs none of them.
    from pathlib import Path

    from tuiprov.bulk import Bulk
    from tuiprov.data.accounts.rows import AccountRow
    from tuiprov.data.accounts.sheet import AccountView
    from tuiprov.data.history.archive import Archive
    from tuiprov.data.stop import Stop
    from tuiprov.data.together.meeting import Newer
    from tuiprov.fetching import Fetching
    from tuiprov.importing import Importing
    from tuiprov.inventory import Inventory
    from tuiprov.list_views import ListViews
    from tuiprov.pages import Pages
    from tuiprov.preferences import Preferences
    from tuiprov.publish.plan import Plan
    from tuiprov.publish.planning import OnPhone
    from tuiprov.publish.template_work import TemplateWork
    from tuiprov.publish.timeline import Timeline
    from tuiprov.publish.unfinished import Offer
    from tuiprov.resyncing import Resyncing
    from tuiprov.rollout import Rollouts


@dataclass(frozen=True)
class Session:
    """The store and who is looking."""

    store: Store
    viewer: Viewer
    is_demo: bool = False

    @property
    def place(self) -> str:
        """The database's short name, for the title."""
        path = self.store.database.path
        return "demo" if self.is_demo else (path.name if path else "site")

    def may(self, operation: str) -> bool:
        """May the viewer do this on something at all (`permissions.may_ever`)?"""
        return may_ever(self.viewer, operation)

    # -- lists ----------------------------------------------------------------------------------

    def extension_ids(
        self, where: str, most: int | None = None, stop: Stop | None = None
    ) -> Sequence[int]:
        return self.store.extension_ids(self.viewer, where, most, stop)

    def extension_rows(self, ids: Sequence[int]) -> Mapping[int, ExtensionRow]:
        return self.store.extension_rows(self.viewer, ids)

    def extension_values(
        self, ids: Sequence[int], names: Sequence[str]
    ) -> Mapping[int, Mapping[str, str]]:
        """The texts of more columns of these extensions."""
        return self.store.extension_values(self.viewer, ids, names)

    def chosen_columns(self, list: str) -> Sequence[str]:
        """The columns that the viewer's account chose for a list; none: its usual ones."""
        return self.store.views.columns(self.viewer, list)

    def list_views(self, list: str) -> ListViews:
        """How the viewer's account looks at a list."""
        from tuiprov.list_views import ListViews

        return ListViews(self.store, self.viewer, list)

    def editors(self, ids: Sequence[int]) -> Mapping[int, str]:
        """Extension → who else has its page open. Known once this program has read what a page
        needs: the list that every start ends with does not wait for it."""
        if "tuiprov.data.together.presence" not in sys.modules:
            return {}
        return self.store.presences.editors(self.viewer, ids)

    def viewers(self) -> list[Viewer]:
        """Who one may look as (in a demo)."""
        with self.store.database.read() as session:
            return viewers(session)

    def looking_as(self, viewer: Viewer) -> Session:
        return replace(self, viewer=viewer)

    def again(self) -> Session:
        """The same viewer with the permissions the account has now."""
        with self.store.database.read() as session:
            return self.looking_as(same_viewer(session, self.viewer))

    def kept(self) -> tuple[int, dict[str, str], datetime] | None:
        """The extension, texts and time of a draft that outlived its session: every start asks,
        which is why it is not the pages' to answer."""
        return self.store.drafts.kept(self.viewer)

    # -- accounts -------------------------------------------------------------------------------

    def account_rows(self, where: str) -> Sequence[AccountRow]:
        return self.store.accounts.rows(self.viewer, where)

    def users(self) -> list[AccountRow]:
        """The user accounts below the viewer, for whom an extension can be added."""
        return [row for row in self.account_rows("") if row.kind == USER and row.depth > 0]

    def account(self, account_id: int) -> AccountView:
        return self.store.accounts.open(self.viewer, account_id)

    def fresh_account(self, parent_id: int) -> AccountView:
        """An account to be added below `parent_id`."""
        return self.store.accounts.fresh(self.viewer, parent_id)

    def save_account(self, view: AccountView, changes: Values) -> None:
        """Add or change an account as it was seen."""
        if view.id is None:
            self.store.accounts.add(self.viewer, view.parent_id or 0, changes)
        else:
            self.store.accounts.save(self.viewer, view, changes)

    def newer_account(self, view: AccountView) -> Newer | None:
        """The account as it is stored now, when somebody changed it meanwhile."""
        if view.id is None:
            return None
        return self.store.together.newer_account(self.viewer, view)

    def remove_account(self, account_id: int) -> None:
        self.store.accounts.remove(self.viewer, account_id)

    # -- what is a room of its own --------------------------------------------------------------

    @property
    def pages(self) -> Pages:
        """The pages of extensions."""
        from tuiprov.pages import Pages

        return Pages(self.store, self.viewer)

    @property
    def preferences(self) -> Preferences:
        """The settings of the whole site."""
        from tuiprov.preferences import Preferences

        return Preferences(self.store, self.viewer)

    @property
    def inventory(self) -> Inventory:
        """The devices."""
        from tuiprov.inventory import Inventory

        return Inventory(self.store, self.viewer, self.pages.check)

    @property
    def fetching(self) -> Fetching:
        """The requests of phones."""
        from tuiprov.fetching import Fetching

        return Fetching(self.store, self.viewer, self.inventory)

    @property
    def resyncing(self) -> Resyncing:
        """Asking phones to fetch their files again."""
        from tuiprov.resyncing import Resyncing

        return Resyncing(self.store, self.viewer, self.store.console)

    def rollouts(self, sleep: Callable[[float], None] = time.sleep) -> Rollouts:
        """Applying plans in waves; `sleep` is what a driver waits by."""
        from tuiprov.rollout import Rollouts

        return Rollouts(self.store, self.viewer, sleep=sleep)

    def bulk(self, ids: Collection[int]) -> Bulk:
        """These extensions, to be edited together."""
        from tuiprov.bulk import bulk_of

        return bulk_of(self.store, self.viewer, ids)

    def importing(self, path: Path) -> Importing:
        """A CSV file, to be looked at and imported."""
        from tuiprov.importing import importing_of

        return importing_of(self.store, self.viewer, path)

    @property
    def templates(self) -> TemplateWork:
        """What this viewer does with provisioning templates."""
        from tuiprov.publish.template_work import TemplateWork

        return TemplateWork(self.store, self.viewer)

    # -- history --------------------------------------------------------------------------------

    @property
    def archive(self) -> Archive:
        """What was done, and what a file was."""
        return self.store.archive

    def timeline(self, device_id: int) -> Timeline:
        """The versions of a device's files."""
        from tuiprov.publish.timeline import Timeline

        return Timeline(self.store, self.viewer, device_id)

    def undo(self, event_id: int, on_record: OnPhone | None = None) -> set[int]:
        """Take an operation back; gives the devices whose files are to follow."""
        return self.archive.undo(self.viewer, event_id, on_record or (lambda _: None))

    def undone(self, event_id: int) -> set[int]:
        """The extensions that taking it back has changed, which the PBX may not know so."""
        return self.archive.undone(self.viewer, event_id)

    def plan_of(
        self, devices: Collection[int], extensions: Collection[int], on_phone: OnPhone
    ) -> Plan:
        """The plan that brings these devices' files, and what the PBX knows of these extensions, up
        to date."""
        from tuiprov.publish.planning import plan_devices

        return plan_devices(self.store, devices, extensions=extensions, on_phone=on_phone)

    # -- the whole site -------------------------------------------------------------------------

    def plan(self, where: str, on_phone: OnPhone) -> Plan:
        from tuiprov.publish.planning import plan_outdated

        return plan_outdated(self.store, self.viewer, where, on_phone)

    def publish(self, plan: Plan, on_file: OnPhone | None = None) -> None:
        """Carry a plan out; `on_file`: as in `publishing.carry_out`."""
        from tuiprov.publish.planning import unheard
        from tuiprov.publish.publishing import publish

        publish(self.store, self.viewer, plan, on_file or unheard)

    def unfinished(self) -> Sequence[Offer]:
        """What an operation has stored and nobody has written the files of: its process ended."""
        from tuiprov.publish.unfinished import forget_done, offers

        found = offers(self.store, self.viewer)
        if self.may("files.publish"):
            forget_done(self.store, self.viewer, found)
        return found

    def plan_unfinished(self, found: Sequence[Offer], on_phone: OnPhone) -> Plan:
        """The plan that finishes these."""
        from tuiprov.publish.unfinished import plan_offers

        return plan_offers(self.store, found, on_phone)

    def heal(self) -> str:
        """Put back what is not as published; gives words about it, "" when all is well."""
        if not self.viewer.is_administrator:
            return ""
        from tuiprov.publish.reconcile import at_start
        from tuiprov.publish.root import vanished

        if problem := vanished(self.store):
            return f"Nothing is published now: {problem}"
        damage = at_start(self.store)
        words = f"Files put back as published: {damage.words()}." if damage else ""
        waves = self.store.waves.open_one(self.viewer)
        if waves is not None and not waves.is_driven:
            words += " Nobody drives the waves that are under way: Ctrl+W."
        return words.strip()


def open_session(db: str, config_file: str, look_as: str, *, demo: bool) -> Session:
    """Open the site for the operating system's user, or in a demo for the role `look_as`.

    Raises TuiprovError in plain words: no site, not ours, not allowed.
    """
    from tuiprov import config

    settings = config.load(db, config_file)
    database = Database.of(settings)
    database.check()
    session = Session(Store(database, settings.asterisk), os_viewer(database), demo)
    return session.looking_as(_with_role(session, look_as)) if look_as else session


def _with_role(session: Session, role: str) -> Viewer:
    found = next((viewer for viewer in session.viewers() if viewer.role == role), None)
    if found is None or not session.is_demo:
        raise NotFound(f"there is nobody to look as with the role {role!r}")
    return found
