"""The accounts that an import puts extensions under, by name: those there are and those it makes.

An account that is not stored yet has an id below 0. It is stored with the first row that needs it
and was taken, so that a refused row leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, kin
from tuiprov.data.founding import first_provider
from tuiprov.data.models import ORGANIZATION, USER, Account

Named = tuple[int, str]
"""The parent's id and the account's name."""


class Places:
    """Organizations of the oldest provider and their users."""

    def __init__(self, session: Session):
        self._session = session
        self._provider: Final = first_provider(session)
        self._known: dict[Named, int] = {}
        self._fresh: dict[int, Named] = {}
        self._stored: dict[int, int] = {}
        self._kin: dict[int, Kin] = {}
        self._last = 0

    def look_up(self, names: Collection[tuple[str, str]]) -> None:
        """Get to know these organizations and users, in two queries; the others are forgotten."""
        self._known, self._fresh, self._stored = {}, {}, {}
        organizations = self._read([self._provider], {one for one, _ in names})
        self._read(list(organizations), {user for _, user in names})

    def organization(self, name: str) -> int:
        return self._id(self._provider, name)

    def user(self, organization_id: int, name: str) -> int:
        return self._id(organization_id, name)

    def kin(self, account_id: int) -> Kin:
        """An account among the others, one that is not stored yet too."""
        if account_id in self._fresh:
            parent_id, name = self._fresh[account_id]
            above = (parent_id, *self.kin(parent_id).above)
            return Kin(account_id, self._kind(parent_id), name, "none", above)
        if account_id not in self._kin:
            self.meet([account_id])
        return self._kin[account_id]

    def meet(self, account_ids: Iterable[int]) -> None:
        """Read these accounts, as far as `kin` does not know them."""
        missing = {one for one in account_ids if one > 0} - self._kin.keys()
        if missing:
            self._kin |= kin(self._session, missing)

    def store(self, user_ids: Collection[int]) -> dict[int, int]:
        """Store those of these users (and their organizations) that are new; gives all ids."""
        needed = [one for one in user_ids if one in self._fresh]
        self._add({self._fresh[one][0] for one in needed} & self._fresh.keys())
        self._add(needed)
        return {one: self._stored.get(one, one) for one in user_ids}

    def stored(self, account_id: int | None) -> int | None:
        """The real id of an account that was stored meanwhile."""
        return self._stored.get(account_id or 0, account_id)

    def _add(self, ids: Collection[int]) -> None:
        rows = {}
        for one in sorted(ids, reverse=True):
            parent_id, name = self._fresh[one]
            kind, parent = self._kind(parent_id), self.stored(parent_id)
            rows[one] = Account(kind=kind, name=name, parent_id=parent)
        self._session.add_all(rows.values())
        self._session.flush()
        self._stored |= {one: row.id or 0 for one, row in rows.items()}

    def _kind(self, parent_id: int) -> str:
        return ORGANIZATION if parent_id == self._provider else USER

    def _id(self, parent_id: int, name: str) -> int:
        known = self._known.get((parent_id, name))
        if known is None:
            self._last -= 1
            known = self._known[parent_id, name] = self._last
            self._fresh[known] = parent_id, name
        return known

    def _read(self, parents: Collection[int], names: Collection[str]) -> list[int]:
        if not parents or not names:
            return []
        query = select(Account.id, Account.parent_id, Account.name).where(
            col(Account.parent_id).in_(parents), col(Account.name).in_(names)
        )
        found = {(parent or 0, name): one or 0 for one, parent, name in self._session.exec(query)}
        self._known |= found
        return list(found.values())
