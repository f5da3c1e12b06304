"""The table of every long list: knows the ids of its rows, reads the cells of those in view.

Ids are 8 bytes each; the first page is shown while the others are still being read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.cells import set_cell_size
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tuiprov.text import visible
from tuiprov.widgets.compat import SIGNS, LineView, fit, scrolled

PAGE = 128
PAGES_KEPT = 64
HEADER = 1
MIN_FLEX = 6
SIGN_CELLS = 2
"""In front of each row: the cursor and the mark."""
_REST_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `width` cells; flex columns share what the width of the table leaves over."""

    name: str
    label: str
    width: int
    flex: bool = False


def columns_that_fit(columns: Sequence[Column], width: int) -> Sequence[Column]:
    """The first of these columns for which a table of so many cells has room, at their narrowest:
    what is cut off at the right could be mistaken for the whole. One always stays."""
    room = width - SIGN_CELLS
    for at, column in enumerate(columns):
        room -= (min(column.width, MIN_FLEX) if column.flex else column.width) + (at > 0)
        if room < 0 and at > 0:
            return columns[:at]
    return columns


class Rows(Protocol):
    """Where a table gets its rows from."""

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all rows in order."""

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The cells of these rows in the order of the columns; a row that is gone may be absent."""


@dataclass(frozen=True, slots=True)
class NoRows:
    """The source of an empty table."""

    ids: Sequence[int] = ()

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return dict.fromkeys(ids, ())


