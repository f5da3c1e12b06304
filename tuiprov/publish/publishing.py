"""From the store to the disk and back: plan a set of devices, apply, record what is published.

The screens and the command line call this; `plan.py` and `apply.py` below it know no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.custom_rows import customs_named
from tuiprov.data.fields import Values
from tuiprov.data.models import Device, SystemSettings
from tuiprov.data.page import CustomTemplate, Page, Phone
from tuiprov.data.reading import site_of, stamps
from tuiprov.data.site import ACCESS_FIELDS, PHONE_FIELDS, SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.data.versions import Wanted, forget_gone, in_parts, recorded, want
from tuiprov.errors import NotAllowed, PublishError
from tuiprov.publish.apply import locked, put
from tuiprov.publish.plan import Plan, plan
from tuiprov.publish.root import vanished
from tuiprov.publish.tree import Tree
from tuiprov.render.engine import fingerprint

OnPhone = Callable[[int], None]
"""Told before each phone how many have been planned; what it raises ends the planning."""


def tree_of(site: Site) -> Tree:
    return Tree(Path(site.publish_root))


def unheard(_count: int) -> None:
    """For who does not want to know how far a plan is."""


def plan_devices(
    store: Store, ids: Iterable[int], *, regenerate: bool = True, on_phone: OnPhone = unheard
) -> Plan:
    """The plan for these devices as they are stored."""
    wanted = list(ids)
    recorded = _recorded(store, wanted)
    phones = _telling(store.phones(wanted), on_phone)
    return plan(phones, recorded, tree_of(store.site()), regenerate=regenerate)


def plan_outdated(
    store: Store, viewer: Viewer, where: str = "", on_phone: OnPhone = unheard
) -> Plan:
    """The plan for the devices that the viewer sees, `where` matches, and whose files may not be
    what the database says: the time it takes follows their number. After an upgrade these are all.
    """
    upgraded = store.rendered_by() != fingerprint()
    ids = store.device_ids(viewer, where, outdated=not upgraded)
    return plan_devices(store, ids, on_phone=on_phone)


def plan_settings(
    store: Store, viewer: Viewer, values: Values, on_phone: OnPhone = unheard
) -> Plan:
    """The plan of all devices under the site's settings with `values` in them, computed before
    anything is stored. Raises NotAllowed, or Refused with each setting that is wrong."""
    before, after = store.site(), store.proposed_site(viewer, values)
    changed = {name for name in SITE_FIELDS if getattr(before, name) != getattr(after, name)}
    if not changed & PHONE_FIELDS:
        return Plan(reaches_phones=False)
    phones = (replace(phone, site=after) for phone in store.phones())
    rewrite = bool(changed & ACCESS_FIELDS)
    made = plan(_telling(phones, on_phone), _recorded(store), tree_of(after), rewrite=rewrite)
    return replace(made, notes=tuple(_notes(store, before, after, made)))


def _telling(phones: Iterable[Phone], on_phone: OnPhone) -> Iterator[Phone]:
    for count, phone in enumerate(phones):
        on_phone(count)
        yield phone


def _notes(store: Store, before: Site, after: Site, made: Plan) -> Iterator[str]:
    """What a change of settings does besides what its files show."""
    if before.publish_root != after.publish_root and Path(before.publish_root).exists():
        yield (
            f"{before.publish_root} stays as it is, and phones are served from there until the "
            f"TFTP or HTTP server reads {after.publish_root}. Then remove it: it holds passwords."
        )
    waiting = _waiting(store) & {c.device_id for c in made.changes if c.kind == "replace"}
    if waiting and before.publish_root == after.publish_root:
        count = f"{len(waiting)} of these phones" if len(waiting) > 1 else "One of these phones"
        yield f"{count} had unpublished changes before: they are published too."


def _waiting(store: Store) -> set[int | None]:
    """Devices that are stale or failed."""
    query = select(Device.id).where(Device.publish_state != "published")
    with store.database.read() as session:
        return set(session.exec(query))


def plan_template(store: Store, ids: Iterable[int], custom: CustomTemplate) -> Plan:
    """The plan for the devices that use a template, were its files these."""
    wanted = list(ids)
    phones = (replace(phone, custom=custom) for phone in store.phones(wanted))
    return plan(phones, _recorded(store, wanted), tree_of(store.site()))


def plan_page(store: Store, before: Page, after: Page, *, regenerate: bool) -> Plan:
    """The plan of saving `after` in place of `before`, computed before anything is stored."""
    phones: list[Phone] = []
    if after.phone is not None:
        phones.append(after.phone)
    elif before.phone is not None:
        left = tuple(n for n in before.phone.lines if n.extension_id != before.extension_id)
        phones.append(replace(before.phone, lines=left))
    recorded = _recorded(store, [before.device_id] if before.device_id else [])
    return plan(phones, recorded, tree_of(after.site), regenerate=regenerate)


def plan_withdrawal(store: Store, device_id: int) -> Plan:
    """The plan of a device serving nobody any more, computed before anything is stored."""
    phones = (replace(phone, lines=()) for phone in store.phones([device_id]))
    return plan(phones, _recorded(store, [device_id]), tree_of(store.site()))


def publish(store: Store, viewer: Viewer, ready: Plan) -> None:
    """Apply a plan and record it, if the viewer may publish. On PublishError the devices concerned
    are marked failed."""
    if ready and not viewer.may_provision:
        raise NotAllowed(f"{viewer.label} may not provision devices; nothing was published")
    carry_out(store, viewer, ready)


def withdraw(store: Store, viewer: Viewer, device_id: int) -> Plan:
    """Delete the files of a device that serves nobody any more; gives what was done. The operation
    that took it from its extensions has asked the permission."""
    ready = plan_devices(store, [device_id])
    carry_out(store, viewer, ready)
    return ready


def carry_out(store: Store, viewer: Viewer, ready: Plan, why: str = "") -> Plan:
    """Apply and record a plan that belongs to an operation which has asked the permission; gives
    what was done. `why`: what it belongs to, for the history.

    What should be on disk is recorded before the disk is touched: whatever becomes of this process,
    `reconcile` finishes it. Devices that were changed since they were planned keep their files, so
    that no file ever goes back behind what another publisher wrote.
    """
    site = store.site()
    if not ready.changes:
        with store.database.write() as session:
            return _record_result(session, ready)
    with _marking_failures(store, ready):
        if problem := vanished(store):
            raise PublishError(problem)
        return _carry_out(store, site, viewer, ready, why)


def _carry_out(store: Store, site: Site, viewer: Viewer, ready: Plan, why: str) -> Plan:
    with locked(site):
        with store.database.write() as session:
            ready = _still_true(session, ready)
            _record_wanted(session, viewer, ready, why)
        put(ready.changes, site)
        with store.database.write() as session:
            return _record_result(session, ready)


@contextmanager
def _marking_failures(store: Store, ready: Plan) -> Iterator[None]:
    try:
        yield
    except PublishError as error:
        mark_failed(store, {change.device_id for change in ready.changes}, error)
        raise


def settle_interrupted(store: Store) -> None:
    """Say of the devices whose publishing was broken off what they are now: published when their
    files are as they should be, else stale. The caller has reconciled the files."""
    with store.database.read() as session:
        query = select(Device.id).where(Device.publish_state == "publishing")
        waiting = [number for number in session.exec(query) if number]
    if not waiting:
        return
    ready = plan_devices(store, waiting)
    settled = set(ready.settled) - {change.device_id for change in ready.changes}
    with store.database.write() as session:
        _mark(session, settled, "published", "")
        _mark(session, set(waiting) - settled - set(ready.failed), "stale", "")
        for device_id, problem in ready.failed.items():
            _mark(session, [device_id], "failed", problem)


def mark_restored(store: Store, device_id: int, reason: str) -> None:
    """Say that a device's files are an earlier version: the database is ahead of them."""
    with store.database.write() as session:
        _mark(session, [device_id], "stale", reason)


