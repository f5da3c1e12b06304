"""From a plan to the disk and back: apply it, record what is published.

The screens and the command line call this with what `planning.py` made; `apply.py` below it knows
no database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.among import among
from tuiprov.data.history import events as history
from tuiprov.data.history.adopted import keeping
from tuiprov.data.history.versions import GONE, Wanted, forget_gone, in_parts, want
from tuiprov.data.kept import PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.reading import stamps
from tuiprov.data.sealing import keys_of
from tuiprov.data.settings import SystemSettings, has_several_trees, site_of
from tuiprov.data.site import PHONE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.data.templates.customs import customs_named
from tuiprov.errors import NotAllowed, PublishError
from tuiprov.publish.apply import Putting, locked
from tuiprov.publish.plan import PbxSeen, Plan, Seen, is_of_pbx
from tuiprov.publish.planning import OnPhone, plan_phones, unheard
from tuiprov.publish.root import vanished
from tuiprov.publish.tree import tree_of
from tuiprov.render.engine import fingerprint


def publish(store: Store, viewer: Viewer, ready: Plan, on_file: OnPhone = unheard) -> None:
    """Apply a plan and record it, if the viewer may publish. On PublishError the devices concerned
    are marked failed. `on_file`: as in `carry_out`."""
    if ready and not viewer.may_provision:
        raise NotAllowed(f"{viewer.label} may not provision devices; nothing was published")
    carry_out(store, viewer, ready, on_file=on_file)


def withdraw(store: Store, viewer: Viewer, device_id: int) -> Plan:
    """Delete the files of a device that serves nobody any more; gives what was done. The operation
    that took it from its extensions has asked the permission."""
    ready = plan_phones(store, [device_id])
    carry_out(store, viewer, ready)
    return ready


def carry_out(
    store: Store, viewer: Viewer, ready: Plan, why: str = "", on_file: OnPhone = unheard
) -> Plan:
    """Apply and record a plan that belongs to an operation which has asked the permission; gives
    what was done. `why`: what it belongs to, for the history. `on_file` is told how many files are
    written: 0 as long as nothing is recorded, and what it raises then ends it and changes nothing.

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
        return _carry_out(store, site, viewer, ready, why, on_file)


def _carry_out(
    store: Store, site: Site, viewer: Viewer, ready: Plan, why: str, on_file: OnPhone
) -> Plan:
    with locked(site):
        on_file(0)
        with ExitStack() as stack:
            # Meanwhile it is asked whether all of it is still true.
            putting = _begun(stack, site, ready)
            with store.database.write() as session:
                planned, ready = ready, _still_true(session, ready)
                if ready is not planned:
                    stack.close()
                    putting = _begun(stack, site, ready)
                _record_wanted(session, viewer, ready, why)
                on_file(0)
            putting.finish(_to_the_end(on_file))
        problem = _reloaded(store, viewer, ready)
        with store.database.write() as session:
            done = _record_result(session, replace(ready, pbx=None) if problem else ready)
    if problem:
        raise PublishError(problem)
    return done


def _begun(stack: ExitStack, site: Site, ready: Plan) -> Putting:
    putting = stack.enter_context(Putting(site, ready.changes))
    putting.begin()
    return putting


def _to_the_end(on_file: OnPhone) -> OnPhone:
    """The same listener, which ends nothing: what is recorded is written."""

    def told(count: int) -> None:
        with suppress(Exception):
            on_file(count)

    return told


def _reloaded(store: Store, viewer: Viewer, ready: Plan) -> str:
    """Have the PBX take its new files, where the settings say so; gives why it did not: then the
    files of before are back, and read. The caller holds the lock."""
    if ready.pbx is None or not ready.pbx.site.pbx_reload or not any(map(is_of_pbx, ready.changes)):
        return ""
    from tuiprov.publish.pbx_reload import reload_or_put_back

    return reload_or_put_back(store, viewer, ready.changes, ready.pbx)


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
    with store.database.read() as session:
        kept = keeping(session, ["publishing"])
    ready = plan_phones(store, set(waiting) - kept)
    settled = kept | set(ready.settled) - {change.device_id for change in ready.changes}
    with store.database.write() as session:
        _mark(session, settled, "published", "")
        _mark(session, set(waiting) - settled - set(ready.failed), "stale", "")
        for device_id, problem in ready.failed.items():
            _mark(session, [device_id], "failed", problem)


def mark_restored(store: Store, ids: Iterable[int], reason: str) -> None:
    """Say that these devices' files are an earlier version: the database is ahead of them."""
    with store.database.write() as session:
        _mark(session, ids, "stale", reason)


def mark_failed(store: Store, ids: Iterable[int | None], error: PublishError) -> None:
    """Write down why the files of these devices could not be published."""
    with store.database.write() as session:
        _mark(session, ids, "failed", str(error))


