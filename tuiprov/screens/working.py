"""Work that may take longer than a keystroke: in a thread, with a count, and Esc to stop it.

The one piece that everything long is done by (`TuiprovScreen.work_on`). Work that is done after
`PATIENCE_SECONDS` shows nothing at all: over a slow line a box that comes and goes costs more than
the wait. From then on a box counts, and the program answers keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Final, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.errors import TuiprovError
from tuiprov.orders.order import OnRecord, Stopped
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Box

Result = TypeVar("Result")

PATIENCE_SECONDS: Final = 0.15
_PROGRESS_SECONDS: Final = 0.1
_SEEN_SECONDS: Final = 0.5
"""Over a slow line a box is seen so long after it was sent."""
_WIDTH: Final = 44
_KEYS = "Esc stop, nothing changed"


class Job(Generic[Result]):
    """One piece of work in a thread of its own, which the program does not end before. `show`, if
    there is one, is told in that thread how many have been done.

    Once somebody wants to stop it, the work's listener raises `Stopped`; work that has to come to
    its end does not heed that (`order.going_on`), and then `is_too_late`.
    """

    def __init__(self, work: Callable[[OnRecord], Result]) -> None:
        self._work = work
        self._ended = Event()
        self._stops = 0
        self._told_at = 0.0
        self.is_stopping = False
        self.show: Callable[[int], object] | None = None
        self.when_ended: Callable[[], object] | None = None
        self.result: Result | None = None
        self.problem: TuiprovError | None = None
        self.mistake: Exception | None = None
        """What nobody should have raised."""
        self.is_stopped = False
        """Did it stop, and leave everything as it was?"""

    def begin(self) -> None:
        Thread(target=self._run, name="job").start()

    def wait(self, seconds: float) -> bool:
        """Has it ended, at the latest after so long?"""
        return self._ended.wait(seconds)

    @property
    def is_too_late(self) -> bool:
        return self._stops > 1

    def _run(self) -> None:
        try:
            self.result = self._work(self._on_record)
        except Stopped:
            self.is_stopped = True
        except TuiprovError as error:
            self.problem = error
        except Exception as error:
            self.mistake = error
        self._ended.set()
        if self.when_ended is not None:
            self.when_ended()

    def _on_record(self, count: int) -> None:
        now = time.monotonic()
        if self.show is not None and now - self._told_at > _PROGRESS_SECONDS:
            self._told_at = now
            self.show(count)
        if self.is_stopping:
            self._stops += 1
            raise Stopped


class _Count(Box):
    """One line that counts."""

    text = "Working …"

    def on_mount(self) -> None:
        self.fit_screen(_WIDTH)

    def body_count(self) -> int:
        return 1

    def body(self, at: int) -> list[Run]:
        return [(self.text, "")]


class WorkingScreen(ModalScreen[list[events.Key]]):
    """A job that has begun and takes its time. It closes when the job has ended, and answers the
    keys that were typed before one could see it: they are meant for what comes of the work."""

    DEFAULT_CSS = "WorkingScreen { align: center middle; }"

    def __init__(self, about: str, job: Job[Result]) -> None:
        super().__init__()
        self._job = job
        self._box = _Count(about, _KEYS)
        self._count = 0
        self._opened_at = time.monotonic()
        self._held: list[events.Key] = []

    def compose(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self._job.show = lambda count: self.call_later(partial(self._show, count))
        self._job.when_ended = lambda: self.call_later(self._close)
        if self._job.wait(0):
            self._close()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._job.is_stopping = True
            self._show()
        elif time.monotonic() - self._opened_at < _SEEN_SECONDS:
            self._held.append(event)

    def _close(self) -> None:
        if self.is_current:
            self.dismiss(self._held)

    def _show(self, count: int | None = None) -> None:
        self._count = self._count if count is None else count
        words = "Working …"
        if self._job.is_too_late:
            words = "Too late to stop: it is being written …"
        elif self._job.is_stopping:
            words = "Stopping …"
        if self._job.is_stopping:
            self._box.keys = ""  # Esc does no more than it has done
        self._box.text = f"{words} {self._count:,}" if self._count else words
        self._box.repaint()
