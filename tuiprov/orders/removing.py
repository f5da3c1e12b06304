"""Many extensions removed, with their lines on devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tuiprov.bulk import publish_after, refusal_lines
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.assignments import named
from tuiprov.data.bulk.remove import remove_all, survey_removal
from tuiprov.data.page import Phone
from tuiprov.data.store import Store
from tuiprov.orders.order import OnRecord, Outcome, counted, going_on, nobody, note, result
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import plan_as


@dataclass(frozen=True)
class Remove:
    """Remove these extensions; their devices stay in the inventory."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    name: str = ""
    """What the only one is called."""

    @property
    def about(self) -> str:
        return f"Remove {self.name or counted(len(self.ids), 'extension')}"

    def plan(self, on_record: OnRecord) -> Plan:
        with self.store.database.read() as session:
            found = survey_removal(session, self.viewer, self.ids)
            refused = named(session, found.refused)
        asked = Asked(gone=tuple(found.numbers.values()))
        gone = found.numbers.keys()
        made = plan_as(
            self.store, found.devices, lambda phone: without(phone, gone), asked, on_record
        )
        words = note(
            (len(found.numbers), f"{counted(len(found.numbers), 'extension')} to remove"),
            (len(found.refused), f"{len(found.refused):,} refused, and left as they are"),
        )
        return replace(made, refused=refusal_lines(refused), notes=(words, *made.notes))

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.operations.begin():
            return self._apply(on_record)

    def _apply(self, on_record: OnRecord) -> Outcome:
        with self.store.database.write() as session:
            found = remove_all(session, self.viewer, self.ids, on_record)
            if not found.numbers:
                raise nobody(named(session, found.refused))
        published = publish_after(self.store, self.viewer, found.devices, (), going_on(on_record))
        words = result(len(found.numbers), "removed", len(found.refused), published)
        return Outcome(words, published, found.event_id)


def without(phone: Phone, extensions: Collection[int]) -> Phone:
    """The phone without the lines of these extensions."""
    left = tuple(line for line in phone.lines if line.extension_id not in extensions)
    return replace(phone, lines=left)
