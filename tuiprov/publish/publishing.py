"""From the store to the disk and back: plan a set of devices, apply, record what is published.

The screens and the command line call this; `plan.py` and `apply.py` below it know no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.fields import Values
from tuiprov.data.models import Device, PublishedFile
from tuiprov.data.page import Page, Phone
from tuiprov.data.site import ACCESS_FIELDS, PHONE_FIELDS, SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.errors import NotAllowed, PublishError
from tuiprov.publish.apply import apply
from tuiprov.publish.plan import Plan, plan
from tuiprov.publish.tree import Tree

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


def plan_page(store: Store, before: Page, after: Page, *, regenerate: bool) -> Plan:
    """The plan of saving `after` in place of `before`, computed before anything is stored."""
    phones: list[Phone] = []
    if after.phone is not None:
        phones.append(after.phone)
    elif before.phone is not None:
        left = tuple(n for n in before.phone.lines if n.extension_id != before.extension_id)
        gone = before.phone
        phones.append(Phone(gone.values, left, gone.site, gone.token, gone.device_id))
    recorded = _recorded(store, [before.device_id] if before.device_id else [])
    return plan(phones, recorded, tree_of(after.site), regenerate=regenerate)


def plan_removal(store: Store, viewer: Viewer, extension_id: int) -> Plan:
    """The plan of removing an extension: what its phone's files become without it."""
    page = store.page(viewer, extension_id)
    return plan_page(store, page, page.changed({"use_provisioning": False}), regenerate=True)


def publish(store: Store, viewer: Viewer, ready: Plan) -> None:
    """Apply a plan and record it. On PublishError the devices concerned are marked failed.

    What is going to be written is recorded first: a file that a broken-off publish left in its
    place is found again when its device is disabled.
    """
    if ready and not viewer.may_provision:
        raise NotAllowed(f"{viewer.label} may not provision devices; nothing was published")
    if ready.changes:
        with store.database.write() as session:
            _record_paths(session, ready)
    try:
        apply(ready, store.site())
    except PublishError as error:
        mark_failed(store, {change.device_id for change in ready.changes}, error)
        raise
    with store.database.write() as session:
        _record(session, viewer, ready)


def publish_devices(
    store: Store, viewer: Viewer, ids: Collection[int], *, regenerate: bool = True
) -> Plan:
    """Plan these devices as they are stored now, and publish that: what comes after a save. Nothing
    for who may not provision: the devices are stale until somebody publishes who may."""
    if not viewer.may_provision:
        return Plan()
    try:
        made = plan_devices(store, ids, regenerate=regenerate)
    except PublishError as error:
        mark_failed(store, ids, error)
        raise
    publish(store, viewer, made)
    return made


def mark_failed(store: Store, ids: Iterable[int | None], error: PublishError) -> None:
    """Write down why the files of these devices could not be published."""
    with store.database.write() as session:
        _mark(session, ids, "failed", str(error))


def _recorded(store: Store, ids: list[int] | None = None) -> dict[str, int | None]:
    """The paths published for these devices (all: None), shared ones left out."""
    found: dict[str, int | None] = {}
    with store.database.read() as session:
        if ids is None:
            query = select(PublishedFile.path, PublishedFile.device_id)
            return dict(session.exec(query.where(col(PublishedFile.device_id).is_not(None))).all())
        for start in range(0, len(ids), 500):
            query = select(PublishedFile.path, PublishedFile.device_id)
            query = query.where(col(PublishedFile.device_id).in_(ids[start : start + 500]))
            found |= dict(session.exec(query).all())
    return found


def _record_paths(session: Session, ready: Plan) -> None:
    now = datetime.now(UTC)
    for change in ready.changes:
        if change.kind != "delete":
            row = session.get(PublishedFile, change.path)
            row = row or PublishedFile(path=change.path, sha256="", published_at=now)
            row.device_id, row.sha256, row.published_at = change.device_id, change.sha256, now
            session.add(row)


def _record(session: Session, viewer: Viewer, done: Plan) -> None:
    for change in done.changes:
        known = session.get(PublishedFile, change.path) if change.kind == "delete" else None
        if known is not None:
            session.delete(known)
    held = {change.device_id for change in done.held}
    current = {change.device_id for change in done.changes} | set(done.settled)
    _mark(session, current - held, "published", "")
    for device_id, problem in done.failed.items():
        _mark(session, [device_id], "failed", problem)
    if done.changes:
        history.record(session, viewer.label, "publish", "", done.summary())


def _mark(session: Session, ids: Iterable[int | None], state: str, reason: str) -> None:
    """Set the state of devices. A statement of its own, because the state is not part of what an
    admin edits: the version of the row must not move under an open form."""
    wanted = [device_id for device_id in ids if device_id]
    for start in range(0, len(wanted), 500):
        rows = col(Device.id).in_(wanted[start : start + 500])
        session.execute(
            update(Device).where(rows).values(publish_state=state, publish_reason=reason[:255])
        )
