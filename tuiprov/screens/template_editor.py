"""A template's files under the keys, and beside them what a real phone would get.

The files are checked and rendered behind the keystroke, in a thread and in the sandbox: the editor
stays alive whatever the template does. What is saved is shown as a plan first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from tuiprov.actions import Action
from tuiprov.data.fields import Value
from tuiprov.data.page import Phone
from tuiprov.data.templates.library import Candidate
from tuiprov.data.templates.merging import conflict_lines
from tuiprov.data.templates.parts import TemplateView
from tuiprov.errors import PublishError, TuiprovError
from tuiprov.orders.order import OnRecord, going_on
from tuiprov.publish.plan import Plan
from tuiprov.publish.template_check import Fault, Look, device_words
from tuiprov.publish.template_work import Validation
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.screens.behind import Behind
from tuiprov.screens.form_screen import WIDE
from tuiprov.screens.look_pane import LookPane
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.template_settings import TemplateSettingsScreen
from tuiprov.text import visible
from tuiprov.widgets.ask import Ask
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import HARD_BLANK, Dialog
from tuiprov.widgets.editor import HELP, Editor
from tuiprov.widgets.picker import Picker

if TYPE_CHECKING:
    from tuiprov.session import Session

_CHANGING: Final = frozenset(
    ("save_template", "undo_text", "redo_text", "merge", "template_settings", "try_all")
)
"""Actions that are not there for a template which may only be read."""
_MADE_UP: Final = "made up"
"""Stands for the phone that is none of the site's."""
_MOST_FAULTS: Final = 200


