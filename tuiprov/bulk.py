"""Many extensions opened for one viewer, to be changed as one operation: plan, apply, publish."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from tuiprov.data.accounts import Viewer
from tuiprov.data.bulk import named
from tuiprov.data.bulk_edit import OnRecord, apply, survey
from tuiprov.data.bulk_sheet import BulkSheet, common
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, Refused
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.publishing import (
    OnPhone,
    carry_out,
    mark_failed,
    plan_change,
    plan_devices,
    plan_pbx,
)


@dataclass(frozen=True)
class Bulk:
    """The store, who is looking, and the form of the extensions that are edited."""

    store: Store
    viewer: Viewer
    sheet: BulkSheet

    def plan(self, on_phone: OnPhone) -> Plan:
        """Who is refused and why, how many change, and what that does to files; nothing is stored.
        What `on_phone` raises ends it."""
        ids, change = self.sheet.about.ids, self.sheet.change
        with self.store.database.read() as session:
            found = survey(session, self.viewer, ids, change, on_phone)
            refused = named(session, found.refused)
        allowed = {number: place for place, number in enumerate(ids) if number not in found.refused}
        made = Plan()
        if found.changed:
            made = plan_change(self.store, allowed, change, on_phone)
        if not self.viewer.may_provision:
            made = replace(made, changes=tuple(c for c in made.changes if c.device_id is None))
        lines = tuple(f"{one.where}: {one.field}: {one.reason}" for one in refused)
        return replace(
            made,
            refused=lines,
            notes=(_count(found.changed, found.same, len(found.refused)), *made.notes),
        )

    def apply(self, on_record: OnRecord) -> str:
        """Change all that may be changed, as one operation, and publish what follows; gives words
        about it. Refused when nobody may be; PublishError: it is stored, and the devices are marked
        failed."""
        with self.store.operations.begin():
            return self._apply(on_record)

    def _apply(self, on_record: OnRecord) -> str:
        with self.store.database.write() as session:
            about = f"{len(self.sheet.about.ids)} extensions"
            done = apply(
                session, self.viewer, self.sheet.about.ids, self.sheet.change, about, on_record
            )
            if not done.changed and done.refused:
                raise Refused(named(session, done.refused))
        changed = set(self.sheet.about.ids) - done.refused.keys()
        published = self._publish(done.devices, changed, on_record)
        left = f", {len(done.refused):,} refused" if done.refused else ""
        return f"{done.changed:,} changed{left}. Files: {published.in_the_past()}. Ctrl+Y: history"

    def _publish(
        self, devices: Collection[int], extensions: Collection[int], on_phone: OnPhone
    ) -> Plan:
        if not self.viewer.may_provision:
            made = plan_pbx(self.store, Asked(extensions))
        else:
            try:
                made = plan_devices(self.store, devices, extensions=extensions, on_phone=on_phone)
            except PublishError as error:
                mark_failed(self.store, devices, error)
                raise
        return carry_out(self.store, self.viewer, made)


def bulk_of(store: Store, viewer: Viewer, ids: Collection[int]) -> Bulk:
    """These extensions, to be edited together."""
    with store.database.read() as session:
        return Bulk(store, viewer, BulkSheet(common(session, viewer, ids), viewer))


def _count(changed: int, same: int, refused: int) -> str:
    words = [f"{changed:,} extension{'s' if changed != 1 else ''} to change"]
    words += [f"{same:,} {'have' if same != 1 else 'has'} it already"] if same else []
    words += [f"{refused:,} refused, and left as they are"] if refused else []
    return "; ".join(words) + "."
