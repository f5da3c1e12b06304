"""Finding one device by what an admin calls it: a MAC in any notation, a name, an extension."""

from __future__ import annotations

import netaddr
from sqlmodel import col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Phone
from tuiprov.data.store import Store
from tuiprov.errors import NotFound


def find_phone(store: Store, viewer: Viewer, words: str) -> Phone:
    """The device with this MAC, extended number or (when it is the only one) friendly name, if the
    viewer sees it; NotFound says what there is instead."""
    ids = _by_mac(store, words) or _by_extension(store, words) or _by_name(store, words)
    seen = [device_id for device_id in ids if device_id in set(store.device_ids(viewer))]
    if len(seen) > 1:
        raise NotFound(f"{len(seen)} devices are named {words!r}; say which by its MAC address")
    phone = store.phone(viewer, seen[0]) if seen else None
    if phone is None:
        raise NotFound(f"there is no device {words!r}: give a MAC, a friendly name or an extension")
    return phone


def _by_mac(store: Store, words: str) -> list[int]:
    if not netaddr.valid_mac(words):
        return []
    mac = str(netaddr.EUI(words, dialect=netaddr.mac_unix_expanded)).upper()
    with store.database.read() as session:
        return [i for i in session.exec(select(Device.id).where(Device.mac == mac)) if i]


def _by_extension(store: Store, words: str) -> list[int]:
    query = select(Line.device_id).join(Extension, col(Line.extension_id) == Extension.id)
    with store.database.read() as session:
        return list(session.exec(query.where(Extension.extension == words)))


def _by_name(store: Store, words: str) -> list[int]:
    query = select(Device.id).where(Device.friendly_name == words)
    with store.database.read() as session:
        return [i for i in session.exec(query) if i]
