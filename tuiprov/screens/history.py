"""What was done on this site, the latest first; and one operation, field by field, to be taken
back as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.actions import Action
from tuiprov.data.history.archive import EventRow, change_words
from tuiprov.errors import TuiprovError
from tuiprov.screens.base import bindings_of
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.text_screen import TextScreen
from tuiprov.screens.viewed_list import LOG_HELP, ViewedList
from tuiprov.text import local_time, visible
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.preview import PreviewLine
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.data.together.operation import Operation
    from tuiprov.orders.order import OnRecord
    from tuiprov.session import Session

_NARROW = (
    Column("at", "When", 16),
    Column("who", "Who", 14),
    Column("action", "What", 9),
    Column("subject", "Of", 12),
    Column("detail", "Fields", 20, flex=True),
)
_WIDE = (
    Column("at", "When", 16),
    Column("who", "Who", 28),
    Column("action", "What", 16),
    Column("subject", "Of", 24),
    Column("changes", "Changes", 7),
    Column("detail", "Fields", 30, flex=True),
)


class _Events:
    """The list's source."""

    def __init__(self, session: Session):
        self._session = session

    def ids(self, words: str, _most: int | None = None, _stop: Stop | None = None) -> Sequence[int]:
        return self._session.archive.ids(self._session.viewer, words)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        rows = self._session.archive.rows(self._session.viewer, ids)
        return {id: [_cell(row, name) for name in columns] for id, row in rows.items()}


def _cell(row: EventRow, name: str) -> str:
    if name == "at":
        return local_time(row.at)
    if name == "changes":
        return str(row.changes or "")
    if name == "detail" and row.undone_by:
        return f"taken back  {row.detail}"
    return str(getattr(row, name))


class HistoryScreen(ViewedList):
    """Enter shows what an operation changed."""

    where = "history"
    list_name = "history"
    filter_help = LOG_HELP
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("history")
    words = "History"
    filter_hint = "type: who:anna, -what:publish, an extension, a field"
    empty = "Nothing was done that matches."

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE if wide else _NARROW

    def choices(self, session: Session) -> Sequence[Column]:
        return _WIDE

    def source(self, session: Session) -> _Events:
        return _Events(session)

    def open_record(self, id: int) -> None:
        session = self.session
        if session is None:
            return
        try:
            row = session.archive.rows(session.viewer, [id])[id]
            lines = [change_words(one) for one in session.archive.changes(session.viewer, id)]
        except TuiprovError as error:
            self.tell("This cannot be shown", error)
            return
        self.app.push_screen(OperationScreen(row, lines), lambda yes: self._undo(row, bool(yes)))

    def _undo(self, row: EventRow, sure: bool) -> None:
        session = self.session
        if session is None or not sure:
            return
        operation = session.store.operations.start()

        def work(on_record: OnRecord) -> tuple[set[int], set[int]]:
            with operation.storing():
                devices = session.undo(row.id, on_record)
            return devices, session.undone(row.id)

        taken_back = partial(self._taken_back, session, operation)
        self.work_on("Take the operation back", work, taken_back, self._failed)

    def _failed(self, error: TuiprovError) -> None:
        self.tell("Not taken back", error)
        self.reload()

    def _taken_back(
        self, session: Session, operation: Operation, found: tuple[set[int], set[int]]
    ) -> None:
        """The data is as before; the phones' files follow when the plan is applied."""
        if not any(found) or not session.may("files.publish"):
            operation.finish()
            self.reload("Taken back.")
            return
        plan_of, waves = partial(session.plan_of, *found), self.navigator.show_waves
        screen = PlanScreen(plan_of, "the phones concerned", in_waves=waves)

        def published(words: str, error: TuiprovError | None) -> None:
            if error is not None:
                operation.give_up()
                self.tell("Not published", error)
            else:
                operation.finish()
            self.reload(f"Taken back. {words}")

        def answer(apply: bool | None) -> None:
            if apply and screen.plan:
                self.navigator.publish(screen.plan, published)
            else:
                operation.finish()
                self.reload("Taken back; the phones' files are as before.")

        self.app.push_screen(screen, answer)


class OperationScreen(TextScreen):
    """What one operation changed. Answers True to take it back."""

    where = "operation"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("operation")

    def __init__(self, row: EventRow, lines: Sequence[str]) -> None:
        super().__init__()
        self._row = row
        self._texts = lines

    def on_mount(self) -> None:
        row = self._row
        about = f"  {row.action} {row.subject}  {local_time(row.at)}  {row.who}"
        self.title_bar.show([("Operation", "bar--title"), (visible(about), "bar--dim")])
        taken = "It was taken back already." if row.undone_by else ""
        self._summary.show([(taken or f"{row.changes} changes", "bar--note" if taken else "")])
        self._changes.focus()
        lines = [PreviewLine(visible(text)) for text in self._texts]
        if row.changes > len(lines):
            lines.append(PreviewLine(f"… and {row.changes - len(lines)} more"))
        self._changes.show(lines, empty="It changed no data.")
        self.show_keys()

    def action_take_back(self) -> None:
        question = Dialog(
            "Take this operation back?",
            [
                "All that it changed becomes what it was before.",
                "What somebody changed since is named, and then nothing is taken back.",
            ],
            [("y", "take back"), ("escape", "leave it")],
        )  # fmt: skip
        self.app.push_screen(question, self._answer)

    def _answer(self, key: str | None) -> None:
        if key == "y":
            self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _actions(self) -> list[Action]:
        absent = {"take_back"} if not self._row.changes or self._row.undone_by else set()
        return [action for action in super()._actions() if action.id not in absent]
