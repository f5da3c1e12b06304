"""What can be done with marked devices of the inventory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from tuiprov.data.bulk.devices import firmwares_of, templates_of
from tuiprov.data.sections import FIELDS
from tuiprov.orders.devices import ClearDevices, RemoveDevices, SetDevices, edit_devices
from tuiprov.orders.files import Regenerate
from tuiprov.orders.order import Order
from tuiprov.screens.bulk import BulkDevices
from tuiprov.screens.marked import Act, Marked
from tuiprov.screens.section import Options, plain

_EDIT = ("devices.edit",)


class MarkedDevices(Marked):
    """Each choice's plan says whom it cannot be done to."""

    noun = "device"

    def acts(self) -> Sequence[Act]:
        return (
            Act("Edit …", "change fields of all together", self._edit, _EDIT),
            Act("Enable", "they get files", partial(self._status, "enabled"), _EDIT),
            Act("Disable", "their files go", partial(self._status, "disabled"), _EDIT),
            Act("Regenerate files", "make their files anew", self._regenerate, ("files.publish",)),
            Act("Resync", "ask them to fetch", self._resync, ("devices.resync",)),
            Act("Template …", "the files they are made by", partial(self._of, "template"), _EDIT),
            Act("Firmware …", "the generation of firmware", partial(self._of, "firmware"), _EDIT),
            Act("Clear assignment", "they serve nobody any more", self._clear, ("devices.clear",)),
            Act("Remove", "with their files", self.remove, ("devices.remove",)),
        )

    def _edit(self) -> None:
        store, viewer = self.session.store, self.session.viewer
        self.edit_in(BulkDevices, lambda heard: edit_devices(store, viewer, self.ids, heard))

    def remove(self) -> None:
        """Show what removing them does, then do it."""
        self._plan(RemoveDevices)

    def _clear(self) -> None:
        self._plan(ClearDevices)

    def _regenerate(self) -> None:
        self._plan(Regenerate)

    def _plan(self, kind: Callable[..., Order]) -> None:
        self.plan(lambda: kind(self.session.store, self.session.viewer, self.ids))

    def _status(self, status: str) -> None:
        self._set("Enable" if status == "enabled" else "Disable", "status", status)

    def _set(self, verb: str, name: str, value: str) -> None:
        session = self.session
        self.plan(lambda: SetDevices(session.store, session.viewer, self.ids, {name: value}, verb))

    def _resync(self) -> None:
        session = self.session
        self.read(
            lambda: session.resyncing.targets(self.ids),
            lambda targets: self.screen.plan_resync(session, targets),
            "No phone can be asked",
        )

    def _of(self, name: str) -> None:
        """Choose a field's value among those that all of them can have."""
        label, session = FIELDS[name].label, self.session

        def shared() -> Options:
            with session.store.database.read() as reading:
                return plain(_SHARED[name](reading, session.viewer, self.ids))

        def chosen(value: str) -> None:
            self._set(f"{label} {value} for", name, value)

        self.read(shared, lambda options: self.pick(f"{label} of all", options, chosen))


_SHARED = {"template": templates_of, "firmware": firmwares_of}
