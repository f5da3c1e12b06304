"""Where the widgets lean on how Textual 8.2 paints and Rich 15 measures: look here first when
either is upgraded.

`LineView` is the ground of every hot widget: a list of lines that sends only the cells that
differ. The functions below it cut and wrap text by terminal cells, never by `len`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len, chop_cells, set_cell_size, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuiprov.text import FEW_GLYPHS, visible

STRIPS_KEPT = 1000

Run = tuple[str, str]
"""Text and the component class it is drawn in; an empty class is the widget's own style."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The few characters beyond ASCII that the widgets draw."""

    cursor: str = "›"
    secret: str = "●"
    cut: str = "…"
    note: str = "·"
    bar: str = "▌"
    more: str = "▾"


ASCII_SIGNS = Signs(cursor=">", secret="*", cut="~", note="-", bar=">", more="v")

# The Linux console's font has 256 or 512 glyphs and most of the above are not among them.
SIGNS = ASCII_SIGNS if os.environ.get("TERM", "") in FEW_GLYPHS else Signs()


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of text, of which `top` is the first one shown, repainted cell by cell.

    Textual sends every dirty region whole. This view remembers what it drew, and `repaint` marks
    only the cells that came out different: a typed character sends its line up to the caret.
    It scrolls by changing `top` and repainting, without Textual's scroll machinery, because a
    changed `virtual_size` or `scroll_y` repaints everything or even lays out the screen anew.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LineView { overflow: hidden; scrollbar-size: 0 0; background: $background; }
    """

    top = 0

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: dict[int, Strip] = {}
        self._styles_by_name: dict[str, Style] = {}
        self._strips: dict[Hashable, Strip] = {}
        self.area = Size(0, 0)
        """The widget's size, as it was when it was last laid out: `size` costs 5 µs a look."""

    def line(self, y: int) -> Strip:
        """The strip for line `y` of the widget, as things stand now."""
        raise NotImplementedError

    def line_count(self) -> int:
        """How many lines there are to scroll through."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Forget whatever was built with the old styles or for the old size or content."""
        self._styles_by_name.clear()
        self._strips.clear()

    def cached(self, key: Hashable, build: Callable[[], Strip]) -> Strip:
        """The strip of this key, built when it is not at hand."""
        if (strip := self._strips.get(key)) is None:
            if len(self._strips) >= STRIPS_KEPT:
                self._strips.clear()
            strip = self._strips[key] = build()
        return strip

    def lay_out(self) -> None:
        """Make ready for the present size; called before the first line is drawn in it."""

    def render_line(self, y: int) -> Strip:
        self._follow_size()
        strip = self._drawn[y] = self.line(y)
        return strip

    def repaint(self) -> None:
        """Mark the cells that differ from what is on the screen. Call it after every change."""
        self._follow_size()
        width, height = self.area
        for y in range(height):
            drawn = self._drawn.get(y)
            span = changed_cells(drawn, self.line(y)) if drawn else (0, width)
            if span:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def blank(self) -> Strip:
        """An empty line."""
        width = self.area.width
        return self.cached(width, lambda: self.strip((), width))

    def strip(self, runs: Iterable[Run], width: int) -> Strip:
        """`runs` as one line of exactly `width` cells, the rest in the widget's own style."""
        segments: list[Segment] = []
        room = width
        for name, same in groupby((*runs, (" " * width, "")), key=itemgetter(1)):
            # The last gate before the terminal: a second pass costs 0.2 µs and forgets nobody.
            text = visible("".join(text for text, _ in same))
            length = cell_len(text)
            if length > room:
                text, length = set_cell_size(text, room), room
            if text:
                segments.append(Segment(text, self.style_of(name)))
            room -= length
        return Strip(segments, width)

    def style_of(self, name: str) -> Style:
        """The style of a component class, or the widget's own for an empty name."""
        style = self._styles_by_name.get(name)
        if style is None:
            style = self.get_component_rich_style(name) if name else self.rich_style
            self._styles_by_name[name] = style
        return style

    def scroll_lines(self, by: int) -> None:
        """Move the window by so many lines, as far as there are any."""
        self.top = max(0, min(self.top + by, self.line_count() - self.area.height))
        self.repaint()

    def _follow_size(self) -> None:
        if (size := self.size) != self.area:
            self.area = size
            self.restyle()
            self.lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.restyle()
        if self.is_mounted:
            self.call_later(self.repaint)

    def on_resize(self) -> None:
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-3)


# Characters that are surely one cell wide everywhere; for any other the whole line is sent, which
# also puts right what an old terminal that counts differently has shifted.
_NARROW = re.compile(
    "[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2500-\u25fc]*"
)


def changed_cells(old: Strip, new: Strip) -> tuple[int, int] | None:
    """First and last-plus-one cell in which two strips differ, None when they are the same."""
    if old is new or old == new:
        return None
    width = max(old.cell_length, new.cell_length)
    if not (_NARROW.fullmatch(old.text) and _NARROW.fullmatch(new.text)):
        return 0, width
    before, after = _cells(old), _cells(new)
    if len(before) != len(after):
        return 0, width
    pairs = enumerate(zip(before, after, strict=True))
    different = [x for x, (one, other) in pairs if one != other]
    return (different[0], different[-1] + 1) if different else None


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(char, style) for text, style, _ in strip for char in text]


def scrolled(top: int, first: int, last: int, height: int, total: int) -> int:
    """The new `top` that brings lines `first` to `last` into a window of `height` lines.

    Moves by half a window when it must move: that repaints once instead of at every key.
    """
    if first < top:
        top = first - max(0, height // 2 - (last - first))
    elif last >= top + height:
        top = min(first, last - height + 1 + height // 2)
    return max(0, min(top, total - height))


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: padded, or cut with a sign that says so."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + SIGNS.cut if width > 0 else ""


def shorten(text: str, width: int) -> str:
    """`text` when it fits into `width` cells, else cut with a sign that says so."""
    return text if cell_len(text) <= width else fit(text, width)


def from_cell(text: str, start: int) -> str:
    """The part of `text` from cell `start` on; half of a wide character becomes a space."""
    if text.isascii():
        return text[start:]
    at = 0
    for first, _, width in split_graphemes(text)[0]:
        if at >= start:
            return " " * (at - start) + text[first:]
        at += width
    return " " * max(0, at - start)


def cut_left(text: str, start: int) -> str:
    """`text` without its first cells, and with a sign that they are missing."""
    return SIGNS.cut + from_cell(text, start + 1) if start else text


@lru_cache(maxsize=1024)
def wrap(text: str, width: int, limit: int) -> Sequence[str]:
    """`text` in at most `limit` lines of `width` cells, broken between words where possible; hard
    blanks (U+00A0) hold words together."""
    lines = [""]
    for word in filter(None, re.split(r"[ \t\r\n]", text)):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines += chop_cells(word, max(1, width))
    lines = [line for line in lines if line]
    if len(lines) > limit:
        lines[limit - 1 :] = [fit(" ".join(lines[limit - 1 :]), width)]
    return tuple(lines)
