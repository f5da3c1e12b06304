"""The property grid: one widget that shows and edits all rows of a page section.

A `Row` is what the owner wants to be seen, `Form.show` puts rows on the screen, `on_edit` tells the
owner of every keystroke inside that keystroke. The form keeps the cursor and the caret, no more:
what a value means, whether it is right and what else changes with it is the owner's to say.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from tuiprov.text import visible
from tuiprov.widgets.compat import (
    SIGNS,
    LineView,
    Run,
    cut_left,
    fit,
    scrolled,
    shorten,
    wrap,
)
from tuiprov.widgets.edit_line import EDIT_KEYS, EditLine, scroll_offset

Kind = Literal["text", "secret", "choice", "flag", "number", "list"]

JUMP_LETTERS = string.ascii_lowercase + string.ascii_uppercase + string.digits
LABEL_SHARE = 0.4
HINT_CELL = 22  # Hints start here or further right, so that they stand still while one types.
MESSAGE_LINES = 5
MOVES = {"up": -1, "shift+tab": -1, "down": 1, "tab": 1}


def _nothing(_: object) -> None:
    """For an owner that does not care."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field as shown; `value` is text as typed, the chosen value, yes/no or a comma list."""

    name: str
    label: str
    value: str
    kind: Kind = "text"
    options: tuple[tuple[str, str], ...] = ()
    """Value and words of everything that may be chosen, for `choice` and `list`."""
    hint: str = ""
    """Unit or format, dim beside the value."""
    locked: str = ""
    """Why the row cannot be edited; empty when it can."""
    error: str = ""
    note: str = ""
    changed: bool = False

    @property
    def typed(self) -> bool:
        """Whether the value is written letter by letter."""
        return self.kind in ("text", "secret", "number")

    def words(self, value: str) -> str:
        """The words for one value of a choice or a list."""
        return next((words for option, words in self.options if option == value), value)

    def messages(self, focused: bool) -> Iterator[Run]:
        """What stands under the row, with its sign and style."""
        if self.error:
            yield f"! {visible(self.error)}", "form--error"
        if self.note:
            yield f"{SIGNS.note} {visible(self.note)}", "form--note"
        if self.locked and focused:
            yield f"{SIGNS.note} {visible(self.locked)}", "form--note"


@dataclass(frozen=True, slots=True)
class _Look:
    """All that decides how a row's own line is drawn, besides the row; with it, the cache's key."""

    width: int
    label_width: int
    focused: bool = False
    edit: EditLine | None = None
    """The line being edited, for the row that takes the keys."""
    offset: int = 0
    clear: bool = False
    jump: str = ""

    @property
    def room(self) -> int:
        """Cells for the value and what stands beside it: two signs and three spaces are not."""
        return max(0, self.width - self.label_width - 5)