class TemplateEditor(TuiprovScreen):
    """Edits the files of one template. Answers True when something was stored."""

    where = "editor"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("editor")

    def __init__(self, session: Session, view: TemplateView) -> None:
        super().__init__()
        self._viewer = session.viewer
        self._work = session.templates
        self._stored = self._view = view
        self._is_stored = False
        self._read_only = not self._work.may_change(view)
        candidates = self._work.candidates(view)
        self._device = candidates[0].device_id if candidates else None
        self._phone = self._work.phone(view, self._device)
        self._look = Look()
        self._behind = Behind(self, self._looked_at, self._show_look)
        self._words = ""
        self._editors = {path: self._editor(path) for path in view.files}
        self._path = self._work.main_path(view, self._phone)
        self._tabs = Bar(id="templates")
        self._texts = Container(id="text")
        self._pane = LookPane()
        self._status = Bar(id="help")

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._tabs
        with Container(id="body"):
            with self._texts:
                yield from self._editors.values()
            yield self._pane
        yield self._status
        yield self.keys_bar

    def on_mount(self) -> None:
        self._follow_size()
        for path, editor in self._editors.items():
            editor.open(self._view.files[path], read_only=self._read_only)
        self._go_to(self._path)
        self._ask()

    # -- typing ---------------------------------------------------------------------------------

    def _editor(self, path: str) -> Editor:
        return Editor(partial(self._edited, path), self._moved)

    @property
    def _current(self) -> Editor:
        return self._editors[self._path]

    @property
    def is_changed(self) -> bool:
        """Is there anything that is not saved?"""
        view, stored = self._view, self._stored
        return (view.values, view.files, view.bases) != (stored.values, stored.files, stored.bases)

    def _edited(self, path: str, text: str) -> None:
        """A keystroke in a file."""
        self._view = replace(self._view, files={**self._view.files, path: text})
        self._show_texts()
        self._ask()

    def _moved(self, _line: int) -> None:
        self._show_status()

    # -- what the template does, behind the keys ------------------------------------------------

    def _ask(self) -> None:
        self._behind.ask((self._view, self._phone))

    def _looked_at(self, asked: tuple[TemplateView, Phone]) -> Look:
        return self._work.look(*asked)

    def _show_look(self, look: Look) -> None:
        """What the template as it is now does."""
        self._look = look
        for path, editor in self._editors.items():
            editor.show_faults(_by_line(fault for fault in look.faults if fault.file == path))
        self._pane.show_look(look)
        self._show_texts()

    # -- what the user does ---------------------------------------------------------------------

    def on_resize(self) -> None:
        self._follow_size()
        self._show_texts()

    def action_save(self) -> None:
        """Plan what the changed template does to phones; applying that is what saves."""
        if not self.is_changed:
            self.show_keys(note="Nothing to save: nothing changed.")
            return
        view = self._view
        planned = partial(self._planned, view)
        self.work_on("Plan", partial(self._work.plan, view), planned, "Not saved")

    def action_undo(self) -> None:
        if not self._current.undo():
            self.show_keys(note="Nothing to undo.")

    def action_redo(self) -> None:
        if not self._current.redo():
            self.show_keys(note="Nothing to redo.")

    def action_choose_phone(self) -> None:
        """Another phone beside the template."""
        try:
            found = self._work.candidates(self._view)
        except TuiprovError as error:
            self.tell("Devices cannot be listed", error)
            return
        options = [(str(one.device_id), _candidate_words(one)) for one in found]
        options.append((_MADE_UP, "A made-up phone"))
        value = _MADE_UP if self._device is None else str(self._device)
        picker = Picker("Look at it with (* uses it)", options, value)
        self.app.push_screen(picker, self._choose)

    def _choose(self, chosen: str | None) -> None:
        if chosen is not None:
            self._device = None if chosen == _MADE_UP else int(chosen)
            self._take_phone()

    def action_other_pane(self) -> None:
        self.set_focus(self._current if self._pane.view.has_focus else self._pane.view)

    def action_next_file(self) -> None:
        self._step(1)

    def action_previous_file(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """The next file of the pane that one is in."""
        if self._pane.view.has_focus:
            self._pane.next_tab()
            return
        paths = list(self._editors)
        self._go_to(paths[(paths.index(self._path) + by) % len(paths)])

    def action_find(self) -> None:
        self.app.push_screen(Ask("Find", text=self._words), self._find)

    def action_find_again(self) -> None:
        self._find(self._words)

    def _find(self, words: str | None) -> None:
        self._words = words or self._words
        if words and not self._current.find(words):
            self.show_keys(note=f"{words} is not in this file.")

    def action_try_all(self) -> None:
        """Try the template, as it is now, with every device that uses it."""
        view = self._view
        work = partial(self._work.validate, view)
        self.work_on("Try with every phone", work, self._tried, "Not tried")

    def _tried(self, done: Validation) -> None:
        phones = f"{done.checked} phone{'' if done.checked == 1 else 's'}"
        words = f"{phones}{' (made up: no device uses it)' if done.is_sample else ''}"
        if not done.faults:
            self.tell("No fault", f"Tried with {words}.")
            return
        lines = [str(fault) for fault in done.faults[:_MOST_FAULTS]]
        if len(done.faults) > len(lines):
            lines.append(f"… and {len(done.faults) - len(lines)} more")
        self.tell(f"Faults with {words}" if done.checked else "Faults", "\n".join(lines))

    async def action_merge(self) -> None:
        """Take the changes of the server default in; nothing is stored yet."""
        view, merged = self._work.merged(self._view)
        if not merged:
            self.show_keys(note="Nothing to merge: the server default is what it was copied from.")
            return
        await self._take_view(view)
        conflicts = sum(file.conflicts for file in merged)
        first = next((file for file in merged if file.conflicts), merged[0])
        self._go_to(first.path)
        self._current.go_to(next(iter(conflict_lines(first.text)), 0))
        files = f"{len(merged)} file{'s' if len(merged) > 1 else ''} merged"
        more = f", {conflicts} conflict{'s' if conflicts > 1 else ''} to mend" if conflicts else ""
        self.show_keys(note=f"{files}{more}. F2 saves.")

    def action_settings(self) -> None:
        """The template's name and phones, to be saved together with its files."""
        settled: list[TemplateView] = []

        def take(values: dict[str, Value]) -> None:
            settled.append(self._work.settled(self._view, values))

        async def taken(stored: bool | None) -> None:
            if stored and settled:
                await self._take_view(settled[0])
                self._take_phone()

        screen = TemplateSettingsScreen(self._view, f"Template {self._view.name}", take)
        self.app.push_screen(screen, taken)

    def action_zoom(self) -> None:
        """Give the pane that one is in the whole screen, or take it back."""
        if self._is_zoomed:
            self.remove_class("-zoom", "-zoom-text")
        else:
            self.add_class("-zoom" if self._pane.view.has_focus else "-zoom-text")
        self._show_status()

    @property
    def _is_zoomed(self) -> bool:
        return self.has_class("-zoom") or self.has_class("-zoom-text")

    def action_leave(self) -> None:
        """Back to the list; what is not saved is asked about."""
        if self._is_zoomed:
            self.action_zoom()
        elif self.is_changed:
            question = Dialog(
                "Unsaved changes",
                ["This template has changes that are not saved."],
                [("s", "save"), ("d", "discard"), ("escape", "go on editing")],
            )
            self.app.push_screen(question, self._leave_or_save)
        else:
            self._close()

    def _leave_or_save(self, answer: str | None) -> None:
        if answer == "s":
            self.action_save()
        elif answer == "d":
            self._close()

    def _close(self) -> None:
        self._behind.forget()
        self.dismiss(self._is_stored)

    # -- saving ---------------------------------------------------------------------------------

    def _planned(self, view: TemplateView, plan: Plan) -> None:
        def answer(apply: bool | None) -> None:
            if apply:
                self.work_on("Save", partial(self._save, view), self._saved, "Not saved")

        in_waves = partial(self._save_for_waves, view)
        self.app.push_screen(PlanScreen(plan, f"template {view.name}", in_waves=in_waves), answer)

    def _save_for_waves(self, view: TemplateView, plan: Plan) -> None:
        """Store it; its phones' files follow in waves."""

        def do(on_phone: OnRecord) -> tuple[TemplateView, str, str]:
            on_phone(0)
            saved, _ = self._work.save(view, publish_too=False)
            return saved, "Saved; the phones' files are to follow in waves.", ""

        def then(done: tuple[TemplateView, str, str]) -> None:
            self._saved(done)
            self.navigator.show_waves(plan)

        self.work_on("Save", do, then, "Not saved")

    def _save(self, view: TemplateView, on_phone: OnRecord) -> tuple[TemplateView, str, str]:
        """Store it and publish; the template as it is stored, a note, and what went wrong."""
        try:
            on_phone(0)
            saved, plan = self._work.save(view, on_phone=going_on(on_phone))
        except PublishError as error:
            return self._work.open(view.id or 0), "Saved, but not published.", str(error)
        return saved, f"Saved. Files: {plan.in_the_past()}.", ""

    def _saved(self, done: tuple[TemplateView, str, str]) -> None:
        saved, note, problem = done
        self._is_stored = True
        self._stored = saved
        now = self._view
        self._view = replace(saved, values=now.values, files=now.files, bases=now.bases)
        self._show_texts()
        self.show_keys(note=note)
        if problem:
            self.tell("Saved, but not published", problem)

    # -- files and phone ------------------------------------------------------------------------

    async def _take_view(self, view: TemplateView) -> None:
        """Go on with this template: other texts, files more or fewer."""
        before, self._view = self._view, view
        for path in view.files.keys() - self._editors.keys():
            editor = self._editors[path] = self._editor(path)
            editor.display = False
            await self._texts.mount(editor)
            editor.open(view.files[path])
        for path, text in view.files.items():
            if text != before.files.get(path, text):
                self._editors[path].open(text)
        self._show_texts()
        self._ask()

    def _take_phone(self) -> None:
        """Look at the template with the chosen phone, or with a made-up one when it is not for
        that any more."""
        fitting = {one.device_id for one in self._work.candidates(self._view)}
        if self._device not in fitting:
            self._device = None
        self._phone = self._work.phone(self._view, self._device)
        self._show_status()
        self._ask()

    def _go_to(self, path: str) -> None:
        self._path = path
        for other, editor in self._editors.items():
            editor.display = other == path
        self.set_focus(self._current)
        self._pane.follow(path)
        self._show_texts()
        self.show_keys()

    # -- what is shown --------------------------------------------------------------------------

    def _follow_size(self) -> None:
        wide = self.app.size.width >= WIDE
        self.set_class(wide, "-wide")
        self._pane.notes_room = 3 if wide else 1

    def _show_texts(self) -> None:
        """Title, tabs and status: what a keystroke can change of them."""
        view = self._view
        changed = " *" if self.is_changed else ""
        phones = " ".join(str(view.values[n]) for n in ("manufacturer", "models", "firmware"))
        owner = f"  {view.owner}" if view.relation not in ("own", "default") else ""
        what = "  read only" if self._read_only else f"  {phones.strip()}"
        self.title_bar.show(
            [
                (visible(f"Template {view.name}{changed}"), "bar--title"),
                (visible(f"{what}{owner}  {self._viewer.label}"), "bar--dim"),
            ]
        )
        self._show_tabs()
        self._show_status()

    def _show_tabs(self) -> None:
        faulty = {fault.file for fault in self._look.faults}
        several = len({path.partition("/")[0] for path in self._editors}) > 1
        names = []
        for path in self._editors:
            shown = path if several else path.partition("/")[2]
            wrong = " !" if path in faulty else ""
            changed = " *" if self._view.files[path] != self._stored.files.get(path) else ""
            names.append((path, f" {shown}{wrong}{changed} "))
        self._tabs.show(_tabs_that_fit(names, self._path, self.app.size.width - 4))

    def _show_status(self) -> None:
        """Where one is and which phone is beside; what is wrong where the pane does not say it."""
        faults = self._look.faults
        if faults and self.has_class("-zoom-text"):
            runs: list[Run] = [(visible(f"! {faults[0]}"), "bar--error")]
        else:
            line = self._current.caret[0] + 1
            runs = [(visible(f"Line {line}   Phone: {device_words(self._phone)}"), "bar--dim")]
        self._status.show(runs)

    def typing_help(self) -> list[str]:
        width = max(len(keys) for keys, _ in HELP)
        return [f"{keys:<{width}} ".replace(" ", HARD_BLANK) + words for keys, words in HELP]

    def _actions(self) -> list[Action]:
        known = super()._actions()
        return [one for one in known if not (self._read_only and one.id in _CHANGING)]


def _candidate_words(one: Candidate) -> str:
    return f"{one.name}  {one.model}  {one.mac}{'  *' if one.uses_it else ''}"


def _by_line(faults: Iterable[Fault]) -> dict[int, str]:
    """Line from 0 → words; what has no line stands at the first."""
    found: dict[int, str] = {}
    for fault in faults:
        line = max(0, fault.line - 1)
        found[line] = f"{found[line]}; {fault.reason}" if line in found else fault.reason
    return found


def _tabs_that_fit(names: Sequence[tuple[str, str]], current: str, room: int) -> list[Run]:
    """The tabs; where there is not room for all, those before the current one give way to it."""
    at = next(n for n, (path, _) in enumerate(names) if path == current)
    first = 0
    while first < at and sum(len(text) for _, text in names[first : at + 1]) > room:
        first += 1
    runs: list[Run] = [("… ", "bar--dim")] if first else []
    for path, text in names[first:]:
        runs.append((visible(text), "bar--current" if path == current else "bar--tab"))
    return runs
