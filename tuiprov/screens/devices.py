"""The inventory of SIP devices: filter, sort, open, add, assign, clear, remove.

A row that this viewer cannot change is marked, and the line of the filter says why when the cursor
is on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.data.devices.choices import Candidate
from tuiprov.data.devices.rows import SORTS, DeviceLine, DeviceRow
from tuiprov.data.draft import DeviceDraft
from tuiprov.errors import PublishError, TuiprovError
from tuiprov.inventory import NEVER, Fetched, Inventory
from tuiprov.publish.plan import Plan
from tuiprov.screens.base import bindings_of
from tuiprov.screens.device_columns import CHOICES, cell, columns_for, in_past
from tuiprov.screens.device_page import DevicePage
from tuiprov.screens.marked_devices import MarkedDevices
from tuiprov.screens.marking_list import MarkingList
from tuiprov.screens.owners import choose_owner
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.versions import VersionsScreen
from tuiprov.text import local_time, visible
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.picker import Picker
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

_SORT_WORDS = {
    "name": "friendly name",
    "state": "state",
    "mac": "MAC address",
    "phone": "phone",
    "lines": "lines used",
    "extension": "extension",
    "organization": "organization",
    "owner": "owner",
    "published": "published at",
}


class _Devices:
    """The list's source: remembers the rows it has read, for what is said about them."""

    def __init__(self, inventory: Inventory, sort: str):
        self._inventory = inventory
        self._sort = sort
        self._known: dict[int, DeviceRow] = {}
        self._fetched: dict[int, Fetched] = {}

    def ids(self, words: str, most: int | None = None, stop: Stop | None = None) -> Sequence[int]:
        return self._inventory.ids(words, self._sort, most, stop)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        rows = self._read(ids)
        return {
            number: [cell(row, self.fetched(number), name) for name in columns]
            for number, row in rows.items()
        }

    def row(self, device_id: int) -> DeviceRow | None:
        if device_id not in self._known:
            self._read([device_id])
        return self._known.get(device_id)

    def fetched(self, device_id: int) -> Fetched:
        """What a device that was read has fetched."""
        return self._fetched.get(device_id, NEVER)

    def _read(self, ids: Sequence[int]) -> Mapping[int, DeviceRow]:
        rows = self._inventory.rows(ids)
        self._known.update(rows)
        self._fetched.update(self._inventory.fetched(list(rows)))
        return rows


