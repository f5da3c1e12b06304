"""*Provisioning and SIP Preferences for Extension <name>*: the five sections and the preview."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.data.draft import Draft
from tuiprov.data.together.meeting import Newer
from tuiprov.errors import TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.screens.base import bindings_of
from tuiprov.screens.device_information import DeviceInformationSection
from tuiprov.screens.device_settings import DeviceSettingsSection
from tuiprov.screens.page_screen import PageScreen
from tuiprov.screens.provisioning import ProvisioningSection
from tuiprov.screens.section import Section
from tuiprov.screens.sip_preferences import SipPreferencesSection
from tuiprov.screens.virtualization import VirtualizationSection
from tuiprov.widgets.picker import Picker

if TYPE_CHECKING:
    from tuiprov.data.devices.rows import DeviceRow
    from tuiprov.session import Session

DEVICE = 1
"""Index of the section Device information."""

SECTIONS: tuple[Section[Draft], ...] = (
    ProvisioningSection(),
    DeviceInformationSection(),
    DeviceSettingsSection(),
    SipPreferencesSection(),
    VirtualizationSection(),
)


class ExtensionPage(PageScreen):
    """The page of one extension."""

    where = "page"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("page")

    def __init__(self, session: Session, draft: Draft) -> None:
        super().__init__(session, draft, SECTIONS)

    @property
    def draft(self) -> Draft:
        """What is being edited; the app keeps it when the terminal is lost."""
        return self.sheet

    def page_title(self) -> str:
        values = self.draft.base.values
        page = "Provisioning and SIP Preferences for Extension" if self.is_wide else "Extension"
        return f"{page} {values['extension_name']} ({values['extension']})"

    # -- what the user does ---------------------------------------------------------------------

    def action_take_device(self) -> None:
        """Choose a device of the inventory for this extension instead of typing it anew."""
        if self.draft.base.device_id is not None:
            self.tell("This extension has a device", _HAS_ONE)
            return
        spares = self.session.inventory.spares
        self.work_on(
            "Look for free devices",
            lambda _: spares(self.draft.base),
            self._choose_device,
            "No device can be taken",
        )

    def _choose_device(self, rows: Sequence[DeviceRow]) -> None:
        if not rows:
            self.show_keys(note="The inventory has no device with a free line for this extension.")
            return
        options = [(str(row.id), _in_words(row)) for row in rows]
        self.app.push_screen(Picker("Take a device of the inventory", options, ""), self._take)

    def _take(self, device_id: str | None) -> None:
        if device_id is None:
            return
        try:
            self.session.inventory.take(self.draft, int(device_id))
        except TuiprovError as error:
            self.tell("This device cannot be taken", error)
            return
        self.go_to_section(DEVICE, "line")
        self.begin_anew("Taken from the inventory; it is this extension's once you save.")

    # -- saving ---------------------------------------------------------------------------------

    def newer(self) -> Newer | None:
        return self.session.pages.newer(self.draft)

    def plan_save(self) -> Plan:
        return self.session.pages.plan_save(self.draft)

    def save(self) -> Plan:
        return self.session.pages.save(self.draft)

    def discard(self) -> None:
        with contextlib.suppress(TuiprovError):
            self.session.pages.drop_kept(self.draft.base.extension_id or 0)
        self.close(False)

    def close(self, stored: bool) -> None:
        self.navigator.close_page()


_HAS_ONE = (
    "Turn Use provisioning off and save first: the device stays in the inventory, and another one "
    "can be taken."
)


def _in_words(row: DeviceRow) -> str:
    shared = f", shared with {row.extensions}" if row.lines_used else ""
    words = (row.friendly_name, row.phone, row.mac or "no MAC address")
    return f"{'  '.join(words)}  {row.lines_used} of {row.lines_total} lines used{shared}"
