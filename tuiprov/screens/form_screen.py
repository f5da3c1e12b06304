"""A screen that edits a sheet of fields: sections as tabs, one form, help, jump mode, undo.

The extension's page is one, with the preview beside it; an account, the preferences and a new
extension are others. A subclass says what saving means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Generic

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from tuiprov.actions import Where
from tuiprov.data.together.meeting import Newer, go_on, meet
from tuiprov.data.together.presence import Other
from tuiprov.errors import Conflict, NotFound, TuiprovError
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.screens.company import Company, News
from tuiprov.screens.merge import MergeScreen
from tuiprov.screens.section import AnySheet, Section
from tuiprov.text import visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, shorten, wrap
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.form import Form, Row
from tuiprov.widgets.in_turn import type_again
from tuiprov.widgets.picker import OrderPicker, Picker

WIDE = 110
"""From this width on there is room for whole titles, and for two panes side by side."""


_STAYS = "What you typed stays here until you leave the page."


def _lost(labels: Sequence[str]) -> str:
    """What could not be typed again."""
    return f"closed by that, and not kept of yours: {', '.join(labels)}" if labels else ""


class FormScreen(TuiprovScreen, Generic[AnySheet]):
    """Edits `sheet`, a section at a time. Answers True when something was stored."""

    where: ClassVar[Where] = "sheet"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("sheet")

    def __init__(self, sheet: AnySheet, sections: Sequence[Section[AnySheet]]) -> None:
        super().__init__()
        self.sheet = sheet
        self.sections = sections
        self.form = Form(
            self.edited,
            self.focused_row,
            on_pick=self._pick,
            on_leave=self.action_section,
            id="form",
        )
        self.section = 0
        """Index of the section that is shown."""
        self._sections_bar = Bar(id="sections")
        self._help = Bar(id="help")
        self._jumping = False
        self.taken_in: list[str] = []
        """What came in from others since the last save: told with the plan, or after the save."""
        self._company = Company(self)
        self._news = News()
        self.begin_at = ""
        """The field to begin with; "" for the first one."""

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._sections_bar
        yield from self.compose_body()
        yield self._help
        yield self.keys_bar

    def compose_body(self) -> ComposeResult:
        """What stands between the tabs and the help."""
        yield self.form

    def on_mount(self) -> None:
        self.follow_size()
        self.show_all()
        self.form.focus()
        for number in self._visible_sections():
            if self.begin_at in self.sections[number].names():
                self.go_to_section(number, self.begin_at)
        if self.is_shared:
            self._company.begin()

    def on_unmount(self) -> None:
        self._company.end()

    # -- what a kind of form says for itself ----------------------------------------------------

    def title_runs(self) -> list[Run]:
        """The title line."""
        return [("Form", "bar--title")]

    def notes(self) -> Mapping[str, str]:
        """Field → what is worth a word beside it, besides the sheet's own warnings."""
        return {}

    @property
    def is_shared(self) -> bool:
        """Can somebody else have the same record open?"""
        return False

    def here(self, mine: str) -> tuple[str, Sequence[Other]]:
        """In a thread: say that this form is open (`Session.here`), and hear who else is there."""
        return "", ()

    def left(self, mine: str) -> None:
        """In a thread: this form is closed."""

    def store(self) -> None:
        """Everything is right and something is changed: store it, or ask first."""

    def newer(self) -> Newer | None:
        """The record as it is stored now, when that is not what the sheet began from."""
        return None

    def rebased(self) -> None:
        """The sheet begins from what somebody else has stored."""
        self._news = replace(self._news, newer=None)
        self.show_all()

    def close(self, stored: bool) -> None:
        """Go back to where the screen was opened from."""
        self.dismiss(stored)

    def discard(self) -> None:
        """What is typed is not wanted."""
        self.close(False)

    # -- what the user does ---------------------------------------------------------------------

    def edited(self, name: str, text: str) -> None:
        """A keystroke in a field."""
        self.sheet.edit(name, text)
        self.show_all()

    def focused_row(self, _name: str) -> None:
        """Another row has the cursor."""
        self.show_help()

    def _pick(self, row: Row) -> None:
        """Choose the row's value from all its options."""
        picker = OrderPicker if row.kind == "list" else Picker

        def chosen(value: str | None) -> None:
            if value is not None:
                self.edited(row.name, value)

        self.app.push_screen(picker(row.label, row.options, row.value), chosen)

    def on_key(self, event: events.Key) -> None:
        if self.focused is None and event.is_printable:
            type_again(self, [event])  # typed ahead: the form is not there yet
        elif self._jumping and event.key != "escape":
            event.stop()
            event.prevent_default()
            self._jump_to(event.character or "")

    def on_resize(self) -> None:
        self.follow_size()
        self.show_all()

    def action_section(self, step: int) -> None:
        """Go `step` sections on, round the corner too."""
        known = self._visible_sections()
        place = known.index(self.section) if self.section in known else 0
        self.go_to_section(known[(place + step) % len(known)], last_row=step < 0)

    def action_undo(self) -> None:
        self._go_to_field(self.sheet.undo(), "Nothing to undo.")

    def action_redo(self) -> None:
        self._go_to_field(self.sheet.redo(), "Nothing to redo.")

    def action_jump(self) -> None:
        """Show a letter on every row and a number on every section."""
        self._set_jumping(not self._jumping)

    def action_leave(self) -> None:
        """Back; what is not saved is asked about."""
        if self._jumping:
            self._set_jumping(False)
        elif self.sheet.is_changed:
            question = Dialog(
                "Unsaved changes",
                ["This page has changes that are not saved."],
                [("s", "save"), ("d", "discard"), ("escape", "go on editing")],
            )
            self.app.push_screen(question, self._leave_or_save)
        else:
            self.close(False)

    def _leave_or_save(self, answer: str | None) -> None:
        if answer == "s":
            self.action_save()
        elif answer == "d":
            self.discard()

    def action_save(self) -> None:
        """Check everything, then store it."""
        if self.sheet.errors:
            self.show_first_error()
        elif self.sheet.is_changed:
            self.meet_others(self.store)
        else:
            nothing = "Nothing to save: nothing changed."
            self.meet_others(lambda: self.show_keys(note=nothing))

    # -- others who changed the same record -----------------------------------------------------

    def news(self, mine: str) -> tuple[str, News]:
        begun = self.sheet.begun
        mine, others = self.here(mine)
        try:
            return mine, News(tuple(others), self.newer(), begun=begun)
        except NotFound as error:
            return mine, News(gone=str(error))

    def pass_on_news(self, news: News) -> None:
        self.call_later(self._hear, news)

    def _hear(self, news: News) -> None:
        """Say who else is here in the title, and what they have stored in the line of keys."""
        if not self.is_current:
            return  # something is asked, or being saved: the next news come soon
        if news.begun != self.sheet.begun:
            news = replace(news, newer=None)  # saved meanwhile: what is newer is our own
        before, self._news = self._news, news
        if news == before:
            return
        self.show_all()
        words = meet(self.sheet, news.newer).all_words() if news.newer is not None else ""
        if words:
            self.show_keys(note=f"{words}. F2 brings it in.")

    def _their_notes(self) -> dict[str, str]:
        """Field → what somebody has stored in it since the form was opened."""
        newer = self._news.newer
        if newer is None:
            return {}
        found = meet(self.sheet, newer)
        return {one.name: f"{one.said}: {one.theirs or '(empty)'}" for one in found.changed}

    def meet_others(
        self, then: Callable[[], None], conflict: Conflict | NotFound | None = None
    ) -> None:
        """Bring in what others stored since this form was opened, after asking about each field
        that both changed; `then` goes on saving. `conflict`: that there is something is known."""
        try:
            newer = self.newer()
        except NotFound as error:
            self.tell("Not saved", f"{error}.\n{_STAYS}")
            return
        except TuiprovError as error:
            self.tell("Not saved", error)
            return
        if newer is None:
            if conflict is None:
                then()
            else:
                self.tell("Not saved", conflict)
            return
        meeting = meet(self.sheet, newer)

        def decided(theirs: frozenset[str] | None) -> None:
            if theirs is None:
                self.show_keys(note="Nothing was saved.")
                return
            lost = go_on(self.sheet, newer, theirs)
            self.taken_in += [words for words in (meeting.words(), _lost(lost)) if words]
            self.rebased()
            if self.sheet.is_changed or self.sheet.errors:
                self.action_save()
            else:
                told = ". ".join(self.taken_in) or "All is as they stored it"
                self.show_keys(note=f"{told}. Nothing is left to save.")

        if meeting.both:
            self.app.push_screen(MergeScreen(meeting), decided)
        else:
            decided(frozenset())

    def show_first_error(self) -> None:
        """Go to the first field that is wrong."""
        count = len(self.sheet.errors)
        words = f"Not saved: {count} field{'s' if count > 1 else ''} to mend."
        for number in self._visible_sections():
            for row in self.rows(number):
                if row.error:
                    self.go_to_section(number, row.name)
                    self.show_keys(note=words)
                    return
        self.tell("Not saved", "\n".join(f"{n}: {why}" for n, why in self.sheet.errors.items()))

    # -- moving ---------------------------------------------------------------------------------

    def rows(self, number: int) -> list[Row]:
        """The rows of a section as they are shown now."""
        notes = dict(self.notes())
        for name, words in self._their_notes().items():
            notes[name] = f"{notes[name]} {words}" if name in notes else words
        return self.sections[number].rows(self.sheet, notes)

    def _visible_sections(self) -> list[int]:
        """Sections of which this viewer sees at least one row."""
        seen = [n for n, section in enumerate(self.sections) if section.is_visible(self.sheet)]
        return seen or [0]

    def go_to_section(self, number: int, row: str = "", *, last_row: bool = False) -> None:
        """Show a section, with the cursor on `row` or on its first or last row."""
        self.section = number
        self.show_all()
        rows = self.rows(number)
        if rows:
            self.form.go_to(row or rows[-1 if last_row else 0].name)
        self.form.focus()

    def _go_to_field(self, name: str, otherwise: str) -> None:
        if not name:
            self.show_keys(note=otherwise)
            return
        found = (n for n, section in enumerate(self.sections) if name in section.names())
        self.go_to_section(next(found, self.section), name)

    def _set_jumping(self, on: bool) -> None:
        self._jumping = on
        self.form.show_jump(on)
        self.form.focus()
        self._show_sections()
        self.show_keys(note="Press the letter of a field or the number of a section." if on else "")

    def _jump_to(self, character: str) -> None:
        letters = self.form.jump_letters()
        self._set_jumping(False)
        if character.isdecimal() and int(character) - 1 in self._visible_sections():
            self.go_to_section(int(character) - 1)
        elif character in letters:
            self.form.go_to(letters[character])

    # -- what is shown --------------------------------------------------------------------------

    @property
    def is_wide(self) -> bool:
        return self.has_class("-wide")

    def follow_size(self) -> None:
        """Follow the terminal's size."""
        self.set_class(self.app.size.width >= WIDE, "-wide")

    def show_all(self) -> None:
        """Everything that a keystroke can change, in that keystroke."""
        if self.section not in self._visible_sections():
            self.section = self._visible_sections()[0]
        self.form.show(self.rows(self.section))
        self.title_bar.show(self._whole_title())
        self._show_sections()
        self.show_help()
        if not self._jumping:
            self.show_keys()

    def _whole_title(self) -> list[Run]:
        """The title, and who else is here: where there is not room for both, that comes first."""
        words = visible(self._news.words())
        if not words:
            return self.title_runs()
        title = self.title_runs()[:1]
        room = self.app.size.width - 4 - cell_len(words)
        return [
            *((shorten(text, room), style) for text, style in title),
            (f"  {words}", "bar--note"),
        ]

    def _show_sections(self) -> None:
        runs: list[Run] = []
        for number in self._visible_sections():
            section = self.sections[number]
            title = section.title if self.is_wide else section.short
            title = f"{number + 1} {title}" if self._jumping else title
            style = "bar--current" if number == self.section else "bar--tab"
            runs += [(f" {title}{section.marks(self.sheet)} ", style), (" ", "bar--tab")]
        self._sections_bar.show(runs)

    def show_help(self) -> None:
        """The focused field's help, above the keys."""
        room = 1 if self.is_wide else 2  # as high as app.tcss makes it
        lines = wrap(self.help_lines()[-1] if self.help_lines() else "", self.size.width - 2, room)
        self._help.show(*([(line, "bar--dim")] for line in lines))

    def help_lines(self) -> list[str]:
        """What the focused field is, for the line above the keys and for `?`."""
        field = self.sheet.fields.get(self.form.row)
        return [f"{field.label}: {field.help}"] if field is not None else []
