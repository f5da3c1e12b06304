"""The editor: a template of many lines under the keys, with numbers, colours and faults.

`Editor.open` puts a text on the screen, `on_edit` tells the owner of every change inside the
keystroke that made it, `show_faults` says which lines are wrong. What a text means, and whether it
is right, is the owner's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from tuiprov.text import visible
from tuiprov.widgets.compat import SIGNS, LineView, Run, scrolled, shorten, wrap
from tuiprov.widgets.edit_line import EditLine, scroll_offset
from tuiprov.widgets.edit_text import CHANGE_KEYS, MOVE_KEYS, Change, EditText, cell_of
from tuiprov.widgets.preview import shown
from tuiprov.widgets.template_line import LONGEST_COLOURED, coloured, in_window, restyled

FAULT = "!"
SELECTING = "editor--selecting"
DIGITS = 3  # Room for 999 lines, so that the text stands still when the hundredth line comes.
WORDS_STEP = 8  # A fault's words begin at a multiple, so that they stand still while one types.
WORDS_CELLS = 20
MESSAGE_LINES = 3

HELP: Sequence[tuple[str, str]] = (
    ("Arrows, Home, End", "Move. Ctrl+A and Ctrl+E are Home and End as well."),
    ("Ctrl+Left, Ctrl+Right", "A word back or on; Alt+B and Alt+F do it on every terminal."),
    ("PgUp, PgDn", "A page back or on."),
    ("Ctrl+Home, Ctrl+End", "To the first or the last line."),
    ("Enter", "A new line that begins with the blanks of this one."),
    ("Tab, Shift+Tab", "Two blanks more, two less; for all lines of a selection at once."),
    ("Backspace, Delete", "Erase a character, or what is selected. Ctrl+D is Delete as well."),
    ("Ctrl+W", "Erase the word before the caret."),
    ("Shift+Arrows …", "Select; so does every key that moves, with Shift."),
    ("Ctrl+Space, Ctrl+^", "Set the mark: from there on moving selects. Once more: no longer."),
    ("Ctrl+K", "Cut the line, or what is selected. Several lines in a row stay together."),
    ("Ctrl+C", "Copy what is selected."),
    ("Ctrl+U", "Put in what was cut or copied."),
    ("Ctrl+Z, Ctrl+_", "Undo."),
    ("Ctrl+Y", "Redo."),
)
"""Keys and what they do, for a help screen."""

_MARK_KEYS = {"ctrl+@", "ctrl+space", "ctrl+circumflex_accent"}

Span = tuple[int, int]
"""First and last-plus-one character of a line as drawn."""


def _nothing(_: object) -> None:
    """For an owner that does not care."""


@dataclass(frozen=True, slots=True)
class _Look:
    """All that decides how a line is drawn, besides its text; with it, the cache's key."""

    number: str
    sign: str
    room: int
    """Cells for the text."""
    fault: str = ""
    selected: Span | None = None
    is_current: bool = False
    caret: Span | None = None
    caret_style: str = "editor--caret"
    offset: int = 0


