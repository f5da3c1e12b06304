"""Many extensions opened for one viewer, to be changed as one operation: plan, apply, publish."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.assignments import named
from tuiprov.data.bulk.common import common
from tuiprov.data.bulk.edit import Done, OnRecord, apply, is_for_all, survey
from tuiprov.data.bulk.sets import Change
from tuiprov.data.bulk.sheet import FOR_MANY, BulkSheet
from tuiprov.data.history.versions import newest
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, Refusal, Refused
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import (
    OnPhone,
    plan_change,
    plan_devices,
    plan_pbx,
    unheard,
    with_pbx_of,
)
from tuiprov.publish.publishing import as_stored, carry_out, changed_since, mark_failed


@dataclass(frozen=True, slots=True)
class Shown:
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


@dataclass(frozen=True)
class Edit:
    """One change to many extensions, by one viewer. `shown`: a plan of it, which is what is
    published as long as it is true."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    change: Change
    shown: Shown | None = None

    def plan(self, on_phone: OnPhone) -> Plan:
        """Who is refused and why, how many change, and what that does to files; nothing is stored.
        What `on_phone` raises ends it."""
        return self.planned(on_phone)[0]

    def planned(self, on_phone: OnPhone) -> tuple[Plan, Shown]:
        """As `plan`, and what is to be kept of it until it is applied."""
        ids, change = self.ids, self.change
        with self.store.database.read() as session:
            found = survey(session, self.viewer, ids, change, on_phone)
            refused = named(session, found.refused)
            published = newest(session)
        allowed = {number: place for place, number in enumerate(ids) if number not in found.refused}
        made = Plan()
        if found.changed:
            made = plan_change(self.store, allowed, change, on_phone)
        shown = Shown(change, made, found.refused.keys(), published)
        if not self.viewer.may_provision:
            made = replace(made, changes=tuple(c for c in made.changes if c.device_id is None))
        told = replace(
            made,
            refused=refusal_lines(refused),
            notes=(_count(found.changed, found.same, len(found.refused)), *made.notes),
        )
        return told, shown

    def apply(self, on_record: OnRecord, on_phone: OnPhone) -> tuple[Done, Plan]:
        """Change all that may be changed, as one operation, and publish what follows; gives what
        was done, and what was published. What `on_record` raises ends it, nothing written. Refused
        when nobody may be; PublishError: it is stored, and the devices are marked failed."""
        with self.store.operations.begin():
            return self._apply(on_record, on_phone)

    def _apply(self, on_record: OnRecord, on_phone: OnPhone) -> tuple[Done, Plan]:
        done, ready = self._stored(on_record)
        changed = set(self.ids) - done.refused.keys()
        published = publish_after(self.store, self.viewer, done.devices, changed, on_phone, ready)
        return done, published

    def store_for_waves(self, on_record: OnRecord, on_phone: OnPhone) -> Plan:
        """Change all that may be changed, and publish nothing; gives the plan that is to go in
        waves."""
        done, _ = self._stored(on_record)
        changed = set(self.ids) - done.refused.keys()
        return plan_devices(self.store, done.devices, extensions=changed, on_phone=on_phone)

    def _stored(self, on_record: OnRecord) -> tuple[Done, Plan | None]:
        """What was changed, and the plan that was shown of it if that is still true."""
        shown, ready = self.shown, None
        with self.store.database.write() as session:
            is_true = shown is not None and shown.is_true_of(session, self.change)
            about = f"{len(self.ids)} extensions"
            done = apply(session, self.viewer, self.ids, self.change, about, on_record)
            if not done.changed and done.refused:
                raise Refused(named(session, done.refused))
            if shown is not None and is_true and shown.covers(done):
                ready = as_stored(session, shown.plan, done.devices)
            on_record(done.changed)  # the last moment at which it can be ended
        return done, ready


@dataclass
class Bulk:
    """The store, who is looking, and the form of the extensions that are edited."""

    store: Store
    viewer: Viewer
    sheet: BulkSheet
    shown: Shown | None = field(default=None, repr=False)
    """The plan that was made last."""

    @property
    def _edit(self) -> Edit:
        ids, change = self.sheet.about.ids, self.sheet.change
        return Edit(self.store, self.viewer, ids, change, self.shown)

    def plan(self, on_phone: OnPhone) -> Plan:
        """As `Edit.plan`, of what is typed."""
        told, self.shown = self._edit.planned(on_phone)
        return told

    def store_for_waves(self, on_record: OnRecord, on_phone: OnPhone = unheard) -> Plan:
        """As `Edit.store_for_waves`, of what is typed."""
        return self._edit.store_for_waves(on_record, on_phone)

    def apply(self, on_record: OnRecord, on_phone: OnPhone = unheard) -> str:
        """As `Edit.apply`, of what is typed; gives words about it."""
        done, published = self._edit.apply(on_record, on_phone)
        left = f", {len(done.refused):,} refused" if done.refused else ""
        return f"{done.changed:,} changed{left}. Files: {published.in_the_past()}. Ctrl+Y: history"


def publish_after(
    store: Store,
    viewer: Viewer,
    devices: Collection[int],
    extensions: Collection[int],
    on_phone: OnPhone,
    ready: Plan | None = None,
) -> Plan:
    """Bring the files of these devices, and what the PBX knows of these extensions, up to date
    after an operation that has asked the permission; gives what was done. Who may not provision
    leaves the devices stale. `ready`: a plan of the devices' files that is true."""
    if not viewer.may_provision:
        made = plan_pbx(store, Asked(extensions))
    elif ready is not None:
        made = with_pbx_of(store, ready, extensions)
    else:
        try:
            made = plan_devices(store, devices, extensions=extensions, on_phone=on_phone)
        except PublishError as error:
            mark_failed(store, devices, error)
            raise
    return carry_out(store, viewer, made)


def refusal_lines(refused: Sequence[Refusal]) -> tuple[str, ...]:
    """Refusals as a plan shows them, one line each."""
    return tuple(
        ": ".join(word for word in (one.where, one.field, one.reason) if word) for one in refused
    )


def bulk_of(store: Store, viewer: Viewer, ids: Collection[int]) -> Bulk:
    """These extensions, to be edited together."""
    with store.database.read() as session:
        return Bulk(store, viewer, BulkSheet(common(session, viewer, ids, FOR_MANY), viewer))


def _count(changed: int, same: int, refused: int) -> str:
    words = [f"{changed:,} extension{'s' if changed != 1 else ''} to change"]
    words += [f"{same:,} {'have' if same != 1 else 'has'} it already"] if same else []
    words += [f"{refused:,} refused, and left as they are"] if refused else []
    return "; ".join(words) + "."