class Table(LineView):
    """Rows by the hundred thousand under a header line, with a cursor that keeps to its id."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"table--{part}" for part in ("header", "cursor", "cursor-blurred", "marked", "empty")
    }
    DEFAULT_CSS = """
    Table {
        .table--header { color: $foreground; text-style: bold underline; }
        .table--cursor { color: $foreground; text-style: reverse; }
        .table--cursor-blurred { color: $foreground; text-style: bold; }
        .table--marked { color: $text-accent; text-style: bold; }
        .table--empty { color: $text-muted; }
    }
    """

    class Moved(Message):
        """The cursor is now on the row of this id."""

        def __init__(self, id: int) -> None:
            super().__init__()
            self.id = id

    def __init__(
        self, columns: Sequence[Column], *, empty: str = "", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.cursor = 0
        """Index of the row with the cursor."""
        self.marked: set[int] = set()
        """Ids of the marked rows, whether they are among those shown or not."""
        self.is_walked = False
        """Was the last key a step of the cursor?"""
        self.follows_top = False
        """Does a cursor on the first row stay there when rows come above?"""
        self._columns = list(columns)
        self._empty = empty
        self._grows = False
        self._waits_for_end = False
        self._rest: Timer | None = None
        """Runs out when no key has moved the cursor for a moment."""
        self._source: Rows = NoRows()
        self._pages: OrderedDict[int, Mapping[int, Sequence[str]]] = OrderedDict()
        self._widths: list[int] = []

    @property
    def cursor_id(self) -> int | None:
        """Id of the row with the cursor, None in an empty table."""
        ids = self._source.ids
        return ids[self.cursor] if self.cursor < len(ids) else None

    @property
    def position(self) -> str:
        """Where the cursor is, in words: `12 / 345`, `12 / 128+` while more rows are to come."""
        count = len(self._source.ids)
        return f"{min(self.cursor + 1, count):,} / {count:,}{'+' if self._grows else ''}"

    def show(self, rows: Rows, *, grows: bool = False) -> None:
        """Show the rows of this source; the cursor stays on its id while that is among them. It
        `grows`: these are the first of its rows, `grow` brings the others.

        Call it again with the same source to read its cells anew.
        """
        before = self.cursor_id
        stays = self.follows_top and self.cursor == 0
        self._source, self._grows, self._waits_for_end = rows, grows, False
        self._pages.clear()
        self.restyle()
        self.cursor = 0 if stays else self._find(before)
        self.lay_out()
        self.repaint()
        self._tell_if_moved(before)

    def grow(self, rows: Rows) -> None:
        """Show all rows where the first `PAGE` of them are shown already: their cells stay."""
        to_the_end, shown = self._waits_for_end, self._source.ids
        if list(rows.ids[: len(shown)]) != list(shown):
            self.show(rows)  # somebody added or removed one meanwhile
        else:
            self._source, self._grows, self._waits_for_end = rows, False, False
            self.repaint()
        if to_the_end:
            self._move_to(len(rows.ids) - 1)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on; `show` a source that has them."""
        self._columns = list(columns)

    def mark(self) -> None:
        """Mark the row with the cursor, or take its mark away, and go one row down."""
        if (id := self.cursor_id) is not None:
            self._toggle(id)
            self._move_to(self.cursor + 1)

    def mark_range(self) -> None:
        """Mark all rows from the nearest marked one above or below to the cursor."""
        ids = self._source.ids
        start = self._nearest_marked()
        if start is None:
            self.mark()
            return
        low, high = sorted((start, self.cursor))
        self.marked.update(ids[low : high + 1])
        self.repaint()

    def _nearest_marked(self) -> int | None:
        """Index of the marked row that is nearest to the cursor, None when there is none."""
        ids, cursor = self._source.ids, self.cursor
        if not self.marked or not ids:
            return None
        for away in range(max(cursor + 1, len(ids) - cursor)):
            for at in (cursor - away, cursor + away):
                if 0 <= at < len(ids) and ids[at] in self.marked:
                    return at
        return None

    def mark_all(self) -> None:
        """Mark all rows; when all are marked already, none."""
        ids = set(self._source.ids)
        if ids <= self.marked:
            self.marked -= ids
        else:
            self.marked |= ids
        self.repaint()

    def unmark(self) -> None:
        self.marked.clear()
        self.repaint()

    def _toggle(self, id: int) -> None:
        if id in self.marked:
            self.marked.discard(id)
        else:
            self.marked.add(id)
        self.repaint()

    def line_count(self) -> int:
        return len(self._source.ids) + HEADER

    def lay_out(self) -> None:
        self._widths = self._shared_widths()
        self.top = self._scrolled()

    def line(self, y: int) -> Strip:
        width = self.area.width
        if y < HEADER:
            labels = "  " + self._in_columns([column.label for column in self._columns])
            return self.strip([(set_cell_size(labels, width), "table--header")], width)
        at = self.top + y - HEADER
        if at < len(self._source.ids):
            return self._row(at, width)
        words = visible(self._empty) if y == HEADER and not self._source.ids else ""
        return self.strip([("  " + words, "table--empty")], width)

    def _row(self, at: int, width: int) -> Strip:
        style = ""
        if at == self.cursor:
            style = "table--cursor" if self.has_focus else "table--cursor-blurred"
        is_marked = bool(self.marked) and self._source.ids[at] in self.marked
        key = (at, style, is_marked)
        return self.cached(key, lambda: self._row_strip(at, style, is_marked, width))

    def _row_strip(self, at: int, style: str, is_marked: bool, width: int) -> Strip:
        sign = SIGNS.cursor if style else " "
        text = f"{sign}{'*' if is_marked else ' '}{self._in_columns(self._cells(at))}"
        style = style or ("table--marked" if is_marked else "")
        return self.strip([(set_cell_size(text, width), style)], width)

    def _in_columns(self, cells: Sequence[str]) -> str:
        padded = [*cells, *[""] * (len(self._widths) - len(cells))]
        pairs = zip(padded, self._widths, strict=False)
        return " ".join(fit(visible(cell), width) for cell, width in pairs)

    def _cells(self, at: int) -> Sequence[str]:
        """The cells of the row at this index; its page is read when it is not at hand."""
        return self._page_of(at).get(self._source.ids[at], ())

    def _page_of(self, at: int) -> Mapping[int, Sequence[str]]:
        number = at // PAGE
        page = self._pages.get(number)
        if page is None:
            page = self._source.page(self._source.ids[number * PAGE : (number + 1) * PAGE])
            self._pages[number] = page
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(number)
        return page

    def _shared_widths(self) -> list[int]:
        """Width of each column; the flex ones share what is left, or give way when it is narrow."""
        flexible = [column for column in self._columns if column.flex]
        fixed = sum(column.width for column in self._columns) + len(self._columns) + 1
        left = self.area.width - fixed
        share, odd = divmod(left, len(flexible)) if flexible else (0, 0)
        widths = []
        for column in self._columns:
            extra = share + (column.flex and column is flexible[0]) * odd if column.flex else 0
            widths.append(max(min(column.width, MIN_FLEX), column.width + extra))
        return widths

    def _scrolled(self) -> int:
        """The first row to show, so that the one with the cursor is in the window."""
        count = len(self._source.ids)
        return scrolled(self.top, self.cursor, self.cursor, self._height, count)

    def _read_ahead(self) -> None:
        """Have the pages next to the window at hand before somebody scrolls there: done when the
        screen is at rest, so that no key waits for it."""
        last = max(0, len(self._source.ids) - 1)
        for at in (self.top + 2 * self._height, self.top - self._height):
            self._page_of(max(0, min(at, last)))

    @property
    def _height(self) -> int:
        return max(1, self.area.height - HEADER)

    def _find(self, id: int | None) -> int:
        """Index of this id, or the place nearest to where the cursor is now."""
        ids = self._source.ids
        if self.cursor < len(ids) and ids[self.cursor] == id:
            return self.cursor
        try:
            return ids.index(id) if id is not None else 0
        except ValueError:
            return max(0, min(self.cursor, len(ids) - 1))

    def on_key(self, event: events.Key) -> None:
        page, end = max(1, self._height - 1), len(self._source.ids)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -end, "end": end}
        # Enter is the owner's: as a message it would arrive after keys that were typed later.
        if event.key in steps:
            self.is_walked = True
            self._waits_for_end = self._grows and event.key == "end"
            self._move_to(self.cursor + steps[event.key])
            event.stop()
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        at = self.top + event.y - HEADER
        if event.y >= HEADER and at < len(self._source.ids):
            self._move_to(at)

    def _move_to(self, at: int) -> None:
        before = self.cursor_id
        self.cursor = max(0, min(at, len(self._source.ids) - 1))
        self.top = self._scrolled()
        self.repaint()
        self._tell_if_moved(before)
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._read_ahead)

    def _tell_if_moved(self, before: int | None) -> None:
        id = self.cursor_id
        if id is not None and id != before:
            self.post_message(self.Moved(id))
