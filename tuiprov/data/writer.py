"""Writing pages inside one transaction: permissions, checks, then the rows.

`Store.save` writes one page with it, a CSV import or `tuiprov set` many in the same transaction;
`Devices` writes the page of a device alone.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import kin
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.checks import Neighbours, check_page
from tuiprov.data.devices.reach import as_user, misfit, reach, serves_somebody
from tuiprov.data.fields import Value, Values
from tuiprov.data.gates import phone_type, refusal
from tuiprov.data.history import events as history
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Page, uses_mac_link
from tuiprov.data.permissions import may_ever
from tuiprov.data.reading import page_of
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import assign
from tuiprov.data.settle import settle
from tuiprov.errors import Conflict, Refusal, Refused

_SIP_PASSWORD_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


_DEFAULTS_THAT_FIT = ("update_protocol", "mac_based_provisioning", "password_generation")


def as_stored(session: Session, viewer: Viewer, page: Page) -> Page:
    """`page` read again, so that nothing but the changes comes from the caller; Conflict when it is
    not what the caller saw."""
    from tuiprov.data.devices.choices import taken

    if page.extension_id is None:
        return page
    stored = page_of(session, viewer, page.extension_id)
    if page.is_taken and page.device_id is not None:
        stored = taken(session, viewer, stored, page.device_id)
    if stored.versions != page.versions:
        number = stored.values["extension"]
        raise Conflict(
            f"somebody else changed extension {number} or its device meanwhile; nothing was saved"
        )
    if stored.device_id:
        return stored
    # A phone that is not stored yet was shown with the page's own token.
    return replace(stored, token=page.token, http_login=page.http_login)


class RecordedNeighbours:
    """`checks.Neighbours` of `page` answered from the database, by indexed queries. Without a
    viewer nobody can say which spare devices would be taken up: they are left out then."""

    def __init__(self, session: Session, page: Page, viewer: Viewer | None):
        self._session = session
        self._page = page
        self._viewer = viewer

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        about = {"mac": mac, "own": device_id}
        others = self._session.exec(_SAME_MAC, params=about).all()
        if any(in_use for _, in_use in others):
            return True
        if not others or self._viewer is None:
            return False
        takes_up = device_id is None and not self._page.is_device
        return not (takes_up and spare_device(self._session, self._viewer, self._page, mac))

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        about = {"address": address, "own": extension_id}
        return list(self._session.exec(_SAME_ADDRESS, params=about).all())

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        about = {"number": extension, "own": extension_id}
        return self._session.exec(_SAME_NUMBER, params=about).first() is not None

    def account_taken(self, account: str, extension_id: int | None) -> bool:
        about = {"account": account, "own": extension_id}
        return self._session.exec(_SAME_ACCOUNT, params=about).first() is not None


# Built once: these are asked at every keystroke, and building a query takes longer than asking it.
_OWN: Any = bindparam("own")
_SAME_MAC = select(Device.id, serves_somebody()).where(
    Device.mac == bindparam("mac"), col(Device.id).is_distinct_from(_OWN)
)
_SAME_ADDRESS = (
    select(Extension.extension, Extension.fixed_auth)
    .where(Extension.fixed_ip == bindparam("address"), col(Extension.id).is_distinct_from(_OWN))
    .limit(2)
)
_SAME_NUMBER = select(Extension.id).where(
    Extension.extension == bindparam("number"), col(Extension.id).is_distinct_from(_OWN)
)

_SAME_ACCOUNT = select(Extension.id).where(
    (col(Extension.sip_username) == bindparam("account"))
    | ((col(Extension.sip_username) == "") & (col(Extension.extension) == bindparam("account"))),
    col(Extension.id).is_distinct_from(_OWN),
)


def _enrol_new(session: Session, device: Device, page: Page) -> None:
    """On a site with two-stage enrolment a new device begins with a first link."""
    by_token = page.values["update_protocol"] in ("http", "https") and not uses_mac_link(
        page.values, page.site
    )
    if page.site.two_stage_enrolment and by_token:
        from tuiprov.data.devices.enrolment import open_window

        open_window(session, device)


def write_page(session: Session, viewer: Viewer, page: Page, changes: Values) -> int:
    """Store `changes` of `page`; gives the extension's id. Raises Refused or Conflict, and then
    the caller's transaction must be rolled back."""
    proposed = proposed_page(session, viewer, page, changes)
    extension = _write_extension(session, proposed)
    session.flush()
    _write_device(session, viewer, proposed, extension)
    _record(session, viewer, extension.extension, page, proposed)
    session.flush()
    return extension.id or 0


def write_device(session: Session, viewer: Viewer, page: Page, changes: Values) -> Device:
    """Store `changes` of the page of a device alone. Who may do that is not asked here but by
    `Devices`; otherwise as `write_page`."""
    proposed = proposed_page(session, replace(viewer, provision="modify"), page, changes)
    device = _known_device(session, proposed) or Device(
        serial=new_serial(session, proposed),
        owner_id=proposed.owner_id or viewer.account_id,
        token=proposed.token or secrets.token_hex(16),
    )
    assign(keys_of(session), device, proposed.values)
    outdate(device)
    is_new = device.id is None
    session.add(device)
    _record(session, viewer, device_name(device), page, proposed)
    session.flush()
    if is_new:
        _enrol_new(session, device, proposed)
    return device


