"""The tree of accounts as rows of a list, in order, narrowed by words.

`account_tree.py` gives it to the accounts screen and `tuiprov accounts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data.accounts import Viewer
from tuiprov.data.models import SYSTEM, Account, Extension
from tuiprov.data.permissions import may


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of the tree; `level` is "" where the viewer may not see it."""

    id: int
    depth: int
    kind: str
    name: str
    level: str
    sip_management: bool
    sip_trunking_management: bool
    os_login: str
    extensions: int


def _within_reach(session: Session, viewer: Viewer) -> list[Account]:
    """The viewer's own account and all below it, level by level."""
    own = session.get_one(Account, viewer.account_id)
    found = [own]
    if viewer.role == "terminal":
        return []
    query = select(Account)
    if viewer.role != "system":
        children = select(Account.id).where(Account.parent_id == own.id)
        query = query.where(
            (col(Account.parent_id) == own.id) | col(Account.parent_id).in_(children)
        )
    found += [account for account in session.exec(query) if account.id != own.id]
    return found


def _extension_counts(session: Session) -> dict[int, int]:
    query = select(Extension.user_id, func.count()).group_by(col(Extension.user_id))
    return dict(session.exec(query).all())


def tree_rows(session: Session, viewer: Viewer, words: str = "") -> Iterator[AccountRow]:
    """The viewer's account and all below it whose name, login or kind holds all of `words`, with
    what is above them, in the order of the tree."""
    accounts = _within_reach(session, viewer)
    children: dict[int | None, list[Account]] = {}
    for account in accounts:
        children.setdefault(account.parent_id, []).append(account)
    for below in children.values():
        below.sort(key=lambda one: (one.name.lower(), one.id))
    top = next((one for one in accounts if one.id == viewer.account_id), None)
    if top is None:
        return
    wanted = words.lower().split()
    tree = list(_branch(top, 0, children))
    kept = _matching(tree, wanted)
    totals = _totals(tree, _extension_counts(session))
    for depth, account in tree:
        if account.id in kept:
            yield _row(account, depth, totals[account.id or 0], viewer)


def _branch(
    account: Account, depth: int, children: Mapping[int | None, list[Account]]
) -> Iterator[tuple[int, Account]]:
    yield depth, account
    for child in children.get(account.id, ()):
        yield from _branch(child, depth + 1, children)


def _matching(tree: Sequence[tuple[int, Account]], wanted: Sequence[str]) -> set[int | None]:
    """Ids of the accounts that hold all words, and of those above them."""
    parents = {account.id: account.parent_id for _, account in tree}
    kept: set[int | None] = set()
    for _, account in tree:
        text = f"{account.name} {account.os_login} {account.kind}".lower()
        if all(word in text for word in wanted):
            at: int | None = account.id
            while at is not None and at not in kept:
                kept.add(at)
                at = parents.get(at)
    return kept


def _totals(tree: Sequence[tuple[int, Account]], counts: Mapping[int, int]) -> dict[int, int]:
    """How many extensions each account has, those of the accounts below it too."""
    totals = {account.id or 0: counts.get(account.id or 0, 0) for _, account in tree}
    for _, account in reversed(tree):
        if account.parent_id in totals:
            totals[account.parent_id] += totals[account.id or 0]
    return totals


def _row(account: Account, depth: int, extensions: int, viewer: Viewer) -> AccountRow:
    word = "self" if depth == 0 else "child" if depth == 1 else "below"
    sees = may(viewer, "accounts.see_level", word)
    return AccountRow(
        account.id or 0,
        depth,
        account.kind,
        account.name,
        ("modify" if account.kind == SYSTEM else account.provision_permission) if sees else "",
        account.kind == SYSTEM or account.sip_management,
        account.kind == SYSTEM or account.sip_trunking_management,
        account.os_login if may(viewer, "accounts.login") else "",
        extensions,
    )
