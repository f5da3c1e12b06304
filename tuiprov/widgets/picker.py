"""Choosing from a list in a box: one of many, or several in an order."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.text import visible
from tuiprov.widgets.compat import SIGNS, Run, fit, scrolled
from tuiprov.widgets.dialog import Box

Option = tuple[str, str]

PICK_KEYS = "type to filter   Enter choose   Esc cancel"
ORDER_KEYS = "Space tick   + - move   Enter accept   Esc cancel"


class OptionBox(Box):
    """Options with a cursor; `signs` stands in front of each and says what is chosen."""

    def __init__(self, title: str, options: Sequence[Option], keys: str) -> None:
        super().__init__(title, keys)
        self.options = list(options)
        self.cursor = 0
        self.signs: dict[str, str] = {}
        """The sign in front of an option, by its value; all have the same width."""
        self.nothing = "nothing matches"
        """What an empty list says."""

    def on_mount(self) -> None:
        longest = max((cell_len(self._text(at)) for at in range(len(self.options))), default=0)
        self.fit_screen(longest)

    def lay_out(self) -> None:
        self._keep_in_view()

    @property
    def current(self) -> str | None:
        """Value of the option under the cursor."""
        return self.options[self.cursor][0] if self.options else None

    def body_count(self) -> int:
        return max(1, len(self.options))

    def body(self, at: int) -> list[Run]:
        if not self.options:
            return [(self.nothing, "box--dim")]
        text = self._text(at)
        return [(fit(text, self.area.width), "box--current" if at == self.cursor else "")]

    def update(self, options: Sequence[Option], current: str | None) -> None:
        """Show these options, with the cursor on the one of this value or on the first."""
        self.options = list(options)
        values = [value for value, _ in options]
        self.cursor = values.index(current) if current in values else 0
        self._keep_in_view()
        self.repaint()

    def move(self, key: str) -> bool:
        """Move the cursor if that is what the key means."""
        page, end = self.body_height, len(self.options)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -end, "end": end}
        if key not in steps:
            return False
        self.cursor = max(0, min(self.cursor + steps[key], end - 1))
        self._keep_in_view()
        self.repaint()
        return True

    def _text(self, at: int) -> str:
        value, words = self.options[at]
        cursor = SIGNS.cursor if at == self.cursor else " "
        return f"{cursor}{self.signs.get(value, ' ')} {visible(words)}"

    def _keep_in_view(self) -> None:
        at, height = self.cursor, self.body_height
        self.top = scrolled(self.top, at, at, height, len(self.options))


class Picker(ModalScreen[str | None]):
    """Choose one option, narrowing the list by typing; answers its value, or None on Escape."""

    DEFAULT_CSS = "Picker { align: center middle; }"

    def __init__(self, title: str, options: Sequence[Option], value: str) -> None:
        super().__init__()
        self._options = list(options)
        self._value = value
        self._filter = ""
        self._list = OptionBox(title, options, PICK_KEYS)
        self._list.signs = {value: "*"}
        self._list.head.append(("", ""))

    def compose(self) -> ComposeResult:
        yield self._list

    def on_mount(self) -> None:
        self._narrow("")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            if self._list.current is not None:
                self.dismiss(self._list.current)
        elif not self._list.move(event.key):
            self._type(event)

    def _type(self, event: events.Key) -> None:
        if event.key == "backspace":
            self._narrow(self._filter[:-1])
        elif event.key == "ctrl+u":
            self._narrow("")
        elif event.is_printable and event.character:
            self._narrow(self._filter + event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._narrow(self._filter + " ".join(event.text.split()))

    def _narrow(self, text: str) -> None:
        """Keep the options that hold every typed word, in their value or their words."""
        self._filter = text
        wanted = text.lower().split()
        kept = [
            option
            for option in self._options
            if all(word in f"{option[1]} {option[0]}".lower() for word in wanted)
        ]
        count = f"{len(kept)} of {len(self._options)}"
        self._list.head[1] = (f"filter: {visible(text)}_   {count}", "box--dim")
        self._list.update(kept, self._list.current if text else self._value)


class OrderPicker(ModalScreen[str | None]):
    """Tick options and put them in order; answers the ticked values as a comma list, or None."""

    DEFAULT_CSS = "OrderPicker { align: center middle; }"

    def __init__(
        self, title: str, options: Sequence[Option], value: str, *, keys: str = ORDER_KEYS
    ) -> None:
        super().__init__()
        words = dict(options)
        given = (part.strip() for part in value.split(","))
        self._ticked = list(dict.fromkeys(part for part in given if part))
        # A value that is no option any more stays ticked until the user takes it out.
        self._words = words | {value: value for value in self._ticked if value not in words}
        self._list = OptionBox(title, self._in_order(), keys)
        self._mark()

    def compose(self) -> ComposeResult:
        yield self._list

    def _in_order(self) -> list[Option]:
        rest = [value for value in self._words if value not in self._ticked]
        return [(value, self._words[value]) for value in (*self._ticked, *rest)]

    def _mark(self) -> None:
        width = len(str(len(self._words)))
        blank = " [ ] " + " " * (width + 1)
        numbers = {value: at for at, value in enumerate(self._ticked, 1)}
        self._list.signs = {
            value: f" [x] {numbers[value]:>{width}}." if value in numbers else blank
            for value in self._words
        }

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        up, down = ("ctrl+up", "alt+up", "plus"), ("ctrl+down", "alt+down", "minus")
        moves = dict.fromkeys((*up, "less_than_sign"), -1)
        moves |= dict.fromkeys((*down, "greater_than_sign"), 1)
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            self.dismiss(",".join(self._ticked))
        elif event.key == "space":
            self._tick()
        elif event.key == "ctrl+u":
            self._ticked.clear()
            self._redraw(self._list.current)
        elif event.key in moves:
            self._shift(moves[event.key])
        else:
            self._list.move(event.key)

    def _tick(self) -> None:
        value = self._list.current
        if value in self._ticked:
            self._ticked.remove(value)
        elif value is not None:
            self._ticked.append(value)
        self._redraw(value)

    def _shift(self, by: int) -> None:
        value = self._list.current
        if value not in self._ticked:
            return
        at = self._ticked.index(value)
        to = max(0, min(at + by, len(self._ticked) - 1))
        self._ticked.insert(to, self._ticked.pop(at))
        self._redraw(value)

    def _redraw(self, value: str | None) -> None:
        self._mark()
        self._list.update(self._in_order(), value)
