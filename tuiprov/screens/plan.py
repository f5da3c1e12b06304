"""The plan before it is carried out: each file with its sign and what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tuiprov.publish.plan import Change, Plan
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.text import visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.preview import Preview, PreviewLine

_SIGNS = {"write": "+ new", "replace": "~ replace", "delete": "- delete"}
_MOST_FILES = 200
_MOST_LINES = 60


class PlanScreen(TuiprovScreen):
    """Answers True to apply, None to go back."""

    where = "plan"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("plan")

    def __init__(self, plan: Plan, replan: Callable[[bool], Plan] | None, title: str) -> None:
        super().__init__()
        self._plan = plan
        self._replan = replan
        self._title_words = title
        self._regenerates = replan is None

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield Bar(id="summary")
        yield Preview(id="changes")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        self.query_one("#title", Bar).show(
            [("Plan", "bar--title"), (f"  {visible(self._title_words)}", "bar--dim")]
        )
        self._show()
        self.show_keys()
        self.query_one(Preview).focus()

    def action_apply(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_regenerate(self) -> None:
        """Replace existing files too, or leave them as they are."""
        if self._replan is not None:
            self._regenerates = not self._regenerates
            self._plan = self._replan(self._regenerates)
            self._show()

    def _show(self) -> None:
        words = f"Files: {self._plan.summary()}."
        held = len(self._plan.held)
        if held:
            words += f" {held} existing left as they are: R replaces them (Regenerate)."
        self.query_one("#summary", Bar).show([(words, "bar--note" if held else "bar--title")])
        empty = "No file changes: only the database is written."
        self.query_one(Preview).show(list(_lines(self._plan)), empty=empty)


def _lines(plan: Plan) -> Iterator[PreviewLine]:
    for device_id, problem in plan.failed.items():
        yield PreviewLine(f"! device {device_id}: {problem}", changed=True)
    for change in plan.changes[:_MOST_FILES]:
        yield from _about(change, "")
    for change in plan.held:
        yield from _about(change, " (left as it is)")
    if len(plan.changes) > _MOST_FILES:
        yield PreviewLine(f"… and {len(plan.changes) - _MOST_FILES} more files")


def _about(change: Change, words: str) -> Iterator[PreviewLine]:
    yield PreviewLine(f"{_SIGNS[change.kind]} {change.path}{words}", focused=True)
    if change.kind == "write":
        lines = [f"  + {line}" for line in change.shown_after.splitlines()]
    else:
        lines = [f"  {line}" for line in change.diff()] if change.kind == "replace" else []
    for line in lines[:_MOST_LINES]:
        yield PreviewLine(line, changed=line.lstrip().startswith("+"))
    if len(lines) > _MOST_LINES:
        yield PreviewLine(f"  … {len(lines) - _MOST_LINES} more lines")
    yield PreviewLine("")
