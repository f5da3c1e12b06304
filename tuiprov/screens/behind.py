"""What takes too long for a keystroke, done while one types on: the newest only. What the next key
waits for is `working.py`'s."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from textual.screen import Screen
from textual.timer import Timer

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
