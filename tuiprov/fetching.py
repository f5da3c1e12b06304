"""The requests of phones opened for one viewer: who asked, what decided, and what would mend it.

Here the fetch log, the User-Agent and the inventory meet. The words for each verdict are here once,
for the screen and the command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.draft import DeviceDraft
from tuiprov.data.fetches import SERVED, FetchRow
from tuiprov.data.store import Store
from tuiprov.errors import NotFound
from tuiprov.inventory import Inventory, inventory_of
from tuiprov.serve.agents import parse

CHAIN: Final = (
    *("address", "limits", "method", "path", "key", "enrolment", "certificate", "login"),
    *("state", "file"),
)
"""What is asked of a request, in this order; the first that says no is the verdict."""


@dataclass(frozen=True, slots=True)
class Why:
    """What a verdict means and what to do about it. `setting` of the preferences or `field` of the
    device's page is what to look at first."""

    means: str
    todo: str
    setting: str = ""
    field: str = ""


_WHYS: Final[Mapping[str, Why]] = {
    SERVED: Why("The file was sent.", "Nothing is to be done."),
    "address": Why(
        "It came from outside the phones' networks.",
        "If a phone of yours is there, add its network to Phones' networks.",
        "phone_networks",
    ),
    "limits": Why(
        "Too many misses or connections came from this address: it is shut out for a while.",
        "Look at what it missed before, and mend that; it is let in again by itself, and at once "
        "when tuiprov serve is started anew.",
    ),
    "method": Why(
        "A phone only fetches (GET, HEAD); this was something else.",
        "A phone that uploads its logs does this and still works. Else it is no phone.",
    ),
    "path": Why(
        "The address is not of the form that links have.",
        "Compare the link that is set in the phone with the one of its device (Ctrl+L).",
    ),
    "key": Why(
        "No device has this MAC address or token in its link.",
        "A phone of yours: adopt it, or set the link of its device (Ctrl+L) in it anew.",
    ),
    "enrolment": Why(
        "The first link of this phone was used up or has run out.",
        "Open the window for this device again (Ctrl+G on its page), and give the phone the new "
        "first link.",
    ),
    "certificate": Why(
        "There was no client certificate, or none that holds this phone's MAC address.",
        "Only some phones have one: Client certificates says whether it is needed.",
        "client_certificates",
    ),
    "login": Why(
        "The user name or the password was missing or wrong.",
        "A first request without one is usual. If no served one follows, set in the phone the "
        "login that stands beside its link (Ctrl+L on its device's page).",
        "http_authentication",
    ),
    "state": Why(
        "The device is disabled, or serves no extension.",
        "Enable it or assign it, then publish.",
        field="status",
    ),
    "file": Why(
        "Nothing is published for this device under this name.",
        "Phones also ask for files that they can do without. If it is its own: publish, and see "
        "that manufacturer, model and firmware are right.",
        field="model",
    ),
    "malformed": Why(
        "This was no request of HTTP/1.1, or one that is too long or brings a body.",
        "A phone that speaks HTTPS where HTTP is served looks like this: compare protocol and port "
        "with the link of its device. Else it is no phone.",
    ),
    "error": Why(
        "The database could not be read just then: everybody got 503.",
        "The journal of tuiprov serve and tuiprov doctor say why.",
    ),
}
_STRANGE: Final = Why("This verdict is not known to this version of tuiprov.", "Upgrade it.")


