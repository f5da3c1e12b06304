"""*Changed by anna at 10:42*: the fields that both changed, and whose value each of them gets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.data.together.meeting import Clash, Meeting
from tuiprov.text import visible
from tuiprov.widgets.compat import SIGNS, Run, fit, scrolled, shorten, wrap
from tuiprov.widgets.dialog import Box

KEYS = "Y yours   T theirs   A all yours   H all theirs   Enter go on   Esc back"
_YOURS, _THEIRS = "yours", "theirs"
_CHOICES = {
    "y": _YOURS,
    "left": _YOURS,
    "t": _THEIRS,
    "right": _THEIRS,
}
_FOR_ALL = {"a": _YOURS, "h": _THEIRS}
_MOST_LABEL = 26
_WIDEST = 100
_DETAIL_LINES = 2
_EMPTY = "(empty)"


class _Sides(Box):
    """A row for each field, with your value and theirs; the chosen one stands in brackets."""

    def __init__(self, meeting: Meeting) -> None:
        super().__init__(f"Changed by {meeting.last} while you edited", KEYS)
        self.rows = meeting.both
        self.cursor = 0
        self.chosen: dict[str, str] = {}
        """Field → whose value it gets; not in it: undecided yet."""
        self.note = ""
        self._theirs = meeting.theirs
        self._lines: list[list[Run]] = []

    def on_mount(self) -> None:
        self.styles.width = min(_WIDEST, self.app.size.width)
        self._write(self.app.size.width)
        self.styles.height = min(len(self._lines) + len(self.head) + 3, self.app.size.height)

    def lay_out(self) -> None:
        self._write(self.area.width)
        last = self.cursor + _FIRST_ROW
        self.top = scrolled(
            self.top, last if self.cursor else 0, last, self.body_height, self.body_count()
        )

    def body_count(self) -> int:
        return len(self._lines)

    def body(self, at: int) -> list[Run]:
        return self._lines[at]

    def move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.rows) - 1))
        self.show()

    def show(self) -> None:
        self.lay_out()
        self.repaint()

    def _write(self, width: int) -> None:
        """All lines between the title and the keys."""
        label = min(_MOST_LABEL, max((cell_len(one.label) for one in self.rows), default=0))
        side = max(8, (width - label - 6) // 2)
        heading = f"  {fit('', label)}  {fit('Yours', side)}  Theirs"
        self._lines = [[(shorten(self.note or _ASKED, width), "box--dim")], [(heading, "box--dim")]]
        for at, one in enumerate(self.rows):
            self._lines.append(self._row(one, label, side, at == self.cursor))
        self._lines.append([("", "")])
        self._lines += self._detail(width)
        if self._theirs:
            self._lines += [[("", "")], [("Only they changed; it comes in by itself:", "box--dim")]]
            for one in self._theirs:
                words = f"  {one.label}: {one.yours or _EMPTY} → {one.theirs or _EMPTY}"
                self._lines.append([(shorten(visible(words), width), "")])

    def _row(self, one: Clash, label: int, side: int, is_current: bool) -> list[Run]:
        chosen = self.chosen.get(one.name)
        sign = f"{SIGNS.cursor} " if is_current else "  "
        texts = [
            fit(_bracketed(text, whose == chosen, side), side)
            for text, whose in ((one.yours, _YOURS), (one.theirs, _THEIRS))
        ]
        style = "box--current" if is_current else ""
        return [(f"{sign}{fit(one.label, label)}  {texts[0]}  {texts[1]}", style)]

    def _detail(self, width: int) -> list[list[Run]]:
        """The values of the row with the cursor in full, as far as there is room."""
        one = self.rows[self.cursor]
        lines: list[list[Run]] = []
        for words, text in (("Yours: ", one.yours), (f"Theirs, {one.said}: ", one.theirs)):
            shown = wrap(visible(f"{words}{text or _EMPTY}"), width, _DETAIL_LINES)
            lines += [[(line, "")] for line in shown]
        return lines


_ASKED = "You both changed these fields. Choose for each:"
_FIRST_ROW = 2
"""How many lines stand above the first row."""


def _bracketed(text: str, is_chosen: bool, width: int) -> str:
    shown = shorten(visible(text or _EMPTY), width - 2)
    return f"[{shown}]" if is_chosen else f" {shown} "


class MergeScreen(ModalScreen[frozenset[str] | None]):
    """Answers the fields whose value is to be theirs, or None to go back and save nothing."""

    DEFAULT_CSS = "MergeScreen { align: center middle; }"

    def __init__(self, meeting: Meeting) -> None:
        super().__init__()
        self._box = _Sides(meeting)

    def compose(self) -> ComposeResult:
        yield self._box

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.key.lower()
        box = self._box
        moves = {"up": -1, "down": 1, "tab": 1, "shift+tab": -1}
        if key == "escape":
            self.dismiss(None)
        elif key == "enter":
            self._go_on()
        elif key in moves:
            box.move(moves[key])
        elif key in ("pageup", "pagedown"):
            box.scroll_lines(box.body_height if key == "pagedown" else -box.body_height)
        elif key in _CHOICES:
            self._choose([box.rows[box.cursor]], _CHOICES[key])
            box.move(1)
        elif key in _FOR_ALL:
            self._choose(box.rows, _FOR_ALL[key])
            box.show()

    def _choose(self, rows: Sequence[Clash], whose: str) -> None:
        self._box.note = ""
        self._box.chosen |= {one.name: whose for one in rows}

    def _go_on(self) -> None:
        """Answer, or go to the first field that nobody has decided."""
        box = self._box
        left = [at for at, one in enumerate(box.rows) if one.name not in box.chosen]
        if not left:
            self.dismiss(frozenset(n for n, whose in box.chosen.items() if whose == _THEIRS))
            return
        box.note = f"{len(left)} still to choose: Y yours, T theirs."
        box.cursor = left[0]
        box.show()
