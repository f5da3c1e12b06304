"""Which devices an account sees, and whom a device may serve (VoipNow: *SIP Devices*).

An account sees the devices that it or an account below it owns, that are assigned within its tree,
and the free ones of the accounts above it. What somebody above has assigned outside its tree is
not shown: our choice, so that no tenant learns of another. The words `own-free` … `higher-used`
of the table of permissions are found here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.models import ORGANIZATION, PROVIDER, SYSTEM, Account, Device, Extension, Line

_LEVELS: Final = ("none", "view", "modify")


def serves_somebody() -> ColumnElement[bool]:
    """The SQL condition under which a device has an extension on a line."""
    return select(Line.id).where(Line.device_id == Device.id).correlate(Device).exists()


def reach(session: Session, viewer: Viewer) -> ColumnElement[bool]:
    """The SQL condition under which `viewer` sees a device."""
    if viewer.role == "system":
        return true()
    if viewer.role == "terminal":
        own = select(Line.device_id).where(Line.extension_id == viewer.extension_id)
        return col(Device.id).in_(own)
    tree, above = _tree(viewer), _above(session, viewer)
    organizations = select(Account.id).where(Account.kind == ORGANIZATION, tree(Account.id))
    lines = select(Line.device_id).join(Extension, col(Line.extension_id) == Extension.id)
    return or_(
        tree(Device.owner_id),
        col(Device.organization_id).in_(organizations),
        col(Device.id).in_(lines.where(tree(Extension.user_id))),
        and_(col(Device.owner_id).in_(above), free_for(above)),
    )


def free_for(above: Collection[int]) -> ColumnElement[bool]:
    """The SQL condition under which a device serves nobody and is assigned to nobody, or only to
    one of the accounts `above`."""
    place = col(Device.organization_id)
    return and_(~serves_somebody(), or_(place.is_(None), place.in_(above)))


def as_user(viewer: Viewer) -> Viewer:
    """Who takes up a device on a page: for a phone terminal's own login its user."""
    return replace(viewer, role="user") if viewer.role == "terminal" else viewer


def _tree(viewer: Viewer) -> Any:
    """The SQL condition, for a column, that it names the viewer's account or one below it."""
    children = select(Account.id).where(Account.parent_id == viewer.account_id)
    below = select(Account.id).where(col(Account.parent_id).in_(children))

    def within(column: Any) -> ColumnElement[bool]:
        own: ColumnElement[bool] = column == viewer.account_id
        if viewer.role == "user":
            return own
        if viewer.role == "organization":
            return or_(own, column.in_(children))
        return or_(own, column.in_(children), column.in_(below))

    return within


def _above(session: Session, viewer: Viewer) -> tuple[int, ...]:
    found = kin(session, [viewer.account_id]).get(viewer.account_id)
    return found.above if found else ()


# -- whom a device may serve ----------------------------------------------------------------------


def misfit(owner: Kin, assigned_to: Kin | None, organization: Kin) -> str:
    """Why a device cannot serve extensions of `organization`, or "". `assigned_to` is the
    organization of its lines, or the one it is assigned to without a line."""
    if assigned_to is not None and assigned_to.id != organization.id:
        return (
            "all lines of a device belong to one organization, and this device is assigned to "
            "another one: clear its assignment first"
        )
    if owner.kind in (SYSTEM, PROVIDER):
        fits = owner.id in organization.above
    else:
        fits = organization.id in (owner.id, *owner.above)
    return "" if fits else "its owner is of another organization: it can serve that one's only"


# -- the words of the table of permissions --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use:
    """Who uses a device: the users of its lines, and the organization it is assigned to."""

    user_ids: Sequence[int]
    organization_id: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands to a viewer: `relation` and `child` as in the table of permissions."""

    relation: str
    child: str = ""


def standing(viewer: Viewer, owner_id: int, use: Use, known: Mapping[int, Kin]) -> Standing:
    """`known` holds the viewer's account and all that the device names."""
    own = known[viewer.account_id]
    owner = relation(viewer, known[owner_id], own)
    used = bool(use.user_ids) or use.organization_id not in (None, *_places(own, owner))
    if owner == "self":
        return Standing("own-used", _level_of_use(viewer, use, known)) if used else _FREE
    if is_below(owner):
        levels = (level_of(known[owner_id]), _level_of_use(viewer, use, known))
        return Standing("child", max(levels, key=_LEVELS.index))
    return Standing("higher-used" if used else "higher-free")


_FREE: Final = Standing("own-free")


def level_of(account: Kin) -> str:
    """Its level of Allow to provision devices; the administrator may modify."""
    if account.kind == SYSTEM:
        return "modify"
    return account.level if account.level in _LEVELS else "none"


def _places(own: Kin, owner: str) -> tuple[int, ...]:
    """Organizations that say nothing of a device's use: the viewer's own one."""
    return (own.id, *own.above) if owner == "self" else own.above


def _level_of_use(viewer: Viewer, use: Use, known: Mapping[int, Kin]) -> str:
    """The lowest level of those a device is assigned to: users, else the organization. Whoever is
    not within the viewer's tree counts as None."""
    ids = use.user_ids or ((use.organization_id,) if use.organization_id else ())
    levels = [level_of(known[id]) if within_tree(viewer, known[id]) else "none" for id in ids]
    return min(levels, key=_LEVELS.index, default="none")


def within_tree(viewer: Viewer, account: Kin) -> bool:
    """Is it the viewer's account or one below it? The administrator's tree is all."""
    return (
        viewer.is_administrator
        or account.id == viewer.account_id
        or viewer.account_id in account.above
    )
