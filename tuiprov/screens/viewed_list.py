"""A list that each account looks at in its own way: saved filters, a filter that completes itself,
and columns chosen and put in order.

Imports nothing of the data layer: the list of extensions is part of the first frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events

from tuiprov.errors import TuiprovError
from tuiprov.screens.list_screen import ListScreen
from tuiprov.widgets.picker import OrderPicker
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.screens.completing import Completing
    from tuiprov.session import Session

_COLUMN_KEYS = "Space tick   < > move   Ctrl+U usual ones   Enter accept   Esc cancel"
_WORDS = 'Filter by words and by field:value, with - in front for "not".'
_TAB = "Tab completes; Tab again and Shift+Tab: the others. @name: a saved filter."
_FILTER_HELP = (
    _WORDS,
    "Compare numbers and versions: line:2, update_interval:>=60, firmware:<84.",
    "How long ago (s m h d w): fetched:>7d, published:<2h, fetched:never.",
    _TAB,
)
LOG_HELP = (_WORDS, _TAB)
"""What there is to say of the filter of what happened."""


class ViewedList(ListScreen):
    """A list whose account keeps filters and columns for it."""

    list_name: ClassVar[str]
    """Its name where these are kept."""
    filter_help: ClassVar[Sequence[str]] = _FILTER_HELP

    def __init__(self, session: Session | None = None) -> None:
        super().__init__(session)
        self._chosen: Sequence[Column] = ()
        """The columns that the account chose; none: the usual ones."""
        self._chosen_by: Session | None = None
        self._completing: Completing | None = None
        self._completing_for: Session | None = None

    def choices(self, session: Session) -> Sequence[Column]:
        """All columns that this viewer may choose."""
        raise NotImplementedError

    def typing_help(self) -> list[str]:
        return list(self.filter_help)

    # -- columns --------------------------------------------------------------------------------

    def prepare(self, session: Session) -> None:
        if session is not self._chosen_by:
            self._choose(session, session.chosen_columns(self.list_name))

    def present_columns(self) -> Sequence[Column]:
        return self._chosen or super().present_columns()

    def action_columns(self) -> None:
        """Choose the columns and their order."""
        session = self.session
        if session is None:
            return
        options = [(one.name, one.label or one.name) for one in self.choices(session)]
        usual = ",".join(one.name for one in super().present_columns())
        now = ",".join(one.name for one in self.present_columns())

        def accepted(names: str | None) -> None:
            if names is not None and names != now:
                self._keep(session, () if names == usual else tuple(filter(None, names.split(","))))

        self.app.push_screen(OrderPicker("Columns", options, now, keys=_COLUMN_KEYS), accepted)

    def _keep(self, session: Session, names: tuple[str, ...]) -> None:
        try:
            session.list_views(self.list_name).choose(names)
        except TuiprovError as error:
            self.tell("The columns could not be kept", error)
        else:
            self._choose(session, names)
            self.reload()

    def _choose(self, session: Session, names: Sequence[str]) -> None:
        known = {one.name: one for one in self.choices(session)} if names else {}
        self._chosen = [known[name] for name in names if name in known]
        self._chosen_by = session

    # -- saved filters --------------------------------------------------------------------------

    def action_saved_filters(self) -> None:
        """Take a saved filter, save the present one, remove one."""
        from tuiprov.screens.saved_filters import SavedFilters

        if self.session is None:
            return
        try:
            screen = SavedFilters(self.session.list_views(self.list_name), self.filter)
        except TuiprovError as error:
            self.tell("There are no saved filters", error)
            return

        def closed(text: str | None) -> None:
            if text is not None:
                self._set_filter(text)
            elif screen.note:
                self.say(screen.note)

        self.app.push_screen(screen, closed)

    # -- completion -----------------------------------------------------------------------------

    def proposed(self) -> str:
        return self._completing.ghost if self._completing is not None and self.filter else ""

    def filter_set(self) -> None:
        completing = self._completer()
        if completing is not None:
            completing.follow(self.filter)

    def filter_key(self, event: events.Key) -> bool:
        if self._completing is not None and self._completing.is_awaited:
            self._awaited.hold(event)
        elif event.key in ("tab", "shift+tab"):
            self.table.is_walked = False
            self._complete(-1 if event.key == "shift+tab" else 1)
        else:
            return False
        return True

    def _complete(self, by: int) -> None:
        completing = self._completer()
        if completing is not None:
            if not self.filter:
                completing.begin()
            completing.step(by)

    def _completer(self) -> Completing | None:
        session = self.session
        if session is not None and session is not self._completing_for:
            from tuiprov.screens.completing import Completing  # there since the session is

            self._completing = Completing(
                self, session.list_views(self.list_name), self._proposed_now, self._take
            )
            self._completing_for = session
            self._completing.follow(self.filter)
        return self._completing

    def _proposed_now(self) -> None:
        """The database's proposals are there."""
        self._show_filter()
        self._awaited.release()

    def _take(self, text: str) -> None:
        self._replace_filter(text)
        if self._completing is not None:
            self._completing.taken(text)
            self._show_filter()
