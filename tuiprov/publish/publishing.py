"""From the store to the disk and back: plan a set of devices, apply, record what is published.

The screens and the command line call this; `plan.py` and `apply.py` below it know no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.bulk_edit import devices_of, values_for
from tuiprov.data.bulk_sets import Change
from tuiprov.data.custom_rows import customs_named
from tuiprov.data.fields import Values
from tuiprov.data.kept import PublishedFile
from tuiprov.data.models import Device, SystemSettings
from tuiprov.data.page import CustomTemplate, Page, Phone
from tuiprov.data.reading import has_several_trees, site_of, stamps
from tuiprov.data.sealing import keys_of
from tuiprov.data.sections import EXTENSION_FIELDS, SERVER_DEFAULT
from tuiprov.data.site import ACCESS_FIELDS, PBX_FIELDS, PHONE_FIELDS, SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.data.versions import GONE, Wanted, forget_gone, in_parts, recorded, want
from tuiprov.errors import NotAllowed, PublishError
from tuiprov.publish.apply import locked, put
from tuiprov.publish.plan import Asked, PbxSeen, Plan, is_of_pbx, plan
from tuiprov.publish.root import vanished
from tuiprov.publish.tree import tree_of
from tuiprov.render.engine import fingerprint

OnPhone = Callable[[int], None]
"""Told before each phone how many have been planned; what it raises ends the planning."""


def unheard(_count: int) -> None:
    """For who does not want to know how far a plan is."""


def plan_devices(
    store: Store,
    ids: Iterable[int],
    *,
    regenerate: bool = True,
    extensions: Collection[int] = (),
    on_phone: OnPhone = unheard,
) -> Plan:
    """The plan for these devices as they are stored, and for what the PBX is to know of the
    extensions on them and of `extensions`."""
    made = _plan_phones(store, ids, regenerate, on_phone)
    served = {line[1] for seen in made.seen.values() for line in seen.stamp[1:]}
    return _with_pbx(store, made, Asked({*served, *extensions}))


def _plan_phones(
    store: Store, ids: Iterable[int], regenerate: bool = True, on_phone: OnPhone = unheard
) -> Plan:
    """The plan of the devices' own files."""
    wanted = list(ids)
    recorded = _recorded(store, wanted)
    phones = telling(store.phones(wanted), on_phone)
    return plan(phones, recorded, tree_of(store.site()), regenerate=regenerate)


def plan_pbx(store: Store, asked: Asked) -> Plan:
    """The plan of the PBX's files alone."""
    return _with_pbx(store, Plan(), asked)


def _with_pbx(store: Store, made: Plan, asked: Asked, site: Site | None = None) -> Plan:
    from tuiprov.publish.pbx_files import with_pbx  # few sites have tuiprov write their PBX

    stored = store.site()
    wanted = site or stored
    if wanted.pbx == "none" and stored.pbx == "none" and not store.has_pbx_files():
        return made
    with store.database.read() as session:
        return with_pbx(session, made, tree_of(wanted), asked, site)


def plan_outdated(
    store: Store,
    viewer: Viewer,
    where: str = "",
    on_phone: OnPhone = unheard,
    *,
    everything: bool = False,
) -> Plan:
    """The plan for the devices that the viewer sees, `where` matches, and whose files may not be
    what the database says: the time it takes follows their number. After an upgrade these are all.
    `everything`: all that match in any case, whatever somebody did to the disk."""
    everything = everything or store.rendered_by() != fingerprint()
    ids = store.device_ids(viewer, where, outdated=not everything)
    is_whole = viewer.is_administrator and not where
    asked = Asked(None if is_whole else store.extension_ids(viewer, where))
    made = _with_pbx(store, _plan_phones(store, ids, on_phone=on_phone), asked)
    return replace(made, notes=(*made.notes, *_under_way(store, viewer, made)))


def _under_way(store: Store, viewer: Viewer, made: Plan) -> Iterator[str]:
    """That some of these phones wait for their wave, and would not wait any more."""
    if not (made.changes and viewer.may_provision):
        return
    row = store.waves.open_one(viewer)
    if row is not None and row.counts.get("waiting"):
        phones = f"{row.counts['waiting']} phone{'s' if row.counts['waiting'] != 1 else ''}"
        yield f"Waves are under way: what {phones} still wait for would be published at once."


def plan_settings(
    store: Store, viewer: Viewer, values: Values, on_phone: OnPhone = unheard
) -> Plan:
    """The plan of all devices under the site's settings with `values` in them, computed before
    anything is stored. Raises NotAllowed, or Refused with each setting that is wrong."""
    before, after = store.site(), store.proposed_site(viewer, values)
    changed = {name for name in SITE_FIELDS if getattr(before, name) != getattr(after, name)}
    if not changed & PHONE_FIELDS:
        pbx_alone = changed & PBX_FIELDS or after.pbx != "none"
        made = _with_pbx(store, Plan(), Asked(None), after) if pbx_alone else Plan()
        return replace(made, reaches_phones=bool(made.changes))
    phones = (replace(phone, site=after) for phone in store.phones())
    rewrite = bool(changed & ACCESS_FIELDS)
    made = plan(telling(phones, on_phone), _recorded(store), tree_of(after), rewrite=rewrite)
    made = replace(made, notes=tuple(_notes(store, before, after, made)))
    return _with_pbx(store, made, Asked(None), after)


def telling(phones: Iterable[Phone], on_phone: OnPhone) -> Iterator[Phone]:
    """These phones; `on_phone` is told before each."""
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


