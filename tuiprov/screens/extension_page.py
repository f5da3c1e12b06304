"""*Provisioning and SIP Preferences for Extension <name>*: the five sections and the preview.

The frame wires the parts: the form tells every keystroke, the draft says what follows from it, the
preview is rendered in the same keystroke. On a narrow screen the preview is below, else beside.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from tuiprov.data.draft import CONFIRM, Draft
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Conflict, PublishError, Refused, TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.publish.preview import PagePreview, preview
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.screens.device_information import DeviceInformationSection
from tuiprov.screens.device_settings import DeviceSettingsSection
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.preview_pane import PreviewPane
from tuiprov.screens.provisioning import ProvisioningSection
from tuiprov.screens.section import Section
from tuiprov.screens.sip_preferences import SipPreferencesSection
from tuiprov.screens.virtualization import VirtualizationSection
from tuiprov.text import visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, type_again, wrap
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.form import Form, Row
from tuiprov.widgets.picker import OrderPicker, Picker

if TYPE_CHECKING:
    from tuiprov.session import Session

SECTIONS: tuple[Section, ...] = (
    ProvisioningSection(),
    DeviceInformationSection(),
    DeviceSettingsSection(),
    SipPreferencesSection(),
    VirtualizationSection(),
)
_WIDE = 110
_SECRETS = {name for name, field in FIELDS.items() if field.secret} | {CONFIRM}


class ExtensionPage(TuiprovScreen):
    """The page of one extension."""

    where = "page"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("page")

    def __init__(self, session: Session, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self._session = session
        self._published = session.published(draft.base)
        self._form = Form(
            self._edited,
            self._focused,
            on_pick=self._pick,
            on_leave=self.action_section,
            id="form",
        )
        self._pane = PreviewPane()
        self._sections = Bar(id="sections")
        self._help = Bar(id="help")
        self._section = 0
        self._reveal = False
        self._jumping = False
        self._preview = PagePreview()

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._sections
        with Container(id="body"):
            yield self._form
            yield self._pane
        yield self._help
        yield self.keys_bar

    def on_mount(self) -> None:
        self._arrange()
        self._show_all()
        self._form.focus()

    # -- what the user does ---------------------------------------------------------------------

    def _edited(self, name: str, text: str) -> None:
        self.draft.edit(name, text)
        self._show_all()

    def _focused(self, _name: str) -> None:
        self._show_help()
        self._show_preview(follow=True)

    def _pick(self, row: Row) -> None:
        """Choose the row's value from all its options."""
        picker = OrderPicker if row.kind == "list" else Picker

        def chosen(value: str | None) -> None:
            if value is not None:
                self._edited(row.name, value)

        self.app.push_screen(picker(row.label, row.options, row.value), chosen)

    def on_key(self, event: events.Key) -> None:
        if self.focused is None and event.is_printable:
            type_again(self, event)  # typed ahead: the form is not there yet
        elif self._jumping and event.key != "escape":
            event.stop()
            event.prevent_default()
            self._jump_to(event.character or "")

    def on_resize(self) -> None:
        self._arrange()
        self._show_all()

    def action_section(self, step: int) -> None:
        """Go `step` sections on, round the corner too."""
        known = self._visible_sections()
        place = known.index(self._section) if self._section in known else 0
        self._go_to_section(known[(place + step) % len(known)], last_row=step < 0)

    def action_undo(self) -> None:
        self._go_to_field(self.draft.undo(), "Nothing to undo.")

    def action_redo(self) -> None:
        self._go_to_field(self.draft.redo(), "Nothing to redo.")

    def action_jump(self) -> None:
        """Show a letter on every row and a number on every section."""
        self._set_jumping(not self._jumping)

    def action_other_pane(self) -> None:
        (self._form if self._pane.view.has_focus else self._pane.view).focus()

    def action_next_file(self) -> None:
        self._pane.next_tab()

    def action_zoom(self) -> None:
        """Give the preview the whole screen, or take it back."""
        self.toggle_class("-zoom")
        (self._pane.view if self.has_class("-zoom") else self._form).focus()

    def action_reveal(self) -> None:
        """Show or hide passwords; showing them is written down."""
        if not self._reveal:
            try:
                self._session.reveal(self.draft.base)
            except TuiprovError as error:
                self.tell("Passwords stay hidden", error)
                return
        self._reveal = not self._reveal
        self._form.reveal = _SECRETS if self._reveal else set()
        self._show_all()

    def action_leave(self) -> None:
        """Back to the list; what is not saved is asked about."""
        if self._jumping:
            self._set_jumping(False)
        elif self.has_class("-zoom"):
            self.action_zoom()
        elif self.draft.is_changed:
            question = Dialog(
                "Unsaved changes",
                ["This page has changes that are not saved."],
                [("s", "save"), ("d", "discard"), ("escape", "go on editing")],
            )
            self.app.push_screen(question, self._leave_or_save)
        else:
            self.navigator.close_page()

    def action_save(self) -> None:
        """Check everything, then show the plan; applying it there is what saves."""
        if self.draft.errors:
            self._show_first_error()
            return
        try:
            plan = self._plan()
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if not (self.draft.is_changed or plan or plan.held or plan.failed):
            self.show_keys(note="Nothing to save: nothing changed, and the files are up to date.")
            return
        self.app.push_screen(PlanScreen(plan, self._title(), self._replan), self._planned)

    # -- saving ---------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        self.draft.generate()
        return self._session.plan_save(self.draft)

    def _replan(self) -> Plan:
        self.draft.turn_regenerate()
        return self._plan()

    def _planned(self, apply: bool | None) -> None:
        self._show_all()
        if not apply:
            return
        try:
            plan = self._session.save(self.draft)
        except PublishError as error:
            self._begin_anew("Saved, but not published.")
            self.tell("Saved, but not published", error)
        except Conflict as conflict:
            self.tell("Not saved", f"{conflict}\nLeave the page and open it again to see theirs.")
        except (Refused, TuiprovError) as error:
            self.tell("Not saved", error)
        else:
            self._begin_anew(f"Saved. Files: {plan.in_the_past()}.")

    def _begin_anew(self, words: str) -> None:
        self._published = self._session.published(self.draft.base)
        self._show_all()
        self.show_keys(note=words)

    def _leave_or_save(self, answer: str | None) -> None:
        if answer == "s":
            self.action_save()
        elif answer == "d":
            with contextlib.suppress(TuiprovError):
                self._session.drop_kept(self.draft.base.extension_id or 0)
            self.navigator.close_page()

    def _show_first_error(self) -> None:
        count = len(self.draft.errors)
        words = f"Not saved: {count} field{'s' if count > 1 else ''} to mend."
        for number in self._visible_sections():
            for row in self._rows(number):
                if row.error:
                    self._go_to_section(number, row.name)
                    self.show_keys(note=words)
                    return
        self.tell("Not saved", "\n".join(f"{n}: {why}" for n, why in self.draft.errors.items()))

    # -- moving ---------------------------------------------------------------------------------

    def _rows(self, number: int) -> list[Row]:
        notes = {note.field: note.sentence for note in self._preview.notes}
        return SECTIONS[number].rows(self.draft, notes)

    def _visible_sections(self) -> list[int]:
        """Sections of which this viewer sees at least one row."""
        seen = [n for n, section in enumerate(SECTIONS) if section.is_visible(self.draft)]
        return seen or [0]

    def _go_to_section(self, number: int, row: str = "", *, last_row: bool = False) -> None:
        self._section = number
        self._show_all()
        rows = self._rows(number)
        if rows:
            self._form.go_to(row or rows[-1 if last_row else 0].name)
        self._form.focus()

    def _go_to_field(self, name: str, otherwise: str) -> None:
        if not name:
            self.show_keys(note=otherwise)
            return
        number = next((n for n, s in enumerate(SECTIONS) if name in s.names()), self._section)
        self._go_to_section(number, name)

    def _set_jumping(self, on: bool) -> None:
        self._jumping = on
        self._form.show_jump(on)
        self._form.focus()
        self._show_sections()
        self.show_keys(note="Press the letter of a field or the number of a section." if on else "")

    def _jump_to(self, character: str) -> None:
        letters = self._form.jump_letters()
        self._set_jumping(False)
        if character.isdecimal() and int(character) - 1 in self._visible_sections():
            self._go_to_section(int(character) - 1)
        elif character in letters:
            self._form.go_to(letters[character])

    # -- what is shown --------------------------------------------------------------------------

    def _arrange(self) -> None:
        wide = self.app.size.width >= _WIDE
        self.set_class(wide, "-wide")
        self._pane.notes_room = 3 if wide else 1

    def _show_all(self) -> None:
        """Everything that a keystroke can change, in that keystroke."""
        if self._section not in self._visible_sections():
            self._section = self._visible_sections()[0]
        self._compute_preview()
        self._form.show(self._rows(self._section))
        self._pane.show(self._preview)
        self._show_title()
        self._show_sections()
        self._show_help()
        if not self._jumping:
            self.show_keys()

    def _show_preview(self, *, follow: bool = False) -> None:
        self._compute_preview()
        self._pane.show(self._preview, follow=follow)

    def _compute_preview(self) -> None:
        if self.draft.gate("use_provisioning").state == "hidden":
            self._preview = PagePreview(empty="The phone's files are not shown to this account.")
            return
        focus = self._form.row
        self._preview = preview(self.draft.page, self._published, focus, reveal=self._reveal)

    def _show_title(self) -> None:
        changed = " *" if self.draft.is_changed else ""
        viewer = f"  {self._session.viewer.label}"
        self.title_bar.show([(f"{self._title()}{changed}", "bar--title"), (viewer, "bar--dim")])

    def _title(self) -> str:
        values = self.draft.base.values
        wide = self.has_class("-wide")
        page = "Provisioning and SIP Preferences for Extension" if wide else "Extension"
        return visible(f"{page} {values['extension_name']} ({values['extension']})")

    def _show_sections(self) -> None:
        runs: list[Run] = []
        wide = self.has_class("-wide")
        for number in self._visible_sections():
            section = SECTIONS[number]
            title = section.title if wide else section.short
            title = f"{number + 1} {title}" if self._jumping else title
            style = "bar--current" if number == self._section else "bar--tab"
            runs += [(f" {title}{section.marks(self.draft)} ", style), (" ", "bar--tab")]
        self._sections.show(runs)

    def _show_help(self) -> None:
        room = 1 if self.has_class("-wide") else 2  # as high as app.tcss makes it
        lines = wrap(self.help_lines()[-1] if self.help_lines() else "", self.size.width - 2, room)
        self._help.show(*([(line, "bar--dim")] for line in lines))

    def help_lines(self) -> list[str]:
        """What the focused field is, for the line above the keys and for `?`."""
        field = FIELDS.get(self._form.row)
        said = [f"! {note.sentence}" for note in self._preview.notes]
        return [*said, f"{field.label}: {field.help}"] if field is not None else said
