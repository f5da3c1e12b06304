"""An account as one viewer sees it, and as it is being edited: no database, no screen.

The account's form draws the sheet; `tree.py` gives the view and holds the same rules at
every write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.accounts.gates import (
    NEEDS_SIP,
    account_gate,
    cannot_be_undone,
    level_refusal,
    taken_along,
)
from tuiprov.data.accounts.viewers import ROLE_WORDS, Viewer
from tuiprov.data.fields import Values
from tuiprov.data.gate import Gate
from tuiprov.data.models import ORGANIZATION, PROVIDER, SYSTEM, USER
from tuiprov.data.sheet import Sheet

KIND_BELOW: Final = {SYSTEM: PROVIDER, PROVIDER: ORGANIZATION, ORGANIZATION: USER}
"""What may be added below an account of this kind."""

KIND_WORDS: Final = {kind: ROLE_WORDS[kind] for kind in (SYSTEM, PROVIDER, ORGANIZATION, USER)}


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as one viewer sees it, to be edited. `id` None: one that is being added."""

    id: int | None
    kind: str
    relation: str
    values: Values
    """A field that is hidden from the viewer has its default here."""
    parent_id: int | None
    parent_name: str = ""
    version: int = 0
    siblings: frozenset[str] = field(default_factory=frozenset)
    """Names that are taken below the same parent."""

    @property
    def child_kind(self) -> str:
        """What may be added below it, "" for nothing."""
        return KIND_BELOW.get(self.kind, "")

    def gate(self, name: str, values: Values, viewer: Viewer) -> Gate:
        """May the viewer see or change this field, when the account has these values?"""
        return account_gate(name, self.kind, self.relation, values, viewer)

    def cannot_be_undone(self, values: Values, viewer: Viewer) -> dict[str, str]:
        """Field → what storing these values takes away for good; asked about first."""
        return cannot_be_undone(self.relation, self.values, values, viewer)

    def problems(self, values: Values, viewer: Viewer) -> dict[str, str]:
        """Field → why these values cannot be stored, as far as the account itself can tell."""
        found = {}
        name = str(values["name"])
        if not name:
            found["name"] = "is missing"
        elif name in self.siblings:
            found["name"] = f"there is another {KIND_WORDS[self.kind].lower()} of this name here"
        level = "provision_permission"
        refused = level_refusal(self.relation, self.values[level], values[level], viewer)
        if refused:
            found[level] = refused
        if values["sip_trunking_management"] and taken_along(values):
            found["sip_trunking_management"] = NEEDS_SIP
        return found


class AccountSheet(Sheet):
    """An account being edited by one viewer."""

    def __init__(self, view: AccountView, viewer: Viewer) -> None:
        self.view = view
        self.viewer = viewer
        super().__init__(ACCOUNT_FIELDS, view.values)

    def rebase(self, view: AccountView) -> None:
        self.view = view
        self.begin(view.values)

    def gate(self, name: str) -> Gate:
        return self.view.gate(name, self.values, self.viewer)

    def follow(self, name: str) -> Values:
        if name != "sip_management":
            return {}
        # Switched on again before it was saved: nothing is lost yet.
        kept = {"sip_trunking_management": self.stored["sip_trunking_management"]}
        return kept | taken_along(self.values)

    def problems(self) -> dict[str, str]:
        return self.view.problems(self.values, self.viewer)

    def check(self) -> None:
        super().check()
        self.warnings = self.view.cannot_be_undone(self.values, self.viewer)