class Form(LineView):
    """Rows with a label, a value edited in place, a hint, and messages under the row.

    Args:
        on_edit: called with name and new text inside the handler of the key that made it.
        on_focus_row: called with the name whenever another row becomes the focused one.
        on_pick: called with the row whose value is to be chosen from all its options.
        on_leave: called when the user tabs past the last row (+1) or before the first (-1).

    All are calls, not messages: what they change must be so before the next key is handled, or
    keys that arrive in a burst over a slow line would go to the wrong place.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"form--{part}" for part in ("focused", "dim", "changed", "error", "note", "caret", "jump")
    }
    DEFAULT_CSS = """
    Form {
        .form--focused { color: $foreground; text-style: bold; }
        .form--dim { color: $text-muted; }
        .form--changed, .form--error { color: $text-error; text-style: bold; }
        .form--changed, .form--note { color: $text-warning; }
        .form--caret { color: $foreground; text-style: reverse; }
        .form--jump { color: $text-accent; text-style: bold reverse; }
    }
    """

    def __init__(
        self,
        on_edit: Callable[[str, str], None],
        on_focus_row: Callable[[str], None],
        *,
        on_pick: Callable[[Row], None] = _nothing,
        on_leave: Callable[[int], None] = _nothing,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._on_pick = on_pick
        self._leave_rows = on_leave
        self.reveal: set[str] = set()
        """Names of the secret rows that are shown in clear; call `show` after changing it."""
        self._on_edit = on_edit
        self._on_focus_row = on_focus_row
        self._rows: list[Row] = []
        self._cursor = 0
        self._edit = EditLine()
        self._offset = 0
        self._jumping = False
        self._there_since = 0.0
        self._label_width = 0
        self._lines: list[tuple[int, Run]] = []

    @property
    def row(self) -> str:
        """Name of the focused row, empty when there are no rows."""
        return self._rows[self._cursor].name if self._rows else ""

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows now; cursor and caret stay on the row of the same name."""
        before = self.row
        self._rows = list(rows)
        self._cursor = next(
            (at for at, row in enumerate(rows) if row.name == before),
            max(0, min(self._cursor, len(rows) - 1)),
        )
        value = rows[self._cursor].value if rows else ""
        same = bool(before) and self.row == before
        self._edit = self._edit.follow(value) if same else EditLine.of(value)
        self.lay_out()
        self.repaint()
        if self.row != before:
            self._on_focus_row(self.row)

    def go_to(self, name: str) -> None:
        """Focus the row of this name, if there is one."""
        for at, row in enumerate(self._rows):
            if row.name == name:
                self._move_to(at)

    def jump_letters(self) -> dict[str, str]:
        """The letter drawn in front of each row in jump mode, and the row's name."""
        return {letter: row.name for letter, row in zip(JUMP_LETTERS, self._rows, strict=False)}

    def show_jump(self, on: bool) -> None:
        """Draw the jump letters or not. While they are shown, keys are left to the screen."""
        self._jumping = on
        self.repaint()

    def line_count(self) -> int:
        return len(self._lines)

    def lay_out(self) -> None:
        """Where each row and each message line stands."""
        width = self.area.width
        longest = max((cell_len(visible(row.label)) for row in self._rows), default=0)
        self._label_width = max(1, min(longest, int(width * LABEL_SHARE)))
        self._lines = []
        for at, row in enumerate(self._rows):
            self._lines.append((at, ("", "")))
            self._lines += ((at, run) for run in self._message_lines(row, at == self._cursor))
        self._keep_in_view()

    def _message_lines(self, row: Row, focused: bool) -> Iterator[Run]:
        indent = 4 if self.area.width < 60 else self._label_width + 3
        room = max(8, self.area.width - indent - 2)
        for text, style in row.messages(focused):
            for at, part in enumerate(wrap(text, room, MESSAGE_LINES)):
                yield " " * (indent + 2 * bool(at)) + part, style

    def _keep_in_view(self) -> None:
        height = self.area.height
        if not self._rows or not height:
            return
        lines = [at for at, (row, _) in enumerate(self._lines) if row == self._cursor]
        last = min(lines[-1], lines[0] + height - 1)
        self.top = scrolled(self.top, lines[0], last, height, len(self._lines))
        self._offset = self._scroll_value(self._rows[self._cursor])

    def _scroll_value(self, row: Row) -> int:
        if not row.typed:
            return 0
        before, at, after = self._edit.around(_shown_by(row, row.name in self.reveal))
        caret = cell_len(before)
        end = caret + cell_len(at + after)
        return scroll_offset(self._offset, caret, end, self._look(self._cursor).room)

    def line(self, y: int) -> Strip:
        if not 0 <= self.top + y < len(self._lines):
            return self.blank()
        at, message = self._lines[self.top + y]
        if message[0]:
            return self.cached(message, lambda: self.strip([message], self.area.width))
        row, look = self._rows[at], self._look(at)
        return self.cached((row, look), lambda: self.strip(_row_runs(row, look), look.width))

    def _look(self, at: int) -> _Look:
        row, focused = self._rows[at], at == self._cursor
        return _Look(
            width=self.area.width,
            label_width=self._label_width,
            focused=focused,
            edit=self._edit if focused and self.has_focus and not row.locked else None,
            offset=self._offset if focused else 0,
            clear=row.name in self.reveal,
            jump=JUMP_LETTERS[at : at + 1] if self._jumping else "",
        )

    def on_mount(self) -> None:
        self._there_since = time.monotonic()

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter" and event.time < self._there_since:
            return  # pressed twice in a hurry where the form was opened: it means no row of it
        if self._rows and not self._jumping and (self._move(event.key) or self._change(event)):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        row = self._rows[self._cursor] if self._rows else None
        if row and row.typed and not row.locked:
            self._set(self._edit.paste(event.text))

    def on_click(self, event: events.Click) -> None:
        line = self.top + event.y
        if line < len(self._lines):
            self._move_to(self._lines[line][0])

    def _move(self, key: str) -> bool:
        """Move to another row if that is what the key means."""
        page = max(1, self.area.height - 2)
        by = {**MOVES, "pageup": -page, "pagedown": page}.get(key)
        if by is None:
            return False
        to = self._cursor + by
        if key in ("tab", "shift+tab") and not 0 <= to < len(self._rows):
            self._leave_rows(by)
        else:
            self._move_to(max(0, min(to, len(self._rows) - 1)))
        return True

    def _move_to(self, at: int) -> None:
        if at == self._cursor:
            return
        self._cursor = at
        self._offset = 0
        self._edit = EditLine.of(self._rows[at].value)
        self.lay_out()
        self.repaint()
        self._on_focus_row(self.row)

    def _change(self, event: events.Key) -> bool:
        """Do what the key does to the value of the focused row; False when it does nothing."""
        row = self._rows[self._cursor]
        if row.typed:
            return self._type(event)
        if row.locked:
            return self._move("down") if event.key == "enter" else event.is_printable
        if row.kind == "flag":
            return self._flip(row, event)
        return self._choose(row, event)

    def _type(self, event: events.Key) -> bool:
        if event.key == "enter":
            self._move("down")
        elif event.key in EDIT_KEYS:
            self._set(EDIT_KEYS[event.key](self._edit))
        elif event.is_printable and event.character:
            self._set(self._edit.insert(event.character))
        else:
            return False
        return True

    def _flip(self, row: Row, event: events.Key) -> bool:
        other = "no" if row.value == "yes" else "yes"
        to = {"enter": other, "space": other, "y": "yes", "n": "no"}.get(event.key)
        if to:
            self._set(EditLine.of(to))
        return bool(to) or event.is_printable

    def _choose(self, row: Row, event: events.Key) -> bool:
        if event.key in ("enter", "space") or (event.key == "right" and row.kind == "list"):
            self._on_pick(row)
        elif row.kind == "list":
            return event.is_printable
        elif event.key in ("left", "right"):
            self._cycle(row, 1 if event.key == "right" else -1)
        elif event.is_printable and event.character:
            self._cycle(row, 1, event.character.lower())
        else:
            return False
        return True

    def _cycle(self, row: Row, by: int, letter: str = "") -> None:
        """To the next option in this direction whose words begin with `letter`."""
        values = [value for value, words in row.options if words.lower().startswith(letter)]
        at = values.index(row.value) if row.value in values else (-1 if by > 0 else 0)
        if values:
            self._set(EditLine.of(values[(at + by) % len(values)]))

    def _set(self, edit: EditLine) -> None:
        """Take over an edit. The owner hears of it first: what it then shows is what counts."""
        row = self._rows[self._cursor]
        if row.locked:
            edit = self._edit.at(edit.caret) if edit.text == row.value else self._edit
        self._edit = edit
        if edit.text != row.value:
            self._rows[self._cursor] = replace(row, value=edit.text)
            self._on_edit(row.name, edit.text)
        self.lay_out()
        self.repaint()


