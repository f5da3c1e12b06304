"""A question or a message in a box, answered by one key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.strip import Strip

from tuiprov.text import visible
from tuiprov.widgets.compat import ASCII_SIGNS, SIGNS, LineView, Run, shorten, wrap

FRAME = 4  # One cell of border and one of padding on either side.
MOST_LINES = 500
HARD_BLANK = "\u00a0"
"""Ends the column in front of a paragraph."""
KEY_NAMES = {"enter": "Enter", "escape": "Esc"}


class Box(LineView):
    """A framed view of text lines over a screen, as large as its text needs and the screen allows.

    The keys line always stays visible; the lines between it and the title scroll.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"box--{part}" for part in ("title", "keys", "current", "dim")
    }
    DEFAULT_CSS = """
    Box {
        max-width: 100%;
        max-height: 100%;
        border: round $primary;
        padding: 0 1;
        background: $surface;
        &.-ascii { border: ascii $primary; }
        .box--title { color: $foreground; text-style: bold; }
        .box--keys { color: $text-accent; }
        .box--current { color: $foreground; text-style: reverse; }
        .box--dim { color: $text-muted; }
    }
    """

    def __init__(self, title: str, keys: str) -> None:
        super().__init__()
        self.head: list[Run] = [(visible(title), "box--title")]
        """Lines that stay at the top."""
        self.keys = visible(keys)
        self.set_class(SIGNS is ASCII_SIGNS, "-ascii")

    def body_count(self) -> int:
        """How many lines there are between head and keys."""
        raise NotImplementedError

    def body(self, at: int) -> list[Run]:
        """Line `at` of them."""
        raise NotImplementedError

    @property
    def body_height(self) -> int:
        """How many of them fit into the box."""
        return max(1, self.area.height - len(self.head) - 1)

    def line_count(self) -> int:
        return self.body_count() + len(self.head) + 1

    def line(self, y: int) -> Strip:
        return self.strip(self._runs(y), self.area.width)

    def _runs(self, y: int) -> list[Run]:
        if y == self.area.height - 1:
            return self._last_line()
        if y < len(self.head):
            text, style = self.head[y]
            return [(shorten(text, self.area.width), style)]
        at = self.top + y - len(self.head)
        return self.body(at) if at < self.body_count() else []

    def _last_line(self) -> list[Run]:
        """The keys, and how many lines there are below; these words go first where it is narrow."""
        keys = shorten(self.keys, self.area.width)
        below = self.body_count() - self.top - self.body_height
        words = _more(below) if below > 0 else ""
        if cell_len(keys + words) > self.area.width:
            words = ""
        return [(keys, "box--keys"), (words, "box--dim")]

    def fit_screen(self, longest: int) -> None:
        """Take the size that lines of this length need."""
        room = self.app.size
        is_cut = self.line_count() + 2 > room.height
        keys = self.keys + (_more(self.body_count()) if is_cut else "")
        widest = max(longest, cell_len(keys), *(cell_len(text) for text, _ in self.head))
        self.styles.width = max(10, min(widest + FRAME, room.width))
        self.styles.height = min(self.line_count() + 2, room.height)


def _more(count: int) -> str:
    return f"   {SIGNS.more} {count} more"


class MessageBox(Box):
    """Plain lines, and the keys that answer."""

    def __init__(self, title: str, lines: Sequence[str], keys: str) -> None:
        super().__init__(title, keys)
        self._given = [visible(line) for line in lines]
        self._lines: list[str] = list(self._given)

    def on_mount(self) -> None:
        width = self.app.size.width - FRAME
        self._wrap(width)
        self.fit_screen(max(map(cell_len, self._lines), default=0))

    def lay_out(self) -> None:
        self._wrap(self.area.width)

    def _wrap(self, width: int) -> None:
        self._lines = [part for line in self._given for part in _paragraph(line, width)]

    def body_count(self) -> int:
        return len(self._lines)

    def body(self, at: int) -> list[Run]:
        return [(self._lines[at], "")]


def _paragraph(text: str, width: int) -> Sequence[str]:
    """A paragraph in lines of this width; what stands before the last hard blank (U+00A0) is a
    column of its own, which the words beside it leave free."""
    column, hard, words = text.rpartition(HARD_BLANK)
    left = cell_len(column + hard)
    if not left or left > width // 2:
        return wrap(text, width, MOST_LINES) or ("",)
    first, *others = wrap(words, width - left, MOST_LINES) or ("",)
    return (f"{column}{hard}{first}", *(f"{' ' * left}{line}" for line in others))


class Dialog(ModalScreen[str | None]):
    """Shows lines of plain text; the answer is the key of the choice that was pressed.

    Args:
        title: what it is about.
        lines: plain text, one paragraph each; hard blanks end a column in front of it.
        choices: key (a letter, a digit or `enter`) and words of each answer. Escape always
            answers None; list it as `escape` to give it words.
    """

    DEFAULT_CSS = "Dialog { align: center middle; }"

    def __init__(
        self, title: str, lines: Sequence[str], choices: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__()
        self._answers = {key.lower() for key, _ in choices}
        self._heading = title
        self._lines = lines
        self._keys = "   ".join(f"{KEY_NAMES.get(key, key)} {words}" for key, words in choices)

    def compose(self) -> ComposeResult:
        yield MessageBox(self._heading, self._lines, self._keys)

    def on_key(self, event: events.Key) -> None:
        box = self.query_one(MessageBox)
        pages = {"up": -1, "down": 1, "pageup": -box.body_height, "pagedown": box.body_height}
        key = (event.character or event.key).lower() if event.is_printable else event.key
        event.stop()
        event.prevent_default()
        if key == "escape":
            self.dismiss(None)
        elif key in self._answers:
            self.dismiss(key)
        elif key in pages:
            box.scroll_lines(pages[key])
