"""Many extensions given to another user account as one operation, their phones with them.

Within an organization nothing else follows. Into another one a phone goes along, if all that it
serves goes: all lines of a device belong to one organization, and its owner has to fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.bulk.remove import HAS_A_PHONE, in_words
from tuiprov.data.devices.reach import level_of, misfit
from tuiprov.data.devices.rows import DeviceRow, device_rows
from tuiprov.data.extensions import foreign_number, organization_number
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import in_parts
from tuiprov.data.models import ORGANIZATION, USER, Account, Device, Extension, Line
from tuiprov.data.permissions import require, why_not
from tuiprov.data.queries import columns, joined
from tuiprov.data.templates.tables import Template
from tuiprov.errors import NotFound, Refusal, Refused

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A user account, and its organization: where extensions go."""

    user: Kin
    organization: Kin

    @property
    def words(self) -> str:
        return f"{self.organization.name}/{self.user.name}"


@dataclass(frozen=True, slots=True)
class Moving:
    """What a move would do: `numbers` of those who go, by id; `origins`: how many come from which
    `organization/user`; `same`: how many are there already; `refused` with the reasons, by id;
    `devices`: phones that go along into another organization."""

    target: Target
    numbers: Mapping[int, str] = field(default_factory=dict)
    origins: Mapping[str, int] = field(default_factory=dict)
    same: int = 0
    refused: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)
    devices: frozenset[int] = frozenset()
    event_id: int | None = None
    """Its number in the history once it is done."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One extension that is asked about."""

    id: int
    number: str
    user_id: int
    user: str
    organization_id: int
    organization: str
    device_id: int | None


def target_of(session: Session, viewer: Viewer, account_id: int) -> Target:
    """A user account below the viewer, or the only one of an organization. Refused says what to
    choose instead."""
    require(viewer, "extensions.move")
    known = kin(session, [viewer.account_id, account_id])
    account = known.get(account_id)
    if account is None or not is_below(relation(viewer, account, known[viewer.account_id])):
        raise NotFound("this account does not exist (any more)")
    if account.kind == ORGANIZATION:
        account = _only_user(session, account)
    if account.kind != USER:
        raise Refused([Refusal("", f"{account.name} has no extensions: choose a user account")])
    organization_id = account.parent_id or 0
    return Target(account, kin(session, [organization_id])[organization_id])


def survey_move(session: Session, viewer: Viewer, ids: Collection[int], account_id: int) -> Moving:
    """Which of these extensions would go, and why not the others. Who is out of the viewer's reach
    is left out."""
    target = target_of(session, viewer, account_id)
    rows = list(_rows(session, viewer, ids))
    there = [row for row in rows if row.user_id == target.user.id]
    going = [row for row in rows if row.user_id != target.user.id]
    refused = {
        row.id: [Refusal("", reason)]
        for row, reason in zip(going, _reasons(session, viewer, target, going), strict=True)
        if reason
    }
    left = [row for row in going if row.id not in refused]
    origins = Counter(f"{row.organization}/{row.user}" for row in left)
    return Moving(
        target,
        {row.id: row.number for row in left},
        dict(sorted(origins.items())),
        len(there),
        refused,
        frozenset(
            row.device_id
            for row in left
            if row.device_id is not None and row.organization_id != target.organization.id
        ),
    )


def move_all(
    session: Session,
    viewer: Viewer,
    ids: Collection[int],
    account_id: int,
    on_record: Callable[[int], None],
) -> Moving:
    """Move all of these extensions that may be, as one operation; gives who went. What `on_record`
    raises ends it."""
    found = survey_move(session, viewer, ids, account_id)
    if not found.numbers:
        return found
    about, names = in_words(found.numbers)
    detail = f"to {found.target.words}: {names}"
    event = history.record(session, viewer, "move", about, detail)
    session.flush()
    done = 0
    for some in in_parts(list(found.numbers)):
        on_record(done)
        for extension in session.exec(select(Extension).where(col(Extension.id).in_(some))):
            extension.user_id = found.target.user.id
            session.add(extension)
        session.flush()
        done += len(some)
    for some in in_parts(sorted(found.devices)):
        for device in session.exec(select(Device).where(col(Device.id).in_(some))):
            device.organization_id = found.target.organization.id
            session.add(device)
        session.flush()
    return replace(found, event_id=event.id)


# -- who may not ----------------------------------------------------------------------------------