def changed_since(session: Session, seen: Mapping[int, Seen]) -> set[int]:
    """Those of these devices that are not as they were planned."""
    now = stamps(session, list(seen))
    site = site_of(session)
    planned = {id(one.site): one.site for one in seen.values()}
    true_sites = {key for key, one in planned.items() if _reads_alike(one, site)}
    names = {one.custom.name for one in seen.values() if one.custom is not None}
    customs = customs_named(session, names)
    return {
        number
        for number, one in seen.items()
        if now.get(number) != one.stamp
        or id(one.site) not in true_sites
        or (one.custom is not None and customs.get(one.custom.name) != one.custom)
    }


def as_stored(session: Session, ready: Plan, devices: Collection[int]) -> Plan:
    """A plan of changes that are stored by now, of these devices alone. The caller knows that
    nothing else was changed since it was made."""
    others = ready.seen.keys() - set(devices)
    now = stamps(session, list(devices))
    seen = {n: replace(ready.seen[n], stamp=now[n]) for n in now if n in ready.seen}
    phones = tuple(one for one in ready.changes if not is_of_pbx(one))
    return replace(replace(ready, changes=phones).without(others), seen=seen, pbx=None)


def _still_true(session: Session, ready: Plan) -> Plan:
    """The plan without the devices that are not as they were planned; PublishError when none is
    left."""
    changed = changed_since(session, ready.seen)
    site = site_of(session)
    kept = ready.without(changed) if changed else ready
    if kept.pbx is not None and not _pbx_still_true(session, kept.pbx, site):
        phones = tuple(one for one in kept.changes if not is_of_pbx(one))
        kept = replace(kept, changes=phones, pbx=None)
    if not kept.changes:
        raise PublishError(_OUTDATED)
    return kept


def _pbx_still_true(session: Session, seen: PbxSeen, site: Site) -> bool:
    from tuiprov.publish.pbx_files import still_true

    return still_true(session, tree_of(site), seen)


def _reads_alike(one: Site, other: Site) -> bool:
    """Do both sites give phones the same files?"""
    return all(getattr(one, name) == getattr(other, name) for name in PHONE_FIELDS)


_OUTDATED = "somebody else changed what was planned meanwhile; nothing was published, plan again"


def _record_wanted(session: Session, viewer: Viewer, ready: Plan, why: str) -> None:
    event = history.record(session, viewer, "publish", why, ready.summary())
    session.flush()
    files = [
        Wanted(one.path, one.device_id, None if one.kind == "delete" else one.data)
        for one in ready.changes
    ]
    want(session, files, viewer.label, event.id or 0)
    follow_program(session)
    _mark(session, {one.device_id for one in ready.changes}, "publishing", "")


def follow_program(session: Session) -> None:
    """With the first publish of an upgraded program every device's files are in question, but not
    those that another program made. A statement of its own: the settings' version is for those who
    edit them."""
    other = update(SystemSettings).where(col(SystemSettings.rendered_by) != fingerprint())
    done = session.execute(other.values(rendered_by=fingerprint()))
    if done.rowcount:  # type: ignore[attr-defined]
        kept = keeping(session, ["published"])
        published = update(Device).where(col(Device.publish_state) == "published")
        session.execute(published.values(publish_state="stale"))
        for some in in_parts(sorted(kept)):
            again = update(Device).where(among(Device.id, some))
            session.execute(again.values(publish_state="published"))


def _record_result(session: Session, done: Plan) -> Plan:
    forget_gone(session, [one.path for one in done.changes if one.kind == "delete"])
    if done.pbx is not None:
        from tuiprov.publish.pbx_files import record_pbx

        record_pbx(session, done.pbx)
    held = {change.device_id for change in done.held}
    current = {number for change in done.changes if (number := change.device_id)}
    current |= set(done.settled)
    now = stamps(session, list(current))
    late = {n for n in current if n in done.seen and now.get(n) != done.seen[n].stamp}
    late |= _behind(session, current)
    _mark(session, current - held - late, "published", "")
    _mark(session, current & (held | late), "stale", "")
    for device_id, problem in done.failed.items():
        _mark(session, [device_id], "failed", problem)
    return done


def _behind(session: Session, ids: Collection[int]) -> set[int]:
    """Those of these devices of which this host has other files than the record says: another host
    published meanwhile, and this tree has not followed yet. What was planned against it is no word
    about the record."""
    if not has_several_trees(session):
        return set()
    site, keys = site_of(session), keys_of(session)
    found = set()
    for some in in_parts(list(ids)):
        query = select(PublishedFile).where(among(PublishedFile.device_id, some))
        for row in session.exec(query.where(col(PublishedFile.version_id).is_not(None))):
            data = tree_of(site).read(row.path)
            if (GONE if data is None else keys.digest(data)) != row.digest:
                found.add(row.device_id or 0)
    return found


def _mark(session: Session, ids: Iterable[int | None], state: str, reason: str) -> None:
    """Set the state of devices. A statement of its own, because the state is not part of what an
    admin edits: the version of the row must not move under an open form."""
    values: dict[str, Any] = {"publish_state": state, "publish_reason": reason[:255]}
    if state == "published":
        values["published_at"] = datetime.now(UTC)
    numbers = [device_id for device_id in ids if device_id]
    if numbers:
        session.flush()
        marked = update(Device).where(among(Device.id, numbers)).values(**values)
        session.connection().execute(marked)
