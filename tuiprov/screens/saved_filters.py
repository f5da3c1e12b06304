"""The saved filters of a list: take one, save the present one under a name, remove one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.errors import TuiprovError
from tuiprov.list_views import ListViews
from tuiprov.text import visible
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.picker import Option, OptionBox

_KEYS: Final = "Enter take   Ctrl+S save under the typed name   Del remove   Esc close"


class SavedFilters(ModalScreen[str | None]):
    """Answers the text of the filter that was taken, or None. `note` says what was done."""

    DEFAULT_CSS = "SavedFilters { align: center middle; }"

    def __init__(self, views: ListViews, present: str) -> None:
        super().__init__()
        self.note = ""
        self._views = views
        self._present = present.strip()
        self._typed = ""
        self._asked = ""
        """The key that was answered with a question: pressed again, it means it."""
        self._texts = {one.name: one.text for one in views.filters}
        self._list = OptionBox("Saved filters", self._options(), _KEYS)
        self._list.head += [("", ""), ("", "")]

    def compose(self) -> ComposeResult:
        yield self._list

    def on_mount(self) -> None:
        self._show()

    def _options(self) -> list[Option]:
        """Those whose name or text holds what is typed."""
        width = max(map(cell_len, self._texts), default=0)
        wanted = self._typed.lower()
        return [
            (name, f"{name}{' ' * (width - cell_len(name))}  {text}")
            for name, text in self._texts.items()
            if wanted in f"{name} {text}".lower()
        ]

    def _show(self, question: str = "") -> None:
        present = f"present filter: {visible(self._present)}" if self._present else "no filter now"
        self._list.head[1] = (f"name: {visible(self._typed)}_", "")
        self._list.head[2] = (question, "box--title") if question else (present, "box--dim")
        self._list.nothing = "nothing matches" if self._texts else "no filter is saved yet"
        self._list.update(self._options(), self._list.current)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        again, self._asked = self._asked == event.key, ""
        known: dict[str, Callable[[], None]] = {
            "escape": lambda: self._close(None),
            "enter": self._take,
            "ctrl+s": lambda: self._save(sure=again),
            "delete": lambda: self._remove(sure=again),
        }
        if event.key in known:
            known[event.key]()
        elif self._list.move(event.key):
            self._show()
        else:
            self._type(event)

    def _type(self, event: events.Key) -> None:
        if event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.key == "ctrl+u":
            self._typed = ""
        elif event.is_printable and event.character:
            self._typed += event.character
        self._show()

    def _take(self) -> None:
        if self._list.current is not None:
            self._close(self._texts[self._list.current])

    def _save(self, *, sure: bool) -> None:
        if not self._typed:
            self._show("Type a name for the present filter, then Ctrl+S.")
        elif self._typed in self._texts and not sure:
            self._asked = "ctrl+s"
            self._show(f"There is {self._typed} already: Ctrl+S again replaces it.")
        elif self._did("Not saved", lambda: self._views.save(self._typed, self._present)):
            self.note = f"Saved as @{self._typed}."
            self._close(None)

    def _remove(self, *, sure: bool) -> None:
        name = self._list.current
        if name is None:
            return
        if not sure:
            self._asked = "delete"
            self._show(f"Del again removes {name}.")
        elif self._did("Not removed", lambda: self._views.remove(name)):
            del self._texts[name]
            self._show(f"Removed {name}.")

    def _did(self, title: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except TuiprovError as error:
            self.app.push_screen(Dialog(title, str(error).splitlines(), [("enter", "close")]))
            return False
        return True

    def _close(self, text: str | None) -> None:
        self.dismiss(text)
