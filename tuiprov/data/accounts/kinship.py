"""How accounts stand to each other: who is above, below or a stranger, read by whole sets.

The tree is four levels deep (system administrator → provider → organization → user), so a set of
accounts with all that is above them costs at most three queries more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.models import Account

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Kin:
    """An account among the others; `above` are the ids of its ancestors, its parent first."""

    id: int
    kind: str
    name: str
    level: str
    above: tuple[int, ...]

    @property
    def parent_id(self) -> int | None:
        return self.above[0] if self.above else None


def kin(session: Session, ids: Iterable[int]) -> dict[int, Kin]:
    """These accounts by id; one that does not exist is absent."""
    wanted = set(ids)
    rows: dict[int, Account] = {}
    missing = set(wanted)
    while missing:
        found = _accounts(session, missing)
        rows |= found
        parents = {row.parent_id for row in found.values() if row.parent_id is not None}
        missing = parents - rows.keys()
    return {id: _kin(rows[id], rows) for id in wanted & rows.keys()}


def relation(viewer: Viewer, account: Kin, viewer_kin: Kin) -> str:
    """How `account` stands to the viewer: `self`, `child`, `below`, `higher` or `stranger`.

    `viewer_kin` is the viewer's own account (of a phone terminal: its user's).
    """
    if account.id == viewer.account_id:
        return "self"
    if account.parent_id == viewer.account_id:
        return "child"
    if viewer.account_id in account.above:
        return "below"
    return "higher" if account.id in viewer_kin.above else "stranger"


def is_below(relation_word: str) -> bool:
    return relation_word in ("child", "below")


def _accounts(session: Session, ids: set[int]) -> dict[int, Account]:
    found: dict[int, Account] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        query = select(Account).where(col(Account.id).in_(ordered[start : start + _AT_ONCE]))
        found |= {row.id: row for row in session.exec(query) if row.id is not None}
    return found


def _kin(row: Account, rows: Mapping[int, Account]) -> Kin:
    above: list[int] = []
    parent = row.parent_id
    while parent is not None:
        above.append(parent)
        parent = rows[parent].parent_id
    return Kin(row.id or 0, row.kind, row.name, row.provision_permission, tuple(above))
