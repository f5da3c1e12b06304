"""Live: what phones ask for, what became of it, and why; a key goes to where it is mended.

At its top the list follows the log, once a second. A request of a phone that the inventory does not
have can be adopted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from tuiprov.data.draft import DeviceDraft
from tuiprov.data.fetches import SERVED, FetchRow
from tuiprov.errors import TuiprovError
from tuiprov.fetching import (
    Fetching,
    Stranger,
    agent_in_words,
    chain,
    in_words,
    stranger_of,
    why,
)
from tuiprov.screens.base import bindings_of
from tuiprov.screens.device_page import DevicePage
from tuiprov.screens.owners import choose_owner
from tuiprov.screens.viewed_list import LOG_HELP, ViewedList
from tuiprov.text import on_this_clock, visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, wrap
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

REFRESH_SECONDS: Final = 1.0
_WHY_LINES: Final = 6
"""As high as app.tcss makes the pane below the list."""

_TIME = Column("at", "Time", 14)
_ADDRESS = Column("address", "Address", 15)
_VERDICT = Column("verdict", "Verdict", 13)
_NARROW = (
    *(_TIME, _ADDRESS, _VERDICT),
    Column("device", "Device", 8, flex=True),
    Column("file", "File", 12, flex=True),
    Column("agent", "Agent", 10, flex=True),
)
_WIDE = (
    *(_TIME, _ADDRESS, _VERDICT),
    Column("device", "Device", 16, flex=True),
    Column("file", "File", 28, flex=True),
    Column("agent", "Agent", 28, flex=True),
)
_CHOICES = (
    *_WIDE,
    Column("protocol", "Protocol", 8),
    Column("method", "Method", 7),
    Column("path", "Path", 28, flex=True),
    Column("status", "Status", 6),
    Column("sent", "Bytes", 8),
)
"""All that can be chosen."""


class _Requests:
    """The list's source: remembers the rows it has read, for what is said about them."""

    def __init__(self, fetching: Fetching):
        self._fetching = fetching
        self._known: dict[int, FetchRow] = {}

    def ids(self, words: str, _most: int | None = None, _stop: Stop | None = None) -> Sequence[int]:
        return self._fetching.ids(words)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        rows = self._fetching.rows(ids)
        self._known.update(rows)
        return {number: [_cell(row, name) for name in columns] for number, row in rows.items()}

    def row(self, fetch_id: int) -> FetchRow | None:
        if fetch_id not in self._known:
            self._known.update(self._fetching.rows([fetch_id]))
        return self._known.get(fetch_id)


def _cell(row: FetchRow, name: str) -> str:
    if name == "at":
        return on_this_clock(row.at).strftime("%m-%d %H:%M:%S")
    if name == "verdict":
        return f"{_sign(row)} {row.verdict}"
    if name == "file":
        return (row.file or row.path).rpartition("/")[2] or row.path
    if name == "agent":
        return agent_in_words(row.agent)
    return str(getattr(row, name))


def _sign(row: FetchRow) -> str:
    """The signs of the other lists: as published, an older version, refused."""
    if row.verdict != SERVED:
        return "!"
    return "=" if row.is_current else "~"


