"""A text of many lines being edited: lines, caret, selection, what was cut, and what was done.

No screen in here. `EditLine` says what a key does inside a line, this says what it does with the
lines. The editor draws an `EditText`; tests edit one without a terminal.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from tuiprov.widgets.edit_line import EditLine, settled
from tuiprov.widgets.preview import shown

STEPS_KEPT = 1000
INDENT = "  "

Place = tuple[int, int]
"""Line and column, both from 0; the column counts characters."""

_RUNS = ("typing", "erasing")
"""Runs that are one step of undo. Lines cut one after the other are a run, but each is a step."""

_BLANKS = re.compile(r"[ \t]*")
_INDENTED = re.compile(rf"^(?:\t| {{1,{len(INDENT)}}})")
_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Change:
    """The lines from `at` on that were `before` are `after` now; and where the caret was and is."""

    at: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    caret_before: Place
    caret_after: Place

    def reversed(self) -> Change:
        """What takes it back."""
        return Change(self.at, self.after, self.before, self.caret_after, self.caret_before)

    def then(self, later: Change) -> Change | None:
        """Both as one, when the later one goes on in the lines that this one left."""
        if self.at != later.at or len(self.after) != len(later.before):
            return None
        return Change(self.at, self.before, later.after, self.caret_before, later.caret_after)


class EditText:
    """Lines with a caret, which stands before the character of its column.

    Every change goes through `_apply` as a `Change`, so that undo knows of it. A run of typing, or
    of erasing, in a line is one step of undo.
    """

    def __init__(self, text: str = "", *, kept: str = "") -> None:
        self.lines = text.split("\n")
        self.caret: Place = (0, 0)
        self.kept = kept
        """What was cut or copied last."""
        self.last: Change | None = None
        """What changed the lines last, undo and redo among it."""
        self._mark: Place | None = None
        self._marking = False
        self._goal: int | None = None
        self._run = ""
        self._done: deque[Change] = deque(maxlen=STEPS_KEPT)
        self._undone: list[Change] = []

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def selection(self) -> tuple[Place, Place] | None:
        """Start and end of what is selected, in the order of the text; None when nothing is."""
        if self._mark is None or self._mark == self.caret:
            return None
        return min(self._mark, self.caret), max(self._mark, self.caret)

    # -- moving and selecting -------------------------------------------------------------------

    def go(self, place: Place, *, select: bool = False) -> None:
        """Put the caret here, or as near as there is a place for it. `select` selects what lies
        between; without it a selection ends, unless the mark is set."""
        if select and self._mark is None:
            self._mark = self.caret
        elif not select and not self._marking:
            self._mark = None
        row = max(0, min(place[0], len(self.lines) - 1))
        self.caret = row, settled(self.lines[row], place[1])
        self._goal = None
        self._run = ""

    def go_lines(self, by: int, *, select: bool = False) -> None:
        """So many lines down or up, in the same cells as far as the lines go."""
        row, column = self.caret
        goal = cell_of(self.lines[row], column) if self._goal is None else self._goal
        to = max(0, min(row + by, len(self.lines) - 1))
        self.go((to, column_of(self.lines[to], goal)), select=select)
        self._goal = goal

    def set_mark(self) -> None:
        """From here on every move selects; when that is so already, nothing is selected."""
        self._marking = not self._marking
        self._mark = self.caret if self._marking else None

    def left(self) -> Place:
        row, column = self.caret
        return self._in_line(EditLine.left) if column else self._end_of(row - 1)

    def right(self) -> Place:
        return self._start_of_next() if self._is_at_end else self._in_line(EditLine.right)

    def word_left(self) -> Place:
        row, column = self.caret
        return self._in_line(EditLine.word_left) if column else self._end_of(row - 1)

    def word_right(self) -> Place:
        return self._start_of_next() if self._is_at_end else self._in_line(EditLine.word_right)

    def home(self) -> Place:
        return self._in_line(EditLine.home)

    def end(self) -> Place:
        return self._in_line(EditLine.end)

    def start_of_text(self) -> Place:
        return 0, 0

    def end_of_text(self) -> Place:
        return self._end_of(len(self.lines) - 1)

    def find(self, words: str, *, back: bool = False) -> Place | None:
        """Where these words are next, in capitals or not, after the caret or before it; from the
        other end of the text on when there are none. None when they are nowhere in a line."""
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        count, (row, column) = len(self.lines), self.caret
        for step in range(count + 1 if words else 0):
            at = (row + (-step if back else step)) % count
            found = [match.start() for match in pattern.finditer(self.lines[at])]
            if step == 0:
                found = [start for start in found if (start < column if back else start > column)]
            if found:
                return at, found[-1 if back else 0]
        return None

    @property
    def _line(self) -> EditLine:
        row, column = self.caret
        return EditLine(self.lines[row], column)

    @property
    def _is_at_end(self) -> bool:
        row, column = self.caret
        return column == len(self.lines[row])

    def _in_line(self, step: Callable[[EditLine], EditLine]) -> Place:
        return self.caret[0], step(self._line).caret

    def _end_of(self, row: int) -> Place:
        return (row, len(self.lines[row])) if row >= 0 else (0, 0)

    def _start_of_next(self) -> Place:
        row = self.caret[0] + 1
        return (row, 0) if row < len(self.lines) else self.caret

    # -- changing -------------------------------------------------------------------------------

    def type(self, typed: str) -> None:
        """Put in what a key typed, in the place of what is selected."""
        if self.selection:
            self._replace(*self.selection, typed, "typing")
        else:
            self._change_line(lambda line: line.insert(typed), "typing")

    def new_line(self) -> None:
        """Break the line; the new one begins with the blanks that this one begins with."""
        start, end = self.selection or (self.caret, self.caret)
        blanks = _BLANKS.match(self.lines[start[0]][: start[1]])
        self._replace(start, end, f"\n{blanks[0] if blanks else ''}")

    def paste(self, pasted: str) -> None:
        """Put in many lines. Tabs stay, other control characters are left out; what else cannot be
        seen is shown as an escape, to be taken out or left by who pasted it."""
        lines = _CONTROL.sub("", _BREAK.sub("\n", pasted))
        self._replace(*(self.selection or (self.caret, self.caret)), lines)

    def backspace(self) -> None:
        self._erase(EditLine.backspace, self.left())

    def delete(self) -> None:
        self._erase(EditLine.delete, self.right())

    def delete_word(self) -> None:
        self._erase(EditLine.delete_word, self.left())

    def cut(self) -> None:
        """Cut what is selected, else the line. Lines cut one after the other stay together."""
        if self.selection:
            self.kept = self._selected()
            self._replace(*self.selection, "")
            return
        row = self.caret[0]
        is_last = row == len(self.lines) - 1
        line = self.lines[row] + ("" if is_last else "\n")
        if line:
            self.kept = self.kept + line if self._run == "cutting" else line
            self._replace((row, 0), self._end_of(row) if is_last else (row + 1, 0), "", "cutting")

    def copy(self) -> None:
        """Keep what is selected, and end the selection."""
        if self.selection:
            self.kept = self._selected()
            self._forget_mark()

    def put_back(self) -> None:
        """Put in what was cut or copied last, in the place of what is selected."""
        self._replace(*(self.selection or (self.caret, self.caret)), self.kept)

    def indent(self) -> None:
        """Two blanks here; when more than one line is selected, in front of each of them."""
        if self.selection and self.selection[0][0] != self.selection[1][0]:
            self._change_lines(lambda line: INDENT + line if line else line)
        else:
            self.type(INDENT)

    def outdent(self) -> None:
        """Take two blanks, or a tab, from the beginning of each selected line, or of this one."""
        self._change_lines(lambda line: _INDENTED.sub("", line))

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self._done:
            return False
        change = self._done.pop()
        self._undone.append(change)
        self._apply(change.reversed())
        self._run = ""
        return True

    def redo(self) -> bool:
        """Do again what undo took back last; False when there is nothing."""
        if not self._undone:
            return False
        change = self._undone.pop()
        self._done.append(change)
        self._apply(change)
        self._run = ""
        return True

    def _erase(self, step: Callable[[EditLine], EditLine], beyond: Place) -> None:
        """Erase what is selected, or what the step takes from the line, or the break between this
        line and the one where `beyond` is."""
        if self.selection:
            self._replace(*self.selection, "")
        elif beyond[0] == self.caret[0]:
            self._change_line(step, "erasing")
        else:
            self._replace(min(beyond, self.caret), max(beyond, self.caret), "", "erasing")

    def _selected(self) -> str:
        (first, start), (last, stop) = self.selection or (self.caret, self.caret)
        if first == last:
            return self.lines[first][start:stop]
        between = self.lines[first + 1 : last]
        return "\n".join((self.lines[first][start:], *between, self.lines[last][:stop]))

    def _change_line(self, step: Callable[[EditLine], EditLine], run: str) -> None:
        """Do inside the caret's line what `step` does."""
        row, line = self.caret[0], self._line
        new = step(line)
        self._do(Change(row, (line.text,), (new.text,), self.caret, (row, new.caret)), run)

    def _change_lines(self, change: Callable[[str], str]) -> None:
        """Change each line that is selected, or the caret's; what is selected stays so."""
        (first, _), (last, stop) = self.selection or (self.caret, self.caret)
        last -= last > first and stop == 0
        before = tuple(self.lines[first : last + 1])
        after = tuple(map(change, before))

        def moved(place: Place) -> Place:
            row, column = place
            if not first <= row <= last:
                return place
            return row, max(0, column + len(after[row - first]) - len(before[row - first]))

        mark, marking = self._mark, self._marking
        self._do(Change(first, before, after, self.caret, moved(self.caret)))
        if mark is not None:
            self._mark, self._marking = moved(mark), marking

    def _replace(self, start: Place, end: Place, added: str, run: str = "") -> None:
        """Put `added` in the place of what is between start and end."""
        (first, column), (last, stop) = start, end
        tail = self.lines[last][stop:]
        after = (self.lines[first][:column] + added + tail).split("\n")
        caret = first + len(after) - 1, len(after[-1]) - len(tail)
        self._do(
            Change(first, tuple(self.lines[first : last + 1]), tuple(after), self.caret, caret), run
        )

    def _do(self, change: Change, run: str = "") -> None:
        """Make a change, and remember how to take it back; as part of the step before when that
        is of the same run."""
        if change.before == change.after:
            self.caret = change.caret_after
            self._forget_mark()
            return
        together = self._done[-1].then(change) if run in _RUNS and run == self._run else None
        if together:
            self._done[-1] = together
        else:
            self._done.append(change)
        self._undone.clear()
        self._apply(change)
        self._run = run

    def _apply(self, change: Change) -> None:
        self.lines[change.at : change.at + len(change.before)] = change.after
        row, column = change.caret_after
        self.caret = row, settled(self.lines[row], column)
        self.last = change
        self._goal = None
        self._forget_mark()

    def _forget_mark(self) -> None:
        self._mark = None
        self._marking = False


