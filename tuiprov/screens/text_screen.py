"""A screen to read on: a title, a line about it, a text with marked lines, the keys."""

from __future__ import annotations

from textual.app import ComposeResult

from tuiprov.screens.base import TuiprovScreen
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.preview import Preview


class TextScreen(TuiprovScreen):
    """A plan, an operation of the history, a version of a file: what a subclass shows."""

    def __init__(self) -> None:
        super().__init__()
        self._summary = Bar(id="summary")
        self._changes = Preview(id="changes")

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._summary
        yield self._changes
        yield self.keys_bar