class FetchesScreen(ViewedList):
    """What phones asked for, newest first; Enter goes to where a refused request is mended."""

    where = "fetches"
    list_name = "requests"
    filter_help = LOG_HELP
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("fetches")
    words = "Requests of phones"
    filter_hint = "type: verdict:key, -verdict:served, device:desk"
    empty = "No request matches. Phones' requests to tuiprov serve are listed here."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._source: _Requests | None = None
        self._why = Bar(id="why")
        self._newest = -1
        """The newest request at the last look."""

    def compose(self) -> ComposeResult:
        *above, keys = super().compose()
        yield from above
        yield self._why
        yield keys

    def on_mount(self) -> None:
        super().on_mount()
        self.table.follows_top = True
        self.set_interval(REFRESH_SECONDS, self._follow)

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE if wide else _NARROW

    def choices(self, session: Session) -> Sequence[Column]:
        return _CHOICES

    def source(self, session: Session) -> _Requests:
        self._source = _Requests(session.fetching)
        return self._source

    def about_list(self) -> str:
        return "live at the top"

    def on_screen_resume(self) -> None:
        """Back from a page, where what was wrong may have been mended."""
        if self.is_shown.is_set():
            self.reload(self._note)

    def moved(self) -> None:
        self._show_why()

    def shown(self) -> None:
        self._show_why()

    # -- what the user does ---------------------------------------------------------------------

    def open_record(self, id: int) -> None:
        """Go to the device, to the setting that decides, or adopt the phone."""
        row, session = self._row(), self.session
        if row is None or session is None:
            return
        try:
            remedy = session.fetching.remedy(row)
        except TuiprovError as error:
            self.tell("This cannot be opened", error)
            return
        if remedy.kind == "device":
            self._open_device(session, remedy.device_id, why(row).field)
        elif remedy.kind == "setting":
            self._open_setting(session, remedy.setting)
        elif remedy.kind == "adopt" and self.navigator.may("devices.add"):
            self._adopt(session, remedy.stranger)
        else:
            self.show_keys(note=remedy.problem or "The inventory does not have this phone.")

    def action_adopt(self) -> None:
        """Add the phone that asked to the inventory."""
        row, session = self._row(), self.session
        if row is None or session is None:
            return
        stranger = stranger_of(row)
        if row.device_id is not None:
            self.show_keys(note="The inventory has this phone: Enter opens its page.")
        elif session.fetching.device_with(stranger.mac):
            self.show_keys(note="A device has this MAC address already: Enter opens its page.")
        elif not stranger.mac:
            self.show_keys(note="Neither its path nor its User-Agent holds a MAC address.")
        else:
            self._adopt(session, stranger)

    def action_go_to_extension(self) -> None:
        """Go to the page of the first extension on the device that asked."""
        row, session = self._row(), self.session
        if row is None or session is None or row.device_id is None:
            self.show_keys(note="No device of the inventory asked this.")
            return
        try:
            lines = session.inventory.row(row.device_id).lines
        except TuiprovError as error:
            self.tell("This device cannot be opened", error)
            return
        if lines:
            self.navigator.open_page(lines[0].extension_id)
        else:
            self.show_keys(note="This device serves no extension of yours.")

    # -- parts ----------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Read the log again while one looks at its newest line."""
        is_ready = self.is_shown.is_set() and not self._is_loading
        if is_ready and self.is_current and self.table.cursor == 0 and self._has_grown():
            self.reload(self._note)

    def _has_grown(self) -> bool:
        """Has anybody asked since the last look? One look at an index, and no word to the
        terminal while nothing happens."""
        before = self._newest
        try:
            if self.session is not None:
                self._newest = self.session.fetching.newest()
        except TuiprovError:
            return False
        return self._newest != before

    def _row(self) -> FetchRow | None:
        chosen = self.table.cursor_id
        if chosen is None or self._source is None:
            return None
        try:
            return self._source.row(chosen)
        except TuiprovError:
            return None

    def _open_device(self, session: Session, device_id: int, field: str) -> None:
        try:
            screen = DevicePage(session, session.inventory.open(device_id))
            screen.begin_at = field
            self.app.push_screen(screen)
        except TuiprovError as error:
            self.tell("This device cannot be opened", error)

    def _open_setting(self, session: Session, name: str) -> None:
        from tuiprov.screens.preferences import PreferencesScreen

        try:
            screen = PreferencesScreen(session)
            screen.begin_at = name
            self.app.push_screen(screen)
        except TuiprovError as error:
            self.tell("This setting cannot be opened", error)

    def _adopt(self, session: Session, stranger: Stranger) -> None:
        def add(owner_id: int) -> None:
            try:
                draft: DeviceDraft = session.fetching.adopt(stranger, owner_id)
                self.app.push_screen(DevicePage(session, draft))
            except TuiprovError as error:
                self.tell("This phone cannot be adopted", error)

        choose_owner(self, session.inventory, add)

    def _show_why(self) -> None:
        row = self._row()
        lines = _about(row) if row is not None else []
        width = self.app.size.width - 2
        shown = [(line, style) for text, style in lines for line in wrap(text, width, 2)]
        self._why.show(*([run] for run in shown[:_WHY_LINES]))


def _about(row: FetchRow) -> list[Run]:
    """The request, what it means and what to do, the chain of questions, who asked."""
    asked = f"{row.protocol} {row.method} {row.path} from {row.address}"
    questions = ", ".join(f"{word} {'ok' if yes else 'NO'}" for word, yes in chain(row))
    is_served = row.verdict == SERVED
    reason = why(row)
    words = reason.means if is_served else f"{reason.means} {reason.todo}"
    return [
        (visible(f"{asked}: {row.status} {in_words(row)}"), "bar--title"),
        (words, "bar--dim" if is_served else "bar--note"),
        (f"Asked: {questions}.", "bar--dim"),
        (visible(f"Agent: {row.agent}"), "bar--dim"),
    ]
