"""A question that is answered with one line of text, in a box."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.text import visible
from tuiprov.widgets.compat import Run, shorten
from tuiprov.widgets.dialog import Box
from tuiprov.widgets.edit_line import EDIT_KEYS, EditLine

KEYS = "Enter accept   Esc cancel"
ROOM = 50
"""Cells for the answer, where the screen has them."""


class _LineBox(Box):
    """The words of the question and, under them, the line."""

    def __init__(self, title: str, words: Sequence[str], text: str) -> None:
        super().__init__(title, KEYS)
        self.line_of_text = EditLine.of(text)
        self._words = [visible(line) for line in words]

    def on_mount(self) -> None:
        self.fit_screen(max(ROOM, *(len(line) for line in (*self._words, ""))))

    def say(self, at: int, words: str) -> None:
        self._words[at] = visible(words)

    def body_count(self) -> int:
        return len(self._words) + 1

    def body(self, at: int) -> list[Run]:
        if at < len(self._words):
            return [(shorten(self._words[at], self.area.width), "box--dim")]
        before, here, after = self.line_of_text.around(visible)
        # What does not fit gives way at its start: one types at the end.
        room = max(1, self.area.width - len(here) - len(after))
        return [
            (before[-room:] if len(before) > room else before, ""),
            (here, "box--current"),
            (after, ""),
        ]


class Ask(ModalScreen[str | None]):
    """Answers the text that was typed, or None on Escape."""

    DEFAULT_CSS = "Ask { align: center middle; }"

    def __init__(self, title: str, words: Sequence[str] = (), text: str = "") -> None:
        super().__init__()
        self._box = _LineBox(title, words, text)

    def compose(self) -> ComposeResult:
        yield self._box

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self._box.line_of_text.text

    def say(self, at: int, words: str) -> None:
        """Other words on one of the lines of the question."""
        self._box.say(at, words)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            self.dismiss(self._box.line_of_text.text)
        elif event.key in EDIT_KEYS:
            self._edit(EDIT_KEYS[event.key](self._box.line_of_text))
        elif event.is_printable and event.character:
            self._edit(self._box.line_of_text.insert(event.character))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._edit(self._box.line_of_text.paste(event.text))

    def _edit(self, line: EditLine) -> None:
        self._box.line_of_text = line
        self._box.repaint()
