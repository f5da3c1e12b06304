"""The tree of accounts: listing, adding, changing and removing them, each with its permission.

The accounts screen and `tuiprov accounts` call it. Permissions are set from above: `permissions.py`
says by whom, `account_gates.py` field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.account_fields import ACCOUNT_FIELDS
from tuiprov.data.account_gates import account_gate, cannot_be_undone, level_refusal
from tuiprov.data.account_rows import AccountRow, tree_rows
from tuiprov.data.accounts import Viewer
from tuiprov.data.database import Database
from tuiprov.data.fields import Value, Values
from tuiprov.data.gate import Gate
from tuiprov.data.kinship import Kin, kin, relation
from tuiprov.data.models import (
    ORGANIZATION,
    PROVIDER,
    SYSTEM,
    USER,
    Account,
    Device,
    Extension,
    Template,
)
from tuiprov.data.permissions import needs, require
from tuiprov.data.sheet import Sheet
from tuiprov.errors import Conflict, NotFound, Refusal, Refused

KIND_BELOW: Final = {SYSTEM: PROVIDER, PROVIDER: ORGANIZATION, ORGANIZATION: USER}
"""What may be added below an account of this kind."""

KIND_WORDS: Final = {
    SYSTEM: "System administrator",
    PROVIDER: "Service provider",
    ORGANIZATION: "Organization",
    USER: "User",
}


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as one viewer sees it, to be edited. `id` None: one that is being added."""

    id: int | None
    kind: str
    relation: str
    values: Values
    parent_id: int | None
    parent_name: str = ""
    version: int = 0
    siblings: frozenset[str] = field(default_factory=frozenset)
    """Names that are taken below the same parent."""

    @property
    def child_kind(self) -> str:
        """What may be added below it, "" for nothing."""
        return KIND_BELOW.get(self.kind, "")