def mark_failed(store: Store, ids: Iterable[int | None], error: PublishError) -> None:
    """Write down why the files of these devices could not be published."""
    with store.database.write() as session:
        _mark(session, ids, "failed", str(error))


def _recorded(store: Store, ids: list[int] | None = None) -> dict[str, int | None]:
    """The paths published for these devices (all: None), shared ones left out."""
    with store.database.read() as session:
        return recorded(session, ids)


def _still_true(session: Session, ready: Plan) -> Plan:
    """The plan without the devices that are not as they were planned; PublishError when none is
    left."""
    now = stamps(session, list(ready.seen))
    site = site_of(session)
    planned = {id(seen.site): seen.site for seen in ready.seen.values()}
    true_sites = {key for key, one in planned.items() if _reads_alike(one, site)}
    names = {seen.custom.name for seen in ready.seen.values() if seen.custom is not None}
    customs = customs_named(session, names)
    changed = {
        number
        for number, seen in ready.seen.items()
        if now.get(number) != seen.stamp
        or id(seen.site) not in true_sites
        or (seen.custom is not None and customs.get(seen.custom.name) != seen.custom)
    }
    kept = ready.without(changed) if changed else ready
    if not kept.changes:
        raise PublishError(_OUTDATED)
    return kept


def _reads_alike(one: Site, other: Site) -> bool:
    """Do both sites give phones the same files?"""
    return all(getattr(one, name) == getattr(other, name) for name in PHONE_FIELDS)


