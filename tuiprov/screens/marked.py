"""F10 in a list: what can be done with all marked rows, or with the one under the cursor.

Each choice makes an order (`tuiprov/orders/`); its plan is shown, and carried out when told so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tuiprov.errors import PublishError, TuiprovError
from tuiprov.orders.order import Gradual, OnRecord, Order, Outcome
from tuiprov.publish.plan import Plan
from tuiprov.screens.bulk import BulkScreen, Together
from tuiprov.screens.marking_list import MarkingList
from tuiprov.screens.plan import PlanScreen
from tuiprov.session import Session
from tuiprov.widgets.picker import Option, Picker

Result = TypeVar("Result")

_VERB_WIDTH = 20


@dataclass(frozen=True)
class Act:
    """One line of the menu. `needs`: operations of `data/permissions.py`, all of them."""

    verb: str
    what: str
    run: Callable[[], None]
    needs: tuple[str, ...] = ()


class Marked:
    """The marked rows of a list, to be acted upon."""

    noun = "row"

    def __init__(self, screen: MarkingList, session: Session, ids: Sequence[int]) -> None:
        self.screen = screen
        self.session = session
        self.ids = ids

    def acts(self) -> Sequence[Act]:
        """All there is for this kind of list, in order."""
        raise NotImplementedError

    def choose(self) -> None:
        """Ask what to do; what the viewer may not do is not among it."""
        acts = [act for act in self.acts() if all(map(self.session.may, act.needs))]
        if not acts:
            self.screen.show_keys(note="There is nothing you may do with these.")
            return
        options = [(str(at), f"{act.verb:<{_VERB_WIDTH}}{act.what}") for at, act in enumerate(acts)]

        def chosen(at: str | None) -> None:
            if at is not None:
                acts[int(at)].run()

        count = len(self.ids)
        title = f"What to do with {count:,} {self.noun}{'s' if count != 1 else ''}"
        self.screen.app.push_screen(Picker(title, options, ""), chosen)

    def plan(self, make: Callable[[], Order]) -> None:
        """Show an order's plan; carry it out when told so."""
        self.read(make, self._show_plan)

    def read(
        self,
        what: Callable[[], Result],
        then: Callable[[Result], object],
        failed: str = "This cannot be done",
    ) -> None:
        """Ask the database about all of them, behind the keys; then go on with the answer."""
        self.screen.work_on("Read them", lambda _: what(), then, failed)

    def edit_in(
        self,
        form: Callable[[Session, Together], BulkScreen],
        read: Callable[[OnRecord], Together],
    ) -> None:
        """Open the form of many; what it is about is read behind the keys."""

        def opened(about: Together) -> None:
            screen = form(self.session, about)

            def closed(stored: bool | None) -> None:
                if stored:
                    self.screen.table.unmark()
                self.screen.reload(screen.words if stored else "")

            self.screen.app.push_screen(screen, closed)

        self.screen.work_on("Read them", read, opened, "These cannot be edited together")

    def _show_plan(self, order: Order) -> None:
        def answered(apply: bool | None) -> None:
            if apply:
                self.screen.work_on(order.about, order.apply, self._done, self._failed)

        def in_waves(_plan: Plan) -> None:
            if isinstance(order, Gradual):
                work_on = self.screen.work_on
                work_on(order.about, order.store_for_waves, self._show_waves, self._failed)

        waves = in_waves if isinstance(order, Gradual) else None
        self.screen.app.push_screen(PlanScreen(order.plan, order.about, in_waves=waves), answered)

    def _show_waves(self, plan: Plan) -> None:
        self.screen.table.unmark()
        self.screen.reload("The phones' files are to follow in waves.")
        self.screen.app.call_later(self.screen.navigator.show_waves, plan)

    def pick(self, title: str, options: Sequence[Option], then: Callable[[str], None]) -> None:
        """Let one option be chosen, then go on with it."""
        if not options:
            self.screen.show_keys(note="There is nothing that all of these can be given.")
            return
        self.screen.app.push_screen(
            Picker(title, options, ""), lambda value: then(value) if value is not None else None
        )

    def _done(self, outcome: Outcome) -> None:
        self.screen.table.unmark()
        can_undo = outcome.event_id is not None
        self.screen.reload(f"{outcome.words} Ctrl+Y: history" if can_undo else outcome.words)
        self.screen.offer_resync(self.session, outcome.published, outcome.words)

    def _failed(self, problem: TuiprovError) -> None:
        if isinstance(problem, PublishError):
            self.screen.tell("Changed, but not published", problem)
            self.screen.table.unmark()
            self.screen.reload("Changed, but not published. Ctrl+Y: history")
        else:
            self.screen.tell("Not done", problem)
            self.screen.reload()
