"""Extension pages opened for one viewer: what the page, its identity form and the list order.

A page is opened or added as a draft; storing it and carrying its plan out are one operation. The
list that every start ends with needs none of this, so the app imports it behind the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.checks import NO_NEIGHBOURS, check_page
from tuiprov.data.draft import Checker, Draft
from tuiprov.data.page import Page
from tuiprov.data.sections import DEVICE_FIELDS
from tuiprov.data.store import Store
from tuiprov.data.together.meeting import Newer
from tuiprov.data.together.presence import Other
from tuiprov.errors import PublishError, Refusal, StoreError
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import plan_devices, plan_page, plan_pbx, plan_removal


@dataclass(frozen=True)
class Pages:
    """The store and who is looking."""

    store: Store
    viewer: Viewer

    def open(self, extension_id: int) -> Draft:
        """A draft on the extension's page as it is stored now."""
        return self._draft(self.store.page(self.viewer, extension_id), self.check)

    def _draft(self, page: Page, check: Checker) -> Draft:
        return Draft(page, self.viewer, check)

    def check(self, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        """Live validation. A database that cannot be read now is no reason to lose what is being
        typed: the page's own rules still hold, and the save asks again."""
        try:
            return self.store.check(page, self.viewer)
        except StoreError as error:
            return _own_rules(page), {"extension_name": str(error)}

    # -- extensions that come and go ------------------------------------------------------------

    def fresh(self, user_id: int) -> Draft:
        """A draft on an extension to be added for this user account."""
        return self._draft(self.store.extensions.fresh(self.viewer, user_id), self._check_new)

    def next_number(self, user_id: int) -> str:
        """A number that is free for a new extension of this user account, or ""."""
        return self.store.extensions.next_number(self.viewer, user_id)

    def _check_new(self, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        try:
            return self.store.extensions.check(self.viewer, page)
        except StoreError as error:
            return _own_rules(page), {"extension": str(error)}

    def add(self, draft: Draft) -> Page:
        """Add the extension of a fresh draft; gives its page."""
        base = draft.base
        return self.store.extensions.add(self.viewer, base.user_id or 0, draft.changes)

    @property
    def always_provisions(self) -> bool:
        """Does the viewer's account go on to the page after adding an extension?"""
        account = self.store.accounts.open(self.viewer, self.viewer.account_id)
        return bool(account.values["provision_after_adding"])

    def always_provision(self) -> None:
        """From now on every extension this account adds goes straight to its page."""
        account = self.store.accounts.open(self.viewer, self.viewer.account_id)
        self.store.accounts.save(self.viewer, account, {"provision_after_adding": True})

    def plan_removal(self, extension_id: int) -> tuple[Page, Plan]:
        """An extension, and what removing it would do to its phone's files."""
        page = self.store.page(self.viewer, extension_id)
        return page, plan_removal(self.store, page, files=self.viewer.may_provision)

    def remove(self, page: Page) -> None:
        """Remove an extension as it was seen, and bring its phone's files up to date."""
        from tuiprov.publish.publishing import carry_out

        devices = [page.device_id] if page.device_id is not None else []
        with self.store.operations.begin():
            self.store.extensions.remove(self.viewer, page)
            carry_out(self.store, self.viewer, plan_devices(self.store, devices))

    # -- saving ---------------------------------------------------------------------------------

    def plan_save(self, draft: Draft) -> Plan:
        """What saving would do to the phone's files and the PBX's; nothing is stored."""
        if not self.viewer.may_provision:
            return plan_pbx(self.store, Asked(pages=(draft.page,)))
        return plan_page(self.store, draft.base, draft.page, regenerate=draft.regenerate)

    def save(self, draft: Draft) -> Plan:
        """Store the draft, then carry out its plan. Raises Refused, Conflict or PublishError; after
        a PublishError the data is stored and the device is marked failed."""
        with self.store.operations.begin():
            return self._save(draft)

    def _save(self, draft: Draft) -> Plan:
        from tuiprov.publish.publishing import carry_out, mark_failed

        before = draft.base
        saved = self.store.save(self.viewer, before, draft.changes)
        self.store.drafts.drop(self.viewer, saved.extension_id or 0)
        devices = {page.device_id for page in (before, saved) if page.device_id}
        regenerate = draft.regenerate
        draft.rebase(saved)
        extensions = [saved.extension_id or 0]
        if not self.viewer.may_provision:
            # The device is stale until somebody publishes who may; the PBX follows at once.
            plan = plan_pbx(self.store, Asked(extensions))
            carry_out(self.store, self.viewer, plan)
            return plan
        try:
            plan = plan_devices(self.store, devices, regenerate=regenerate, extensions=extensions)
        except PublishError as error:
            mark_failed(self.store, devices, error)
            raise
        carry_out(self.store, self.viewer, plan)
        return plan

    # -- a page while it is open ----------------------------------------------------------------

    def newer(self, draft: Draft) -> Newer | None:
        """The extension's page as it is stored now, when somebody changed it since the draft was
        opened. NotFound, saying by whom, when it was removed."""
        if draft.base.extension_id is None:
            return None
        return self.store.together.newer_page(self.viewer, draft.base)

    def here(self, page: Page, mine: str) -> tuple[str, Sequence[Other]]:
        """Say that this page is open, for the first time (`mine` "") or still, and hear who else
        has it open; a device's page, too. Where nothing can be written one still hears."""
        if page.extension_id is None and page.device_id is None:
            return "", ()  # not stored yet: nobody else has it
        try:
            return self.store.presences.here(self.viewer, page, mine)
        except StoreError:
            return mine, self.store.presences.others(self.viewer, page)

    def reveal(self, page: Page) -> None:
        """Write down that secrets of this page were shown."""
        subject = page.values["extension"] or f"device {page.values['friendly_name']}"
        self.store.record(self.viewer, "reveal", str(subject))

    def keep(self, draft: Draft) -> None:
        """Keep what was edited beyond this session (`Session.kept` gives it); other fields stay
        free for what somebody else saves meanwhile."""
        taken = DEVICE_FIELDS if draft.base.is_taken else ()
        edited = {
            name: text
            for name, text in draft.texts.items()
            if draft.is_edited(name) or name in taken
        }
        self.store.drafts.keep(self.viewer, draft.base, edited)

    def drop_kept(self, extension_id: int) -> None:
        self.store.drafts.drop(self.viewer, extension_id)


def _own_rules(page: Page) -> list[Refusal]:
    """What is wrong with a page, whatever else is in the database."""
    return check_page(page, NO_NEIGHBOURS)
