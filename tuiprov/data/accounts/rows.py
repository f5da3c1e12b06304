"""The tree of accounts as rows of a list, in order, narrowed by a filter.

`tree.py` gives it to the accounts screen and `tuiprov accounts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.models import SYSTEM, Account, Extension
from tuiprov.data.permissions import may
from tuiprov.data.queries import columns


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of the tree; `level` and `os_login` are "" where the viewer may not see them.
    `extensions` counts those of the accounts below it too."""

    id: int
    depth: int
    kind: str
    name: str
    path: str
    """Its name after those above it, up to the viewer's own account: `Acme Ltd/anna`."""
    level: str
    sip_management: bool
    sip_trunking_management: bool
    os_login: str
    extensions: int


def tree_rows(session: Session, viewer: Viewer, where: str = "") -> list[AccountRow]:
    """The viewer's account and all below it that match a filter, with what is above them, in the
    order of the tree. Refused says what is wrong with the filter."""
    tree = list(_Tree(session, viewer).rows())
    if not where.strip():
        return tree
    from tuiprov.data.filters import Asker
    from tuiprov.data.row_filters import matcher

    return _with_those_above(tree, matcher(where, Asker(session, viewer, "accounts")))


class _Tree:
    """The accounts within reach by their parents, and how many extensions each has."""

    def __init__(self, session: Session, viewer: Viewer):
        self._top = viewer.account_id
        self._sees_logins = may(viewer, "accounts.login")
        self._sees_levels = [
            may(viewer, "accounts.see_level", relation) for relation in ("self", "child", "below")
        ]
        self._accounts = {row.id: row for row in _within_reach(session, viewer)}
        self._children: dict[int | None, list[int]] = {}
        for row in sorted(self._accounts.values(), key=lambda one: (one.name.lower(), one.id)):
            self._children.setdefault(row.parent_id, []).append(row.id)
        self._extensions = _extension_counts(session)
        self._add_up(self._top)

    def rows(self) -> Iterator[AccountRow]:
        """The viewer's own account first, then below each account those below it, by name."""
        return self._branch(self._top, 0, "")

    def _add_up(self, id: int) -> int:
        total = self._extensions.get(id, 0) + sum(map(self._add_up, self._children.get(id, ())))
        self._extensions[id] = total
        return total

    def _branch(self, id: int, depth: int, above: str) -> Iterator[AccountRow]:
        row = self._row(id, depth, above)
        yield row
        for child in self._children.get(id, ()):
            yield from self._branch(child, depth + 1, f"{row.path}/")

    def _row(self, id: int, depth: int, above: str) -> AccountRow:
        account = self._accounts[id]
        is_system = account.kind == SYSTEM
        level = "modify" if is_system else account.provision_permission
        return AccountRow(
            id,
            depth,
            account.kind,
            account.name,
            above + account.name,
            level if self._sees_levels[min(depth, 2)] else "",
            is_system or account.sip_management,
            is_system or account.sip_trunking_management,
            account.os_login if self._sees_logins else "",
            self._extensions[id],
        )


def _within_reach(session: Session, viewer: Viewer) -> Sequence[Any]:
    """The viewer's own account and all below it, as plain rows: a list reads them all."""
    query = columns(
        Account.id,
        Account.parent_id,
        Account.kind,
        Account.name,
        Account.provision_permission,
        Account.sip_management,
        Account.sip_trunking_management,
        Account.os_login,
    )
    if viewer.role != "system":
        own = viewer.account_id
        children = select(Account.id).where(Account.parent_id == own)
        below = (col(Account.parent_id) == own) | col(Account.parent_id).in_(children)
        query = query.where((col(Account.id) == own) | below)
    return session.execute(query).all()


def _extension_counts(session: Session) -> dict[int, int]:
    query = select(Extension.user_id, func.count()).group_by(col(Extension.user_id))
    return dict(session.exec(query).all())


def _with_those_above(
    tree: Sequence[AccountRow], matches: Callable[[AccountRow], bool]
) -> list[AccountRow]:
    """The rows of `tree` that match, each below the rows it stands under."""
    kept: list[AccountRow] = []
    above: list[AccountRow] = []
    """Rows over the current one that no row below them has called in yet."""
    for row in tree:
        while above and above[-1].depth >= row.depth:
            above.pop()
        above.append(row)
        if matches(row):
            kept += above
            above = []
    return kept
