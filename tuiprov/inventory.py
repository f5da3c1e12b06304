"""The devices inventory opened for one viewer: what its screens and commands ask and order.

Here storing and publishing meet: whoever may edit, assign, clear or remove a device may also have
its files follow, so the operations of `data/devices/inventory.py` ask the permission and the plan
is carried out with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.devices.choices import Candidate
from tuiprov.data.devices.rows import DeviceRow
from tuiprov.data.draft import Checker, DeviceDraft, Draft
from tuiprov.data.page import Page, Phone
from tuiprov.data.permissions import require
from tuiprov.data.stop import Stop
from tuiprov.data.store import Store
from tuiprov.data.together.meeting import Newer
from tuiprov.errors import NotFound, PublishError
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import plan_devices, plan_page, plan_withdrawal
from tuiprov.publish.publishing import carry_out, mark_failed, withdraw
from tuiprov.render.links import Offer, offer


@dataclass(frozen=True, slots=True)
class Fetched:
    """When a device was last sent a file (None: never), whether it has its files as they are
    published now, and the firmware that its last request named ("" for none)."""

    at: datetime | None
    is_current: bool
    firmware: str

    @property
    def version(self) -> str:
        """`this`, `older` or ``: which version of its files it has."""
        if self.at is None:
            return ""
        return "this" if self.is_current else "older"


NEVER = Fetched(None, False, "")


@dataclass(frozen=True)
class Inventory:
    """The store, who is looking, and what live validation asks."""

    store: Store
    viewer: Viewer
    check: Checker

    # -- the list -------------------------------------------------------------------------------

    def ids(
        self, where: str, sort: str, most: int | None = None, stop: Stop | None = None
    ) -> Sequence[int]:
        return self.store.devices.ids(self.viewer, where, sort, most, stop)

    def rows(self, ids: Sequence[int]) -> Mapping[int, DeviceRow]:
        return self.store.devices.rows(self.viewer, ids)

    def fetched(self, ids: Sequence[int]) -> Mapping[int, Fetched]:
        """What these devices have fetched last; a device that never asked is not among them."""
        last = self.store.fetches.last_of(self.viewer, ids)
        return {
            number: Fetched(one.at, one.is_current, one.firmware) for number, one in last.items()
        }

    def row(self, device_id: int) -> DeviceRow:
        """One row; NotFound when the device is gone or out of reach."""
        row = self.rows([device_id]).get(device_id)
        if row is None:
            raise NotFound("this device does not exist (any more)")
        return row

    # -- one device -----------------------------------------------------------------------------

    def open(self, device_id: int) -> DeviceDraft:
        """A draft on the device as it is stored now."""
        page = self.store.devices.open(self.viewer, device_id)
        return DeviceDraft(page, self.row(device_id), self.viewer, self.check)

    def owners(self) -> Sequence[Candidate]:
        """The accounts for which the viewer may add a device."""
        return self.store.devices.owners(self.viewer)

    def fresh(self, owner_id: int) -> DeviceDraft:
        """A draft of a device to be added for this account."""
        page = self.store.devices.fresh(self.viewer, owner_id)
        return DeviceDraft(page, None, self.viewer, self.check)

    def newer(self, draft: DeviceDraft) -> Newer | None:
        """The device as it is stored now, when somebody changed it since the draft was opened."""
        if draft.base.device_id is None:
            return None
        return self.store.together.newer_device(self.viewer, draft.base)

    def read_row(self, draft: DeviceDraft) -> None:
        """Read again how the device stands to the viewer."""
        draft.row = self.row(draft.base.device_id or 0)

    def plan_save(self, draft: DeviceDraft) -> Plan:
        """What saving would do to the phone's files; nothing is stored."""
        return plan_page(self.store, draft.base, draft.page, regenerate=draft.regenerate)

    def save(self, draft: DeviceDraft) -> Plan:
        """Store the draft, then carry out its plan. Raises Refused, Conflict or PublishError; after
        a PublishError the data is stored and the device is marked failed."""
        regenerate = draft.regenerate
        write = self.store.devices.save if draft.base.device_id else self.store.devices.add
        with self.store.operations.begin():
            saved = write(self.viewer, draft.base, draft.changes)
            device_id = saved.device_id or 0
            draft.row = self.row(device_id)
            draft.rebase(saved)
            return self._publish(device_id, regenerate=regenerate)

    # -- its link -------------------------------------------------------------------------------

    def link(self, device_id: int) -> Offer:
        """The provisioning link as the device is stored, or why there is none. That it was shown
        is written down: whoever has a link that holds a token has the phone's files."""
        require(self.viewer, "files.see")
        page = self.store.devices.open(self.viewer, device_id)
        refusals, _ = self.store.check(page, self.viewer)
        phone = next(iter(self.store.phones([device_id])), None)
        found = offer(page, refusals, phone.first_token if phone is not None else "")
        if found.url:
            self.store.record(self.viewer, "link", found.device)
        return self._with_login(found, phone)

    def _with_login(self, found: Offer, phone: Phone | None) -> Offer:
        """The link with the login that `tuiprov serve` asks of this phone, for those who may see
        passwords."""
        asked = phone is not None and phone.site.http_authentication != "none"
        by_web = phone is not None and phone.values["update_protocol"] in ("http", "https")
        if phone is None or not (found.url and asked and by_web and self.viewer.may_provision):
            return found
        login = phone.http_login
        if login is None:
            return found
        return replace(found, username=login.username, password=login.password)

    def enrol(self, device_id: int) -> Plan:
        """Open the device's enrolment window: both its links become new, and its files follow."""
        with self.store.operations.begin():
            self.store.devices.enrol(self.viewer, device_id)
            return self._publish(device_id, regenerate=True)

    # -- whom it serves -------------------------------------------------------------------------

    def extensions(self, device_id: int) -> Sequence[Candidate]:
        """The extensions without a device that this one may be assigned to."""
        return self.store.devices.extensions(self.viewer, device_id)

    def spares(self, page: Page) -> Sequence[DeviceRow]:
        """The devices with a free line that the extension of `page` may take."""
        return self.store.devices.spares(self.viewer, page)

    def take(self, draft: Draft, device_id: int) -> None:
        """Put the extension being edited on a device of the inventory; nothing is stored."""
        extension_id = draft.base.extension_id or 0
        draft.take(self.store.devices.taken(self.viewer, device_id, extension_id))

    def free_lines(self, device_id: int, extension_id: int) -> Sequence[int]:
        """The lines of the device that the extension could have."""
        return self.store.devices.taken(self.viewer, device_id, extension_id).free_lines

    def plan_assign(self, device_id: int, extension_id: int, line: int | None) -> tuple[Plan, Page]:
        """What an assignment would do to the phone's files, and the page it would make."""
        before = self.store.devices.taken(self.viewer, device_id, extension_id)
        values = {"use_provisioning": True, "line": line or before.values["line"]}
        after = before.changed(values)
        return plan_page(self.store, before, after, regenerate=True), after

    def assign(self, device_id: int, extension_id: int, line: int | None) -> Plan:
        """Put the extension on a line of the device and bring the phone's files up to date."""
        with self.store.operations.begin():
            self.store.devices.assign(self.viewer, device_id, extension_id, line)
            return self._publish(device_id, regenerate=True)

    # -- clearing and removing ------------------------------------------------------------------

    def plan_clear(self, page: Page) -> Plan:
        """The files that clearing the assignment, or removing the device, would delete."""
        return plan_withdrawal(self.store, page.device_id or 0)

    def clear(self, page: Page) -> Plan:
        """Take the device from its extensions and its organization, and delete its files."""
        with self.store.operations.begin():
            cleared = self.store.devices.clear(self.viewer, page)
            return self._withdraw(cleared.device_id or 0)

    def remove(self, page: Page) -> None:
        """Remove the device and its files."""
        with self.store.operations.begin():
            self.store.devices.remove(self.viewer, page, self._withdraw)

    def _withdraw(self, device_id: int) -> Plan:
        try:
            return withdraw(self.store, self.viewer, device_id)
        except PublishError as error:
            mark_failed(self.store, [device_id], error)
            raise

    def _publish(self, device_id: int, *, regenerate: bool) -> Plan:
        try:
            plan = plan_devices(self.store, [device_id], regenerate=regenerate)
        except PublishError as error:
            mark_failed(self.store, [device_id], error)
            raise
        carry_out(self.store, self.viewer, plan)
        return plan


def inventory_of(store: Store, viewer: Viewer) -> Inventory:
    """The inventory as the command line asks it."""
    return Inventory(store, viewer, partial(store.check, viewer=viewer))
