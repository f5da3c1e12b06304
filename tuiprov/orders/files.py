"""Actions on extensions that exist as edits of fields, and their phones' files made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuiprov.bulk import Edit
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import devices_of
from tuiprov.data.bulk.sets import Change
from tuiprov.data.store import Store
from tuiprov.orders.order import OnRecord, Outcome, counted, going_on, result
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish


@dataclass(frozen=True)
class SetFields:
    """Give fields of these extensions and their devices a value. `verb`: `Disable`."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    change: Change
    verb: str

    @property
    def about(self) -> str:
        return f"{self.verb} {counted(len(self.ids), 'extension')}"

    def plan(self, on_record: OnRecord) -> Plan:
        return self._edit.plan(on_record)

    def apply(self, on_record: OnRecord) -> Outcome:
        done, published = self._edit.apply(on_record, going_on(on_record))
        words = result(done.changed, "changed", len(done.refused), published)
        return Outcome(words, published, done.event_id)

    def store_for_waves(self, on_record: OnRecord) -> Plan:
        return self._edit.store_for_waves(on_record, going_on(on_record))

    @property
    def _edit(self) -> Edit:
        return Edit(self.store, self.viewer, self.ids, self.change)


@dataclass(frozen=True)
class Regenerate:
    """Make the files of these devices anew, whatever is on disk now."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]

    @property
    def about(self) -> str:
        return f"Regenerate the files of {counted(len(self.ids), 'phone')}"

    def plan(self, on_record: OnRecord) -> Plan:
        made = plan_devices(self.store, self.ids, on_phone=on_record)
        right = len(self.ids) - made.devices - len(made.failed)
        note = f"{counted(right, 'phone')} already as they should be." if right > 0 else ""
        return replace(made, notes=(*((note,) if note else ()), *made.notes))

    def store_for_waves(self, on_record: OnRecord) -> Plan:
        return plan_devices(self.store, self.ids, on_phone=on_record)

    def apply(self, on_record: OnRecord) -> Outcome:
        ready = plan_devices(self.store, self.ids, on_phone=on_record)
        publish(self.store, self.viewer, ready)
        return Outcome(f"Files: {ready.in_the_past()}.", ready)


def regenerate_of(store: Store, viewer: Viewer, extension_ids: Sequence[int]) -> Regenerate:
    """The files of the phones that these extensions are on."""
    with store.database.read() as session:
        return Regenerate(store, viewer, devices_of(session, extension_ids))
