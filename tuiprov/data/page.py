"""Plain data that travels down the house: a site's settings, a phone with its lines, a page.

Nothing here can reach the database: rendering, gates and checks take these and only these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tuiprov.data.fields import Value
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS, SERVER_DEFAULT
from tuiprov.data.site import Site

Values = Mapping[str, Value]
MASK = "********"


@dataclass(frozen=True, slots=True)
class LineUse:
    """One line of a phone and the extension on it (its values by column name)."""

    number: int
    extension: Values
    extension_id: int | None = None


@dataclass(frozen=True)
class Phone:
    """A device as rendering sees it: its own values, its lines in order, the site."""

    values: Values
    lines: tuple[LineUse, ...]
    site: Site
    token: str = ""
    device_id: int | None = None

    def masked(self) -> Phone:
        """The same phone with every secret replaced by asterisks of one length."""
        lines = tuple(replace(line, extension=_masked(line.extension)) for line in self.lines)
        return replace(self, values=_masked(self.values), lines=lines)


@dataclass(frozen=True)
class Page:
    """An extension, its line on a device if it has one, and the site: what the page shows.

    `values` holds every field of `FIELDS`. `others` are the other lines of the same device.
    """

    values: Values
    site: Site
    extension_id: int | None = None
    device_id: int | None = None
    extension_version: int = 0
    device_version: int = 0
    token: str = ""
    organization_id: int | None = None
    user_id: int | None = None
    others: tuple[LineUse, ...] = ()
    templates: tuple[str, ...] = (SERVER_DEFAULT,)
    """Names of the templates this viewer may choose for this equipment."""

    def changed(self, values: Values) -> Page:
        """The page with some of its values replaced."""
        return replace(self, values={**self.values, **values})

    @cached_property
    def phone(self) -> Phone | None:
        """The device with this page's values on its line, or None when none is provisioned."""
        if not self.values["use_provisioning"]:
            return None
        number = self.values["line"]
        own = LineUse(
            number if isinstance(number, int) else 1,
            {name: self.values[name] for name in EXTENSION_FIELDS},
            self.extension_id,
        )
        lines = tuple(sorted((*self.others, own), key=lambda line: line.number))
        device = {name: self.values[name] for name in DEVICE_FIELDS}
        return Phone(device, lines, self.site, self.token, self.device_id)


def uses_mac_link(values: Values, site: Site) -> bool:
    """Is the link built from the MAC: ticked, allowed by the site, and fetched by HTTP or HTTPS."""
    by_web = values["update_protocol"] in ("http", "https")
    return bool(values["mac_based_provisioning"]) and site.allow_mac_based_provisioning and by_web


def _masked(values: Values) -> Values:
    hidden = {name: MASK for name, value in values.items() if value and FIELDS[name].secret}
    return {**values, **hidden}
