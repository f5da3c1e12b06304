"""Writing pages inside one transaction: permissions, checks, then the rows.

`Store.save` writes one page with it, a CSV import or `tuiprov set` many in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.checks import check_page
from tuiprov.data.fields import Value, Values
from tuiprov.data.gates import phone_type, refusal
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.data.settle import settle
from tuiprov.errors import Conflict, Refusal, Refused

_SIP_PASSWORD_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


_DEFAULTS_THAT_FIT = ("update_protocol", "password_generation")


class RecordedNeighbours:
    """`checks.Neighbours` answered from the database, by indexed queries."""

    def __init__(self, session: Session):
        self._session = session

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        about = {"mac": mac, "own": device_id}
        return self._session.exec(_SAME_MAC, params=about).first() is not None

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        about = {"address": address, "own": extension_id}
        return list(self._session.exec(_SAME_ADDRESS, params=about).all())

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        about = {"number": extension, "own": extension_id}
        return self._session.exec(_SAME_NUMBER, params=about).first() is not None


# Built once: these are asked at every keystroke, and building a query takes longer than asking it.
_OWN: Any = bindparam("own")
_SAME_MAC = (
    select(Device.id)
    .join(Line, col(Line.device_id) == Device.id)
    .where(Device.mac == bindparam("mac"), col(Device.id).is_distinct_from(_OWN))
    .limit(1)
)
_SAME_ADDRESS = (
    select(Extension.extension, Extension.fixed_auth)
    .where(Extension.fixed_ip == bindparam("address"), col(Extension.id).is_distinct_from(_OWN))
    .limit(2)
)
_SAME_NUMBER = select(Extension.id).where(
    Extension.extension == bindparam("number"), col(Extension.id).is_distinct_from(_OWN)
)


def write_page(session: Session, viewer: Viewer, page: Page, changes: Values) -> int:
    """Store `changes` of `page`; gives the extension's id. Raises Refused or Conflict, and then
    the caller's transaction must be rolled back."""
    asked, changes = changes, with_generated(page, _with_followers(page, changes))
    proposed = page.changed(changes)
    found = _forbidden(page, asked, proposed, viewer)
    found = found or check_page(proposed, RecordedNeighbours(session))
    if found:
        raise Refused(found)
    extension = _write_extension(session, proposed)
    session.flush()
    _write_device(session, viewer, proposed, extension)
    changed = [name for name, value in changes.items() if value != page.values[name]]
    history.record(session, viewer.label, "save", extension.extension, " ".join(changed))
    session.flush()
    return extension.id or 0


def _forbidden(page: Page, asked: Values, proposed: Page, viewer: Viewer) -> list[Refusal]:
    """What `viewer` asked for and may not change: permissions come before the rules."""
    return [
        Refusal(name, reason)
        for name, value in asked.items()
        if value != page.values[name] and (reason := refusal(name, value, proposed, viewer))
    ]


def _with_followers(page: Page, changes: Values) -> Values:
    """`changes` with what hangs on them reset, for those who write without a form: a cleared fixed
    IP takes its port and transport along, and leaving Manual the password typed for it."""
    followers: dict[str, Value] = {}
    for name in ("fixed_ip", "password_generation"):
        if changes.get(name, page.values[name]) != page.values[name]:
            followers |= settle(page.changed(changes), name)
    return {**_defaults_that_fit(page.changed(changes)), **followers, **changes}


def _defaults_that_fit(page: Page) -> Values:
    """The site's defaults for new devices, where this phone can do them, else what it can do."""
    if page.device_id is not None or not page.values["use_provisioning"] or page.kind is None:
        return {}
    fitting = settle(page, "firmware")
    return {name: fitting[name] for name in _DEFAULTS_THAT_FIT if name in fitting}


def with_generated(page: Page, changes: Values) -> Values:
    """`changes` with the passwords that tuiprov makes: an automatic administrator password that
    the phone takes, and a SIP password for a new extension that came without."""
    proposed = page.changed(changes)
    values, made = proposed.values, dict(changes)
    kind = phone_type(proposed)
    login = kind.facts.admin_login if kind else None
    generation = values["password_generation"]
    if generation == "none" and values["admin_password"]:
        made["admin_password"] = ""
    elif generation == "auto" and login is not None:
        known = str(values["admin_password"])
        if not known or login.password.reason_against(known):
            made["admin_password"] = login.password.random()
    if page.extension_id is None and not values["sip_password"]:
        made["sip_password"] = "".join(secrets.choice(_SIP_PASSWORD_LETTERS) for _ in range(20))
    return made


def _write_extension(session: Session, page: Page) -> Extension:
    if page.extension_id is None:
        extension = Extension(user_id=page.user_id or 0)
    else:
        extension = session.get_one(Extension, page.extension_id)
        _same_version(extension.version, page.extension_version, f"extension {extension.extension}")
    _assign(extension, page.values, EXTENSION_FIELDS)
    session.add(extension)
    return extension


def _write_device(session: Session, viewer: Viewer, page: Page, extension: Extension) -> None:
    line = session.exec(select(Line).where(Line.extension_id == extension.id)).first()
    if not page.values["use_provisioning"]:
        # The device's record stays; only this extension leaves it.
        if line is not None:
            outdate(session.get_one(Device, line.device_id))
            session.delete(line)
        return
    device = _device(session, viewer, page)
    _assign(device, page.values, DEVICE_FIELDS)
    outdate(device)
    session.add(device)
    session.flush()
    line = line or Line(device_id=0, number=0, extension_id=extension.id or 0)
    place = (device.id or 0, int(page.values["line"] or 1))
    if (line.device_id, line.number) != place:
        # A line has no version of its own: whoever moves it changes the device's.
        flag_modified(device, "status")
        line.device_id, line.number = place
    session.add(line)


def outdate(device: Device) -> None:
    """The database is now ahead of the device's files, until a plan has been applied."""
    device.publish_state, device.publish_reason = "stale", ""


def _device(session: Session, viewer: Viewer, page: Page) -> Device:
    if page.device_id is not None:
        device = session.get_one(Device, page.device_id)
        _same_version(device.version, page.device_version, f"device {device.friendly_name}")
        return device
    left_behind = _unassigned(session, page)
    if left_behind is not None:
        left_behind.organization_id = page.organization_id
        left_behind.token = page.token or left_behind.token
        return left_behind
    serial = str(page.values["mac"]).replace(":", "").lower()
    if not serial or session.exec(select(Device.id).where(Device.serial == serial)).first():
        serial = secrets.token_hex(8)
    return Device(
        serial=serial,
        owner_id=viewer.account_id,
        organization_id=page.organization_id,
        token=page.token or secrets.token_hex(16),
    )


def _unassigned(session: Session, page: Page) -> Device | None:
    """A device with this MAC that lost its last extension: it is taken up again."""
    mac = page.values["mac"]
    if not mac:
        return None
    lines = select(Line.device_id)
    query = select(Device).where(Device.mac == mac, col(Device.id).not_in(lines))
    return session.exec(
        query.where(col(Device.organization_id).is_not_distinct_from(page.organization_id))
    ).first()


def _same_version(stored: int, seen: int, what: str) -> None:
    if stored != seen:
        raise Conflict(f"somebody else changed {what} meanwhile; nothing was saved")


def _assign(row: Extension | Device, values: Mapping[str, Value], names: tuple[str, ...]) -> None:
    for name in names:
        if name in FIELDS and getattr(row, name) != values[name]:
            setattr(row, name, values[name])