def plan_template(
    store: Store, ids: Iterable[int], custom: CustomTemplate, on_phone: OnPhone = unheard
) -> Plan:
    """The plan for the devices that use a template, were its files these."""
    wanted = list(ids)
    phones = (replace(phone, custom=custom) for phone in telling(store.phones(wanted), on_phone))
    return plan(phones, _recorded(store, wanted), tree_of(store.site()))


def plan_page(store: Store, before: Page, after: Page, *, regenerate: bool) -> Plan:
    """The plan of saving `after` in place of `before`, computed before anything is stored."""
    made = _plan_phone_of(store, before, after, regenerate)
    return _with_pbx(store, made, Asked(pages=() if after.is_device else (after,)))


def plan_as(
    store: Store,
    devices: Collection[int],
    as_it_would_be: Callable[[Phone], Phone],
    asked: Asked,
    on_phone: OnPhone = unheard,
) -> Plan:
    """The plan of these devices as they would be, and of what the PBX would be told, computed
    before anything is stored."""
    wanted = list(devices)
    phones = map(as_it_would_be, telling(store.phones(wanted), on_phone))
    made = plan(_with_customs(store, phones), _recorded(store, wanted), tree_of(store.site()))
    return _with_pbx(store, made, asked)


def plan_change(
    store: Store, places: Mapping[int, int], change: Change, on_phone: OnPhone = unheard
) -> Plan:
    """The plan of a change of many extensions, computed before anything is stored: of the files of
    the phones that they are on, and of the PBX's. `places`: extension → its place among all."""
    ids = list(places)
    with store.database.read() as session:
        devices = devices_of(session, ids)
    phones = (
        _with_change(phone, change, places) for phone in telling(store.phones(devices), on_phone)
    )
    made = plan(_with_customs(store, phones), _recorded(store, devices), tree_of(store.site()))
    if store.site().pbx == "none" or not change.keys() & set(EXTENSION_FIELDS):
        return made
    from tuiprov.data.pbx_rows import pbx_pages

    with store.database.read() as session:
        pages = tuple(
            page.changed(values_for(page.values, change, places[page.extension_id or 0]))
            for page in pbx_pages(session, site_of(session), ids)
        )
    return _with_pbx(store, made, Asked(pages=pages))


def _with_customs(store: Store, phones: Iterable[Phone]) -> Iterator[Phone]:
    """Phones with the files of the templates that they would have, which are read once each."""
    known: dict[str, CustomTemplate | None] = {SERVER_DEFAULT: None}
    for phone in phones:
        name = str(phone.values["template"])
        if phone.custom is not None:
            known.setdefault(phone.custom.name, phone.custom)
        if name not in known:
            with store.database.read() as session:
                known[name] = customs_named(session, [name]).get(name)
        yield replace(phone, custom=known[name])


def _with_change(phone: Phone, change: Change, places: Mapping[int, int]) -> Phone:
    """The phone as it would be with this change of those extensions on it that are in `places`."""
    own, lines = dict(phone.values), []
    for line in phone.lines:
        place = places.get(line.extension_id or 0)
        if place is None:
            lines.append(line)
            continue
        values = values_for({**phone.values, **line.extension}, change, place)
        own |= {name: value for name, value in values.items() if name in own}
        extension = {name: values.get(name, value) for name, value in line.extension.items()}
        if extension["use_provisioning"]:
            lines.append(replace(line, extension=extension))
    return replace(phone, values=own, lines=tuple(lines))


def plan_removal(store: Store, page: Page, *, files: bool) -> Plan:
    """The plan of an extension that goes; `files`: of its phone's files too."""
    after = page.changed({"use_provisioning": False})
    made = _plan_phone_of(store, page, after, regenerate=True) if files else Plan()
    return _with_pbx(store, made, Asked(gone=(str(page.values["extension"]),)))


def _plan_phone_of(store: Store, before: Page, after: Page, regenerate: bool) -> Plan:
    """The plan of the files of a page's phone."""
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


def publish(store: Store, viewer: Viewer, ready: Plan, on_file: OnPhone = unheard) -> None:
    """Apply a plan and record it, if the viewer may publish. On PublishError the devices concerned
    are marked failed. `on_file`: as in `carry_out`."""
    if ready and not viewer.may_provision:
        raise NotAllowed(f"{viewer.label} may not provision devices; nothing was published")
    carry_out(store, viewer, ready, on_file=on_file)


def withdraw(store: Store, viewer: Viewer, device_id: int) -> Plan:
    """Delete the files of a device that serves nobody any more; gives what was done. The operation
    that took it from its extensions has asked the permission."""
    ready = _plan_phones(store, [device_id])
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
        with store.database.write() as session:
            ready = _still_true(session, ready)
            _record_wanted(session, viewer, ready, why)
            on_file(0)
        put(ready.changes, site, _to_the_end(on_file))
        problem = _reloaded(store, viewer, ready)
        with store.database.write() as session:
            done = _record_result(session, replace(ready, pbx=None) if problem else ready)
    if problem:
        raise PublishError(problem)
    return done


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
    ready = _plan_phones(store, waiting)
    settled = set(ready.settled) - {change.device_id for change in ready.changes}
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
        query = select(PublishedFile).where(col(PublishedFile.device_id).in_(some))
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
    for some in in_parts([device_id for device_id in ids if device_id]):
        session.execute(update(Device).where(col(Device.id).in_(some)).values(**values))
