"""The tree of accounts: listing, adding, changing and removing them, each with its permission.

The accounts screen and `tuiprov accounts` call it. Permissions are set from above: `permissions.py`
says by whom, `gates.py` field by field. Every operation asks the account of who is looking
anew, so that a permission that was taken away is gone in sessions that are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.accounts.gates import SYSTEM_HAS, taken_along
from tuiprov.data.accounts.kinship import kin, relation
from tuiprov.data.accounts.rows import AccountRow, tree_rows
from tuiprov.data.accounts.sheet import KIND_BELOW, KIND_WORDS, AccountView
from tuiprov.data.accounts.viewers import Viewer, same_viewer, with_login
from tuiprov.data.database import Database
from tuiprov.data.fields import Value, Values
from tuiprov.data.history import events as history
from tuiprov.data.models import SYSTEM, Account, Device, Extension
from tuiprov.data.permissions import needs, require
from tuiprov.data.templates.tables import Template
from tuiprov.errors import Conflict, NotFound, Refusal, Refused
from tuiprov.text import in_words


class Accounts:
    """The accounts of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("accounts.see")
    def rows(self, viewer: Viewer, where: str = "") -> list[AccountRow]:
        """The accounts within reach that match a filter (`row_filters.py`), with what is
        above them, in the order of the tree."""
        with self._database.read() as session:
            viewer = same_viewer(session, viewer)
            require(viewer, "accounts.see")
            return tree_rows(session, viewer, where)

    @needs("accounts.see")
    def open(self, viewer: Viewer, account_id: int) -> AccountView:
        """One account; NotFound when it does not exist or is out of reach."""
        with self._database.read() as session:
            return view_of(session, same_viewer(session, viewer), account_id)

    @needs("accounts.add")
    def fresh(self, viewer: Viewer, parent_id: int) -> AccountView:
        """An account to be added below `parent_id`; Refused or NotAllowed when that may not be."""
        with self._database.read() as session:
            return _fresh(session, same_viewer(session, viewer), parent_id)

    @needs("accounts.add")
    def add(self, viewer: Viewer, parent_id: int, changes: Values) -> int:
        """Add an account with these values; gives its id. New accounts start at None. Refused names
        every reason."""
        with self._database.write() as session:
            viewer = same_viewer(session, viewer)
            view = _fresh(session, viewer, parent_id)
            account = Account(kind=view.kind, parent_id=parent_id)
            _write(session, account, view, changes, viewer)
            history.record(session, viewer, "add account", _named(account))
            return account.id or 0

    @needs("accounts.edit")
    def save(self, viewer: Viewer, seen: AccountView, changes: Values) -> AccountView:
        """Store `changes` of an account as it was seen. Raises Refused with every reason, Conflict
        when somebody else saved in between."""
        account_id = seen.id or 0
        with self._database.write() as session:
            viewer = same_viewer(session, viewer)
            view = view_of(session, viewer, account_id)
            require(viewer, "accounts.edit", view.relation)
            if view.version != seen.version:
                raise Conflict(f"somebody else changed {view.values['name']}; nothing was saved")
            account = session.get_one(Account, account_id)
            changed = _write(session, account, view, changes, viewer)
            if changed:
                history.record(session, viewer, "account", _named(account), " ".join(changed))
            return view_of(session, viewer, account_id)

    @needs("accounts.remove")
    def remove(self, viewer: Viewer, account_id: int) -> str:
        """Remove an account that nothing hangs on; gives its name. Refused says what does."""
        with self._database.write() as session:
            viewer = same_viewer(session, viewer)
            view = view_of(session, viewer, account_id)
            require(viewer, "accounts.remove", view.relation)
            if view.kind == SYSTEM:
                raise Refused([Refusal("", "the system administrator cannot be removed")])
            account = session.get_one(Account, account_id)
            held = _held_by(session, account)
            if held:
                raise Refused([Refusal("", f"{account.name} still has {held}")])
            history.record(session, viewer, "remove account", _named(account))
            session.delete(account)
            return account.name

    @needs("accounts.see")
    def find(self, viewer: Viewer, words: str) -> int:
        """The id of the one account that `words` name: a name, `kind:name` or `parent/name` where a
        name stands for several. NotFound says what there is instead."""
        found = _called(self.rows(viewer), words)
        if not found:
            raise NotFound(f"there is no account {words!r}")
        if len(found) > 1:
            raise NotFound(f"{len(found)} accounts are named {words!r}: say {_spelled(found)}")
        return found[0].id


# -- names ----------------------------------------------------------------------------------------

_MOST_NAMED = 5


def _called(rows: Sequence[AccountRow], words: str) -> list[AccountRow]:
    """The rows that `words` can mean: those of this name, or whose path ends so."""
    kind, _, name = words.partition(":")
    is_kind = kind in KIND_WORDS and name
    wanted = name if is_kind else words
    known = [row for row in rows if row.kind == kind] if is_kind else rows
    return (
        [row for row in known if row.name == wanted]
        or [row for row in known if f"/{row.path}".endswith(f"/{wanted}")]
        or [row for row in rows if row.name == words]
    )


