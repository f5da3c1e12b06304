"""What may be chosen: the account a device is added for, the extensions it may serve, and for an
extension the devices it may take.

The parts of `devices.py` that read only, each asked inside its transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import ROLE_WORDS, Viewer, user_and_organization, within_reach
from tuiprov.data.devices.reach import level_of, misfit, reach
from tuiprov.data.devices.rows import DeviceRow, device_rows
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.permissions import may, require
from tuiprov.data.queries import columns, joined
from tuiprov.data.reading import device_page, on_device
from tuiprov.data.templates.customs import customs_for
from tuiprov.data.writer import device_name, misfit_of
from tuiprov.errors import NotAllowed, NotFound, Refusal, Refused


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be chosen in a list: an id and its words."""

    id: int
    words: str


def row_of(session: Session, viewer: Viewer, device_id: int) -> DeviceRow:
    """How a device stands to the viewer; NotFound when it is not there or out of reach."""
    require(viewer, "devices.see")
    row = device_rows(session, viewer, [device_id]).get(device_id)
    if row is None:
        raise NotFound("this device does not exist (any more)")
    return row


def allow(reason: str) -> None:
    """NotAllowed when a row says why not."""
    if reason:
        raise NotAllowed(reason)


# -- whose it may be ------------------------------------------------------------------------------


def owners(session: Session, viewer: Viewer) -> list[Candidate]:
    """The accounts for which the viewer may add a device, its own first."""
    tree = session.exec(_tree_of(viewer)).all()
    known = kin(session, [one for one in tree if one is not None])
    own = known[viewer.account_id]
    allowed = [one for one in known.values() if _may_own(viewer, one, own)]
    allowed.sort(key=lambda one: (one.id != own.id, len(one.above), one.name.lower()))
    return [Candidate(one.id, _named(one, own)) for one in allowed]


def fresh(session: Session, viewer: Viewer, owner_id: int) -> Page:
    """The page of a device to be added for this account; NotAllowed when that may not be."""
    known = kin(session, (owner_id, viewer.account_id))
    owner = known.get(owner_id)
    if owner is None:
        raise NotFound("this account does not exist (any more)")
    require(viewer, "devices.see")
    require(viewer, "devices.add", *_context(viewer, owner, known[viewer.account_id]))
    unsaved = Device(serial="", owner_id=owner_id, token=secrets.token_hex(16))
    return device_page(session, viewer, unsaved)


def _tree_of(viewer: Viewer) -> Any:
    """The viewer's account and all below it."""
    if viewer.is_administrator:
        return select(Account.id)
    own, parent = viewer.account_id, col(Account.parent_id)
    children = select(Account.id).where(parent == own)
    return select(Account.id).where(
        (col(Account.id) == own) | (parent == own) | parent.in_(children)
    )


def _may_own(viewer: Viewer, owner: Kin, own: Kin) -> bool:
    word, level = _context(viewer, owner, own)
    return may(viewer, "devices.add", word, level)


def _context(viewer: Viewer, owner: Kin, own: Kin) -> tuple[str, str]:
    """Relation and child's level of a new device of this owner."""
    word = relation(viewer, owner, own)
    if word == "self":
        return "own-free", ""
    if is_below(word):
        return "child", level_of(owner)
    raise NotFound("this account does not exist (any more)")


def _named(account: Kin, own: Kin) -> str:
    kind = ROLE_WORDS.get(account.kind, account.kind)
    return f"{account.name}  {kind}{', yourself' if account.id == own.id else ''}"


# -- whom it may serve ----------------------------------------------------------------------------


def extensions(session: Session, viewer: Viewer, row: DeviceRow) -> list[Candidate]:
    """The extensions without a device that this one may be assigned to."""
    found = session.execute(_without_device(viewer)).all()
    ids = {row.owner_id, *(id for one in found for id in (one.user_id, one.place))}
    known = kin(session, ids | ({row.organization_id} if row.organization_id else set()))
    return [
        Candidate(one.id, f"{one.extension}  {one.extension_name}")
        for one in found
        if not _may_not_serve(viewer, row, one.user_id, one.place, known)
    ]


def spares(session: Session, viewer: Viewer, page: Page) -> list[DeviceRow]:
    """The devices with a free line that the extension of `page` may take, by name."""
    place = col(Device.organization_id)
    fits = place.is_(None) | (place == page.organization_id)
    query = select(Device.id).where(reach(session, viewer), fits)
    rows = device_rows(session, viewer, session.execute(query).scalars()).values()
    user, organization = page.user_id or 0, page.organization_id or 0
    known = kin(session, {user, organization} | {row.owner_id for row in rows})
    fitting = [
        row
        for row in rows
        if row.lines_total is not None
        and not _may_not_serve(viewer, row, user, organization, known)
    ]
    return sorted(fitting, key=lambda row: (row.friendly_name.lower(), row.id))


def taken(session: Session, viewer: Viewer, page: Page, device_id: int) -> Page:
    """`page` of an extension put on a device it does not have yet, on its first free line. Raises
    NotFound, NotAllowed or Refused when it cannot have it."""
    if page.device_id is not None:
        reason = f"{page.values['extension']} has a device already: clear that assignment first"
        raise Refused([Refusal("", reason)])
    row = row_of(session, viewer, device_id)
    user, organization = page.user_id or 0, page.organization_id or 0
    known = kin(session, (user, organization, row.owner_id, row.organization_id or organization))
    allow(row.cannot_assign)
    require(viewer, "devices.assign", row.standing.relation, level_of(known[user]))
    device = session.get_one(Device, device_id)
    reason = misfit_of(session, device, organization)
    if reason:
        raise Refused([Refusal("", reason)])
    owners = (user, organization, *known[organization].above)
    customs = customs_for(session, viewer, owners, device.template)
    put = replace(on_device(session, viewer, page, device), is_taken=True, customs=customs)
    if not put.free_lines:
        raise Refused([Refusal("", f"{device_name(device)} has no free line")])
    return put.changed({"line": put.free_lines[0]})


def _without_device(viewer: Viewer) -> Any:
    user, organization = user_and_organization()
    names = columns(
        Extension.id,
        Extension.extension,
        Extension.extension_name,
        Extension.user_id,
        organization.id.label("place"),
    )
    query = joined(names, user, organization)
    query = query.where(col(Line.id).is_(None), within_reach(viewer, user, organization))
    return query.order_by(col(Extension.extension))


def _may_not_serve(
    viewer: Viewer,
    row: DeviceRow,
    user_id: int,
    organization_id: int,
    known: Mapping[int, Kin],
) -> bool:
    """May the viewer not put an extension of this user on the device, or does it not fit?"""
    relation_word, level = row.standing.relation, level_of(known[user_id])
    if row.cannot_assign or not may(viewer, "devices.assign", relation_word, level):
        return True
    assigned_to = known.get(row.organization_id) if row.organization_id else None
    return bool(misfit(known[row.owner_id], assigned_to, known[organization_id]))
