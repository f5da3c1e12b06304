"""Phones being asked to fetch their files again: asked, fetched, or not seen, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.worker import get_current_worker

from tuiprov.data.resyncs import ResyncRow, Target
from tuiprov.errors import TuiprovError
from tuiprov.resyncing import PATIENCE_SECONDS, Resyncing
from tuiprov.screens.base import bindings_of
from tuiprov.screens.list_screen import ListScreen
from tuiprov.text import on_this_clock, visible
from tuiprov.widgets.compat import Run
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

REFRESH_SECONDS: Final = 1.0
_SIGNS: Final = {
    "waiting": "  waiting",
    "asked": "~ asked",
    "fetched": "= fetched",
    "not seen": "? not seen",
    "failed": "! failed",
}
_SLACK: Final = timedelta(seconds=0.5)
"""The moments of asking are told by a clock that runs, and written down by one that is set."""

_NARROW = (
    Column("state", "State", 10),
    Column("name", "Device", 12, flex=True),
    Column("phone", "Phone", 16),
    Column("problem", "Problem", 18, flex=True),
)
_WIDE = (
    *_NARROW[:2],
    Column("phone", "Phone", 22),
    Column("address", "Address", 15),
    Column("asked_at", "Asked", 8),
    Column("fetched_at", "Fetched", 8),
    Column("problem", "Problem", 30, flex=True),
)


class _Stopped(Exception):
    """Ends the asking: nobody looks any more."""


class _Phones:
    """The list's source: the phones of this run, and what has become of each."""

    def __init__(self, resyncing: Resyncing, targets: Sequence[Target], since: datetime):
        self._resyncing = resyncing
        self._targets = {one.device_id: one for one in targets}
        self._since = since
        self._rows: Mapping[int, ResyncRow] = {}

    def ids(self, words: str, _most: int | None = None, _stop: Stop | None = None) -> Sequence[int]:
        """Reads what has become of all of them; gives those whose words match."""
        found = self._resyncing.of(list(self._targets))
        self._rows = {n: row for n, row in found.items() if row.asked_at >= self._since - _SLACK}
        wanted = words.lower().split()
        return [n for n in self._targets if all(word in self._words(n) for word in wanted)]

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        return {number: [self._cell(number, name) for name in columns] for number in ids}

    def state(self, number: int) -> str:
        row = self._rows.get(number)
        return row.state(datetime.now(UTC), PATIENCE_SECONDS) if row else "waiting"

    def counts(self) -> str:
        """`2 fetched, 1 asked, 9 waiting`."""
        states = [self.state(number) for number in self._targets]
        order = ("fetched", "asked", "not seen", "failed", "waiting")
        return ", ".join(f"{states.count(one)} {one}" for one in order if one in states)

    def problem(self, number: int) -> str:
        row = self._rows.get(number)
        return row.problem if row else ""

    def _words(self, number: int) -> str:
        target = self._targets[number]
        return f"{target.name} {target.phone} {self.state(number)} {self.problem(number)}".lower()

    def _cell(self, number: int, name: str) -> str:
        row = self._rows.get(number)
        if name == "state":
            return _SIGNS[self.state(number)]
        if name == "problem":
            return self.problem(number)
        if name in ("asked_at", "fetched_at"):
            return _clock(getattr(row, name)) if row else ""
        return str(getattr(self._targets[number], name))


def _clock(at: datetime | None) -> str:
    return on_this_clock(at).strftime("%H:%M:%S") if at else ""


class ResyncScreen(ListScreen):
    """Asks these phones at the site's pace, and follows who comes. Leaving ends the asking."""

    where = "resync"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("resync")
    words = "Resync"
    filter_hint = "type: not seen, failed, desk"
    empty = "No phone matches."

    def __init__(self, session: Session, targets: Sequence[Target]) -> None:
        super().__init__(session)
        self._targets = targets
        self._since = datetime.now(UTC)
        self._phones = _Phones(session.resyncing, targets, self._since)
        self._is_asking = True

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(REFRESH_SECONDS, self._follow)
        self._ask(self._phones_of())

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE if wide else _NARROW

    def source(self, session: Session) -> _Phones:
        return self._phones

    def about_list(self) -> str:
        asking = "asking, Esc stops: " if self._is_asking else ""
        return f"{asking}{self._phones.counts()}"

    def about_row(self) -> Run:
        chosen = self.chosen
        problem = self._phones.problem(chosen) if chosen is not None else ""
        return visible(problem), "bar--error"

    def leave(self) -> None:
        self.app.pop_screen()

    # -- parts ----------------------------------------------------------------------------------

    def _phones_of(self) -> Resyncing | None:
        return self.session.resyncing if self.session is not None else None

    def _follow(self) -> None:
        if self.is_current and self.is_shown.is_set() and not self._is_loading:
            self.reload(self._note)

    @work(thread=True, exclusive=True, group="ask", exit_on_error=False)
    def _ask(self, resyncing: Resyncing | None) -> None:
        worker = get_current_worker()

        def on_asked(_target: Target, _problem: str) -> None:
            if worker.is_cancelled:
                raise _Stopped

        problem: TuiprovError | None = None
        try:
            if resyncing is not None:
                resyncing.ask(self._targets, on_asked)
        except _Stopped:
            return
        except TuiprovError as error:
            problem = error
        if not worker.is_cancelled:
            self.app.call_from_thread(self._asked, problem)

    def _asked(self, problem: TuiprovError | None) -> None:
        self._is_asking = False
        if problem is not None:
            self.tell("Not all phones were asked", problem)
        self.reload()
