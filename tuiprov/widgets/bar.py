"""A few lines of styled text that do not scroll: titles, tabs, hints, the keys at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.strip import Strip

from tuiprov.widgets.compat import LineView, Run


class Bar(LineView, can_focus=False):
    """Shows lines of runs (text, component class); repaints only what differs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"bar--{part}" for part in ("title", "dim", "key", "current", "tab", "error", "note")
    }
    DEFAULT_CSS = """
    Bar {
        height: 1;
        padding: 0 1;
        .bar--title { color: $foreground; text-style: bold; }
        .bar--dim { color: $text-muted; }
        .bar--key { color: $text-accent; text-style: bold; }
        .bar--current { color: $foreground; text-style: bold reverse; }
        .bar--tab { color: $foreground; }
        .bar--error { color: $text-error; text-style: bold; }
        .bar--note { color: $text-warning; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[list[Run]] = []

    def show(self, *lines: Sequence[Run]) -> None:
        """Show these lines now; as many as the bar is high are seen."""
        self._lines = [list(line) for line in lines]
        if self.is_mounted:
            self.repaint()

    def line_count(self) -> int:
        return len(self._lines)

    def line(self, y: int) -> Strip:
        if y < len(self._lines):
            return self.strip(self._lines[y], self.area.width)
        return self.blank()
