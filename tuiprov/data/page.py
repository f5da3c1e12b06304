"""Plain data that travels down the house: a site's settings, a phone with its lines, a page.

Nothing here can reach the database: rendering, gates and checks take these and only these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Values
from tuiprov.data.http_login import HttpLogin
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS, SERVER_DEFAULT
from tuiprov.data.site import Site

MASK = "********"


@dataclass(frozen=True, slots=True)
class CustomTemplate:
    """Files of an account's own in place of tuiprov's: for one manufacturer's `models` and
    `firmware` generations (empty: all). `files` maps a template's path to its source."""

    name: str
    manufacturer: str
    models: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def fits(self, kind: PhoneType) -> bool:
        """Is it meant for this phone, and does it have all the files that are the phone's own?"""
        return (
            kind.manufacturer == self.manufacturer
            and (not self.models or kind.model in self.models)
            and (not self.firmware or kind.firmware in self.firmware)
            and all(
                f"{kind.templates}/{rule.template}" in self.files
                for rule in kind.facts.files
                if rule.scope == "device"
            )
        )


def as_custom(values: Values, files: Mapping[str, str]) -> CustomTemplate:
    """Settings and files as phones get them."""
    return CustomTemplate(
        str(values["name"]),
        str(values["manufacturer"]),
        names_in(values["models"]),
        names_in(values["firmware"]),
        files,
    )


def names_in(value: object) -> tuple[str, ...]:
    """The names in a list that is written with commas."""
    return tuple(name for part in str(value).split(",") if (name := part.strip()))


@dataclass(frozen=True)  # with slots a phone takes a fifth longer through a pipe
class LineUse:
    """One line of a phone and the extension on it (its values by column name). `revealable`: may
    the viewer see its passwords, if the viewer may see any?"""

    number: int
    extension: Values
    extension_id: int | None = None
    revealable: bool = True
    version: int = 0
    """Of the extension's row."""


Stamp = tuple[tuple[int, int, int], ...]
"""The state in which a phone was read: (0, its id, its version), then (number, extension id,
version) of each line. A phone with another stamp has been changed."""