_OUTDATED = "somebody else changed what was planned meanwhile; nothing was published, plan again"


def _record_wanted(session: Session, viewer: Viewer, ready: Plan, why: str) -> None:
    event = history.record(session, viewer.label, "publish", why, ready.summary())
    session.flush()
    files = [
        Wanted(one.path, one.device_id, None if one.kind == "delete" else one.data)
        for one in ready.changes
    ]
    want(session, files, viewer.label, event.id or 0)
    _follow_program(session)
    _mark(session, {one.device_id for one in ready.changes}, "publishing", "")


def _follow_program(session: Session) -> None:
    """With the first publish of an upgraded program every device's files are in question. A
    statement of its own: the settings' version is for those who edit them."""
    other = update(SystemSettings).where(col(SystemSettings.rendered_by) != fingerprint())
    done = session.execute(other.values(rendered_by=fingerprint()))
    if done.rowcount:  # type: ignore[attr-defined]
        published = update(Device).where(col(Device.publish_state) == "published")
        session.execute(published.values(publish_state="stale"))


def _record_result(session: Session, done: Plan) -> Plan:
    forget_gone(session, [one.path for one in done.changes if one.kind == "delete"])
    held = {change.device_id for change in done.held}
    current = {number for change in done.changes if (number := change.device_id)}
    current |= set(done.settled)
    now = stamps(session, list(current))
    late = {n for n in current if n in done.seen and now.get(n) != done.seen[n].stamp}
    _mark(session, current - held - late, "published", "")
    _mark(session, current & (held | late), "stale", "")
    for device_id, problem in done.failed.items():
        _mark(session, [device_id], "failed", problem)
    return done


def _mark(session: Session, ids: Iterable[int | None], state: str, reason: str) -> None:
    """Set the state of devices. A statement of its own, because the state is not part of what an
    admin edits: the version of the row must not move under an open form."""
    values: dict[str, Any] = {"publish_state": state, "publish_reason": reason[:255]}
    if state == "published":
        values["published_at"] = datetime.now(UTC)
    for some in in_parts([device_id for device_id in ids if device_id]):
        session.execute(update(Device).where(col(Device.id).in_(some)).values(**values))
