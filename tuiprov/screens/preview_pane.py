"""The pane beside the form: one tab per file the phone will ask for and one for the link."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical

from tuiprov.publish.preview import PagePreview
from tuiprov.text import visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import SIGNS, Run, wrap
from tuiprov.widgets.preview import Preview, PreviewLine

_MORE = " (+{} more: F1)"
_SIGNS = {"new": "+", "changed": "~", "published": "="}


class PreviewPane(Vertical):
    """Shows a `PagePreview`: tabs, notes on what the phone cannot take, the file."""

    def __init__(self) -> None:
        super().__init__(id="side")
        self.view = Preview(id="preview")
        self._files = Bar(id="files")
        self._notes = Bar(id="notes")
        self._preview = PagePreview()
        self._tab = 0
        self.notes_room = 1
        """How many lines of notes are shown at once."""

    def compose(self) -> ComposeResult:
        yield self._files
        yield self._notes
        yield self.view

    def show(self, preview: PagePreview, *, follow: bool = False) -> None:
        """Show this preview now, on the same tab as before if there is one; with `follow` on the
        tab that holds lines of the focused field."""
        self._preview = preview
        self._tab = min(self._tab, max(0, len(preview.files) - 1))
        if follow:
            self._follow()
        lines: Sequence[PreviewLine] = ()
        if preview.files:
            lines = [
                PreviewLine(line.text, line.changed, line.focused)
                for line in preview.files[self._tab].lines
            ]
        self.view.show(lines, empty=preview.empty)
        self._show_tabs()
        self._show_notes()

    def next_tab(self) -> None:
        count = len(self._preview.files)
        self._tab = (self._tab + 1) % count if count else 0
        self.show(self._preview)

    def go_to_tab(self, number: int) -> None:
        """Be on this tab when a preview is shown next."""
        self._tab = number

    def _follow(self) -> None:
        holding = [n for n, file in enumerate(self._preview.files) if file.is_focused]
        if holding and self._tab not in holding:
            self._tab = holding[0]

    @property
    def _room(self) -> int:
        """Cells for a line of a bar: its own padding is not, nor the sign that something is cut."""
        return max(30, self.size.width - 4)

    def _show_tabs(self) -> None:
        names = [
            f" {_SIGNS.get(file.state, '')}{visible(file.name)} " for file in self._preview.files
        ]
        # Where there is not room for all, those before the current one give way to it.
        first = 0
        while first < self._tab and cell_len("".join(names[first : self._tab + 1])) > self._room:
            first += 1
        runs: list[Run] = [(SIGNS.cut, "bar--dim")] if first else []
        for number, name in enumerate(names[first:], first):
            runs.append((name, "bar--current" if number == self._tab else "bar--tab"))
        if self._preview.files:
            runs.append((f" {self._preview.files[self._tab].state}", "bar--dim"))
        elif self._preview.empty:
            runs.append(("no file", "bar--dim"))
        self._files.show(runs)

    def _show_notes(self) -> None:
        """As many notes as there is room for, each whole; how many more there are."""
        notes = self._preview.notes
        width = self._room - (len(_MORE) if len(notes) > 1 else 0)
        lines: list[list[Run]] = []
        left = len(notes)
        for note in notes:
            parts = wrap(f"! {note.sentence}", width, self.notes_room)
            if lines and len(lines) + len(parts) > self.notes_room:
                break
            lines += [[(part, "bar--note")] for part in parts]
            left -= 1
        if left:
            lines[-1].append((_MORE.format(left), "bar--dim"))
        # A layout costs a frame, so the height is touched only when the number of notes changes.
        if self._notes.display != bool(lines) or self._notes.line_count() != len(lines):
            self._notes.styles.height = len(lines)
            self._notes.display = bool(lines)
        self._notes.show(*lines)