@dataclass(frozen=True, slots=True)
class Stranger:
    """A phone that the inventory does not have, as far as its request tells what it is; "" for
    what is not known, and `firmware` is the catalogue's generation."""

    mac: str
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where a request is mended: the page of a device, a setting, a phone to adopt, or nowhere,
    because of `problem`."""

    kind: Literal["device", "setting", "adopt", "none"]
    device_id: int = 0
    setting: str = ""
    stranger: Stranger = Stranger("")
    problem: str = ""


def why(row: FetchRow) -> Why:
    return _WHYS.get(row.verdict, _STRANGE)


def chain(row: FetchRow) -> list[tuple[str, bool]]:
    """Each question that was asked, and whether the answer was yes: up to the one that decided."""
    if row.verdict == SERVED:
        return [(word, True) for word in CHAIN]
    asked = CHAIN[: CHAIN.index(row.verdict)] if row.verdict in CHAIN else ()
    return [*((word, True) for word in asked), (row.verdict, False)]


def in_words(row: FetchRow) -> str:
    """`served`, `served, an older version` or the verdict: what stands beside a request."""
    if row.verdict == SERVED and not row.is_current:
        return "served, not what is published now"
    return row.verdict


_MAC_IN_PATH: Final = re.compile(
    r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}([:-]?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
)
_NOBODY: Final = "00:00:00:00:00:00"
"""In the names of files that all phones of a family ask for."""


def mac_of(row: FetchRow) -> str:
    """The MAC address of who asked, by its User-Agent, else by the path; "" when neither has it."""
    said = parse(row.agent).mac
    found = _MAC_IN_PATH.finditer(row.path)
    known = [said, *(_spelled(match.group()) for match in found)]
    return next((mac for mac in known if mac not in ("", _NOBODY)), "")


def _spelled(digits: str) -> str:
    plain = digits.replace(":", "").replace("-", "").upper()
    return ":".join(plain[at : at + 2] for at in range(0, 12, 2))


def stranger_of(row: FetchRow) -> Stranger:
    """What is known of the phone that asked; without a MAC address it cannot be adopted."""
    mac, agent = mac_of(row), parse(row.agent)
    return Stranger(
        mac,
        agent.manufacturer or default_catalog().manufacturer_of(mac),
        agent.model,
        agent.generation,
    )


def agent_in_words(text: str) -> str:
    """`Yealink T46S 66.84.0.15`, or the User-Agent as it came where it says no such thing."""
    return parse(text).phone or text


@dataclass(frozen=True)
class Fetching:
    """The store, and who is looking."""

    store: Store
    viewer: Viewer
    inventory: Inventory

    def ids(self, where: str) -> Sequence[int]:
        return self.store.fetches.ids(self.viewer, where)

    def newest(self) -> int:
        """The id of the newest request of all."""
        return self.store.fetches.newest(self.viewer)

    def rows(self, ids: Sequence[int]) -> Mapping[int, FetchRow]:
        return self.store.fetches.rows(self.viewer, ids)

    def remedy(self, row: FetchRow) -> Remedy:
        """Where this request is mended, as far as this viewer may."""
        setting = why(row).setting if self.viewer.is_administrator else ""
        if setting and (row.device_id is None or row.verdict in ("address", "certificate")):
            return Remedy("setting", setting=setting)
        device_id = row.device_id or self.device_with(mac_of(row))
        if device_id:
            return Remedy("device", device_id)
        stranger = stranger_of(row)
        if stranger.mac:
            return Remedy("adopt", stranger=stranger)
        return Remedy(
            "none", problem="Neither its path nor its User-Agent tells which phone it is."
        )

    def adopt(self, stranger: Stranger, owner_id: int) -> DeviceDraft:
        """A draft of a device to be added for this account, with what is known of the phone."""
        draft = self.inventory.fresh(owner_id)
        for name in ("manufacturer", "model", "firmware", "mac"):
            text = getattr(stranger, name)
            if text:
                draft.edit(name, text)
        return draft

    def device_with(self, mac: str) -> int:
        """The device of the inventory with this MAC address, 0 when there is none to be seen."""
        if not mac:
            return 0
        try:
            return self.store.devices.find(self.viewer, mac)
        except NotFound:
            return 0


def fetching_of(store: Store, viewer: Viewer) -> Fetching:
    """The requests of phones as the command line asks for them."""
    return Fetching(store, viewer, inventory_of(store, viewer))
