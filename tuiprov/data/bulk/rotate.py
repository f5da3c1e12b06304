"""New random passwords for many extensions as one operation; the PBX takes the old ones until the
phones have fetched the new ones (`former_passwords.py`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.bulk.remove import in_words
from tuiprov.data.catalog import default_catalog
from tuiprov.data.devices.rows import device_rows
from tuiprov.data.former_passwords import keep_former
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import in_parts
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.permissions import require
from tuiprov.data.queries import columns, joined
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import about
from tuiprov.data.writer import outdate, random_sip_password
from tuiprov.errors import NotAllowed, Refusal

ROTATE: Final = "rotate"
"""The history's word for it: who takes such an operation back changes passwords once more."""
_DISABLED: Final = "its phone is disabled, and would not get the new password"
_BY_WEB: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class Rotating:
    """What a rotation would do: `numbers` of the extensions that get a new SIP password, by id;
    `devices` whose files follow, `admins` those of them that get a new administrator password too;
    `alone`: how many have no phone here; `unseen`: how many phones do not fetch by HTTP, so that
    nobody sees whether they did; who is refused and why; its number in the history once done."""

    numbers: Mapping[int, str] = field(default_factory=dict)
    devices: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()
    alone: int = 0
    unseen: int = 0
    refused: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)
    event_id: int | None = None


def survey_rotation(
    session: Session, viewer: Viewer, ids: Collection[int], *, admin: bool = False
) -> Rotating:
    """Which of these extensions would get a new SIP password; `admin`: and their phones a new
    administrator password. Who is out of the viewer's reach is left out."""
    require(viewer, "passwords.rotate")
    if not viewer.may_provision:
        raise NotAllowed(
            "needs Allow to provision devices: Modify, or the phones would not get the passwords"
        )
    numbers: dict[int, str] = {}
    refused: dict[int, Sequence[Refusal]] = {}
    protocols: dict[int, str] = {}
    alone = 0
    for row in _rows(session, viewer, ids):
        if row.device_id is not None and row.status == "disabled":
            refused[row.id] = [Refusal("", _DISABLED)]
            continue
        numbers[row.id] = row.extension
        if row.device_id is None:
            alone += 1
        else:
            protocols[row.device_id] = row.update_protocol
    return Rotating(
        numbers,
        frozenset(protocols),
        frozenset(_with_login(session, viewer, protocols)) if admin else frozenset(),
        alone,
        sum(protocol not in _BY_WEB for protocol in protocols.values()),
        refused,
    )


def rotate_all(
    session: Session,
    viewer: Viewer,
    ids: Collection[int],
    on_record: Callable[[int], None],
    *,
    admin: bool = False,
) -> Rotating:
    """Give all of these extensions that may have one a new password, as one operation; gives who
    has. What `on_record` raises ends it. The devices are stale until their files follow."""
    found = survey_rotation(session, viewer, ids, admin=admin)
    if not found.numbers:
        return found
    subject, names = in_words(found.numbers)
    event = history.record(session, viewer, ROTATE, subject, names)
    session.flush()
    keys = keys_of(session)
    done = 0
    for some in in_parts(list(found.numbers)):
        on_record(done)
        query = select(Extension).where(col(Extension.id).in_(some))
        replaced = {
            extension.id or 0: _renew_sip(keys, extension) for extension in session.exec(query)
        }
        session.flush()
        keep_former(session, replaced)
        done += len(some)
    for some in in_parts(sorted(found.devices)):
        on_record(done)
        for device in session.exec(select(Device).where(col(Device.id).in_(some))):
            if device.id in found.admins:
                _renew_admin(keys, device)
            outdate(device)
            session.add(device)
        session.flush()
    return replace(found, event_id=event.id)


def _renew_sip(keys: Keys, extension: Extension) -> str:
    """Give it a new password; gives the old one."""
    subject = about("extension", extension.extension, "sip_password")
    former = keys.open(extension.sip_password, subject)
    extension.sip_password = keys.seal(random_sip_password(), subject)
    return former


def _renew_admin(keys: Keys, device: Device) -> None:
    login = _login_of(device)
    if login is not None:
        subject = about("device", device.serial, "admin_password")
        device.admin_password = keys.seal(login.password.random(), subject)


def _login_of(device: Any) -> Any:
    kind = default_catalog().find(device.manufacturer, device.model, device.firmware)
    return kind.facts.admin_login if kind is not None else None


def _with_login(session: Session, viewer: Viewer, ids: Collection[int]) -> set[int]:
    """Those of these devices that have an administrator password which this viewer may change."""
    rows = device_rows(session, viewer, ids)
    found: set[int] = set()
    query = columns(
        *(Device.id, Device.manufacturer, Device.model, Device.firmware),
        Device.password_generation,
    )
    for some in in_parts(sorted(ids)):
        for device in session.execute(query.where(col(Device.id).in_(some))):
            row = rows.get(device.id)
            may_edit = row is not None and not row.cannot_edit
            if may_edit and device.password_generation != "none" and _login_of(device):
                found.add(device.id)
    return found


def _rows(session: Session, viewer: Viewer, ids: Collection[int]) -> Any:
    user, organization = user_and_organization()
    query = columns(
        *(Extension.id, Extension.extension, Line.device_id),
        *(Device.status, Device.update_protocol),
    )
    query = joined(query, user, organization).order_by(col(Extension.extension))
    query = query.where(within_reach(viewer, user, organization))
    for some in in_parts(sorted(set(ids))):
        yield from session.execute(query.where(col(Extension.id).in_(some)))