# What a row looks like


def _shown_by(row: Row, clear: bool) -> Callable[[str], str]:
    """How text of this row is made visible: a secret as one sign per character."""
    if row.kind == "secret" and not clear:
        return lambda text: SIGNS.secret * len(text)
    return visible


def _words(row: Row, clear: bool) -> str:
    """The whole value in words."""
    if row.kind == "flag" and row.value in ("yes", "no"):
        return "[x] yes" if row.value == "yes" else "[ ] no"
    if row.kind == "choice":
        return f"{visible(row.words(row.value))} {SIGNS.more}"
    if row.kind == "list":
        chosen = [part.strip() for part in row.value.split(",") if part.strip()]
        return f"{visible(', '.join(map(row.words, chosen)))} {SIGNS.more}"
    return _shown_by(row, clear)(row.value)


def _row_runs(row: Row, look: _Look) -> list[Run]:
    sign = look.jump or (SIGNS.cursor if look.focused else " ")
    label = "form--focused" if look.focused else ""
    value = _value_runs(row, look)
    return [
        (sign, "form--jump" if look.jump else label),
        ("*", "form--changed") if row.changed else (" ", label),
        (f" {fit(visible(row.label), look.label_width)}  ", label),
        *value,
        *_side_runs(row, look, sum(cell_len(text) for text, _ in value)),
    ]


def _value_runs(row: Row, look: _Look) -> list[Run]:
    words = _words(row, look.clear)
    if look.edit is None:
        text = shorten(cut_left(words, look.offset), look.room)
        return [(text, "form--dim" if row.locked else "")]
    if not row.typed:
        return [(shorten(words, look.room), "form--caret")]
    before, at, after = look.edit.around(_shown_by(row, look.clear))
    before = cut_left(before, look.offset)
    room = max(0, look.room - cell_len(before + at))
    return [(before, ""), (at, "form--caret"), (shorten(after, room), "")]


def _side_runs(row: Row, look: _Look, used: int) -> Iterator[Run]:
    """The hint, or why the row is locked, to the right of the value."""
    side = row.hint if not row.locked or look.focused else row.locked
    is_roomy = look.room >= min(2 * HINT_CELL + 1, HINT_CELL + cell_len(side))
    start = max(used + 2, HINT_CELL if is_roomy else 0)
    room = look.room - start
    if side and room >= 4:
        yield " " * (start - used), ""
        yield shorten(visible(side), room), "form--dim"