class Editor(LineView):
    """A text under the keys, up to date within the keystroke that changed it.

    Keys are those of nano and readline, as far as SSH, tmux and a Linux console send them: Ctrl+K
    cuts the line or the selection, Ctrl+U puts it in, Ctrl+C copies; Ctrl+Space (or Ctrl+^) sets
    the mark, for Shift with an arrow does not come through everywhere; Ctrl+A, Ctrl+E, Ctrl+D and
    Ctrl+W as in a shell; Ctrl+Z (or Ctrl+_) undoes, Ctrl+Y does again. `HELP` has them all. F-keys,
    Escape and every other key are left to the screen; of a text that is read only also what types.

    The line with the caret scrolls sideways when it is too long for the window. A fault's words
    stand beside its line when there is room, else at the lower edge while the caret is on it:
    lines never move for them.

    Args:
        on_edit: called with the whole text inside the handler of the key that changed it.
        on_move: called with the line of the caret, from 0, whenever that becomes another.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"editor--{part}"
        for part in (
            *("number", "current", "fault", "caret", "selecting", "selected"),
            *("comment", "key", "tag", "text", "statement", "value"),
        )
    }
    DEFAULT_CSS = """
    Editor {
        .editor--number, .editor--comment { color: $text-muted; }
        .editor--current { color: $foreground; text-style: bold; }
        .editor--fault { color: $text-error; text-style: bold; }
        .editor--caret, .editor--selected { color: $foreground; text-style: reverse; }
        .editor--selecting { color: $foreground; text-style: bold underline; }
        .editor--key { color: $text-primary; }
        .editor--tag, .editor--value { color: $text-secondary; }
        .editor--text { color: $foreground; }
        .editor--statement { color: $text-accent; }
    }
    """

    def __init__(
        self,
        on_edit: Callable[[str], None],
        on_move: Callable[[int], None] = _nothing,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._on_edit = on_edit
        self._on_move = on_move
        self._text = EditText()
        self._read_only = False
        self._faults: Mapping[int, str] = {}
        self._told = 0
        self._offset = 0
        self._message: Sequence[str] = ()
        self._message_top = 0

    def open(self, text: str, *, read_only: bool = False) -> None:
        """Show another text, with the caret at its start. Undo and faults are those of the old one
        and forgotten; what was cut from it can be put into this one."""
        self._text = EditText(text, kept=self._text.kept)
        self._read_only = read_only
        self._faults = {}
        self._show()

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._text.text

    @property
    def caret(self) -> tuple[int, int]:
        """Line and column of the caret, from 0; the column counts characters."""
        return self._text.caret

    def go_to(self, line: int, column: int = 0) -> None:
        """Put the caret there, or as near as the text reaches."""
        self._text.go((line, column))
        self._show()

    def show_faults(self, faults: Mapping[int, str]) -> None:
        """Mark these lines (from 0), and these only, as wrong, and say why. What is found beyond
        the end, as a missing end of a block may be, is a fault of the last line."""
        last = len(self._text.lines) - 1
        self._faults = {
            max(0, min(line, last)): visible(" ".join(words.split()))
            for line, words in faults.items()
        }
        self._show()

    def undo(self) -> bool:
        """Take the last step back; False when there is none. A run of typing is one step."""
        return self._change(EditText.undo)

    def redo(self) -> bool:
        """Do again what undo took back last; False when there is nothing."""
        return self._change(EditText.redo)

    def find(self, words: str, *, back: bool = False) -> bool:
        """Put the caret where these words are next, in capitals or not, from the other end on when
        there are none further on. False when they are nowhere."""
        place = self._text.find(words, back=back)
        if place is not None:
            self.go_to(*place)
        return place is not None

    # -- keys -----------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self._move(event.key) or self._edit(event):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._change(lambda text: text.paste(event.text))

    def _move(self, key: str) -> bool:
        """Move, select or copy if that is what the key means."""
        text, plain = self._text, key.replace("shift+", "")
        page = max(1, self.area.height - 1)
        by = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}.get(plain)
        if by is not None:
            text.go_lines(by, select=plain != key)
        elif plain in MOVE_KEYS:
            text.go(MOVE_KEYS[plain](text), select=plain != key)
        elif key in _MARK_KEYS:
            text.set_mark()
        elif key == "ctrl+c" and text.selection:
            text.copy()
        else:
            return False
        self._show()
        return True

    def _edit(self, event: events.Key) -> bool:
        """Change the text if that is what the key means."""
        if self._read_only:
            return False
        typed = event.character
        if event.key in CHANGE_KEYS:
            self._change(CHANGE_KEYS[event.key])
        elif typed and event.is_printable and not event.key.startswith("alt+"):
            self._change(lambda text: text.type(typed))
        else:
            return False
        return True

    def _change(self, edit: Callable[[EditText], object]) -> bool:
        """Do an edit, and tell the owner when it changed anything: what that then shows counts."""
        text, before = self._text, self._text.last
        if not self._read_only:
            edit(text)
        change = text.last
        if change is not None and change is not before:
            self._faults = _moved(self._faults, change)
            self._on_edit(text.text)
        self._show()
        return change is not before

    def _show(self) -> None:
        """Draw things as they are now, and tell the owner where the caret is."""
        self.lay_out()
        self.repaint()
        row = self._text.caret[0]
        if row != self._told:
            self._told = row
            self._on_move(row)

    # -- what is seen ---------------------------------------------------------------------------

    def line_count(self) -> int:
        return len(self._text.lines)

    def lay_out(self) -> None:
        """Bring the caret into the window, and what is wrong with its line."""
        row, column = self._text.caret
        line, height = self._text.lines[row], self.area.height
        self.top = scrolled(self.top, row, row, height, len(self._text.lines))
        end = cell_len(shown(line)) + 1
        self._offset = scroll_offset(self._offset, cell_of(line, column), end, self._room)
        self._message = self._words_below(row)[: max(0, height - 1)]
        is_clear = row - self.top < height - len(self._message)
        self._message_top = height - len(self._message) if is_clear else 0

    def _words_below(self, row: int) -> Sequence[str]:
        """The words of the caret line's fault, unless they stand beside it."""
        look = self._look(row)
        _, beside = _words_beside(self._text.lines[row], look)
        if not look.fault or beside.endswith(look.fault):
            return ()
        return wrap(look.fault, max(1, look.room - 2), MESSAGE_LINES)

    def line(self, y: int) -> Strip:
        at, width = self.top + y, self.area.width
        if 0 <= y - self._message_top < len(self._message):
            return self.strip(self._message_runs(y - self._message_top), width)
        if at >= len(self._text.lines):
            return self.blank()
        text, look = self._text.lines[at], self._look(at)
        if len(text) > LONGEST_COLOURED:
            return self.strip(_runs(text, look), width)
        return self.cached((text, look), lambda: self.strip(_runs(text, look), width))

    def _message_runs(self, at: int) -> list[Run]:
        sign = " " if at else FAULT
        return [(f"{'':{self._digits}} {sign} {self._message[at]}", "editor--fault")]

    def _look(self, at: int) -> _Look:
        fault, selected = self._faults.get(at, ""), self._selected_in(at)
        is_current = at == self._text.caret[0]
        # Beside what is selected the caret is drawn otherwise, or it would look selected too.
        caret_style = SELECTING if self._text.selection else "editor--caret"
        return _Look(
            number=f"{at + 1:>{self._digits}}",
            sign=FAULT if fault else SIGNS.bar if selected else " ",
            room=self._room,
            fault=fault,
            selected=selected,
            is_current=is_current,
            caret=self._caret_span() if is_current and self.has_focus else None,
            caret_style=caret_style if is_current else "",
            offset=self._offset if is_current else 0,
        )

    @property
    def _digits(self) -> int:
        return max(DIGITS, len(str(len(self._text.lines))))

    @property
    def _room(self) -> int:
        """Cells for the text, beside the number, the sign and two blanks."""
        return max(0, self.area.width - self._digits - 3)

    def _caret_span(self) -> Span:
        row, column = self._text.caret
        line = self._text.lines[row]
        start = len(shown(line[:column]))
        after = EditLine(line, column).right().caret
        return start, max(start + 1, len(shown(line[:after])))

    def _selected_in(self, at: int) -> Span | None:
        """What is selected of this line; the break at its end counts as a character."""
        if (selection := self._text.selection) is None:
            return None
        (first, start), (last, stop) = selection
        if not first <= at <= last or (at == last and stop == 0):
            return None
        line = self._text.lines[at]
        begin = len(shown(line[:start])) if at == first else 0
        return begin, len(shown(line[:stop])) if at == last else len(shown(line)) + 1


