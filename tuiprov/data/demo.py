"""A throw-away site to look around in: two organizations, users, phones of every family.

The same number of devices gives the same site but for its random passwords. All data is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from sqlmodel import Session, select

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.database import Database
from tuiprov.data.founding import first_provider, found_site
from tuiprov.data.models import ORGANIZATION, PROVIDER, USER, Account, Device, Extension, Line
from tuiprov.data.secret_columns import seal_rows

_FIRST = (
    *("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo"),
    *("Ida", "Jonas", "Klara", "Leo", "Mila", "Noah", "Olga", "Paul"),
)
_LAST = (
    *("Adler", "Brandt", "Chen", "Dvorak", "Eriksen", "Fontaine"),
    *("Garcia", "Huber", "Ivanova", "Jensen", "Keller", "Lopez"),
)
_ORGANIZATIONS = (("0027", "Acme Ltd"), ("0031", "Praxis Müller"), ("0045", "Harbour Logistics"))
_USERS_EACH = 8


@dataclass(frozen=True, slots=True)
class _Place:
    code: str
    organization_id: int
    users: tuple[int, ...]


def make_demo(database: Database, devices: int = 24) -> None:
    """Fill `database` with a demo site of `devices` phones, each with an extension on line 1."""
    found_site(database)
    with database.write() as session:
        places = list(_places(session))
        kinds = list(_one_of_each_family())
        for number, (place, kind) in enumerate(
            islice(zip(cycle(places), cycle(kinds), strict=False), devices), 1
        ):
            _add_phone(session, number, place, kind)
        for number in range(devices + 1, devices + 4):
            _add_extension(session, number, places[number % len(places)])
        seal_rows(session)


def _places(session: Session) -> Iterator[_Place]:
    provider = session.exec(select(Account).where(Account.kind == PROVIDER)).one()
    provider.provision_permission, provider.sip_management = "modify", True
    provider.sip_trunking_management = True
    session.add(provider)
    levels = cycle((("modify", True), ("view", True), ("none", False)))
    for (code, name), (level, sip) in zip(_ORGANIZATIONS, levels, strict=False):
        organization = Account(
            kind=ORGANIZATION,
            name=name,
            parent_id=first_provider(session),
            provision_permission=level,
            sip_management=sip,
        )
        session.add(organization)
        session.flush()
        users = [_user(session, organization, number) for number in range(_USERS_EACH)]
        yield _Place(code, organization.id or 0, tuple(user.id or 0 for user in users))


def _user(session: Session, organization: Account, number: int) -> Account:
    levels = ("modify", "view", "none")
    user = Account(
        kind=USER,
        name=f"{_FIRST[number]}.{_LAST[number]}".lower(),
        parent_id=organization.id,
        provision_permission=levels[number % 3],
        sip_management=number % 2 == 0,
    )
    session.add(user)
    session.flush()
    return user


def _one_of_each_family() -> Iterator[PhoneType]:
    """The first model of each family, so that all formats are seen."""
    first: dict[str, PhoneType] = {}
    for kind in default_catalog().types():
        first.setdefault(kind.templates, kind)
    return iter(first.values())


def _add_extension(session: Session, number: int, place: _Place) -> Extension:
    local = f"{number:03}"
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // 3 % len(_LAST)]}"
    extension = Extension(
        extension=f"{place.code}*{local}",
        extension_name=name,
        sip_username=f"{place.code}*{local}",
        sip_password=f"demo{number:05}Pw",
        user_id=place.users[number % _USERS_EACH],
        max_public_concurrent_calls=4 if number % 5 == 0 else None,
    )
    session.add(extension)
    session.flush()
    return extension


def _add_phone(session: Session, number: int, place: _Place, kind: PhoneType) -> None:
    extension = _add_extension(session, number, place)
    extension.use_provisioning = True
    login = kind.facts.admin_login
    serial = f"{number:06X}"
    octets = ":".join(serial[i : i + 2] for i in (0, 2, 4))
    needs_image = kind.facts.application_version == "required"
    device = Device(
        serial=f"demo{number}",
        owner_id=place.organization_id,
        organization_id=place.organization_id,
        token=f"{number:032x}",
        friendly_name=f"Desk{number:03}",
        manufacturer=kind.manufacturer,
        model=kind.model,
        firmware=kind.firmware,
        application_version="P0S3-08-11-00" if needs_image else "",
        mac=f"{kind.mac_prefixes[0]}:{octets}" if kind.has_mac else "",
        update_protocol=kind.facts.update_protocols[0],
        password_generation="auto" if login else "none",
        admin_password=login.password.random() if login else "",
        status="disabled" if number % 9 == 0 else "enabled",
    )
    session.add(device)
    session.flush()
    session.add(Line(device_id=device.id or 0, number=1, extension_id=extension.id or 0))