def _reasons(session: Session, viewer: Viewer, target: Target, rows: Sequence[_Row]) -> list[str]:
    """Why each of these may not go, or ""."""
    leaving = [row for row in rows if row.organization_id != target.organization.id]
    by_number = _number_reasons(session, viewer, target, leaving)
    found = {row.id: by_number.get(organization_number(row.number), "") for row in leaving}
    by_device = _device_reasons(session, viewer, target, [r for r in rows if r.device_id])
    # A phone goes with all that it serves, so who is refused for another reason holds it back.
    going = {row.id for row in leaving if not found[row.id]}
    shared = _left_behind(session, {r.device_id for r in leaving if r.device_id}, going)
    return [
        found.get(row.id, "")
        or by_device.get(row.device_id or 0, "")
        or (shared.get(row.device_id or 0, "") if row.id in found else "")
        for row in rows
    ]


def _number_reasons(
    session: Session, viewer: Viewer, target: Target, rows: Sequence[_Row]
) -> dict[str, str]:
    """By the organization number that extensions begin with: one of each is asked."""
    first = {organization_number(row.number): row.number for row in rows}
    return {
        begins: foreign_number(session, viewer, number, target.organization.id)
        for begins, number in first.items()
    }


def _device_reasons(
    session: Session, viewer: Viewer, target: Target, rows: Sequence[_Row]
) -> dict[int, str]:
    """Why the phones of these may not serve the target's extensions, by device id."""
    ids = {row.device_id for row in rows if row.device_id is not None}
    if not ids:
        return {}
    known_rows = device_rows(session, viewer, ids)
    foreign = _foreign_templates(session, target, ids)
    owners = kin(session, {row.owner_id for row in known_rows.values()})
    found: dict[int, str] = {}
    for number in ids:
        row = known_rows.get(number)
        found[number] = foreign.get(number, "") or _why_not(viewer, target, row, owners)
    return found


def _why_not(
    viewer: Viewer, target: Target, row: DeviceRow | None, owners: Mapping[int, Kin]
) -> str:
    if not viewer.may_provision or row is None:
        return HAS_A_PHONE
    level = level_of(target.user)
    reason = why_not(viewer, "devices.assign", row.standing.relation, level)
    return reason or misfit(owners[row.owner_id], None, target.organization)


def _foreign_templates(
    session: Session, target: Target, device_ids: Collection[int]
) -> dict[int, str]:
    """Devices with a template that the target's accounts do not have."""
    own = (target.user.id, *target.user.above)
    query = columns(Device.id, Device.template)
    query = query.join(Template, col(Template.name) == col(Device.template))
    query = query.where(col(Template.owner_id).not_in(own))
    return {
        number: f"its template {name} is of other accounts: choose another one first"
        for some in in_parts(sorted(device_ids))
        for number, name in session.execute(query.where(col(Device.id).in_(some)))
    }


def _left_behind(
    session: Session, device_ids: Collection[int | None], going: Collection[int]
) -> dict[int, str]:
    """Devices that would serve two organizations, and whom they serve that does not go."""
    staying: dict[int, list[str]] = {}
    query = columns(Line.device_id, Extension.id, Extension.extension)
    query = query.join(Extension, col(Line.extension_id) == Extension.id)
    for some in in_parts(sorted(number for number in device_ids if number)):
        lines = query.where(col(Line.device_id).in_(some)).order_by(col(Extension.extension))
        for device_id, extension_id, number in session.execute(lines):
            if extension_id not in going:
                staying.setdefault(device_id, []).append(number)
    return {number: _shared_with(names) for number, names in staying.items()}


def _shared_with(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (
        f"its phone also serves {', '.join(names[:_MOST_NAMED])}{more}, which would stay: "
        "all lines of a phone belong to one organization"
    )


# -- reading --------------------------------------------------------------------------------------


def _rows(session: Session, viewer: Viewer, ids: Collection[int]) -> Any:
    user, organization = user_and_organization()
    query = columns(
        *(Extension.id, Extension.extension, user.id, user.name),
        *(organization.id, organization.name, Line.device_id),
    )
    query = joined(query, user, organization).order_by(col(Extension.extension))
    query = query.where(within_reach(viewer, user, organization))
    for some in in_parts(sorted(set(ids))):
        for row in session.execute(query.where(col(Extension.id).in_(some))):
            yield _Row(*row)


def _only_user(session: Session, organization: Kin) -> Kin:
    query = select(Account.id).where(Account.parent_id == organization.id, Account.kind == USER)
    found = [number for number in session.exec(query.limit(2)) if number]
    if len(found) != 1:
        some = "has several user accounts: say which" if found else "has no user account yet"
        raise Refused([Refusal("", f"{organization.name} {some}")])
    return kin(session, found)[found[0]]