def _moved(faults: Mapping[int, str], change: Change) -> Mapping[int, str]:
    """The faults where they are after a change, until the owner has found out anew."""
    end, grown = change.at + len(change.before), len(change.after) - len(change.before)
    last = end + grown - 1
    return {(at + grown if at >= end else min(at, last)): words for at, words in faults.items()}


# What a line looks like


def _runs(text: str, look: _Look) -> list[Run]:
    number = "editor--current" if look.is_current else "editor--number"
    sign = "editor--fault" if look.fault else number
    line = in_window(_text_runs(text, look), look.offset, look.room)
    start, words = _words_beside(text, look)
    gap = start - sum(cell_len(part) for part, _ in line) if words else 0
    return [
        (f"{look.number} ", number),
        (f"{look.sign} ", sign),
        *line,
        (" " * gap, ""),
        (words, "editor--fault"),
    ]


def _text_runs(text: str, look: _Look) -> list[Run]:
    runs = [(part, f"editor--{kind}") for part, kind in coloured(text)]
    marked = max(span[1] for span in (look.selected, look.caret, (0, 0)) if span)
    if marked > sum(len(part) for part, _ in runs):
        runs.append((" ", "editor--text"))
    if look.selected:
        runs = restyled(runs, *look.selected, "editor--selected")
    if look.caret:
        runs = restyled(runs, *look.caret, look.caret_style)
        if look.caret_style == SELECTING:  # a blank that is underlined is not seen everywhere
            runs = [("_", SELECTING) if run == (" ", SELECTING) else run for run in runs]
    return runs


def _words_beside(text: str, look: _Look) -> tuple[int, str]:
    """A fault's words to the right of its line, and the cell of the text where they begin: cut
    when there is little room for them, none when there is hardly any."""
    words = f"{FAULT} {look.fault}"
    end = cell_len(shown(text)) + 1
    start = (end // WORDS_STEP + 1) * WORDS_STEP
    room = look.room - start
    if not look.fault or room < min(cell_len(words), WORDS_CELLS):
        return start, ""
    return start, shorten(words, room)
