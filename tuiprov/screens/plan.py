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
    """Answers True to apply, None to go back. `replan` turns Regenerate over and plans again."""

    where = "plan"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("plan")

    def __init__(self, plan: Plan, about: str, replan: Callable[[], Plan] | None = None) -> None:
        super().__init__()
        self._plan = plan
        self._about = about
        self._replan = replan
        self._summary = Bar(id="summary")
        self._changes = Preview(id="changes")

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._summary
        yield self._changes
        yield self.keys_bar

    def on_mount(self) -> None:
        self.title_bar.show([("Plan", "bar--title"), (f"  {visible(self._about)}", "bar--dim")])
        self._show()
        self.show_keys()
        self._changes.focus()

    def action_apply(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_regenerate(self) -> None:
        """Replace existing files too, or leave them as they are."""
        if self._replan is not None:
            self._plan = self._replan()
            self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Regenerate is a question of a save only."""
        if action == "regenerate" and self._replan is None:
            return False
        return super().check_action(action, parameters)

    def _show(self) -> None:
        words = f"Files: {self._plan.summary()}."
        held = len(self._plan.held)
        if held:
            words = f"{held} file{'s' if held > 1 else ''} would be left as is: R replaces. {words}"
        self._summary.show([(words, "bar--note" if held else "bar--title")])
        empty = "No file changes: only the database is written."
        self._changes.show(list(_lines(self._plan)), empty=empty)


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
        yield PreviewLine(line, changed=change.kind == "replace" and line[2:3] in ("+", "-"))
    if len(lines) > _MOST_LINES:
        yield PreviewLine(f"  … {len(lines) - _MOST_LINES} more lines")
    yield PreviewLine("")
