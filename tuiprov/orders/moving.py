"""Many extensions moved to another user account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tuiprov.bulk import refusal_lines
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.assignments import named
from tuiprov.data.bulk.move import Moving, move_all, survey_move
from tuiprov.data.store import Store
from tuiprov.errors import Refused
from tuiprov.orders.order import OnRecord, Outcome, counted, note, result
from tuiprov.publish.plan import Plan

_MOST_ORIGINS: Final = 6


@dataclass(frozen=True)
class Move:
    """Give these extensions to a user account (or to the only one of an organization). No file
    changes: neither phones nor the PBX are told whose an extension is."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    account_id: int
    where_to: str = ""
    """The account's name, for the title."""

    @property
    def about(self) -> str:
        return f"Move {counted(len(self.ids), 'extension')} to {self.where_to}".rstrip()

    def plan(self, on_record: OnRecord) -> Plan:
        on_record(0)
        with self.store.database.read() as session:
            found = survey_move(session, self.viewer, self.ids, self.account_id)
            refused = refusal_lines(named(session, found.refused))
        return Plan(refused=refused, notes=tuple(_notes(found)), reaches_phones=False)

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.database.write() as session:
            found = move_all(session, self.viewer, self.ids, self.account_id, on_record)
            if not found.numbers and found.refused:
                raise Refused(named(session, found.refused))
        verb = f"moved to {found.target.words}"
        words = result(len(found.numbers), verb, len(found.refused))
        return Outcome(words, event_id=found.event_id)


def _notes(found: Moving) -> list[str]:
    going, refused = len(found.numbers), len(found.refused)
    to = found.target.words
    lines = [
        note(
            (going, f"{counted(going, 'extension')} to move"),
            (len(found.devices), f"{counted(len(found.devices), 'phone')} to go along"),
            (found.same, f"{found.same:,} there already"),
            (refused, f"{refused:,} refused, and left as they are"),
        )
    ]
    origins = list(found.origins.items())
    lines += [f"{count:,}: {origin} → {to}" for origin, count in origins[:_MOST_ORIGINS]]
    if len(origins) > _MOST_ORIGINS:
        lines.append(f"… and from {len(origins) - _MOST_ORIGINS} more accounts")
    return lines