def _spelled(rows: Sequence[AccountRow]) -> str:
    """How to name each of several rows of one name."""
    kinds = {row.kind for row in rows}
    if len(kinds) == len(rows):
        return in_words([f"{row.kind}:{row.name}" for row in rows])
    # The top is the viewer's own account, above all of them.
    paths = [row.path.partition("/")[2] or row.path for row in rows]
    more = [f"another of {len(rows)}"] if len(rows) > _MOST_NAMED else []
    return in_words([*paths[:_MOST_NAMED], *more])


def _named(account: Account) -> str:
    return f"{account.kind} {account.name}"


# -- seeing ---------------------------------------------------------------------------------------


def view_of(session: Session, viewer: Viewer, account_id: int) -> AccountView:
    require(viewer, "accounts.see")
    word = _relation(session, viewer, account_id)
    account = session.get(Account, account_id)
    if account is None or word not in ("self", "child", "below"):
        raise NotFound("this account does not exist (any more)")
    is_own = word == "self"
    view = AccountView(
        account_id,
        account.kind,
        word,
        _values(account),
        account.parent_id,
        "" if is_own else _name(session, account.parent_id),
        account.version,
        # Those beside one's own account are strangers, and its name is set from above.
        frozenset() if is_own else _siblings(session, account.parent_id, account_id),
    )
    return replace(view, values=_seen(view, viewer))


def _relation(session: Session, viewer: Viewer, account_id: int) -> str:
    known = kin(session, [viewer.account_id, account_id])
    if account_id not in known:
        return "stranger"
    return relation(viewer, known[account_id], known[viewer.account_id])


def _fresh(session: Session, viewer: Viewer, parent_id: int) -> AccountView:
    """The view of an account to be added; what is added below oneself is a child."""
    parent = view_of(session, viewer, parent_id)
    if not parent.child_kind:
        raise Refused([Refusal("", f"nothing can be added below {parent.values['name']}")])
    word = "child" if parent.relation == "self" else "below"
    require(viewer, "accounts.add", word)
    return AccountView(
        None,
        parent.child_kind,
        word,
        _values(Account(kind=parent.child_kind)),
        parent_id,
        str(parent.values["name"]),
        siblings=_siblings(session, parent_id, None),
    )


def _values(account: Account) -> dict[str, Value]:
    values = {name: getattr(account, name) for name in ACCOUNT_FIELDS}
    return {**values, **SYSTEM_HAS} if account.kind == SYSTEM else values


def _seen(view: AccountView, viewer: Viewer) -> dict[str, Value]:
    """The view's values without those that are hidden from the viewer."""
    return {
        name: Account.model_fields[name].default
        if view.gate(name, view.values, viewer).state == "hidden"
        else value
        for name, value in view.values.items()
    }


def _name(session: Session, account_id: int | None) -> str:
    return session.get_one(Account, account_id).name if account_id is not None else ""


def _siblings(session: Session, parent_id: int | None, own: int | None) -> frozenset[str]:
    query = select(Account.name).where(
        Account.parent_id == parent_id, col(Account.id).is_distinct_from(own)
    )
    return frozenset(session.exec(query))


# -- writing --------------------------------------------------------------------------------------


def _write(
    session: Session, account: Account, view: AccountView, changes: Values, viewer: Viewer
) -> list[str]:
    """Put `changes` of `view` and what they take along into `account`; gives the names of the
    fields that changed. Refused with every reason why not."""
    wanted = {**view.values, **changes}
    if "sip_trunking_management" not in changes:
        wanted |= taken_along(wanted)
    found = _closed(view, changes, wanted, viewer)
    problems = view.problems(wanted, viewer) | _login_taken(session, view, wanted)
    found |= {name: reason for name, reason in problems.items() if name not in found}
    if found:
        raise Refused([Refusal(name, reason) for name, reason in found.items()])
    changed = [name for name, value in wanted.items() if value != view.values[name]]
    for name in changed:
        setattr(account, name, wanted[name])
    session.add(account)
    session.flush()
    return changed


def _closed(view: AccountView, changes: Values, wanted: Values, viewer: Viewer) -> dict[str, str]:
    """Field → why it is closed, of those changes that it is closed to."""
    found = {}
    along = taken_along(wanted)
    for name, value in changes.items():
        gate = view.gate(name, wanted, viewer)
        is_change = value != view.values[name] or gate.state == "hidden"
        if is_change and not gate.is_open and along.get(name) != value:
            found[name] = gate.reason
    return found


def _login_taken(session: Session, view: AccountView, values: Values) -> dict[str, str]:
    logins = str(values["os_login"]).split()
    for login in logins:
        if logins.count(login) > 1:
            return {"os_login": f"{login} is named twice"}
        for other in with_login(session, login):
            if other.id != view.id:
                return {"os_login": f"{login} is the login of {other.name}"}
    return {}


def _held_by(session: Session, account: Account) -> str:
    """What hangs on an account, in words; "" for nothing."""
    id = account.id
    child = KIND_WORDS.get(KIND_BELOW.get(account.kind, ""), "account").lower()
    owns = (Device.owner_id == id) | (Device.organization_id == id)
    counts: list[tuple[str, Any]] = [
        (child, select(func.count()).where(Account.parent_id == id)),
        ("extension", select(func.count()).where(Extension.user_id == id)),
        ("device", select(func.count()).where(owns)),
        ("template", select(func.count()).where(Template.owner_id == id)),
    ]
    found = [(word, session.exec(query).one()) for word, query in counts]
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for word, n in found if n)