class Accounts:
    """The accounts of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("accounts.see")
    def rows(self, viewer: Viewer, words: str = "") -> list[AccountRow]:
        """The accounts within reach whose name or login holds all of `words`, with what is above
        them, in the order of the tree."""
        with self._database.read() as session:
            return list(tree_rows(session, viewer, words))

    @needs("accounts.see")
    def open(self, viewer: Viewer, account_id: int) -> AccountView:
        """One account; NotFound when it does not exist or is out of reach."""
        with self._database.read() as session:
            return _view(session, viewer, account_id)

    @needs("accounts.add")
    def fresh(self, viewer: Viewer, parent_id: int) -> AccountView:
        """An account to be added below `parent_id`; NotAllowed when that may not be."""
        with self._database.read() as session:
            return _fresh(session, viewer, parent_id)

    @needs("accounts.add")
    def add(self, viewer: Viewer, parent_id: int, changes: Values) -> int:
        """Add an account with these values; gives its id. New accounts start at None."""
        with self._database.write() as session:
            view = _fresh(session, viewer, parent_id)
            _check(session, view, changes, viewer)
            account = Account(kind=view.kind, parent_id=parent_id)
            _assign(account, {**view.values, **changes})
            session.add(account)
            session.flush()
            history.record(session, viewer.label, "add account", _named(account))
            return account.id or 0

    @needs("accounts.edit")
    def save(self, viewer: Viewer, seen: AccountView, changes: Values) -> AccountView:
        """Store `changes` of an account as it was seen. Raises Refused with every reason, Conflict
        when somebody else saved in between."""
        account_id = seen.id or 0
        with self._database.write() as session:
            view = _view(session, viewer, account_id)
            if view.version != seen.version:
                raise Conflict(f"somebody else changed {view.values['name']}; nothing was saved")
            changes = {**follow(view.values, changes), **changes}
            changes = {n: v for n, v in changes.items() if v != view.values[n]}
            _check(session, view, changes, viewer)
            account = session.get_one(Account, account_id)
            _assign(account, changes)
            session.add(account)
            session.flush()
            if changes:
                history.record(session, viewer.label, "account", _named(account), " ".join(changes))
            return _view(session, viewer, account_id)

    @needs("accounts.remove")
    def remove(self, viewer: Viewer, account_id: int) -> str:
        """Remove an account that nothing hangs on; gives its name. Refused says what does."""
        with self._database.write() as session:
            view = _view(session, viewer, account_id)
            require(viewer, "accounts.remove", view.relation)
            if view.kind == SYSTEM:
                raise Refused([Refusal("", "the system administrator cannot be removed")])
            held = _held_by(session, account_id)
            if held:
                raise Refused([Refusal("", f"{view.values['name']} still has {held}")])
            account = session.get_one(Account, account_id)
            history.record(session, viewer.label, "remove account", _named(account))
            session.delete(account)
            return str(view.values["name"])

    @needs("accounts.see")
    def find(self, viewer: Viewer, words: str) -> int:
        """The id of the one account that `words` name: a name, or `kind:name` where a name stands
        for several. NotFound says what there is instead."""
        kind, colon, name = words.partition(":")
        given = name if colon and kind in KIND_WORDS else words
        found = [
            row
            for row in self.rows(viewer)
            if row.name == given and (given == words or row.kind == kind)
        ]
        if len(found) > 1:
            options = " or ".join(f"{row.kind}:{row.name}" for row in found)
            raise NotFound(f"{len(found)} accounts are named {given!r}: say {options}")
        if not found:
            raise NotFound(f"there is no account {words!r}")
        return found[0].id


class AccountSheet(Sheet):
    """An account being edited by one viewer."""

    def __init__(self, view: AccountView, viewer: Viewer) -> None:
        self.view = view
        self.viewer = viewer
        super().__init__(ACCOUNT_FIELDS, view.values)

    def gate(self, name: str) -> Gate:
        return account_gate(name, self.view.kind, self.view.relation, self.values, self.viewer)

    def follow(self, name: str) -> Values:
        return follow(self.stored, self.values)

    def problems(self) -> dict[str, str]:
        stored, wanted = (v["provision_permission"] for v in (self.stored, self.values))
        said = cannot_be_undone(self.view.relation, stored, wanted, self.viewer)
        self.warnings = {"provision_permission": said} if said else {}
        return _problems(self.view, self.values, self.viewer)


def what_cannot_be_undone(sheet: AccountSheet) -> list[str]:
    """What saving takes away that this viewer cannot give back as it was; asked about first."""
    said = list(sheet.warnings.values())
    lost = sheet.stored["sip_trunking_management"] and not sheet.values["sip_trunking_management"]
    if lost and not sheet.values["sip_management"]:
        said.append(TAKES_TRUNKING_ALONG)
    return said


TAKES_TRUNKING_ALONG: Final = (
    "SIP trunking management goes with Phone extension SIP management and does not come back "
    "with it."
)


def follow(stored: Values, changes: Values) -> dict[str, Value]:
    """What an account loses with something else: SIP trunking management needs Phone extension SIP
    management, and does not come back with it."""
    if {**stored, **changes}["sip_management"]:
        return {}
    return {"sip_trunking_management": False}


def _check(session: Session, view: AccountView, changes: Values, viewer: Viewer) -> None:
    """Refused with every reason why `changes` may not or cannot be stored."""
    values = {**view.values, **changes}
    found = [
        Refusal(name, answer.reason)
        for name, value in changes.items()
        if value != view.values[name]
        and not (answer := account_gate(name, view.kind, view.relation, values, viewer)).is_open
        and (answer.by_role or value)
    ]
    told = {refusal.field for refusal in found}
    problems = _problems(view, values, viewer) | _login_taken(session, view, values)
    found += [Refusal(name, reason) for name, reason in problems.items() if name not in told]
    if found:
        raise Refused(found)


def _problems(view: AccountView, values: Values, viewer: Viewer) -> dict[str, str]:
    found = {}
    name = str(values["name"])
    if not name:
        found["name"] = "is missing"
    elif name in view.siblings:
        words = KIND_WORDS[view.kind].lower()
        found["name"] = f"there is another {words} of this name here"
    level = level_refusal(
        view.relation, view.values["provision_permission"], values["provision_permission"], viewer
    )
    if level:
        found["provision_permission"] = level
    if values["sip_trunking_management"] and not values["sip_management"]:
        found["sip_trunking_management"] = "needs Phone extension SIP management"
    return found


def _login_taken(session: Session, view: AccountView, values: Values) -> dict[str, str]:
    login = values["os_login"]
    query = select(Account.name).where(
        Account.os_login == login, col(Account.id).is_distinct_from(view.id)
    )
    other = session.exec(query).first() if login else None
    return {"os_login": f"{login} is the login of {other}"} if other else {}


def _view(session: Session, viewer: Viewer, account_id: int) -> AccountView:
    account = session.get(Account, account_id)
    known = kin(session, [viewer.account_id, account_id])
    word = _relation(viewer, known, account_id)
    if account is None or word not in ("self", "child", "below"):
        raise NotFound("this account does not exist (any more)")
    parent = session.get(Account, account.parent_id) if account.parent_id else None
    return AccountView(
        account_id,
        account.kind,
        word,
        {name: getattr(account, name) for name in ACCOUNT_FIELDS},
        account.parent_id,
        parent.name if parent and word != "self" else "",
        account.version,
        _siblings(session, account.parent_id, account_id),
    )


def _relation(viewer: Viewer, known: Mapping[int, Kin], account_id: int) -> str:
    if account_id not in known or viewer.role == "terminal":
        return "stranger"
    return relation(viewer, known[account_id], known[viewer.account_id])


def _fresh(session: Session, viewer: Viewer, parent_id: int) -> AccountView:
    """The view of an account to be added; what is added below oneself is a child."""
    parent = _view(session, viewer, parent_id)
    if not parent.child_kind:
        raise Refused([Refusal("", f"nothing can be added below {parent.values['name']}")])
    word = "child" if parent.relation == "self" else "below"
    require(viewer, "accounts.add", word)
    values = {name: info.default for name, info in Account.model_fields.items()}
    return AccountView(
        None,
        parent.child_kind,
        word,
        {name: values[name] for name in ACCOUNT_FIELDS},
        parent_id,
        str(parent.values["name"]),
        siblings=_siblings(session, parent_id, None),
    )


def _siblings(session: Session, parent_id: int | None, own: int | None) -> frozenset[str]:
    query = select(Account.name).where(
        Account.parent_id == parent_id, col(Account.id).is_distinct_from(own)
    )
    return frozenset(session.exec(query))


def _held_by(session: Session, account_id: int) -> str:
    """What hangs on an account, in words; "" for nothing."""
    counts: list[tuple[str, Any]] = [
        ("account", select(func.count()).where(Account.parent_id == account_id)),
        ("extension", select(func.count()).where(Extension.user_id == account_id)),
        (
            "device",
            select(func.count()).where(
                (Device.owner_id == account_id) | (Device.organization_id == account_id)
            ),
        ),
        ("template", select(func.count()).where(Template.owner_id == account_id)),
    ]
    found = [(word, session.exec(query).one()) for word, query in counts]
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for word, n in found if n)


def _assign(account: Account, values: Values) -> None:
    for name, value in values.items():
        setattr(account, name, value)


def _named(account: Account) -> str:
    return f"{account.kind} {account.name}"