def device_name(device: Device) -> str:
    """What a device is called in messages and events."""
    return f"device {device.friendly_name or device.serial}"


def _record(session: Session, viewer: Viewer, subject: str, page: Page, proposed: Page) -> None:
    if "operation" in session.info:
        return  # a row of an import, a record of a bulk edit: the history has the whole
    changed = [name for name, value in proposed.values.items() if value != page.values[name]]
    history.record(session, viewer, "save", subject, " ".join(changed))


def proposed_page(
    session: Session,
    viewer: Viewer,
    page: Page,
    asked: Values,
    neighbours: Neighbours | None = None,
) -> Page:
    """The page with what is asked for and what follows from it; Refused unless it may be and can
    be stored. `neighbours` answers about other records; None: the database does."""
    changes = with_generated(page, _with_followers(page, asked))
    proposed = page.changed(changes)
    found = forbidden(page, asked, proposed, viewer)
    found = found or check_page(proposed, neighbours or RecordedNeighbours(session, page, viewer))
    if found:
        raise Refused(found)
    return proposed


def forbidden(page: Page, asked: Values, proposed: Page, viewer: Viewer) -> list[Refusal]:
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
    if page.extension_id is None and not page.is_device and not values["sip_password"]:
        made["sip_password"] = random_sip_password()
    return made


def random_sip_password() -> str:
    """20 letters and digits that cannot be mistaken for each other: 115 bits."""
    return "".join(secrets.choice(_SIP_PASSWORD_LETTERS) for _ in range(20))


def _write_extension(session: Session, page: Page) -> Extension:
    if page.extension_id is None:
        extension = Extension(user_id=page.user_id or 0)
    else:
        extension = session.get_one(Extension, page.extension_id)
        _same_version(extension.version, page.extension_version, f"extension {extension.extension}")
    assign(keys_of(session), extension, page.values)
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
    if line is None and device.id is not None and page.organization_id is not None:
        _refuse_misfit(session, device, page.organization_id)
    device.organization_id = page.organization_id
    assign(keys_of(session), device, page.values)
    outdate(device)
    is_new = device.id is None
    session.add(device)
    session.flush()
    if is_new:
        _enrol_new(session, device, page)
    line = line or Line(device_id=0, number=0, extension_id=extension.id or 0)
    place = (device.id or 0, int(page.values["line"] or 1))
    if (line.device_id, line.number) != place:
        # A line has no version of its own: whoever moves it changes the device's.
        flag_modified(device, "status")
        line.device_id, line.number = place
    session.add(line)


def _refuse_misfit(session: Session, device: Device, organization_id: int) -> None:
    reason = misfit_of(session, device, organization_id)
    if reason:
        raise Refused([Refusal("mac", reason)])


def outdate(device: Device) -> None:
    """The database is now ahead of the device's files, until a plan has been applied."""
    device.publish_state, device.publish_reason = "stale", ""


def _device(session: Session, viewer: Viewer, page: Page) -> Device:
    known = _known_device(session, page)
    if known is not None:
        return known
    spare = spare_device(session, viewer, page, str(page.values["mac"]))
    if spare is not None:
        spare.token = page.token or spare.token
        return spare
    return Device(
        serial=new_serial(session, page),
        owner_id=viewer.account_id,
        token=page.token or secrets.token_hex(16),
    )


def _known_device(session: Session, page: Page) -> Device | None:
    """The device the page was read with; Conflict when somebody changed it since."""
    if page.device_id is None:
        return None
    device = session.get_one(Device, page.device_id)
    _same_version(device.version, page.device_version, device_name(device))
    return device


def new_serial(session: Session, page: Page) -> str:
    """A serial that no device has: the digits of the MAC address, else random ones."""
    serial = str(page.values["mac"]).replace(":", "").lower()
    if not serial or session.exec(select(Device.id).where(Device.serial == serial)).first():
        return secrets.token_hex(8)
    return serial


def spare_device(session: Session, viewer: Viewer, page: Page, mac: str) -> Device | None:
    """A device with this MAC that serves nobody, is within reach and fits the page's organization:
    the page takes it up instead of defining another. Its owner stays."""
    taker = as_user(viewer)
    if not mac or page.organization_id is None or not may_ever(taker, "devices.assign"):
        return None
    query = select(Device).where(Device.mac == mac, ~serves_somebody(), reach(session, taker))
    for device in session.exec(query.order_by(col(Device.id))):
        if not misfit_of(session, device, page.organization_id):
            return device
    return None


def misfit_of(session: Session, device: Device, organization_id: int) -> str:
    """Why `device` cannot serve extensions of this organization, or ""."""
    ids = (device.owner_id, organization_id, device.organization_id or organization_id)
    known = kin(session, ids)
    owner, organization, assigned_to = (known[id] for id in ids)
    return misfit(owner, assigned_to, organization)


def _same_version(stored: int, seen: int, what: str) -> None:
    if stored != seen:
        raise Conflict(f"somebody else changed {what} meanwhile; nothing was saved")
