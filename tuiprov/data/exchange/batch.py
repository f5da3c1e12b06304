"""What the rows of an import are judged by, read for some hundred rows at once and kept true while
they are taken one after the other: extensions, devices and their lines, neighbours.

The rules are those of a single save (`writer.proposed_page`); only who answers about other records
is another. Nothing is written here: `writes.py` does, from what `Batch` ends with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.devices.reach import as_user, misfit, reach
from tuiprov.data.exchange.csv_reading import ImportedRow
from tuiprov.data.exchange.places import Places
from tuiprov.data.exchange.record_sets import (
    DeviceRecord,
    ExtensionRecord,
    device_records,
    extension_records,
)
from tuiprov.data.identity import sip_user
from tuiprov.data.models import Device, Extension
from tuiprov.data.page import CustomTemplate, LineUse, Page
from tuiprov.data.permissions import may_ever
from tuiprov.data.queries import columns
from tuiprov.data.reading import lines_by_device, new_values
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.settings import site_of
from tuiprov.data.templates.customs import customs_for


class Surroundings:
    """What stays the same during an import: the site, accounts, templates that may be chosen."""

    def __init__(self, session: Session, viewer: Viewer):
        self.session, self.viewer = session, viewer
        self.site = site_of(session)
        self.fresh = new_values(self.site)
        self.places = Places(session)
        self.takes_up = may_ever(as_user(viewer), "devices.assign")
        """May the viewer put a device that serves nobody on a page?"""
        self._customs: dict[Any, tuple[CustomTemplate, ...]] = {}

    def customs(self, owners: tuple[int, ...], in_use: object) -> tuple[CustomTemplate, ...]:
        """The templates that the viewer may choose for an extension of these accounts."""
        key = in_use if self.viewer.is_administrator else (owners, in_use)
        if key not in self._customs:
            template = str(in_use or SERVER_DEFAULT)
            self._customs[key] = customs_for(self.session, self.viewer, owners, template)
        return self._customs[key]


@dataclass
class Batch:
    """Records as they are after the rows taken so far. Each extension is in one row at most."""

    around: Surroundings
    extensions: dict[str, ExtensionRecord] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    """Numbers of extensions that are out of the viewer's reach."""
    devices: dict[int, DeviceRecord] = field(default_factory=dict)
    within_reach: set[int] = field(default_factory=set)
    serials: set[str] = field(default_factory=set)
    by_mac: dict[str, list[DeviceRecord]] = field(default_factory=dict)
    nameless: dict[str, list[DeviceRecord]] = field(default_factory=dict)
    """Devices without a MAC address, by friendly name."""
    _listed_in: dict[int, list[DeviceRecord]] = field(default_factory=dict)
    at_address: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    """By fixed IP: id of an extension → its number and `fixed_auth`."""
    by_account: dict[str, set[int]] = field(default_factory=dict)
    """By SIP user: ids of extensions; only where the PBX tells them apart by it."""

    # -- pages ----------------------------------------------------------------------------------

    def page(self, record: ExtensionRecord) -> Page:
        """The page of a stored extension."""
        around, kin = self.around, self.around.places.kin(record.organization_id)
        values = around.fresh | record.values
        values |= {"organization": record.organization, "user": record.user, "line": 1}
        page = Page(
            values,
            around.site,
            extension_id=record.id,
            extension_version=record.version,
            organization_id=record.organization_id,
            user_id=record.user_id,
        )
        if record.device is not None:
            page = self.on_device(page, record.device)
            page = replace(page, values={**page.values, "line": record.line})
        owners = (record.user_id, record.organization_id, kin.parent_id or 0)
        return replace(page, customs=around.customs(owners, page.values["template"]))

    def new_page(self, organization: str, user: str) -> Page:
        """An empty page for a new extension of this user."""
        around, places = self.around, self.around.places
        organization_id = places.organization(organization)
        user_id = places.user(organization_id, user)
        values = around.fresh | {"organization": organization, "user": user, "line": 1}
        return Page(
            values,
            around.site,
            organization_id=organization_id,
            user_id=user_id,
            customs=around.customs((), SERVER_DEFAULT),
        )

    def on_device(self, page: Page, device: DeviceRecord) -> Page:
        """`page` put on a device beside the lines that it serves."""
        lines = [device.lines[number] for number in sorted(device.lines)]
        return replace(
            page,
            values={**page.values, **device.values},
            device_id=device.id,
            device_version=device.version,
            token=device.token,
            others=tuple(one for one in lines if one.extension_id != page.extension_id),
        )

    # -- devices --------------------------------------------------------------------------------

    def spare(self, page: Page, mac: str) -> DeviceRecord | None:
        """A device with this MAC that serves nobody and that the page would take up."""
        if not mac or page.organization_id is None or not self.around.takes_up:
            return None
        for device in self.by_mac.get(mac, ()):
            usable = not device.lines and device.id in self.within_reach
            if usable and not self.misfit(device, page.organization_id):
                return device
        return None

    def misfit(self, device: DeviceRecord, organization_id: int) -> str:
        """Why a device cannot serve extensions of this organization, or ""."""
        kin = self.around.places.kin
        assigned_to = kin(device.organization_id or organization_id)
        return misfit(kin(device.owner_id), assigned_to, kin(organization_id))

    def add(self, device: DeviceRecord) -> None:
        """Get to know a device, or its MAC address and name after a change."""
        if device.id in self._listed_in:
            self._listed_in[device.id].remove(device)
        self.devices[device.id] = device
        mac, name = str(device.values["mac"]), str(device.values["friendly_name"])
        known = self.by_mac.setdefault(mac, []) if mac else self.nameless.setdefault(name, [])
        known.append(device)
        known.sort(key=_age)
        self._listed_in[device.id] = known

    # -- neighbours -----------------------------------------------------------------------------

    def know(self, record: ExtensionRecord) -> None:
        """Get to know an extension's address and SIP user as they are now."""
        address = str(record.values["fixed_ip"])
        if address:
            said = str(record.values["extension"]), str(record.values["fixed_auth"])
            self.at_address.setdefault(address, {})[record.id] = said
        self.by_account.setdefault(sip_user(record.values), set()).add(record.id)

    def leave(self, record: ExtensionRecord) -> None:
        """Forget an extension's address and SIP user: they are about to change."""
        self.at_address.get(str(record.values["fixed_ip"]), {}).pop(record.id, None)
        self.by_account.get(sip_user(record.values), set()).discard(record.id)


