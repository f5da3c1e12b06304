"""What takes too long for a keystroke. `Behind` does it while one types on, the newest only;
`Waiting` does what the next key waits for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from textual import events
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from tuiprov.errors import TuiprovError
from tuiprov.screens.base import TuiprovScreen
from tuiprov.widgets.compat import type_again

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

PAUSE_SECONDS: Final = 0.08
"""So long nothing is begun while somebody types on."""


class Behind(Generic[Asked, Answer]):
    """Does `work` in a thread for the newest of what is asked for, and gives its answer to `show`
    in the screen's own thread. An answer to something older is dropped.

    Only one piece of work runs at a time, however long it takes: what is asked for meanwhile waits,
    and of that the newest only.
    """

    def __init__(
        self,
        screen: Screen[bool | None],
        work: Callable[[Asked], Answer],
        show: Callable[[Answer], None],
    ) -> None:
        self._screen = screen
        self._work = work
        self._show = show
        self._waiting: list[Asked] = []
        self._newest = 0
        self._timer: Timer | None = None
        self._is_busy = False

    @property
    def is_settled(self) -> bool:
        """Has everything been answered?"""
        return not self._waiting and not self._is_busy

    def ask(self, asked: Asked) -> None:
        """Ask for this instead of whatever was asked for before."""
        self._newest += 1
        self._waiting = [asked]
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(PAUSE_SECONDS, self._begin)

    def forget(self) -> None:
        """What was asked for is not wanted any more."""
        self._newest += 1
        self._waiting.clear()

    def _begin(self) -> None:
        if self._is_busy or not self._waiting:
            return
        self._is_busy = True
        run = partial(self._run, self._waiting.pop(), self._newest)
        self._screen.run_worker(run, thread=True, group="behind")

    def _run(self, asked: Asked, number: int) -> None:
        answer = self._work(asked)
        self._screen.app.call_from_thread(self._done, answer, number)

    def _done(self, answer: Answer, number: int) -> None:
        self._is_busy = False
        if number == self._newest and self._screen.is_attached:
            self._show(answer)
        self._begin()


class Waiting:
    """Does one piece of work in a thread, saying so meanwhile, and then what follows from it. Keys
    that are typed meanwhile are meant for that: the screen hands them to `hold`."""

    def __init__(self, screen: TuiprovScreen, focus: Callable[[], Widget]) -> None:
        self._screen = screen
        self._focus = focus
        """What has the focus when it is done."""
        self._held: list[events.Key] = []
        self.is_busy = False

    def do(
        self, words: str, work: Callable[[], Answer], then: Callable[[Answer], None], otherwise: str
    ) -> None:
        """Do `work`, saying `words`; `then` gets what it gives, and `otherwise` is the title of the
        error that it raises. Nothing is begun while something is being done."""
        if self.is_busy:
            return
        self.is_busy = True
        self._screen.set_focus(None)
        self._screen.show_keys(note=words)

        def run() -> None:
            try:
                result = work()
            except TuiprovError as error:
                after: Callable[[], None] = partial(self._screen.tell, otherwise, error)
            else:
                after = partial(then, result)
            self._screen.app.call_from_thread(self._done, after)

        self._screen.run_worker(run, thread=True, group="waiting")

    def hold(self, event: events.Key) -> bool:
        """Keep a key for later, if something is being done."""
        if self.is_busy:
            self._held.append(event)
            event.stop()
            event.prevent_default()
        return self.is_busy

    def _done(self, after: Callable[[], None]) -> None:
        self.is_busy = False
        if not self._screen.is_attached:
            return
        self._screen.set_focus(self._focus())
        self._screen.show_keys()
        after()
        for event in self._held:
            type_again(self._screen, event)
        self._held.clear()
