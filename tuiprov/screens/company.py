"""Who else is at the record of an open form, asked in a thread of its own as long as it is open.

The thread ends with the program whatever it waits for: a database that is busy or far away keeps
nobody from leaving.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Protocol

from tuiprov.data.together.meeting import Newer
from tuiprov.data.together.presence import Other
from tuiprov.data.together.tables import BEAT_SECONDS
from tuiprov.errors import TuiprovError
from tuiprov.text import clock_time, in_words

pause_seconds: float = BEAT_SECONDS


@dataclass(frozen=True, slots=True)
class News:
    """Who else has the page open, and what is stored in it by now if that is something else."""

    others: Sequence[Other] = ()
    newer: Newer | None = None
    gone: str = ""
    """Who removed the record when, or just that it is gone."""
    begun: int = field(default=0, compare=False)
    """What `newer` is newer than (`Sheet.begun`)."""

    def words(self) -> str:
        """`anna is editing this (since 10:40)`, "" for nobody; that the record is gone."""
        if self.gone or not self.others:
            return self.gone
        names = [f"{one.who}{f' on {one.host}' if one.host else ''}" for one in self.others]
        verb = "are" if len(names) > 1 else "is"
        since = clock_time(self.others[0].since)
        return f"{in_words(dict.fromkeys(names), 'and')} {verb} editing this (since {since})"


class Form(Protocol):
    """What a form does for it, in the thread."""

    def news(self, mine: str) -> tuple[str, News]:
        """Say that the form is open, first (`mine` "") or still; hear what is new."""

    def left(self, mine: str) -> None:
        """Say that it is closed."""

    def pass_on_news(self, news: News) -> object:
        """Hand the news over to the form's own thread."""


class Company:
    """Asks `form` at once and then every `pause_seconds`."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._end = Event()

    def begin(self) -> None:
        Thread(target=self._run, daemon=True, name="company").start()

    def end(self) -> None:
        """The form is closed."""
        self._end.set()

    def _run(self) -> None:
        mine = ""
        while not self._end.is_set():
            with contextlib.suppress(TuiprovError):  # nobody is told of it; a save would be
                mine, news = self._form.news(mine)
                self._form.pass_on_news(news)
            self._end.wait(pause_seconds)
        if mine:
            with contextlib.suppress(TuiprovError):
                self._form.left(mine)
