"""Reading pages and phones inside one session: what `store.py` and the bulk rooms share.

Nothing here asks for permission: who calls it does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import kin
from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.among import among
from tuiprov.data.fields import Value
from tuiprov.data.http_login import PURPOSE, HttpLogin, http_login
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import CustomTemplate, LineUse, Page, Phone, Stamp
from tuiprov.data.queries import columns, joined
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import device_values, extension_values, opened
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.data.settings import site_of
from tuiprov.data.site import Site
from tuiprov.errors import NotFound

_PAGE_OF_DEVICES = 500


def page_of(session: Session, viewer: Viewer, extension_id: int) -> Page:
    """The page of an extension, read in `session`'s transaction; NotFound when it does not exist or
    is out of reach."""
    page = next(pages_of(session, viewer, [extension_id]), None)
    if page is None:
        raise NotFound("this extension does not exist (any more)")
    return page


def pages_of(session: Session, viewer: Viewer, ids: Sequence[int]) -> Iterator[Page]:
    """The pages of those of these extensions that the viewer sees, by id, a few statements for
    hundreds of them."""
    site = site_of(session)
    for start in range(0, len(ids), _PAGE_OF_DEVICES):
        yield from _some_pages(session, viewer, site, ids[start : start + _PAGE_OF_DEVICES])


def _some_pages(session: Session, viewer: Viewer, site: Site, ids: Sequence[int]) -> Iterator[Page]:
    user, organization = user_and_organization()
    query = joined(columns(Extension, user, organization, Line, Device), user, organization)
    query = query.where(col(Extension.id).in_(ids), within_reach(viewer, user, organization))
    rows = session.execute(query.order_by(col(Extension.id))).all()
    served = [device.id for *_, device in rows if device is not None]
    lines = lines_seen_by(session, viewer, served)
    customs: dict[Any, tuple[CustomTemplate, ...]] = {}
    for row in rows:
        page = _page_of_row(session, viewer, site, row, lines)
        above = (page.user_id, page.organization_id, row[2].parent_id)
        page = replace(page, customs=_customs(session, viewer, above, page, customs))
        if site.pbx != "none":
            from tuiprov.data.pbx_rows import with_pbx_facts

            page = with_pbx_facts(session, page)
        yield page


def _page_of_row(
    session: Session, viewer: Viewer, site: Site, row: Any, lines: Mapping[int, Sequence[LineUse]]
) -> Page:
    extension, user, organization, line, device = row
    token = secrets.token_hex(16)
    values = new_values(site) | extension_values(keys_of(session), extension)
    values |= {"organization": organization.name, "user": user.name}
    values["line"] = line.number if line is not None else 1
    page = Page(
        values=values,
        site=site,
        extension_id=extension.id,
        extension_version=extension.version,
        token=token,
        http_login=login_of(session, token),
        organization_id=organization.id,
        user_id=user.id,
        revealable=viewer.sip_management,
    )
    return page if device is None else _put_on(session, page, device, lines.get(device.id, ()))


def _customs(
    session: Session,
    viewer: Viewer,
    owners: tuple[int | None, ...],
    page: Page,
    known: dict[Any, tuple[CustomTemplate, ...]],
) -> tuple[CustomTemplate, ...]:
    """What may be chosen on this page, asked once for all pages that are alike in it."""
    from tuiprov.data.templates.customs import customs_for

    key = (None if viewer.is_administrator else owners, page.values["template"])
    if key not in known:
        known[key] = customs_for(session, viewer, owners, page.values["template"])
    return known[key]


def login_of(session: Session, token: str) -> HttpLogin:
    """The login that a device with this token has for HTTP."""
    return http_login(token, keys_of(session).derive(PURPOSE))


def new_values(site: Site) -> dict[str, Value]:
    """The values of an extension and a device that are not stored yet: the fields' defaults, and
    the site's for new devices."""
    chosen = {
        "update_protocol": site.default_update_protocol,
        "mac_based_provisioning": site.default_mac_based_provisioning,
        "password_generation": site.default_password_generation,
        "status": site.default_status,
    }
    usual = [name for name in str(DEFAULTS["codecs"]).split(",") if name in site.offered]
    return {**DEFAULTS, **chosen, "codecs": ",".join(usual or site.offered[:1])}


def device_page(session: Session, viewer: Viewer, device: Device) -> Page:
    """The page of a device alone: an unsaved one has no lines."""
    from tuiprov.data.templates.customs import customs_for

    site = site_of(session)
    owner = kin(session, [device.owner_id])[device.owner_id]
    values = new_values(site) | {"use_provisioning": True}
    if device.id is not None:
        values |= device_values(keys_of(session), device)
    owners = (owner.id, *owner.above, device.organization_id)
    return Page(
        values=values,
        site=site,
        device_id=device.id,
        device_version=device.version if device.id is not None else 0,
        token=device.token,
        http_login=login_of(session, device.token),
        organization_id=device.organization_id,
        others=_lines_of(session, viewer, device),
        customs=customs_for(session, viewer, owners, values["template"]),
        is_device=True,
        owner_id=device.owner_id,
    )


def _lines_of(session: Session, viewer: Viewer, device: Device) -> tuple[LineUse, ...]:
    if device.id is None:
        return ()
    return tuple(lines_seen_by(session, viewer, [device.id]).get(device.id, ()))


