"""Taking an Asterisk's pjsip sections over: each endpoint as an extension's page.

The rule is that adopting changes nothing. A page takes what it has fields for; whatever would mean
something else to Asterisk when tuiprov writes the page is kept as an option of its own. What no
page can carry stays where it is, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tuiprov.data.fields import Value
from tuiprov.data.page import OwnOption, Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site
from tuiprov.errors import RenderError
from tuiprov.pbx import asterisk
from tuiprov.pbx.config_reader import Config, PbxConfigError, Place, Section
from tuiprov.pbx.effects import CODECS, GROUPS, Effects, counts_once, effects, has_default
from tuiprov.pbx.inverse import fits, fitting_settings, of_kind, pairs, preferences

NUMBER: Final = re.compile(r"[0-9]{1,10}(\*[0-9]{1,10})?")
_CONTACT: Final = re.compile(
    r"sip:(?:[^@;<>]*@)?(?P<ip>[0-9.]{7,15})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:;transport=(?P<transport>udp|tcp))?",
    re.I,
)
_OF_THE_SERVER: Final = frozenset(
    {"acl", "contact", "domain_alias", "global", "registration", "system", "transport"}
)
"""Types of sections that are no part of an extension."""


@dataclass(frozen=True, slots=True)
class Left:
    """A section that stays where it is, and why."""

    name: str
    place: Place
    reason: str


@dataclass(slots=True)
class Adopted:
    """An extension made of an endpoint's sections: the page's `values` that are not defaults, the
    options kept besides, and `words` worth knowing."""

    number: str
    account: str
    values: dict[str, Value]
    sections: list[Section]
    own: tuple[OwnOption, ...] = ()
    words: list[str] = field(default_factory=list)

    def page(self, site: Site) -> Page:
        """The page as it will be."""
        return Page({**DEFAULTS, **self.values}, site, own_options=self.own)

    @property
    def place(self) -> Place:
        return self.sections[0].place

    def place_of(self, option: OwnOption) -> Place | None:
        """The line that a kept option was read from; None: it is kept that there is none."""
        for section in self.sections:
            for one in section.options if section.kind == option.section else ():
                if (one.name.lower(), one.value) == (option.name, option.value):
                    return one.place
        return None


@dataclass(frozen=True, slots=True)
class Takeover:
    """What a configuration gives: extensions, what is left alone, the settings that fit."""

    adopted: list[Adopted]
    left: list[Left]
    settings: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Taken:
    """What the site has already: extended numbers, SIP users and fixed IP addresses."""

    numbers: Collection[str] = ()
    accounts: Collection[str] = ()
    addresses: Collection[str] = ()


class _CannotCarry(Exception):
    """Why an endpoint cannot be an extension."""


def take_over(config: Config, site: Site, taken: Taken | None = None) -> Takeover:
    """The extensions of a pjsip configuration. On a site without a PBX the settings are made to
    fit the configuration; otherwise those of the site stay."""
    _refuse_duplicates(config)
    settings = fitting_settings(config) if site.pbx == "none" else {}
    return _TakeOver(config, site.model_copy(update=settings), taken or Taken()).all(settings)


def _refuse_duplicates(config: Config) -> None:
    """Asterisk loads nothing of a file in which an object stands twice."""
    first: dict[tuple[str, str], Section] = {}
    for one in config.sections:
        if one.kind and not one.is_template:
            known = first.setdefault((one.name, one.kind), one)
            if known is not one:
                raise PbxConfigError(
                    f"{one.place}: [{one.name}] type={one.kind} is there already "
                    f"({known.place}): Asterisk would load nothing"
                )


class _TakeOver:
    """Looks at every endpoint of one configuration."""

    def __init__(self, config: Config, site: Site, taken: Taken) -> None:
        self._config, self._site, self._taken = config, site, taken
        self._endpoints = of_kind(config, "endpoint")
        self._identify: dict[str, list[Section]] = {}
        for one in of_kind(config, "identify"):
            self._identify.setdefault(one.last("endpoint"), []).append(one)
        self._trunks = {one.last("endpoint") for one in of_kind(config, "registration")}
        ways = ("auth", "outbound_auth")
        self._users = Counter(one.last(way) for one in config.sections for way in ways)
        self._heirs = {
            id(base): one
            for one in config.sections
            for base in one.bases
            if one.name != base.name and not base.is_template
        }
        self._addresses = Counter(
            at[0] for one in self._endpoints if (at := self._fixed(one)) is not None
        )
        self._addresses.update(taken.addresses)
        self._numbers, self._accounts = set(taken.numbers), set(taken.accounts)

    def all(self, settings: dict[str, Value]) -> Takeover:
        adopted: list[Adopted] = []
        left: list[Left] = []
        seen: set[int] = set()
        for one in self._endpoints:
            try:
                found = self._adopt(one)
            except _CannotCarry as reason:
                left.append(Left(one.name, one.place, str(reason)))
                continue
            adopted.append(found)
            seen |= {id(section) for section in found.sections}
        kinds = ("identify", "aor", "auth", "registration")
        named = {one.name for one in left}
        for one in self._config.sections:
            is_other = one.kind in kinds and one.name not in named and not one.is_template
            if is_other and id(one) not in seen:
                left.append(Left(one.name, one.place, f"is no extension's {one.kind}"))
        return Takeover(adopted, sorted(left, key=lambda one: one.place.line), settings)

    def _adopt(self, endpoint: Section) -> Adopted:
        self._refuse_trunk(endpoint)
        parts = self._parts(endpoint)
        values = self._identity(endpoint, parts)
        number = str(values["extension"])
        account = endpoint.name
        if number in self._numbers:
            raise _CannotCarry(f"there is an extension {number} already")
        if account in self._accounts:
            raise _CannotCarry(f"there is an extension with the SIP user {account} already")
        fixed = self._address_of(endpoint, parts)
        values |= fixed
        values |= preferences(endpoint, parts["aor"], self._site, is_fixed=bool(fixed))
        sections = self._moving(endpoint, parts)
        found = Adopted(number, account, values, sections)
        found.own = tuple(self._own(found, parts))
        self._add_words(found, parts)
        self._numbers.add(number)
        self._accounts.add(account)
        return found

    def _refuse_trunk(self, endpoint: Section) -> None:
        if endpoint.last("outbound_auth"):
            raise _CannotCarry("a trunk: it authenticates elsewhere (outbound_auth)")
        named = {one.kind for one in self._config.named(endpoint.name)}
        if endpoint.name in self._trunks or "registration" in named:
            raise _CannotCarry("a trunk: it registers elsewhere")

    def _parts(self, endpoint: Section) -> dict[str, Section]:
        """The endpoint with its aor, auth and identify sections, by type."""
        name, found = endpoint.name, {"endpoint": endpoint}
        if endpoint.last("aors") != name:
            raise _CannotCarry(f"its aors are {endpoint.last('aors') or 'none'}, not {name}")
        found["aor"] = self._one("aor", name)
        auth = endpoint.last("auth")
        if auth:
            if self._users[auth] > 1:
                raise _CannotCarry(f"it shares the auth section [{auth}] with another endpoint")
            found["auth"] = self._one("auth", auth)
        identify = self._identify.get(name, [])
        if len(identify) == 1:
            found["identify"] = identify[0]
        elif any(one.name == name for one in identify):
            raise _CannotCarry("it has several identify sections")
        return found

    def _one(self, kind: str, name: str) -> Section:
        found = [one for one in self._config.named(name) if one.kind == kind]
        if not found:
            raise _CannotCarry(f"there is no section [{name}] with type={kind}")
        return found[0]

    def _moving(self, endpoint: Section, parts: Mapping[str, Section]) -> list[Section]:
        """All sections that go with the extension, in the order of the configuration."""
        named = self._config.named(endpoint.name)
        wanted = {id(one) for one in (*named, *parts.values())}
        for one in named:
            if one.kind in _OF_THE_SERVER:
                raise _CannotCarry(f"a section with type={one.kind} has its name")
            if not one.kind:
                raise _CannotCarry(f"a section of its name has no type ({one.place})")
        moving = [one for one in self._config.sections if id(one) in wanted]
        for one in moving:
            heir = self._heirs.get(id(one))
            if heir is not None and id(heir) not in wanted:
                raise _CannotCarry(f"[{heir.name}] ({heir.place}) inherits from it")
            if one.reasons:
                raise _CannotCarry(one.reasons[0])
            _refuse_empty(one)
        return moving

    # -- values -----------------------------------------------------------------------------------

    def _identity(self, endpoint: Section, parts: Mapping[str, Section]) -> dict[str, Value]:
        name = endpoint.name
        shown, number = effects("endpoint", pairs(endpoint)).get("callerid", ("", ""))
        values: dict[str, Value] = {"extension": name}
        if not NUMBER.fullmatch(name):
            if not NUMBER.fullmatch(number):
                raise _CannotCarry("neither its name nor its caller ID is an extended number")
            if not fits("sip_username", name):
                raise _CannotCarry("its name cannot be a SIP user name here")
            values = {"extension": number, "sip_username": name}
        if shown and fits("extension_name", shown):
            values["extension_name"] = shown
        if "auth" in parts:
            values["sip_password"] = self._password(parts["auth"])
        return values

    def _password(self, auth: Section) -> str:
        password = auth.last("password")
        if not password:
            raise _CannotCarry("its password is not there in clear")
        realm = auth.last("realm")
        if realm and self._site.pbx_realm not in ("", realm):
            raise _CannotCarry(f"its realm is {realm}, and the setting says another")
        if not fits("sip_password", password):
            raise _CannotCarry("its password cannot be written on a page (printable ASCII, 64)")
        return password

    def _address_of(self, endpoint: Section, parts: Mapping[str, Section]) -> dict[str, Value]:
        """The fixed address, for a phone that is known by it and alone at it; {} for one that
        registers or is kept as it is."""
        at = self._fixed(endpoint)
        if at is not None and self._addresses[at[0]] == 1:
            ip, port, transport = at
            values: dict[str, Value] = {"fixed_ip": ip, "signaling_transport": transport}
            values["fixed_port"] = None if port == 5060 else port
            values["fixed_auth"] = "required" if "auth" in parts else "not_required"
            return values
        if "auth" not in parts:
            shared = at is not None and self._addresses[at[0]] > 1
            raise _CannotCarry(
                "it has no password and shares its address with another"
                if shared
                else "it has no password and is not known by one IP address"
            )
        return {}

    def _fixed(self, endpoint: Section) -> tuple[str, int, str] | None:
        """Address, port and transport of a phone that one identify section knows by its address."""
        identify = self._identify.get(endpoint.name, [])
        aors = [one for one in self._config.named(endpoint.name) if one.kind == "aor"]
        contacts = [value for one in aors for name, value in pairs(one) if name == "contact"]
        if len(identify) != 1 or len(contacts) != 1:
            return None
        found = _CONTACT.fullmatch(contacts[0].strip("<>"))
        if found is None or not fits("fixed_ip", found["ip"]):
            return None
        port = int(found["port"] or 5060)
        known = {found["ip"], f"{found['ip']}/32", f"{found['ip']}:{port}"}
        if identify[0].last("match") not in known or not 0 < port < 65_536:
            return None
        return found["ip"], port, (found["transport"] or "udp").lower()

    # -- what the page would say otherwise --------------------------------------------------------

    def _own(self, found: Adopted, parts: Mapping[str, Section]) -> Iterator[OwnOption]:
        """The options without which Asterisk would be told something else."""
        try:
            ours = dict(asterisk.sections(found.page(self._site)))
        except RenderError as error:
            raise _CannotCarry(str(error)) from None
        theirs = {kind: pairs(section) for kind, section in parts.items()}
        for section in found.sections:
            theirs.setdefault(section.kind, pairs(section))
        for kind in sorted(ours.keys() - theirs.keys()):
            raise _CannotCarry(f"it has no section with type={kind}")
        has_identify = found.account in self._identify
        for kind, options in theirs.items():
            options = [(n, v) for n, v in options if n != "type" and not _is_reference(kind, n)]
            if kind not in ours:
                yield from _whole(kind, options, found.account)
                continue
            written = [(n, v) for n, v in ours[kind] if not _is_reference(kind, n)]
            more = [option for option in options if option[0] == "webrtc"]
            yield from (OwnOption(kind, name, value) for name, value in more)
            before = effects(kind, options, has_identify=has_identify)
            after = effects(kind, [*written, *more], has_identify=has_identify)
            yield from _differing(kind, options, written, before, after)

    def _add_words(self, found: Adopted, parts: Mapping[str, Section]) -> None:
        user = parts["auth"].last("username") if "auth" in parts else ""
        if user and user != found.account:
            said = f"it authenticates as {user}: a phone that tuiprov provisions would not"
            found.words.append(said)


def _refuse_empty(section: Section) -> None:
    """An option without a value is not what it is by default: `context=` is no context at all."""
    said: dict[str, set[str]] = {}
    for name, value in pairs(section):
        said.setdefault(name, set()).add(value)
    for name, values in said.items():
        if "" in values and (len(values) > 1 or has_default(section.kind, name)):
            raise _CannotCarry(f"its {name} is written without a value")


def _differing(
    kind: str,
    options: Sequence[tuple[str, str]],
    written: Sequence[tuple[str, str]],
    before: Effects,
    after: Effects,
) -> Iterator[OwnOption]:
    """What has to be kept of `options` so that what is `written` has the effects from before."""
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) == after.get(name):
            continue
        if name == CODECS:
            yield _kept(kind, "allow", ",".join(before[CODECS]), written)
            continue
        names = [one for one, group in GROUPS.items() if group == name] or [name]
        said = [(one, value) for one, value in options if one in names and value]
        if name in asterisk.ADDED:
            last = {value.partition("=")[0]: (one, value) for one, value in said}
            yield from (OwnOption(kind, *one) for one in last.values() if one not in written)
            continue
        if counts_once(name):
            said = said[-1:]
        yield from (_kept(kind, one, value, written) for one, value in said)
        there = {one for one, _ in said}
        ours = dict.fromkeys(one for one, _ in written if one in names)
        yield from (_kept(kind, one, "", written) for one in ours if one not in there)


def _kept(kind: str, name: str, value: str, written: Iterable[tuple[str, str]]) -> OwnOption:
    """An option that is kept as long as the page says of it what is `written` now."""
    instead = None if name in asterisk.OF_SETTINGS else asterisk.values_of(written, name)
    return OwnOption(kind, name, value, instead)


def _whole(kind: str, options: Iterable[tuple[str, str]], account: str) -> Iterator[OwnOption]:
    """A section that the page has nothing of."""
    if kind == "identify":
        yield _kept(kind, "endpoint", account, ())
    yield from (_kept(kind, name, value, ()) for name, value in options if value)


def _is_reference(kind: str, name: str) -> bool:
    """Names of sections, which are all called by the account after adopting, and passwords and how
    they are written, which the page and the settings have."""
    return (kind, name) in _REFERENCES


_REFERENCES: Final = frozenset(
    {
        *(("endpoint", name) for name in ("aors", "auth")),
        *(("auth", name) for name in ("password", "password_digest", "md5_cred", "auth_type")),
        ("identify", "endpoint"),
    }
)
