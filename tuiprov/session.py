"""A site opened for one viewer: what the screens ask and order, in one object.

The app imports this module in a thread after its first frame, and with it the whole data layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tuiprov.data.account_rows import AccountRow
from tuiprov.data.account_tree import AccountView
from tuiprov.data.accounts import Viewer, os_viewer, same_viewer, viewers
from tuiprov.data.checks import NO_NEIGHBOURS, check_page
from tuiprov.data.database import Database
from tuiprov.data.draft import Draft
from tuiprov.data.extensions import UserRow
from tuiprov.data.fields import Values
from tuiprov.data.identity import IDENTITY_FIELDS
from tuiprov.data.page import Page
from tuiprov.data.permissions import may_ever
from tuiprov.data.site_sheet import SiteSheet
from tuiprov.data.store import ExtensionRow, Store
from tuiprov.errors import NotFound, Refusal, StoreError

if TYPE_CHECKING:
    # Imported where they are used: they bring Jinja2, and the list of extensions needs neither.
    from tuiprov.publish.plan import Plan
    from tuiprov.publish.preview import Published
    from tuiprov.publish.publishing import OnPhone


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

    def extension_ids(self, where: str) -> Sequence[int]:
        return self.store.extension_ids(self.viewer, where)

    def extension_rows(self, ids: Sequence[int]) -> Mapping[int, ExtensionRow]:
        return self.store.extension_rows(self.viewer, ids)

    def viewers(self) -> list[Viewer]:
        """Who one may look as (in a demo)."""
        with self.store.database.read() as session:
            return viewers(session)

    def looking_as(self, viewer: Viewer) -> Session:
        return replace(self, viewer=viewer)

    # -- accounts -------------------------------------------------------------------------------

    def account_rows(self, words: str) -> Sequence[AccountRow]:
        return self.store.accounts.rows(self.viewer, words)

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

    def remove_account(self, account_id: int) -> None:
        self.store.accounts.remove(self.viewer, account_id)

    def again(self) -> Session:
        """The same viewer with the permissions the account has now."""
        with self.store.database.read() as session:
            return self.looking_as(same_viewer(session, self.viewer))

    # -- one page -------------------------------------------------------------------------------

    def open(self, extension_id: int) -> Draft:
        """A draft on the extension's page as it is stored now."""
        return Draft(self.store.page(self.viewer, extension_id), self.viewer, self._check)

    def _check(self, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        """Live validation. A database that cannot be read now is no reason to lose what is being
        typed: the page's own rules still hold, and the save asks again."""
        try:
            return self.store.check(page)
        except StoreError as error:
            return check_page(page, NO_NEIGHBOURS), {"extension_name": str(error)}

    def published(self, page: Page) -> Published:
        from tuiprov.publish.preview import Published
        from tuiprov.publish.publishing import tree_of

        return Published(tree_of(page.site))

    def plan_save(self, draft: Draft) -> Plan:
        """What saving would do to the phone's files; nothing is stored."""
        from tuiprov.publish.plan import Plan
        from tuiprov.publish.publishing import plan_page

        if not self.viewer.may_provision:
            return Plan()
        return plan_page(self.store, draft.base, draft.page, regenerate=draft.regenerate)

    def save(self, draft: Draft) -> Plan:
        """Store the draft, then carry out its plan. Raises Refused, Conflict or PublishError; after
        a PublishError the data is stored and the device is marked failed."""
        saved = self.store.save(self.viewer, draft.base, draft.changes)
        self.store.drop_draft(self.viewer, saved.extension_id or 0)
        return self._publish_saved(draft, saved)

    def _publish_saved(self, draft: Draft, saved: Page) -> Plan:
        """Begin the draft anew from what is stored, and bring the phones' files after it."""
        from tuiprov.publish.publishing import publish_devices

        devices = {page.device_id for page in (draft.base, saved) if page.device_id}
        regenerate = draft.regenerate
        draft.rebase(saved)
        return publish_devices(self.store, self.viewer, devices, regenerate=regenerate)

    def reveal(self, page: Page) -> None:
        """Write down that secrets of this page were shown."""
        self.store.record(self.viewer, "reveal", str(page.values["extension"]))

    # -- extensions themselves ------------------------------------------------------------------

    def extension_users(self) -> Sequence[UserRow]:
        """The user accounts that an extension can be added to."""
        return self.store.extensions.users(self.viewer)

    def fresh_extension(self, user_id: int) -> Draft:
        """An extension to be added to a user."""
        page = self.store.extensions.fresh(self.viewer, user_id)
        return Draft(page, self.viewer, self._check_new)

    def next_number(self, user_id: int) -> str:
        return self.store.extensions.next_number(self.viewer, user_id)

    def _check_new(self, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        try:
            return self.store.extensions.check(self.viewer, page)
        except StoreError as error:
            return check_page(page, NO_NEIGHBOURS), {"extension": str(error)}

    def add_extension(self, draft: Draft) -> Page:
        """Store a new extension; gives its page. Raises Refused."""
        user_id = draft.base.user_id or 0
        return self.store.extensions.add(self.viewer, user_id, _identity(draft))

    def identify(self, draft: Draft) -> Plan:
        """Store the identity of an extension as it is in the draft, then carry out its plan.
        Raises what `save` raises."""
        base = draft.base
        saved = self.store.extensions.identify(
            self.viewer, base.extension_id or 0, base.extension_version, _identity(draft)
        )
        return self._publish_saved(draft, saved)

    def plan_removal(self, extension_id: int) -> Plan:
        """What removing an extension does to its phone's files."""
        from tuiprov.publish.plan import Plan
        from tuiprov.publish.publishing import plan_removal

        if not self.viewer.may_provision:
            return Plan()
        return plan_removal(self.store, self.viewer, extension_id)

    def remove_extension(self, extension_id: int) -> None:
        """Remove an extension, then bring its phone's files after it. Raises NotFound, NotAllowed
        or PublishError; after a PublishError it is removed."""
        from tuiprov.publish.publishing import publish_devices

        device_id = self.store.extensions.remove(self.viewer, extension_id)
        if device_id is not None:
            publish_devices(self.store, self.viewer, [device_id])

    @property
    def provisions_after_adding(self) -> bool:
        """Does every extension this account adds go straight to its page?"""
        own = self.store.accounts.open(self.viewer, self.viewer.account_id)
        return bool(own.values["provision_after_adding"])

    def always_provision(self) -> None:
        """From now on every extension this account adds goes straight to its page."""
        own = self.store.accounts.open(self.viewer, self.viewer.account_id)
        self.store.accounts.save(self.viewer, own, {"provision_after_adding": True})

    # -- the whole site -------------------------------------------------------------------------

    def plan(self, where: str, on_phone: OnPhone) -> Plan:
        from tuiprov.publish.publishing import plan_devices

        ids = self.store.device_ids(self.viewer, where)
        return plan_devices(self.store, ids, on_phone=on_phone)

    def publish(self, plan: Plan) -> None:
        from tuiprov.publish.publishing import publish

        publish(self.store, self.viewer, plan)

    # -- preferences ----------------------------------------------------------------------------

    def site_sheet(self) -> SiteSheet:
        """The site's settings to be edited. NotAllowed for who may not."""
        use = self.store.site_use(self.viewer)
        return SiteSheet(self.store.site(), use)

    def plan_settings(self, values: Values, on_phone: OnPhone) -> Plan:
        """What these settings would do to all phones' files; nothing is stored."""
        from tuiprov.publish.publishing import plan_settings

        return plan_settings(self.store, self.viewer, values, on_phone)

    def save_settings(self, sheet: SiteSheet) -> None:
        """Store the settings; their plan is to be published then. Raises Refused or Conflict."""
        sheet.rebase(self.store.set_site(self.viewer, sheet.changes, sheet.site))

    # -- drafts that outlive the session --------------------------------------------------------

    def keep(self, draft: Draft) -> None:
        """Keep what was edited; other fields stay free for what somebody else saves meanwhile."""
        edited = {name: text for name, text in draft.texts.items() if draft.is_edited(name)}
        self.store.keep_draft(self.viewer, draft.base, edited)

    def kept(self) -> tuple[int, dict[str, str], datetime] | None:
        return self.store.kept_draft(self.viewer)

    def drop_kept(self, extension_id: int) -> None:
        self.store.drop_draft(self.viewer, extension_id)


def _identity(draft: Draft) -> Values:
    return {name: value for name, value in draft.changes.items() if name in IDENTITY_FIELDS}


def open_session(db: str, config_file: str, look_as: str, *, demo: bool) -> Session:
    """Open the site for the operating system's user, or in a demo for the role `look_as`.

    Raises TuiprovError in plain words: no site, not ours, not allowed.
    """
    from tuiprov import config

    database = Database(config.load(db, config_file).db)
    database.check()
    session = Session(Store(database), os_viewer(database), demo)
    return session.looking_as(_with_role(session, look_as)) if look_as else session


def _with_role(session: Session, role: str) -> Viewer:
    found = next((viewer for viewer in session.viewers() if viewer.role == role), None)
    if found is None or not session.is_demo:
        raise NotFound(f"there is nobody to look as with the role {role!r}")
    return found
