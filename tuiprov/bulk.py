"""Many extensions opened for one viewer, to be changed as one operation: plan, apply, publish."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from tuiprov.data.accounts import Viewer
from tuiprov.data.bulk import named
from tuiprov.data.bulk_edit import Done, OnRecord, apply, is_for_all, survey
from tuiprov.data.bulk_sets import Change
from tuiprov.data.bulk_sheet import BulkSheet, common
from tuiprov.data.store import Store
from tuiprov.data.versions import newest
from tuiprov.errors import PublishError, Refused
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.publishing import (
    OnPhone,
    as_stored,
    carry_out,
    changed_since,
    mark_failed,
    plan_change,
    plan_devices,
    plan_pbx,
    with_pbx_of,
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A plan that somebody looked at: of which change, whom it refused, and the `newest` version of
    any published file when it was made."""

    change: Change
    plan: Plan
    refused: Set[int]
    newest: int

    def is_true_of(self, session: Session, change: Change) -> bool:
        """Would planning this change now give the same files? Not when something follows for each
        record that the plan could not know, nor once somebody changed or published anything."""
        is_same = is_for_all(change) and dict(self.change) == dict(change)
        is_as_seen = is_same and self.newest == newest(session)
        return is_as_seen and not changed_since(session, self.plan.seen)

    def covers(self, done: Done) -> bool:
        """Is it what was then done? Not when a rule has another answer by now, or an extension
        another phone."""
        return done.refused.keys() == self.refused and done.devices <= self.plan.seen.keys()


@dataclass
class Bulk:
    """The store, who is looking, and the form of the extensions that are edited."""

    store: Store
    viewer: Viewer
    sheet: BulkSheet
    shown: _Shown | None = field(default=None, repr=False)
    """The plan that was made last: as long as it is true, it is what is published."""

    def plan(self, on_phone: OnPhone) -> Plan:
        """Who is refused and why, how many change, and what that does to files; nothing is stored.
        What `on_phone` raises ends it."""
        ids, change = self.sheet.about.ids, self.sheet.change
        with self.store.database.read() as session:
            found = survey(session, self.viewer, ids, change, on_phone)
            refused = named(session, found.refused)
            published = newest(session)
        allowed = {number: place for place, number in enumerate(ids) if number not in found.refused}
        made = Plan()
        if found.changed:
            made = plan_change(self.store, allowed, change, on_phone)
        self.shown = _Shown(change, made, found.refused.keys(), published)
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
        ids, change = self.sheet.about.ids, self.sheet.change
        shown, self.shown, ready = self.shown, None, None
        with self.store.database.write() as session:
            is_true = shown is not None and shown.is_true_of(session, change)
            done = apply(session, self.viewer, ids, change, f"{len(ids)} extensions", on_record)
            if not done.changed and done.refused:
                raise Refused(named(session, done.refused))
            if shown is not None and is_true and shown.covers(done):
                ready = as_stored(session, shown.plan, done.devices)
        published = self._publish(ready, done.devices, set(ids) - done.refused.keys(), on_record)
        left = f", {len(done.refused):,} refused" if done.refused else ""
        return f"{done.changed:,} changed{left}. Files: {published.in_the_past()}. Ctrl+Y: history"

    def _publish(
        self,
        ready: Plan | None,
        devices: Collection[int],
        extensions: Collection[int],
        on_phone: OnPhone,
    ) -> Plan:
        """Publish what follows; `ready`: the plan of it, None when it has to be made."""
        if not self.viewer.may_provision:
            made = plan_pbx(self.store, Asked(extensions))
        elif ready is not None:
            made = with_pbx_of(self.store, ready, extensions)
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
