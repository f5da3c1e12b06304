"""What publishing would do, asked of the store: of devices, a page, a change of many, settings.

The screens and the command line call this; `publishing.py` carries a plan out, and `plan.py` below
knows no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sqlmodel import select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import devices_of, values_for
from tuiprov.data.bulk.sets import Change
from tuiprov.data.fields import Values
from tuiprov.data.history.adopted import keeping
from tuiprov.data.history.versions import recorded
from tuiprov.data.models import Device
from tuiprov.data.page import CustomTemplate, Page, Phone
from tuiprov.data.sections import EXTENSION_FIELDS, SERVER_DEFAULT
from tuiprov.data.settings import site_of
from tuiprov.data.site import ACCESS_FIELDS, PBX_FIELDS, PHONE_FIELDS, SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.data.templates.customs import customs_named
from tuiprov.publish.plan import Asked, Plan, is_of_pbx, plan
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
    made = _telling_readers(store, plan_phones(store, ids, regenerate, on_phone))
    return with_pbx_of(store, made, extensions)


def plan_phones(
    store: Store, ids: Iterable[int], regenerate: bool = True, on_phone: OnPhone = unheard
) -> Plan:
    """The plan of the devices' own files."""
    wanted = list(ids)
    recorded = _recorded(store, wanted)
    phones = telling(store.phones(wanted), on_phone)
    return plan(phones, recorded, tree_of(store.site()), regenerate=regenerate)


def _telling_readers(store: Store, made: Plan) -> Plan:
    """The plan with what it does to phones that keep the files they were adopted with."""
    if all(one.device_id is not None or is_of_pbx(one) for one in made.changes):
        return made
    from tuiprov.publish.kept_files import readers_told

    with store.database.read() as session:
        return replace(made, notes=(*made.notes, *readers_told(session, made)))


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
    what the database says: the time it takes follows their number. After an upgrade these are all
    but those that keep the files they were adopted with. `everything`: all that match in any case,
    whatever somebody did to the disk."""
    is_upgraded = store.rendered_by() != fingerprint()
    found = store.device_ids(viewer, where, outdated=not (everything or is_upgraded))
    ids = found if everything else _without_kept(store, found, is_upgraded)
    is_whole = viewer.is_administrator and not where
    asked = Asked(None if is_whole else store.extension_ids(viewer, where))
    made = _telling_readers(store, plan_phones(store, ids, on_phone=on_phone))
    made = _with_pbx(store, made, asked)
    return replace(made, notes=(*made.notes, *_under_way(store, viewer, made)))


def _without_kept(store: Store, ids: list[int], is_upgraded: bool) -> list[int]:
    """Without the devices that keep the files they were adopted with."""
    if not ids:
        return ids
    with store.database.read() as session:
        kept = keeping(session, ["publishing", *(["published"] if is_upgraded else [])])
    return [number for number in ids if number not in kept]


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
    phones = store.phones(proposed=after)
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
    with store.database.read() as session:
        kept = keeping(session, ["published"])
    kept &= {c.device_id or 0 for c in made.changes}
    if kept:
        count = (
            f"{len(kept)} of these phones still have"
            if len(kept) > 1
            else "One of these phones still has"
        )
        yield f"{count} the files they were adopted with: ours take their place."


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
    made = _telling_readers(store, _plan_phone_of(store, before, after, regenerate))
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
    made = _telling_readers(store, made)
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


def _recorded(store: Store, ids: list[int] | None = None) -> dict[str, int | None]:
    """The paths published for these devices (all: None), shared ones left out."""
    with store.database.read() as session:
        return recorded(session, ids)


def with_pbx_of(store: Store, made: Plan, extensions: Collection[int]) -> Plan:
    """The plan with what the PBX is to know of the extensions on its devices and of these."""
    served = {line[1] for seen in made.seen.values() for line in seen.stamp[1:]}
    return _with_pbx(store, made, Asked({*served, *extensions}))