def _age(device: DeviceRecord) -> tuple[bool, int]:
    """Those that are stored, oldest first, then the new ones in their order."""
    return device.id < 0, abs(device.id)


class BatchNeighbours:
    """`checks.Neighbours` of `page` answered from the batch."""

    def __init__(self, batch: Batch, page: Page):
        self._batch, self._page = batch, page

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        others = [one for one in self._batch.by_mac.get(mac, ()) if one.id != device_id]
        if any(one.lines for one in others):
            return True
        return bool(others) and not (device_id is None and self._batch.spare(self._page, mac))

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        known = self._batch.at_address.get(address, {})
        return [said for one, said in known.items() if one != extension_id]

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        known = self._batch.extensions.get(extension)
        if known is None:
            return extension in self._batch.strangers
        return known.id != extension_id

    def account_taken(self, account: str, extension_id: int | None) -> bool:
        return bool(self._batch.by_account.get(account, set()) - {extension_id})


# -- reading it -----------------------------------------------------------------------------------


def gather(around: Surroundings, rows: Sequence[ImportedRow]) -> Batch:
    """All that these rows are judged by, in a number of queries that does not hang on theirs."""
    batch = Batch(around)
    wanted = {str(row.values["extension"]) for row in rows}
    number = col(Extension.extension)
    for record in extension_records(around.session, around.viewer, number.in_(wanted)):
        batch.extensions[str(record.values["extension"])] = record
    if not around.viewer.is_administrator:
        known = around.session.exec(select(Extension.extension).where(number.in_(wanted)))
        batch.strangers = set(known) - batch.extensions.keys()
    _read_places(batch, rows)
    _read_devices(batch, rows)
    _read_neighbours(batch, rows)
    return batch


def _read_places(batch: Batch, rows: Sequence[ImportedRow]) -> None:
    known, places = batch.extensions, batch.around.places
    new = [row.values for row in rows if row.values["extension"] not in known]
    places.look_up({(str(v.get("organization", "")), str(v.get("user", ""))) for v in new})
    places.meet({record.organization_id for record in known.values()})


def _read_devices(batch: Batch, rows: Sequence[ImportedRow]) -> None:
    session = batch.around.session
    served = {one.device.id: one.device for one in batch.extensions.values() if one.device}
    macs = _texts("mac", chain(_values(rows), (one.values for one in served.values())))
    names = _texts("friendly_name", (v for v in _values(rows) if not v.get("mac")))
    condition = or_(
        col(Device.mac).in_(macs),
        (col(Device.mac) == "") & col(Device.friendly_name).in_(names),
    )
    for device in device_records(session, condition):
        served.setdefault(device.id, device)
    for device_id, lines in lines_by_device(session, list(served)).items():
        served[device_id].lines = {line.number: line for line in lines}
    for device in served.values():
        batch.add(device)
    _read_reach(batch, served)
    batch.around.places.meet(
        chain.from_iterable((one.owner_id, one.organization_id or 0) for one in served.values())
    )
    serials = {mac.replace(":", "").lower() for mac in macs}
    batch.serials = set(session.exec(select(Device.serial).where(col(Device.serial).in_(serials))))


def _read_reach(batch: Batch, devices: Collection[int]) -> None:
    session, viewer = batch.around.session, batch.around.viewer
    if not devices or viewer.is_administrator:
        batch.within_reach = set(devices)
        return
    query = select(Device.id).where(col(Device.id).in_(devices), reach(session, as_user(viewer)))
    batch.within_reach = {one for one in session.exec(query) if one is not None}


def _read_neighbours(batch: Batch, rows: Sequence[ImportedRow]) -> None:
    stored = [record.values for record in batch.extensions.values()]
    addresses = _texts("fixed_ip", chain(_values(rows), stored))
    condition: ColumnElement[bool] = col(Extension.fixed_ip).in_(addresses)
    if batch.around.site.pbx != "none":
        users = _texts("sip_username", chain(_values(rows), stored))
        users |= _texts("extension", chain(_values(rows), stored))
        nameless = (col(Extension.sip_username) == "") & col(Extension.extension).in_(users)
        condition = or_(condition, col(Extension.sip_username).in_(users), nameless)
    elif not addresses:
        return
    query = columns(
        *(Extension.id, Extension.extension, Extension.sip_username),
        *(Extension.fixed_ip, Extension.fixed_auth),
    )
    for one, number, user, address, authentication in batch.around.session.execute(
        query.where(condition)
    ):
        if address:
            batch.at_address.setdefault(address, {})[one] = number, authentication
        batch.by_account.setdefault(user or number, set()).add(one)


def _values(rows: Sequence[ImportedRow]) -> Iterable[dict[str, Any]]:
    return (row.values for row in rows)


def _texts(name: str, values: Iterable[dict[str, Any]]) -> set[str]:
    return {str(one[name]) for one in values if one.get(name)}


def line_use(record: ExtensionRecord, number: int) -> LineUse:
    """An extension on a line, as the other lines of its device see it."""
    return LineUse(number, record.values, record.id)
