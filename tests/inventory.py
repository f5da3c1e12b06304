"""A tree of accounts with devices of every kind of owner, for tests of the inventory.

Two providers; the first has the organizations Acme (users john and jane) and Beta (bob), the second
Other (eve). Each user has extensions, nobody has a device: `Tree.device` puts one where a test
wants it, past all permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from tests.sites import PHONE, Site, a_site
from tuiprov.data.accounts.viewers import Permission, Role, Viewer, terminal_viewer, viewer_for
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.sections import DEVICE_FIELDS

ACCOUNTS = (
    ("second", "provider", "admin"),
    ("acme", "organization", "Provider"),
    ("beta", "organization", "Provider"),
    ("other", "organization", "second"),
    ("john", "user", "acme"),
    ("jane", "user", "acme"),
    ("bob", "user", "beta"),
    ("eve", "user", "other"),
)
EXTENSIONS = {
    "0027*001": "john",
    "0027*002": "john",
    "0027*003": "jane",
    "0027*004": "jane",
    "0028*001": "bob",
    "0099*001": "eve",
}


@dataclass(frozen=True)
class Tree:
    """The site with its accounts."""

    site: Site

    def account(self, name: str) -> Account:
        return next(one for one in self.site.rows(Account) if one.name == name)

    def id(self, name: str) -> int:
        return self.account(name).id or 0

    def extension_id(self, number: str) -> int:
        return next(e.id or 0 for e in self.site.rows(Extension) if e.extension == number)

    def level(self, name: str, level: str, **flags: bool) -> None:
        """Give an account this level of Allow to provision devices."""
        with self.site.database.write() as session:
            account = session.exec(select(Account).where(Account.name == name)).one()
            account.provision_permission = level
            for flag, value in flags.items():
                setattr(account, flag, value)
            session.add(account)

    def viewer(self, name: str, level: Permission = "modify") -> Viewer:
        """Whoever has this account, or the phone terminal with this number, at this level."""
        if name == "admin":
            return self.site.admin
        user = EXTENSIONS.get(name)
        self.level(user or name, level, sip_management=True)
        with self.site.database.read() as session:
            if user:
                query = select(Extension).where(Extension.extension == name)
                return terminal_viewer(session, session.exec(query).one())
            return viewer_for(session.exec(select(Account).where(Account.name == name)).one())

    def device(
        self, name: str, owner: str, *numbers: str, organization: str = "", **values: Any
    ) -> int:
        """A device of `owner` with these extensions on its lines, assigned to their organization
        or to the one named; gives its id."""
        with self.site.database.write() as session:
            return _device(session, name, owner, numbers, organization, values)


def _device(
    session: Session,
    name: str,
    owner: str,
    numbers: tuple[str, ...],
    organization: str,
    values: dict[str, Any],
) -> int:
    accounts = {account.name: account for account in session.exec(select(Account))}
    place = organization
    if numbers and not organization:
        place = next(one[2] for one in ACCOUNTS if one[0] == EXTENSIONS[numbers[0]])
    count = len(session.exec(select(Device.id)).all()) + 1
    settings = PHONE | {"friendly_name": name, "mac": f"80:5E:C0:00:01:{count:02X}"} | values
    device = Device(
        serial=f"serial{count}",
        token=f"{count:032x}",
        owner_id=accounts[owner].id or 0,
        organization_id=accounts[place].id if place else None,
        **{field: value for field, value in settings.items() if field in DEVICE_FIELDS},
    )
    session.add(device)
    session.flush()
    for line, number in enumerate(numbers, 1):
        extension = session.exec(select(Extension).where(Extension.extension == number)).one()
        extension.use_provisioning = True
        session.add(Line(device_id=device.id or 0, number=line, extension_id=extension.id or 0))
    return device.id or 0


def a_tree(tmp_path: Path, **settings: Any) -> Tree:
    """The accounts in a site of their own."""
    site = a_site(tmp_path, **settings)
    with site.database.write() as session:
        known = {account.name: account.id for account in session.exec(select(Account))}
        for name, kind, parent in ACCOUNTS:
            account = Account(kind=kind, name=name, parent_id=known[parent])
            session.add(account)
            session.flush()
            known[name] = account.id
        for number, user in EXTENSIONS.items():
            session.add(
                Extension(
                    extension=number,
                    extension_name=f"{user.capitalize()} {number[-1]}",
                    sip_username=number,
                    sip_password=f"Secret{number[-1]}ofThem",
                    user_id=known[user] or 0,
                )
            )
    return Tree(site)


def role_of(name: str) -> Role:
    """The role of an account of the tree by its name."""
    kinds: dict[str, Role] = {"admin": "system", "Provider": "provider"}
    kinds |= {one[0]: one[1] for one in ACCOUNTS}  # type: ignore[misc]
    return kinds.get(name, "terminal")