@dataclass(frozen=True)
class Phone:
    """A device as rendering sees it: its own values, its lines in order, the site."""

    values: Values
    lines: tuple[LineUse, ...]
    site: Site
    token: str = ""
    device_id: int | None = None
    custom: CustomTemplate | None = None
    """The account's own files it gets; None: the server default."""
    version: int = 0
    """Of the device's row."""
    first_token: str = ""
    """Names the directory of its first files while its enrolment window is open."""
    http_login: HttpLogin | None = None
    """What `tuiprov serve` asks for where the site says so; None: nobody may tell it."""

    @property
    def stamp(self) -> Stamp:
        """The state in which it was read."""
        lines = ((one.number, one.extension_id or 0, one.version) for one in self.lines)
        return ((0, self.device_id or 0, self.version), *lines)

    @property
    def name(self) -> str:
        """What an admin calls it: `Desk01 (80:5E:C0:00:00:01)`, or what there is of that."""
        name, mac = str(self.values["friendly_name"]), str(self.values["mac"])
        return f"{name} ({mac})" if name and mac else name or mac

    def masked(self) -> Phone:
        """The same phone with every secret replaced by asterisks of one length."""
        lines = tuple(replace(line, extension=_masked(line.extension)) for line in self.lines)
        login = self.http_login and HttpLogin(self.http_login.username, MASK)
        return replace(self, values=_masked(self.values), lines=lines, http_login=login)

    def revealed(self) -> Phone:
        """The same phone with the secrets masked that its viewer may not see: those of other
        people's lines."""
        lines = (
            line if line.revealable else replace(line, extension=_masked(line.extension))
            for line in self.lines
        )
        return replace(self, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class OwnOption:
    """An option of the PBX's configuration that the page has no field for: the `type` of the
    section it stands in, its name and its value, as the PBX reads them."""

    section: str
    name: str
    value: str
    instead: str | None = None
    """What the page made of this option when it was kept: once the page makes something else of
    it, because somebody changed a preference, the page counts. None: it is kept always."""


@dataclass(frozen=True)
class Page:
    """An extension, its line on a device if it has one, and the site: what the page shows.

    `values` holds every field of `FIELDS`. `others` are the other lines of the same device. A page
    may be about a device alone (`is_device`): no extension is meant, `others` are all its lines.
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
    revealable: bool = True
    """May the viewer see this extension's passwords, if the viewer may see any?"""
    customs: tuple[CustomTemplate, ...] = ()
    """The templates of accounts that this viewer may choose, and the one in use."""
    is_device: bool = False
    owner_id: int | None = None
    """The account a device alone belongs to."""
    http_login: HttpLogin | None = None
    """Of the device, or of the one that a save would make."""
    is_taken: bool = False
    """Is the device one that the extension does not have yet, and gets with the save?"""
    shares_fixed_ip: bool = False
    """Is there another extension at its fixed IP address?"""
    own_options: tuple[OwnOption, ...] = ()
    """What its sections of the PBX's configuration hold besides the page."""
    former_passwords: tuple[str, ...] = ()
    """SIP passwords that the PBX takes besides the extension's own, until its phone has the new
    one; the latest first."""

    @property
    def versions(self) -> tuple[int, int | None, int]:
        """Another one when somebody has changed the extension, its device, or which one it has."""
        return self.extension_version, self.device_id, self.device_version

    def changed(self, values: Values) -> Page:
        """The page with some of its values replaced."""
        return replace(self, values={**self.values, **values})

    @property
    def lines_used(self) -> int:
        """How many lines of the device are in use, this extension's own too."""
        return len(self.others) + (not self.is_device)

    @property
    def free_lines(self) -> tuple[int, ...]:
        """Numbers of the device's lines that no other extension has."""
        used = {line.number for line in self.others}
        total = self.kind.lines if self.kind else 0
        return tuple(number for number in range(1, total + 1) if number not in used)

    @cached_property
    def kind(self) -> PhoneType | None:
        """The catalogue's row for the device, None while it is not fully chosen."""
        values = self.values
        return default_catalog().find(values["manufacturer"], values["model"], values["firmware"])

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """Names of the templates that may be chosen for this equipment."""
        kind = self.kind
        fitting = (one.name for one in self.customs if kind is not None and one.fits(kind))
        return (SERVER_DEFAULT, *fitting)

    @cached_property
    def phone(self) -> Phone | None:
        """The device with this page's values on its line, or None when none is provisioned."""
        if not self.values["use_provisioning"]:
            return None
        own = () if self.is_device else (self._own_line(),)
        lines = tuple(sorted((*self.others, *own), key=lambda line: line.number))
        device = {name: self.values[name] for name in DEVICE_FIELDS}
        return Phone(
            *(device, lines, self.site, self.token, self.device_id, self._custom()),
            http_login=self.http_login,
        )

    def _own_line(self) -> LineUse:
        number = self.values["line"]
        return LineUse(
            number if isinstance(number, int) else 1,
            {name: self.values[name] for name in EXTENSION_FIELDS},
            self.extension_id,
            self.revealable,
        )

    def _custom(self) -> CustomTemplate | None:
        chosen = self.values["template"] if self.values["template"] in self.templates else ""
        return next((one for one in self.customs if one.name == chosen), None)


def uses_mac_link(values: Values, site: Site) -> bool:
    """Is the link built from the MAC: ticked, allowed by the site, and fetched by HTTP or HTTPS."""
    by_web = values["update_protocol"] in ("http", "https")
    return bool(values["mac_based_provisioning"]) and site.allow_mac_based_provisioning and by_web


def _masked(values: Values) -> Values:
    hidden = {name: MASK for name, value in values.items() if value and FIELDS[name].secret}
    return {**values, **hidden}