class DevicesScreen(MarkingList):
    """Every device this viewer sees; Enter opens its page."""

    where = "devices"
    list_name = "devices"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("devices")
    words = "Devices"
    filter_hint = "type: T46S, owner:acme, state:unassigned"
    empty = "No device matches."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sort = SORTS[0]
        self._source: _Devices | None = None

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return columns_for(self.app.size.width, wide=wide)

    def choices(self, session: Session) -> Sequence[Column]:
        return CHOICES

    def source(self, session: Session) -> _Devices:
        self._source = _Devices(session.inventory, self.sort)
        return self._source

    def about_list(self) -> str:
        return f"by {_SORT_WORDS[self.sort]}"

    def about_row(self) -> Run:
        row = self._row()
        if row is None:
            return "", ""
        if row.cannot_edit:
            return f"read-only: {row.cannot_edit}", "bar--note"
        if row.state == "failed":
            return visible(f"failed: {row.problem}"), "bar--error"
        said = (
            f"serial {row.serial}",
            f"owner {row.owner}",
            row.organization,
            f"published {local_time(row.published_at)}" if row.published_at else "",
            in_past(self._source.fetched(row.id)) if self._source else "",
        )
        return visible(", ".join(part for part in said if part)), "bar--dim"

    def on_screen_resume(self) -> None:
        """Back from a page, where anything may have been changed."""
        if self.is_shown.is_set():
            self.reload(self._note)

    # -- what the user does ---------------------------------------------------------------------

    def open_record(self, id: int) -> None:
        self._open(lambda inventory: inventory.open(id))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.reload()

    def action_new(self) -> None:
        """Add a device: for oneself, or for an account below."""
        inventory = self._inventory
        if inventory is None:
            return
        choose_owner(self, inventory, self._add)

    def action_go_to_extension(self) -> None:
        """Go to the page of an extension on this device."""
        row = self._row()
        if row is None:
            return
        if not row.lines:
            self.show_keys(note="This device serves no extension of yours.")
        elif len(row.lines) == 1:
            self.navigator.open_page(row.lines[0].extension_id)
        else:
            options = [(str(line.extension_id), _in_words(line)) for line in row.lines]
            self.app.push_screen(Picker("Whose page?", options, ""), self._go_to)

    def action_enrol(self) -> None:
        """Open the device's enrolment window, after a question, and show its first link."""
        row, session = self._row(), self.session
        if row is None or session is None:
            return
        if row.cannot_edit:
            self.tell("This device cannot be enrolled", row.cannot_edit)
            return
        failed = partial(self._not_done, "Not enrolled")
        name = row.friendly_name or row.mac
        self.ask_to_enrol(session, row.id, name, self.reload, failed)

    def action_link(self) -> None:
        """Show the device's provisioning link."""
        if self.chosen is not None and self.session is not None:
            self.show_link(self.session, self.chosen)

    def action_resync(self) -> None:
        """Ask this phone, or all that are listed, to fetch their files again."""
        self.with_listed(self._ask_whom)

    def _ask_whom(self, listed: Sequence[int]) -> None:
        row, session = self._row(), self.session
        if row is None or session is None:
            return
        try:
            targets = session.resyncing.targets([row.id])
        except TuiprovError as error:
            self.tell("No phone can be asked", error)
            return
        if len(listed) == 1:
            self.plan_resync(session, targets)
            return
        choices = [
            ("enter", row.friendly_name),
            ("a", f"all {len(listed):,} listed"),
            ("escape", "none"),
        ]

        def chosen(key: str | None) -> None:
            if key == "enter":
                self.plan_resync(session, targets)
            elif key == "a":
                self.work_on(
                    "Look for the phones",
                    lambda _: session.resyncing.targets(listed),
                    lambda found: self.plan_resync(session, found),
                    "No phone can be asked",
                )

        self.app.push_screen(Dialog("Whom to ask?", ["They fetch again."], choices), chosen)

    def action_assign(self) -> None:
        """Choose an extension, and a line where more than one is free, then show the plan."""
        row, inventory = self._row(), self._inventory
        if row is None or inventory is None:
            return
        if row.cannot_assign:
            self.tell("This device cannot be assigned", row.cannot_assign)
            return
        self.work_on(
            "Look for extensions",
            lambda _: inventory.extensions(row.id),
            partial(self._choose_extension, inventory, row),
            "This device cannot be assigned",
        )

    def _choose_extension(
        self, inventory: Inventory, row: DeviceRow, found: Sequence[Candidate]
    ) -> None:
        if not found:
            self.show_keys(note="There is no extension without a device that fits this one.")
            return
        options = [(str(one.id), one.words) for one in found]

        def chosen(extension_id: str | None) -> None:
            if extension_id is not None:
                self._choose_line(inventory, row, int(extension_id))

        self.app.push_screen(Picker(f"Assign {row.friendly_name} to", options, ""), chosen)

    def action_clear(self) -> None:
        """Show what clearing the assignment does, then do it."""
        row = self._row()
        if row is not None and self._may("This assignment cannot be cleared", row.cannot_clear):
            about = f"Clear assignment of {row.friendly_name}: {row.extensions or row.organization}"
            self._end_use(row, about, lambda inventory, draft: inventory.clear(draft.base))

    def action_act_on_marked(self) -> None:
        """Choose what to do with all marked devices, or with the one under the cursor."""
        self._with_marked(MarkedDevices.choose)

    def _with_marked(self, do: Callable[[MarkedDevices], None]) -> None:
        session = self.session
        if session is not None:
            self.with_marked(lambda ids: do(MarkedDevices(self, session, ids)))

    def action_remove(self) -> None:
        """Show what removing the marked devices, or this one, does, then do it."""
        if self.table.marked:
            self._with_marked(MarkedDevices.remove)
            return
        row = self._row()
        if row is not None and self._may("This device cannot be removed", row.cannot_remove):
            serves = f": serves {row.extensions}" if row.extensions else ""
            about = f"Remove {row.friendly_name}, serial {row.serial}{serves}"
            self._end_use(row, about, lambda inventory, draft: inventory.remove(draft.base))

    # -- parts ----------------------------------------------------------------------------------

    @property
    def _inventory(self) -> Inventory | None:
        return self.session.inventory if self.session is not None else None

    def action_versions(self) -> None:
        """Look at the versions of the device's files."""
        row, session = self._row(), self.session
        if row is None or session is None:
            return
        try:
            screen = VersionsScreen(session, row.id, row.friendly_name or row.mac or row.serial)
        except TuiprovError as error:
            self.tell("There are no versions", error)
            return
        self.app.push_screen(screen, lambda restored: self.reload() if restored else None)

    def _row(self) -> DeviceRow | None:
        """The row with the cursor; None in an empty list, or when it is gone."""
        if self.chosen is None or self._source is None:
            return None
        try:
            return self._source.row(self.chosen)
        except TuiprovError:
            return None

    def _may(self, title: str, reason: str) -> bool:
        if reason:
            self.tell(title, reason)
        return not reason

    def _add(self, owner_id: int) -> None:
        self._open(lambda inventory: inventory.fresh(owner_id))

    def _open(self, draft: Callable[[Inventory], DeviceDraft]) -> None:
        session = self.session
        if session is None:
            return
        try:
            screen = DevicePage(session, draft(session.inventory))
        except TuiprovError as error:
            self.tell("This device cannot be opened", error)
            self.reload()
            return
        self.app.push_screen(screen)

    def _go_to(self, extension_id: str | None) -> None:
        if extension_id is not None:
            self.navigator.open_page(int(extension_id))

    def _choose_line(self, inventory: Inventory, row: DeviceRow, extension_id: int) -> None:
        try:
            lines = inventory.free_lines(row.id, extension_id)
        except TuiprovError as error:
            self.tell("This device cannot be assigned", error)
            return
        if len(lines) == 1:
            self._plan_assign(inventory, row, extension_id, lines[0])
            return
        options = [(str(number), f"Line {number}") for number in lines]

        def chosen(line: str | None) -> None:
            if line is not None:
                self._plan_assign(inventory, row, extension_id, int(line))

        self.app.push_screen(Picker("On which line?", options, options[0][0]), chosen)

    def _plan_assign(
        self, inventory: Inventory, row: DeviceRow, extension_id: int, line: int
    ) -> None:
        try:
            plan, page = inventory.plan_assign(row.id, extension_id, line)
        except TuiprovError as error:
            self.tell("This device cannot be assigned", error)
            return

        def apply(answer: bool | None) -> None:
            if answer:
                self._do("Not assigned", lambda: inventory.assign(row.id, extension_id, line))

        number = page.values["extension"]
        about = f"Assign line {line} of {row.friendly_name} to {number}"
        self.app.push_screen(PlanScreen(plan, about), apply)

    def _end_use(
        self, row: DeviceRow, about: str, do: Callable[[Inventory, DeviceDraft], object]
    ) -> None:
        inventory = self._inventory
        if inventory is None:
            return
        try:
            draft = inventory.open(row.id)
            plan = inventory.plan_clear(draft.base)
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return

        def apply(answer: bool | None) -> None:
            if answer:
                self._do("Not done", lambda: do(inventory, draft))

        self.app.push_screen(PlanScreen(plan, about), apply)

    def _do(self, title: str, work: Callable[[], object]) -> None:
        """Do what a plan said, and say how it went."""
        self.work_on("Write it", lambda _: work(), self._done, partial(self._not_done, title))

    def _done(self, made: object) -> None:
        self.reload("Done.")
        if isinstance(made, Plan) and self.session is not None:
            self.offer_resync(self.session, made, "Done.")

    def _not_done(self, title: str, error: TuiprovError) -> None:
        stored = isinstance(error, PublishError)
        self.tell("Stored, but the files could not follow" if stored else title, error)
        self.reload()


def _in_words(line: DeviceLine) -> str:
    return f"{line.extension}  {line.name}  line {line.number}"
