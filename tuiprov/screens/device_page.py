"""The page of a device alone: what phone it is and how it is set, whom it serves, its files.

The same sections, the same rules and the same preview as on an extension's page; all lines of the
device stand in the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.data.devices.rows import DeviceRow
from tuiprov.data.draft import DeviceDraft, Draft
from tuiprov.data.together.meeting import Newer
from tuiprov.publish.plan import Plan
from tuiprov.screens.base import bindings_of
from tuiprov.screens.device_information import DeviceInformationSection
from tuiprov.screens.device_settings import DeviceSettingsSection
from tuiprov.screens.page_screen import PageScreen
from tuiprov.screens.section import Section
from tuiprov.text import local_time
from tuiprov.widgets.form import Row

if TYPE_CHECKING:
    from tuiprov.session import Session


class _Information(DeviceInformationSection):
    """Without the line: that is an extension's."""

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in super().names() if name != "line")


class _Inventory(Section[Draft]):
    """Whose device it is and whom it serves: to be read."""

    model = DeviceInformationSection.model
    short = "Inventory"

    @property
    def title(self) -> str:
        return "Inventory"

    def names(self) -> tuple[str, ...]:
        return ()

    def is_visible(self, sheet: Draft) -> bool:
        return isinstance(sheet, DeviceDraft) and sheet.row is not None

    def rows(self, sheet: Draft, notes: Mapping[str, str]) -> list[Row]:
        if not isinstance(sheet, DeviceDraft) or sheet.row is None:
            return []
        return list(_inventory_rows(sheet.row))


def _inventory_rows(row: DeviceRow) -> Iterator[Row]:
    yield Row("serial", "Serial", row.serial, locked="given by tuiprov")
    yield Row("owner", "Owner", row.owner, locked="chosen when it was added")
    yield Row("organization", "Organization", row.organization, locked="that of its extensions")
    when = local_time(row.published_at)
    yield Row(
        "published_at",
        "Published at",
        when,
        locked="by the last publish" if when else "not published",
    )
    for line in row.lines:
        words = f"{line.extension}  {line.name}"
        yield Row(f"line {line.number}", f"Line {line.number}", words, locked="by Assign, Clear")


SECTIONS: tuple[Section[Draft], ...] = (_Information(), DeviceSettingsSection(), _Inventory())


class DevicePage(PageScreen):
    """The page of one device; read-only, with the reason, for who may not edit it."""

    where = "device"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("device")

    def __init__(self, session: Session, draft: DeviceDraft) -> None:
        super().__init__(session, draft, SECTIONS)
        self._device = draft

    def page_title(self) -> str:
        base = self._device.base
        if base.device_id is None:
            return "New device"
        name = base.values["friendly_name"]
        return f"Device {name} ({base.values['manufacturer']} {base.values['model']})"

    def newer(self) -> Newer | None:
        return self.session.inventory.newer(self._device)

    def rebased(self) -> None:
        self.session.inventory.read_row(self._device)
        super().rebased()

    def plan_save(self) -> Plan:
        return self.session.inventory.plan_save(self._device)

    def save(self) -> Plan:
        return self.session.inventory.save(self._device)
