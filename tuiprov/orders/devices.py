"""Actions on many devices of the inventory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tuiprov.bulk import publish_after, refusal_lines
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.common import common_of_devices
from tuiprov.data.bulk.devices import (
    Found,
    begin_removal,
    change_all,
    clear_all,
    end_removal,
    survey_change,
    survey_clearing,
    survey_removal,
)
from tuiprov.data.bulk.sets import Change
from tuiprov.data.bulk.sheet import FOR_DEVICES, BulkSheet
from tuiprov.data.page import Phone
from tuiprov.data.sections import DEVICE_FIELDS
from tuiprov.data.store import Store
from tuiprov.errors import Refused
from tuiprov.orders.order import OnRecord, Outcome, counted, going_on, nobody, note, result
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import plan_as, plan_devices, unheard


@dataclass(frozen=True)
class SetDevices:
    """Give fields of these devices a value. `verb`: `Disable`."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    change: Change
    verb: str

    @property
    def about(self) -> str:
        return f"{self.verb} {counted(len(self.ids), 'device')}"

    def plan(self, on_record: OnRecord) -> Plan:
        with self.store.database.read() as session:
            found = survey_change(session, self.viewer, self.ids, self.change, on_record)

        def changed(phone: Phone) -> Phone:
            return replace(phone, values={**phone.values, **found.values[phone.device_id or 0]})

        made = plan_as(self.store, found.names, changed, Asked(), on_record)
        return _told(made, found, "to change")

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.operations.begin():
            return self._apply(on_record)

    def store_for_waves(self, on_record: OnRecord) -> Plan:
        found = self._stored(on_record)
        return plan_devices(self.store, found.names, on_phone=going_on(on_record))

    def _apply(self, on_record: OnRecord) -> Outcome:
        found = self._stored(on_record)
        return _published(self.store, self.viewer, found, "changed", on_record)

    def _stored(self, on_record: OnRecord) -> Found:
        with self.store.database.write() as session:
            found = change_all(session, self.viewer, self.ids, self.change, on_record)
            if not found.names and found.refused:
                raise Refused(found.refused)
        return found


@dataclass(frozen=True)
class DevicesEdit:
    """The store, who is looking, and the form of the devices that are edited: as `bulk.Bulk` for
    extensions. An order goes on by itself once it is stored, so nobody else has to hear of each
    phone then."""

    store: Store
    viewer: Viewer
    sheet: BulkSheet

    @property
    def _order(self) -> SetDevices:
        ids, change = self.sheet.about.ids, self.sheet.change
        return SetDevices(self.store, self.viewer, ids, change, "Edit")

    def plan(self, on_record: OnRecord) -> Plan:
        return self._order.plan(on_record)

    def store_for_waves(self, on_record: OnRecord, _on_phone: OnRecord = unheard) -> Plan:
        return self._order.store_for_waves(on_record)

    def apply(self, on_record: OnRecord, _on_phone: OnRecord = unheard) -> str:
        return f"{self._order.apply(on_record).words} Ctrl+Y: history"


def edit_devices(
    store: Store, viewer: Viewer, ids: Sequence[int], on_record: OnRecord
) -> DevicesEdit:
    """These devices, to be edited together."""
    with store.database.read() as session:
        about = common_of_devices(session, viewer, ids, FOR_DEVICES, on_record)
    # Who may edit a device fills its form as one who may modify; who may not is told why.
    sheet = BulkSheet(about, replace(viewer, provision="modify"), FOR_DEVICES, DEVICE_FIELDS)
    return DevicesEdit(store, viewer, sheet)


@dataclass(frozen=True)
class ClearDevices:
    """Take these devices from their extensions and organizations; their files are deleted."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]

    @property
    def about(self) -> str:
        return f"Clear the assignment of {counted(len(self.ids), 'device')}"

    def plan(self, on_record: OnRecord) -> Plan:
        with self.store.database.read() as session:
            found = survey_clearing(session, self.viewer, self.ids)
        return _told(_withdrawn(self.store, found.names, on_record), found, "to clear")

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.operations.begin():
            return self._apply(on_record)

    def _apply(self, on_record: OnRecord) -> Outcome:
        with self.store.database.write() as session:
            found = clear_all(session, self.viewer, self.ids, on_record)
            if not found.names:
                raise nobody(found.refused)
        return _published(self.store, self.viewer, found, "cleared", on_record)


@dataclass(frozen=True)
class RemoveDevices:
    """Remove these devices and their files."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]

    @property
    def about(self) -> str:
        return f"Remove {counted(len(self.ids), 'device')}"

    def plan(self, on_record: OnRecord) -> Plan:
        with self.store.database.read() as session:
            found = survey_removal(session, self.viewer, self.ids)
        return _told(_withdrawn(self.store, found.names, on_record), found, "to remove")

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.operations.begin():
            return self._apply(on_record)

    def _apply(self, on_record: OnRecord) -> Outcome:
        with self.store.database.write() as session:
            found = begin_removal(session, self.viewer, self.ids, on_record)
            if not found.names:
                raise nobody(found.refused)
        done = _published(self.store, self.viewer, found, "removed", on_record)
        with self.store.database.write() as session:
            used = end_removal(session, found)
        if not used:
            return done
        stays = f"{', '.join(used[:3])}: used again meanwhile, and only cleared."
        return replace(done, words=f"{done.words} {stays}")


def _withdrawn(store: Store, ids: Collection[int], on_record: OnRecord) -> Plan:
    """The plan of devices that serve nobody any more."""
    return plan_as(store, ids, lambda phone: replace(phone, lines=()), Asked(), on_record)


def _published(
    store: Store, viewer: Viewer, found: Found, verb: str, on_record: OnRecord
) -> Outcome:
    """Whoever may edit, clear or remove a device may have its files follow (`inventory.py`)."""
    publisher = replace(viewer, provision="modify")
    published = publish_after(store, publisher, found.names, (), going_on(on_record))
    words = result(len(found.names), verb, found.left_out, published)
    return Outcome(words, published, found.event_id)


def _told(made: Plan, found: Found, verb: str) -> Plan:
    """A plan with who is refused, and how many it is about."""
    words = note(
        (len(found.names), f"{counted(len(found.names), 'device')} {verb}"),
        (found.same, f"{found.same:,} {'have' if found.same != 1 else 'has'} it already"),
        (found.left_out, f"{found.left_out:,} refused, and left as they are"),
    )
    return replace(made, refused=refusal_lines(found.refused), notes=(words, *made.notes))