def on_device(session: Session, viewer: Viewer, page: Page, device: Device) -> Page:
    """`page` put on a device that exists already, beside the lines it serves (nothing is saved)."""
    device_id = device.id or 0
    lines = lines_seen_by(session, viewer, [device_id]).get(device_id, [])
    return _put_on(session, page, device, lines)


def _put_on(session: Session, page: Page, device: Device, lines: Sequence[LineUse]) -> Page:
    return replace(
        page,
        values={**page.values, **device_values(keys_of(session), device)},
        device_id=device.id or 0,
        device_version=device.version,
        token=device.token,
        http_login=login_of(session, device.token),
        others=tuple(line for line in lines if line.extension_id != page.extension_id),
    )


def lines_seen_by(
    session: Session, viewer: Viewer, device_ids: Sequence[int]
) -> dict[int, list[LineUse]]:
    """The lines of these devices; the passwords of those that the viewer does not reach stay
    hidden."""
    lines = lines_by_device(session, device_ids)
    if not lines or not viewer.sip_management:
        seen: set[int] = set()
    else:
        user, organization = user_and_organization()
        query = joined(select(Extension.id), user, organization)
        query = query.where(
            col(Extension.id).in_([one.extension_id for own in lines.values() for one in own]),
            within_reach(viewer, user, organization),
        )
        seen = set(session.execute(query).scalars())
    return {
        number: [replace(line, revealable=line.extension_id in seen) for line in own]
        for number, own in lines.items()
    }


def phones_of(
    session: Session, wanted: Sequence[int] | None, proposed: Site | None = None
) -> Iterator[Phone]:
    """These devices (all: None) as phones with their lines, in pages by key; under `proposed`
    settings instead of those that are stored."""
    from tuiprov.data.devices.enrolment import first_tokens
    from tuiprov.data.templates.customs import customs_named

    site, keys = proposed or site_of(session), keys_of(session)
    login_key = keys.derive(PURPOSE)
    asks = site.http_authentication != "none"
    for rows in device_pages(session, wanted):
        custom = customs_named(session, {row.template for row in rows})
        lines = lines_by_device(session, [row.id for row in rows])
        first = first_tokens(session, [row.id for row in rows])
        for row in rows:
            stored = dict(zip(DEVICE_FIELDS, row[-len(DEVICE_FIELDS) :], strict=True))
            values = opened(keys, "device", row.serial, stored)
            own = tuple(lines.get(row.id, ()))
            files = custom.get(row.template)
            yield Phone(
                *(values, own, site, row.token, row.id, files, row.version),
                first_token=first.get(row.id, ""),
                http_login=http_login(row.token, login_key) if asks else None,
            )


_DEVICE_COLUMNS = ("id", "serial", "token", "version", *DEVICE_FIELDS)
"""A row of `device_pages`: the fields stand last, in their order."""


def device_pages(session: Session, wanted: Sequence[int] | None) -> Iterator[Sequence[Any]]:
    query = columns(*(getattr(Device, name) for name in _DEVICE_COLUMNS)).order_by(col(Device.id))
    connection = session.connection()
    if wanted is not None:
        for start in range(0, len(wanted), _PAGE_OF_DEVICES):
            some = wanted[start : start + _PAGE_OF_DEVICES]
            if rows := connection.execute(query.where(among(Device.id, some))).all():
                yield rows
        return
    last = 0
    query = query.limit(_PAGE_OF_DEVICES)
    while rows := connection.execute(query.where(col(Device.id) > last)).all():
        yield rows
        last = rows[-1].id


def lines_by_device(session: Session, device_ids: Sequence[int]) -> dict[int, list[LineUse]]:
    names = [getattr(Extension, name) for name in EXTENSION_FIELDS if name in FIELDS]
    query = columns(Line.device_id, Line.number, Extension.id, Extension.version, *names)
    query = query.join(Extension, col(Line.extension_id) == Extension.id)
    query = query.where(among(Line.device_id, device_ids)).order_by(col(Line.number))
    lines: dict[int, list[LineUse]] = {}
    keys = keys_of(session)
    for device_id, number, extension_id, version, *values in session.connection().execute(query):
        stored = dict(zip(EXTENSION_FIELDS, values, strict=True))
        extension = opened(keys, "extension", str(stored["extension"]), stored)
        lines.setdefault(device_id, []).append(
            LineUse(number, extension, extension_id, version=version)
        )
    return lines


def stamps(session: Session, device_ids: Sequence[int]) -> dict[int, Stamp]:
    """The state in which each of these devices is now (`Phone.stamp`); none for those gone."""
    session.flush()
    connection = session.connection()  # plain rows: the ORM takes as long again for each
    devices = columns(Device.id, Device.version).where(among(Device.id, device_ids))
    found: dict[int, Stamp] = {
        device_id: ((0, device_id, version),) for device_id, version in connection.execute(devices)
    }
    lines = columns(Line.device_id, Line.number, Extension.id, Extension.version)
    lines = lines.join(Extension, col(Line.extension_id) == Extension.id)
    lines = lines.where(among(Line.device_id, device_ids)).order_by(col(Line.number))
    for device_id, number, extension_id, version in connection.execute(lines):
        found[device_id] += ((number, extension_id, version),)
    return found
