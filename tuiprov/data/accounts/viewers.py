"""Who is looking, and how far they see.

A viewer is the system administrator, a service provider, an organization, a user, or the phone
terminal extension itself. Its permissions come from its account (VoipNow: *Roles and Phone
Numbers*); the system administrator has them all.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from tuiprov.data.accounts.invoker import invoking_uid
from tuiprov.data.database import Database
from tuiprov.data.models import ORGANIZATION, PROVIDER, SYSTEM, USER, Account, Extension
from tuiprov.errors import NotAllowed, NotFound

Role = Literal["system", "provider", "organization", "user", "terminal"]
Permission = Literal["none", "view", "modify"]

ROLE_WORDS: dict[str, str] = {
    "system": "System administrator",
    "provider": "Service provider",
    "organization": "Organization",
    "user": "User",
    "terminal": "Phone terminal",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking. `account_id` is the account; a terminal also has its `extension_id`; `person`
    is the login of who is known to sit there, as several may share an account."""

    role: Role
    name: str
    account_id: int
    provision: Permission = "none"
    sip_management: bool = False
    sip_trunking_management: bool = False
    extension_id: int | None = None
    person: str = ""

    @property
    def is_administrator(self) -> bool:
        return self.role == "system"

    @property
    def may_provision(self) -> bool:
        """May this viewer change what phones get? Viewing is not enough."""
        return self.provision == "modify"

    @property
    def account(self) -> str:
        """`System administrator`, `Organization Acme Ltd`."""
        role = ROLE_WORDS[self.role]
        return role if self.is_administrator else f"{role} {self.name}"

    @property
    def label(self) -> str:
        """`anna (Organization Acme Ltd)`; without a person, the account alone."""
        return f"{self.person} ({self.account})" if self.person else self.account

    @property
    def key(self) -> str:
        """Names the account in the history: names are used twice, below different accounts."""
        return f"{self.role}:{self.extension_id or self.account_id}"

    @property
    def own_key(self) -> str:
        """Names the person in what is theirs alone, such as drafts."""
        return f"{self.key}:{self.person}" if self.person else self.key


def viewer_for(account: Account, person: str = "") -> Viewer:
    """The viewer that looks as `account`; `person`: the login of who does."""
    account_id = account.id or 0
    if account.kind == SYSTEM:
        return Viewer("system", account.name, account_id, "modify", True, True, person=person)
    roles: dict[str, Role] = {PROVIDER: "provider", ORGANIZATION: "organization", USER: "user"}
    permissions: dict[str, Permission] = {"view": "view", "modify": "modify"}
    return Viewer(
        roles[account.kind],
        account.name,
        account_id,
        permissions.get(account.provision_permission, "none"),
        account.sip_management,
        account.sip_management and account.sip_trunking_management,
        person=person,
    )


def terminal_viewer(session: Session, extension: Extension) -> Viewer:
    """The phone terminal's own login: it may what its user may."""
    user = viewer_for(session.get_one(Account, extension.user_id))
    return Viewer(
        "terminal",
        extension.extension,
        user.account_id,
        user.provision,
        user.sip_management,
        user.sip_trunking_management,
        extension.id,
    )


def administrator(session: Session) -> Viewer:
    return viewer_for(session.exec(select(Account).where(Account.kind == SYSTEM)).one())


def same_viewer(session: Session, viewer: Viewer) -> Viewer:
    """`viewer` with the permissions its account has now. NotFound when it is gone."""
    found: Account | Extension | None = session.get(Account, viewer.account_id)
    if viewer.extension_id is not None:
        found = session.get(Extension, viewer.extension_id)
    if found is None:
        raise NotFound("your account does not exist any more")
    if isinstance(found, Extension):
        return terminal_viewer(session, found)
    return viewer_for(found, viewer.person)


def viewers(session: Session) -> list[Viewer]:
    """Every account that could look, and one phone terminal as an example: what `demo` offers."""
    accounts = session.exec(select(Account).order_by(col(Account.id)).limit(200)).all()
    found = [viewer_for(account) for account in accounts]
    first = session.exec(select(Extension).order_by(col(Extension.id)).limit(1)).first()
    return [*found, terminal_viewer(session, first)] if first is not None else found


def within_reach(viewer: Viewer, user: Any, organization: Any) -> ColumnElement[bool]:
    """The SQL condition under which an extension of `user` in `organization` (Account aliases) may
    be seen by `viewer`."""
    if viewer.role == "system":
        return true()
    if viewer.role == "provider":
        return col(organization.parent_id) == viewer.account_id
    if viewer.role == "organization":
        return col(organization.id) == viewer.account_id
    if viewer.role == "user":
        return col(user.id) == viewer.account_id
    return col(Extension.id) == viewer.extension_id


@cache
def user_and_organization() -> tuple[Any, Any]:
    """Two aliases of Account to join an extension to its user and that user's organization: always
    the same ones, as making them takes longer than many a query."""
    return aliased(Account, name="user"), aliased(Account, name="organization")


def os_viewer(database: Database) -> Viewer:
    """The viewer for the person who runs the program: root and the database's owner are system
    administrator; who calls sudo to become one of them is looked up in the accounts by login.

    Raises NotAllowed for everybody else. The environment's USER and LOGNAME are never believed.
    """
    path, own = database.path, os.getuid()
    owner = path.stat().st_uid if path is not None else own
    if own not in (0, owner):
        raise NotAllowed(f"{path}: belongs to somebody else; ask its owner or use sudo")
    person = invoking_uid()
    if person not in (0, own) and person == owner:
        # Its settings say where files are written: not with more rights than their author has.
        raise NotAllowed(f"{path}: belongs to you; run tuiprov without sudo")
    with database.read() as session:
        return administrator(session) if person in (0, own) else _by_login(session, person)


def _by_login(session: Session, uid: int) -> Viewer:
    try:
        login = pwd.getpwuid(uid).pw_name
    except KeyError:
        raise NotAllowed(f"user id {uid} is unknown on this host") from None
    found = with_login(session, login)
    if not found:
        raise NotAllowed(
            f"no account has the login {login!r}; the administrator sets it with: "
            f"tuiprov accounts set ACCOUNT os_login={login}"
        )
    if len(found) > 1:  # two hosts may have stored them at the same time
        names = " and ".join(one.name for one in found)
        raise NotAllowed(f"the login {login!r} is of several accounts: {names}")
    return viewer_for(found[0], login)


def with_login(session: Session, login: str) -> list[Account]:
    """The accounts that the person with this login may look as: one, if all is well."""
    query = select(Account).where(col(Account.os_login).contains(login, autoescape=True))
    return [one for one in session.exec(query) if login in one.os_login.split()]


def own(viewer: Viewer, table: Any) -> ColumnElement[bool]:
    """The SQL condition under which what somebody did (`table` has `who` and `viewer`) was done by
    the viewer's account. The name is asked, too: SQLite gives an account's id again."""
    by_name = col(table.who).in_([viewer.account[:80], viewer.label[:80]])
    by_other_person = col(table.who).endswith(f" ({viewer.account})", autoescape=True)
    return (col(table.viewer) == viewer.key) & (by_name | by_other_person)


def account_named(session: Session, kind: str, name: str) -> Account:
    """The account of that kind and name; NotFound when there is none."""
    found = session.exec(select(Account).where(Account.kind == kind, Account.name == name)).first()
    if found is None:
        raise NotFound(f"there is no {kind} named {name!r}")
    return found
