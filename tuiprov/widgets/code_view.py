"""A picture made of characters with words beside it, over the whole screen: for a QR code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from textual.strip import Strip

from tuiprov.text import visible
from tuiprov.widgets.compat import LineView, Run, shorten, wrap

GAP = 2
"""Cells between the picture and the words."""
_MOST_LINES = 200


class CodeView(LineView):
    """The picture is drawn dark on light whatever the theme is, because a camera reads it; the
    words scroll."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"code--{part}"
        for part in ("ink", "dark", "light", "title", "keys", "note", "error", "dim")
    }
    DEFAULT_CSS = """
    CodeView {
        width: 100%;
        height: 100%;
        .code--ink { color: #000000; background: #ffffff; }
        .code--dark { color: #000000; background: #000000; }
        .code--light { color: #ffffff; background: #ffffff; }
        .code--title { color: $foreground; text-style: bold; }
        .code--keys { color: $text-accent; }
        .code--note { color: $text-warning; }
        .code--error { color: $text-error; text-style: bold; }
        .code--dim { color: $text-muted; }
    }
    """

    def __init__(self, keys: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = visible(keys)
        self._picture: Sequence[str] = ()
        self._in_halves = True
        self._words: Sequence[Run] = ()
        self._lines: list[Run] = []

    def show(self, words: Sequence[Run], picture: Sequence[str] = (), *, in_halves: bool) -> None:
        """Show these paragraphs, and the picture: half blocks, or cells of which those that are
        not blank are dark."""
        self._words, self._picture, self._in_halves = words, picture, in_halves
        self.restyle()
        if self.is_mounted:
            self.lay_out()
            self.repaint()

    def lay_out(self) -> None:
        width = self._words_width
        self._lines = [
            (line, style)
            for text, style in self._words
            for line in wrap(visible(text), width, _MOST_LINES) or ("",)
        ]

    def line_count(self) -> int:
        return len(self._lines) + 1

    def line(self, y: int) -> Strip:
        return self.strip([*self._picture_runs(y), *self._words_runs(y)], self.area.width)

    @property
    def _picture_width(self) -> int:
        return len(self._picture[0]) if self._picture else 0

    @property
    def _words_width(self) -> int:
        left = self._picture_width + GAP if self._picture else 1
        return max(1, self.area.width - left - 1)

    def _picture_runs(self, y: int) -> Iterator[Run]:
        if not self._picture:
            yield " ", ""
            return
        row = self._picture[y] if y < len(self._picture) else ""
        if self._in_halves:
            yield row, "code--ink"
        else:
            for is_blank, cells in groupby(row, str.isspace):
                yield "".join(cells), "code--light" if is_blank else "code--dark"
        yield " " * (self._picture_width - len(row) + GAP), ""

    def _words_runs(self, y: int) -> list[Run]:
        if y == self.area.height - 1:
            return [(shorten(self._keys, self._words_width), "code--keys")]
        at = self.top + y
        return [self._lines[at]] if at < len(self._lines) else []
