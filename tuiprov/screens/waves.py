"""A plan applied in waves: cut, started, and followed phone by phone.

It goes on while a tuiprov drives it: this one, wherever its user goes in it, or another process.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from tuiprov.actions import Action
from tuiprov.data.rollouts.waves import RolloutRow
from tuiprov.errors import TuiprovError
from tuiprov.orders.order import OnRecord, going_on
from tuiprov.publish.waves import duration, parse_sizes, parse_wait
from tuiprov.rollout import Choices, Cut
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.screens.list_screen import ListScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.wave_rows import (
    NARROW_COLUMNS,
    WIDE_COLUMNS,
    WavePhones,
    settings_words,
    waves_words,
)
from tuiprov.text import visible
from tuiprov.widgets.ask import Ask
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, wrap
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.publish.plan import Plan
    from tuiprov.session import Session

REFRESH_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.1
_LINES: Final = 4
"""Height of the lines below the table (app.tcss)."""
_BEFORE, _OVER = ("waves_sizes", "waves_time", "waves_ask", "waves_scope"), ("waves_go",)
_DRIVEN = ("waves_next", "waves_pause", "waves_back")


class _Stopped(Exception):
    """Ends the driving: the program ends."""


class WavesScreen(ListScreen):
    """With a plan: the waves that are proposed, F2 starts them. Else those that are under way, or
    were the last."""

    where = "waves"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("waves")
    words = "Waves"
    filter_hint = "type: late, wave:2, desk"
    empty = "No waves yet: W on a plan applies it in waves."

    def __init__(self, session: Session, plan: Plan | None = None) -> None:
        super().__init__(session)
        self._plan = plan
        self._choices = Choices()
        self._phones = WavePhones(session)
        self._about = Bar(id="waves")
        self._is_cutting = plan is not None
        """Is what is shown not yet cut by the present choices?"""
        self._goes_when_cut = False

    def compose(self) -> ComposeResult:
        *above, keys = super().compose()
        yield from above
        yield self._about
        yield keys

    def on_mount(self) -> None:
        if self._plan is None and self.session is not None:
            self._find(self.session)
        super().on_mount()
        self.set_interval(REFRESH_SECONDS, self._follow)
        if self._plan is not None:
            self._cut()

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return WIDE_COLUMNS if wide else NARROW_COLUMNS

    def source(self, session: Session) -> WavePhones:
        return self._phones

    def about_row(self) -> Run:
        device = self._phones.device(self.chosen)
        style = "bar--error" if device is not None and device.state == "late" else "bar--note"
        return visible(device.note if device is not None else ""), style

    def shown(self) -> None:
        self._show_about()
        self.show_keys(note=self._note)

    # -- what the user does ---------------------------------------------------------------------

    def action_go(self) -> None:
        """Start the waves, or go on with those that nobody drives."""
        if self._is_cutting:
            self._goes_when_cut = True
            return
        cut, row = self._phones.cut, self._phones.row
        if cut is not None and row is None:
            choices = [("enter", "start"), ("escape", "not yet")]
            lines = [*waves_words(cut), "", *cut.notes, _WHILE]
            question = Dialog("Apply in waves", lines, choices)
            self.app.push_screen(question, lambda key: self._start(key == "enter"))
        elif row is not None and row.is_open and not row.is_driven:
            self._drive(row.id)

    def action_sizes(self) -> None:
        """How many phones each wave has."""
        words = ["So many phones first, so many then, and all the rest."]
        self._ask_for("Waves", words, self._choices.sizes, "sizes")

    def action_time(self) -> None:
        """How long a phone has to come back."""
        words = ["A phone that has not come back by then ends the waves: 90s, 10m, 1h."]
        self._ask_for("Time", words, duration(self._choices.wait_seconds), "wait_seconds")

    def action_asking(self) -> None:
        """Ask the phones to fetch, or wait until they look by themselves."""
        self._choose(asks=not self._choices.asks)

    def action_scope(self) -> None:
        """What goes back when a phone does not come: all waves so far, or its own."""
        self._choose(back="wave" if self._choices.back == "all" else "all")

    def action_next_wave(self) -> None:
        self._order("next")

    def action_pause(self) -> None:
        row = self._phones.row
        self._order("go" if row is not None and row.state == "paused" else "pause")

    def action_roll_back(self) -> None:
        row = self._phones.row
        if row is None or not row.is_open:
            return
        what = "all waves so far" if row.back == "all" else f"wave {row.wave}"
        lines = [f"The files that the phones of {what} had before are published again."]
        choices = [("enter", "stop and roll back"), ("escape", "go on")]
        self.app.push_screen(
            Dialog("Roll back", lines, choices),
            lambda key: self._order("back") if key == "enter" else None,
        )

    def leave(self) -> None:
        row = self._phones.row
        self.navigator.close_area()
        if row is not None and row.is_open:
            self.navigator.note(_WHILE)

    # -- cutting --------------------------------------------------------------------------------

    def _ask_for(self, title: str, words: Sequence[str], text: str, name: str) -> None:
        if self._phones.row is None and self._plan is not None:
            self.app.push_screen(Ask(title, words, text), partial(self._answered, name))

    def _answered(self, name: str, text: str | None) -> None:
        if text is None:
            return
        try:
            if name == "sizes":
                parse_sizes(text)
                self._choose(sizes=text.replace(" ", ""))
            else:
                self._choose(wait_seconds=parse_wait(text))
        except TuiprovError as error:
            self.tell("Not taken", error)

    def _choose(self, **values: object) -> None:
        if self._phones.row is None and self._plan is not None:
            self._choices = replace(self._choices, **values)  # type: ignore[arg-type]
            self._is_cutting = True
            self._cut()

    @work(thread=True, exclusive=True, group="cut", exit_on_error=False)
    def _cut(self) -> None:
        """In a thread: the PBX is asked who is registered."""
        session, plan, worker = self.session, self._plan, get_current_worker()
        if session is None or plan is None:
            return
        cut, problem = None, None
        try:
            cut = session.rollouts().cut(plan, self._choices)
        except TuiprovError as error:
            problem = error
        if not worker.is_cancelled:
            self.app.call_from_thread(self._was_cut, cut, problem)

    def _was_cut(self, cut: Cut | None, problem: TuiprovError | None) -> None:
        self._is_cutting = False
        self._phones.cut = cut
        if problem is not None:
            question = Dialog("Not in waves", str(problem).splitlines(), [("enter", "close")])
            self.app.push_screen(question, lambda _: self.navigator.close_area())
        self.reload()
        if self._goes_when_cut and problem is None:
            self._goes_when_cut = False
            self.action_go()

    # -- driving --------------------------------------------------------------------------------

    def _start(self, sure: bool) -> None:
        session, cut, plan = self.session, self._phones.cut, self._plan
        if not sure or session is None or cut is None or plan is None:
            return
        try:
            number = session.rollouts().start(plan, cut)
            self._phones.row = session.store.waves.row(session.viewer, number)
        except TuiprovError as error:
            self.tell("Not started", error)
            return
        self._drive(number)

    def _drive(self, number: int) -> None:
        """Drive it in a thread of the program: it goes on when this screen is left."""
        session = self.session
        if session is not None:
            drive = partial(self._driving, self.app, session, number)
            self.app.run_worker(drive, thread=True, group="waves", exit_on_error=False)
            self.reload()

    def _driving(self, app: App[None], session: Session, number: int) -> None:
        """Runs in a thread; the screen may be gone by its end, the program not."""
        worker = get_current_worker()

        def sleep(seconds: float) -> None:
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                if worker.is_cancelled or not app.is_running:
                    raise _Stopped
                time.sleep(_TICK_SECONDS)

        problem: TuiprovError | None = None
        try:
            session.rollouts(sleep).resume(number)
        except _Stopped:
            return
        except TuiprovError as error:
            problem = error
        if app.is_running and not worker.is_cancelled:
            app.call_from_thread(self._driven, app, session, number, problem)

    def _driven(
        self, app: App[None], session: Session, number: int, problem: TuiprovError | None
    ) -> None:
        if problem is not None:
            app.push_screen(
                Dialog("The waves stand still", str(problem).splitlines(), [("enter", "close")])
            )
        else:
            try:
                self._tell_end(session, session.store.waves.row(session.viewer, number))
            except TuiprovError as error:
                self.tell("The waves have ended", error)
        if self.is_attached:
            self.reload()

    def _tell_end(self, session: Session, row: RolloutRow) -> None:
        if row.state == "done":
            if not self.is_attached:
                self.navigator.note("The waves are through: all their phones came back.")
            return
        lines = [row.reason, "", "The phones' files are as they were before. The data is not:"]
        if row.operation is None:
            lines.append("these devices are stale until their files are published again.")
            choices = [("enter", "close")]
        else:
            lines.append("U takes the change itself back; else these devices stay stale.")
            choices = [("u", "take the change back"), ("enter", "leave the data")]
        self.app.push_screen(
            Dialog("Rolled back", lines, choices),
            lambda key: self._undo(session, row) if key == "u" else None,
        )

    def _undo(self, session: Session, row: RolloutRow) -> None:
        """Take the operation back; its phones have their files already, unless somebody changed
        more."""
        event, screen = row.operation or 0, self.app.screen

        def work(on_record: OnRecord) -> Plan:
            devices = session.undo(event, on_record)
            return session.plan_of(devices, session.undone(event), going_on(on_record))

        if isinstance(screen, TuiprovScreen):
            taken_back = partial(self._taken_back, session)
            screen.work_on("Take the change back", work, taken_back, "Not taken back")

    def _taken_back(self, session: Session, plan: Plan) -> None:
        if plan.changes:
            screen = PlanScreen(plan, "what was taken back")
            self.app.push_screen(screen, lambda yes: self._publish(plan) if yes else None)
            return
        try:
            session.publish(plan)
        except TuiprovError as error:
            self.tell("Taken back, but not published", error)
        else:
            self.navigator.note("Taken back: the data is as it was, and so are the files.")

    def _publish(self, plan: Plan) -> None:
        self.navigator.publish(plan, lambda words, _: self.navigator.note(words))

    def _order(self, order: str) -> None:
        session, row = self.session, self._phones.row
        if session is None or row is None or not row.is_open:
            return
        try:
            is_driven = session.store.waves.order(session.viewer, row.id, order)  # type: ignore[arg-type]
        except TuiprovError as error:
            self.tell("Not done", error)
            return
        if not is_driven:
            self._drive(row.id)

    # -- what is shown --------------------------------------------------------------------------

    def _find(self, session: Session) -> None:
        try:
            rows = session.store.waves.rows(session.viewer, most=1)
        except TuiprovError as error:
            self.tell("The waves cannot be read", error)
            return
        self._phones.row = rows[0] if rows else None

    def _follow(self) -> None:
        if self.is_current and self.is_shown.is_set() and not self._is_loading:
            self.reload(self._note)

    def _show_about(self) -> None:
        width = self.app.size.width - 2
        lines = wrap(self._about_words(), width, _LINES)
        self._about.show(*([(visible(line), "bar--note")] for line in lines))

    def _about_words(self) -> str:
        row, cut = self._phones.row, self._phones.cut
        if row is not None:
            driver = (
                "" if row.is_mine else f" Driven by {row.driver}." if row.is_driven else _NOBODY
            )
            return f"{row.words()}.{driver if row.is_open else ''}"
        if self._is_cutting or cut is None:
            return "Looking which phones are there …"
        return f"{settings_words(self._choices, cut)} {' '.join(cut.notes)}"

    def _actions(self) -> list[Action]:
        row = self._phones.row
        absent = {*_BEFORE, *_OVER, *_DRIVEN}
        if row is None:
            absent = {*_DRIVEN} if self._phones.cut is not None else absent
        elif row.is_open:
            absent = {*_BEFORE, *(_OVER if row.is_driven else ("waves_next", "waves_pause"))}
            if row.is_driven and row.state == "going back":
                absent |= {*_DRIVEN}  # it does, whatever it is told
        return [action for action in super()._actions() if action.id not in absent]


_WHILE: Final = "The waves go on while tuiprov runs; Ctrl+W shows them."
_NOBODY: Final = " Nobody drives these waves: F2 goes on, F8 rolls back."
