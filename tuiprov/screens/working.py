"""Many records being worked on: how far it is, until it is done or stopped."""

from __future__ import annotations

import time
from typing import Final

from textual import events, work
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.errors import TuiprovError
from tuiprov.orders.order import Order, Outcome, Stopped
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Box

_PROGRESS_SECONDS: Final = 0.1
Answer = tuple[Outcome | None, TuiprovError | None]
"""What was done, or what went wrong; neither: it was stopped, and nothing is changed."""


class _Progress(Box):
    """One line that counts."""

    count = 0

    def on_mount(self) -> None:
        self.fit_screen(40)

    def body_count(self) -> int:
        return 1

    def body(self, at: int) -> list[Run]:
        return [(f"Working … {self.count:,}" if self.count else "Working …", "")]


class WorkingScreen(ModalScreen[Answer]):
    """Carries an order out in a thread. Esc stops it while nothing is written yet."""

    DEFAULT_CSS = "WorkingScreen { align: center middle; }"

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order
        self._box = _Progress(order.about, "Esc stop, nothing changed")
        self._is_stopped = False
        self._told_at = 0.0

    def compose(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self._apply()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._is_stopped = True

    @work(thread=True, exclusive=True, group="order")
    def _apply(self) -> None:
        outcome: Outcome | None = None
        problem: TuiprovError | None = None
        try:
            outcome = self._order.apply(self._on_record)
        except Stopped:
            pass
        except TuiprovError as error:
            problem = error
        if self.is_running and self.app.is_running:
            self.app.call_from_thread(self.dismiss, (outcome, problem))

    def _on_record(self, count: int) -> None:
        if self._is_stopped:
            raise Stopped
        if time.monotonic() - self._told_at > _PROGRESS_SECONDS and self.app.is_running:
            self._told_at = time.monotonic()
            self.app.call_from_thread(self._show, count)

    def _show(self, count: int) -> None:
        self._box.count = count
        self._box.repaint()