def cell_of(line: str, column: int) -> int:
    """The cell of the line as drawn in which this column begins."""
    return cell_len(shown(line[:column]))


def column_of(line: str, cell: int) -> int:
    """The last column that begins in this cell or left of it."""
    return bisect_right(range(len(line) + 1), cell, key=lambda column: cell_of(line, column)) - 1


MOVE_KEYS: Mapping[str, Callable[[EditText], Place]] = {
    "left": EditText.left,
    "right": EditText.right,
    "ctrl+left": EditText.word_left,
    "ctrl+right": EditText.word_right,
    "home": EditText.home,
    "ctrl+a": EditText.home,
    "end": EditText.end,
    "ctrl+e": EditText.end,
    "ctrl+home": EditText.start_of_text,
    "ctrl+end": EditText.end_of_text,
}
"""Where a key moves to; with Shift it selects as well."""

CHANGE_KEYS: Mapping[str, Callable[[EditText], object]] = {
    "enter": EditText.new_line,
    "backspace": EditText.backspace,
    "delete": EditText.delete,
    "ctrl+d": EditText.delete,
    "ctrl+w": EditText.delete_word,
    "ctrl+k": EditText.cut,
    "ctrl+u": EditText.put_back,
    "tab": EditText.indent,
    "shift+tab": EditText.outdent,
    "ctrl+z": EditText.undo,
    "ctrl+underscore": EditText.undo,
    "ctrl+y": EditText.redo,
}
