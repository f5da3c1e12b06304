"""The plan before it is carried out: each file with its sign and what changes in it.

A plan of many changes shows equal ones together. One that takes long is made in a thread, while the
screen says how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tuiprov.actions import Action
from tuiprov.errors import TuiprovError
from tuiprov.publish.grouping import MANY, Group, groups, settings
from tuiprov.publish.plan import Change, Plan
from tuiprov.publish.planning import OnPhone
from tuiprov.screens.base import bindings_of
from tuiprov.screens.text_screen import TextScreen
from tuiprov.screens.working import Job
from tuiprov.text import visible
from tuiprov.widgets.compat import Run, wrap
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.preview import PreviewLine

Planner = Callable[[OnPhone], Plan]
"""Makes a plan, telling of each phone."""

_SIGNS = {"write": "+ new", "replace": "~ replace", "delete": "- delete"}
_HELD = " (left as it is)"
_AGAIN = "  the same content again, for its group and mode"
_MOST_LINES = 60
_MOST_GROUPS = 200
_MOST_SETTINGS = 6
_MOST_REFUSED = 100
_MOST_NOTE_LINES = 8


class PlanScreen(TextScreen):
    """Answers True to apply, None to go back. `replan` turns Regenerate over and plans again."""

    where = "plan"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("plan")

    def __init__(
        self,
        plan: Plan | Planner,
        about: str,
        replan: Callable[[], Plan] | None = None,
        taken_in: Sequence[str] = (),
        in_waves: Callable[[Plan], None] | None = None,
    ) -> None:
        super().__init__()
        self.plan = plan if isinstance(plan, Plan) else Plan()
        """What is shown, and what a True is the answer to."""
        self._planner = None if isinstance(plan, Plan) else plan
        self._job: Job[tuple[Plan, Sequence[PreviewLine]]] | None = None
        self._about = about
        self._replan = replan
        self._in_waves = in_waves
        self._taken_in = [f"{words}." for words in taken_in]
        """What others changed and the save brings along."""

    def on_mount(self) -> None:
        self.title_bar.show([("Plan", "bar--title"), (f"  {visible(self._about)}", "bar--dim")])
        self._changes.focus()
        if self._planner is None:
            self._show(_lines(self.plan))
        else:
            self._show_progress(0)
            self._make(self._planner)

    def action_apply(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_in_waves(self) -> None:
        """Go on to applying it in waves."""
        if self._in_waves is not None and self._planner is None and self.plan:
            self.dismiss(None)
            self.app.call_later(self._in_waves, self.plan)

    def action_regenerate(self) -> None:
        """Replace existing files too, or leave them as they are."""
        if self._replan is not None:
            self.plan = self._replan()
            self._show(_lines(self.plan))

    # -- making it ------------------------------------------------------------------------------

    def _make(self, planner: Planner) -> None:
        """Make the plan, and what is shown of it: comparing many files takes as long."""

        def make(on_phone: OnPhone) -> tuple[Plan, Sequence[PreviewLine]]:
            plan = planner(on_phone)
            return plan, list(_lines(plan))

        self._job = Job(make)
        self._job.show = lambda count: self.call_later(self._show_progress, count)
        self._job.when_ended = lambda: self.call_later(self._made)
        self._job.begin()

    def on_unmount(self) -> None:
        """Nobody waits for the plan any more."""
        if self._job is not None:
            self._job.is_stopping = True

    def _made(self) -> None:
        job = self._job
        if job is None or not self.is_attached:
            return
        if job.mistake is not None:
            raise job.mistake
        if job.problem is not None:
            self._fail(job.problem)
        elif job.result is not None:
            self.plan, lines = job.result
            self._planner = None
            self._show(lines)

    def _fail(self, error: TuiprovError) -> None:
        def leave(_: str | None) -> None:
            self.dismiss(None)

        question = Dialog("This cannot be planned", str(error).splitlines(), [("enter", "close")])
        self.app.push_screen(question, leave)

    # -- what is shown --------------------------------------------------------------------------

    def _show_progress(self, count: int) -> None:
        phones = f"{count:,} phones   " if count else ""
        self._summary.show([(f"Planning …   {phones}Esc cancels", "bar--note")])
        self.show_keys()

    def _show(self, lines: Sequence[PreviewLine]) -> None:
        held = len(self.plan.held)
        words = f"{_of_whom(self.plan)}: {self.plan.summary()}."
        if held:
            said = f"{held} file{'s' if held > 1 else ''} would be left as is: R replaces."
            words = f"{said} {words}" if self.plan.changes or self.plan.failed else said
        width = self.app.size.width - 2
        notes = [
            line
            for note in (*self._taken_in, *self.plan.notes)
            for line in wrap(visible(note), width, _MOST_NOTE_LINES)
        ]
        shown: list[list[Run]] = [[(words, "bar--note" if held else "bar--title")]]
        shown += [[(line, "bar--note")] for line in notes]
        self._summary.styles.height = len(shown)
        self._summary.show(*shown)
        self._changes.show(lines, empty="No file changes: only the database is written.")
        self.show_keys()

    def _actions(self) -> list[Action]:
        """Regenerate is a question of a save only; what has not been seen yet is not applied."""
        absent = {"regenerate"} if self._replan is None else set()
        if self._in_waves is None or not self.plan:
            absent.add("in_waves")
        if self._planner is not None:
            absent |= {"apply", "regenerate"}
        return [action for action in super()._actions() if action.id not in absent]


def _of_whom(plan: Plan) -> str:
    return f"Files of {plan.devices} phones" if plan.devices > 1 else "Files"


def _lines(plan: Plan) -> list[PreviewLine]:
    """All changes, one by one, or in groups when there are many."""
    shown = [PreviewLine(f"! {words}", changed=True) for words in plan.refused[:_MOST_REFUSED]]
    if len(plan.refused) > _MOST_REFUSED:
        shown.append(PreviewLine(f"! … and {len(plan.refused) - _MOST_REFUSED:,} more refused"))
    shown += [PreviewLine(f"! {words}", changed=True) for words in plan.failures()]
    if len(plan.changes) + len(plan.held) <= MANY:
        for change in plan.changes:
            shown += _about(change, "")
        for change in plan.held:
            shown += _about(change, _HELD)
        return shown
    common = [PreviewLine(one.words()) for one in settings(plan)[:_MOST_SETTINGS]]
    shown += [*common, PreviewLine("")] if common else []
    found = groups(plan)
    for group in found[:_MOST_GROUPS]:
        shown += _about_group(group)
    if len(found) > _MOST_GROUPS:
        shown.append(PreviewLine(f"… and {len(found) - _MOST_GROUPS} more kinds of changes"))
    return shown


def _about(change: Change, words: str) -> Iterator[PreviewLine]:
    yield PreviewLine(f"{_SIGNS[change.kind]} {change.path}{words}", focused=True)
    if change.kind == "write":
        yield from _cut([f"  + {line}" for line in change.shown_after.splitlines()])
    elif change.kind == "replace":
        yield from _cut([f"  {line}" for line in change.diff()] or [_AGAIN], is_diff=True)
    yield PreviewLine("")


def _about_group(group: Group) -> Iterator[PreviewLine]:
    words = f"{_SIGNS[group.kind]} {group.headline()}{_HELD if group.held else ''}"
    yield PreviewLine(words, focused=True)
    lines = [f"  {line}" for line in group.lines]
    yield from _cut([_AGAIN] if group.is_rewritten else lines, is_diff=True)
    yield PreviewLine("")


def _cut(lines: Sequence[str], *, is_diff: bool = False) -> Iterator[PreviewLine]:
    for line in lines[:_MOST_LINES]:
        yield PreviewLine(line, changed=is_diff and line[2:3] in ("+", "-"))
    if len(lines) > _MOST_LINES:
        yield PreviewLine(f"  … {len(lines) - _MOST_LINES} more lines")
