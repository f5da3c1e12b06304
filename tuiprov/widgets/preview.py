"""The preview: a file's lines with numbers, the ones that changed and the ones in focus marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from tuiprov.text import visible
from tuiprov.widgets.compat import SIGNS, LineView, Run, from_cell, scrolled, wrap

SIDE_STEP = 8
TAB = 4

_COMMENT = re.compile(r"\s*(?:#|;|//|<!--|<\?)")
_KEY = re.compile(r"(\s*[\w.%\[\]@&$-]+(?: [\w.-]+)?\s*)([=:].*)")
_TAG = re.compile(r"</?[^<>]*>")


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line of the file."""

    text: str
    changed: bool = False
    """Differs from what is published."""
    focused: bool = False
    """Comes from the focused field."""


class Preview(LineView):
    """A read-only view of a text file, up to date within the keystroke that changed it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"preview--{part}"
        for part in ("number", "changed", "focused", "comment", "key", "tag", "text", "empty")
    }
    DEFAULT_CSS = """
    Preview {
        .preview--number, .preview--empty, .preview--comment { color: $text-muted; }
        .preview--changed { color: $text-warning; text-style: bold; }
        .preview--focused { color: $text-accent; text-style: bold; }
        .preview--key { color: $text-primary; }
        .preview--tag { color: $text-secondary; }
        .preview--text { color: $foreground; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[PreviewLine] = []
        self._empty = ""
        self._left = 0

    def show(self, lines: Sequence[PreviewLine], *, empty: str = "") -> None:
        """Show these lines now, or the words of `empty` when there are none.

        The window stays where it is, unless a focused line is outside of it.
        """
        digits = len(str(len(self._lines)))
        self._lines = list(lines)
        self._empty = empty
        if len(str(len(lines))) != digits:
            self.restyle()
        self.lay_out()
        self.repaint()

    def line_count(self) -> int:
        return len(self._lines)

    def lay_out(self) -> None:
        height = self.area.height
        focused = [at for at, line in enumerate(self._lines) if line.focused]
        self.top = max(0, min(self.top, len(self._lines) - height))
        if height and any(not self.top <= at < self.top + height for at in focused):
            self.top = scrolled(self.top, focused[0], focused[0], height, len(self._lines))

    def line(self, y: int) -> Strip:
        at = self.top + y
        if at >= len(self._lines):
            words = () if self._lines else wrap(visible(self._empty), *self.area)
            return self.strip([("".join(words[y : y + 1]), "preview--empty")], self.area.width)
        line, width = self._lines[at], self.area.width
        return self.cached((line, at), lambda: self.strip(self._runs(line, at), width))

    def _runs(self, line: PreviewLine, at: int) -> list[Run]:
        number = f"{at + 1:>{len(str(len(self._lines)))}} "
        text: list[Run] = []
        skip = self._left
        for part, kind in lexed(line.text):
            style = "preview--focused" if line.focused else f"preview--{kind}"
            text.append((from_cell(part, skip), style))
            skip = max(0, skip - cell_len(part))
        return [
            (number, "preview--number"),
            ("~", "preview--changed") if line.changed else (" ", ""),
            (SIGNS.bar, "preview--focused") if line.focused else (" ", ""),
            *text,
        ]

    def on_key(self, event: events.Key) -> None:
        page = max(1, self.area.height - 1)
        lines = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}
        ends = {"home": -len(self._lines), "end": len(self._lines)}
        if event.key in ("left", "right"):
            self._scroll_sideways(SIDE_STEP if event.key == "right" else -SIDE_STEP)
        elif (by := (lines | ends).get(event.key)) is not None:
            self.scroll_lines(by)
        else:
            return
        event.stop()
        event.prevent_default()

    def _scroll_sideways(self, by: int) -> None:
        longest = max((cell_len(shown(line.text)) for line in self._lines), default=0)
        self._left = max(0, min(self._left + by, longest - SIDE_STEP))
        self.restyle()
        self.repaint()


def shown(text: str) -> str:
    """A line as it is drawn: tabs as spaces, anything else invisible as an escape."""
    return visible(text.expandtabs(TAB))


@lru_cache(maxsize=4096)
def lexed(text: str) -> Sequence[Run]:
    """A line in parts with their kind: `comment`, `key`, `tag` or `text`. Sees one line only."""
    line = shown(text)
    if _COMMENT.match(line):
        return ((line, "comment"),)
    if line.lstrip().startswith("<"):
        return tuple(_tags(line))
    if match := _KEY.fullmatch(line):
        return ((match[1], "key"), (match[2], "text"))
    return ((line, "text"),)


def _tags(line: str) -> list[Run]:
    parts: list[Run] = []
    at = 0
    for tag in _TAG.finditer(line):
        parts += [(line[at : tag.start()], "text"), (tag[0], "tag")]
        at = tag.end()
    return [part for part in (*parts, (line[at:], "text")) if part[0]]
