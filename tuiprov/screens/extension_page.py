"""*Provisioning and SIP Preferences for Extension <name>*: the five sections and the preview.

The frame wires the parts: the form tells every keystroke, the draft says what follows from it, the
preview is rendered in the same keystroke. On a narrow screen the preview is below, else beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from tuiprov.data.draft import CONFIRM, Draft
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Conflict, PublishError, Refused, TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.publish.preview import PagePreview, PreviewFile, preview
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.screens.device_information import DeviceInformationSection
from tuiprov.screens.device_settings import DeviceSettingsSection
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.provisioning import ProvisioningSection
from tuiprov.screens.section import Section
from tuiprov.screens.sip_preferences import SipPreferencesSection
from tuiprov.screens.virtualization import VirtualizationSection
from tuiprov.text import visible
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.form import Form
from tuiprov.widgets.picker import OrderPicker, Picker
from tuiprov.widgets.preview import Preview, PreviewLine

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
_FILE_SIGNS = {"new": "+", "changed": "~", "published": "="}


class ExtensionPage(TuiprovScreen):
    """The page of one extension."""

    where = "page"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("page")

    def __init__(self, session: Session, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self._session = session
        self._published = session.published(draft.base)
        self._section = 0
        self._file = 0
        self._reveal = False
        self._jumping = False
        self._preview = PagePreview()

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield Bar(id="sections")
        with Container(id="body"):
            yield Form(self._edited, self._focused, id="form")
            with Vertical(id="side"):
                yield Bar(id="files")
                yield Bar(id="notes")
                yield Preview(id="preview")
        yield Bar(id="help")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        self._arrange()
        self._show_all()
        self.show_keys()
        self.query_one(Form).focus()

    # -- what the user does ---------------------------------------------------------------------

    def _edited(self, name: str, text: str) -> None:
        self.draft.edit(name, text)
        self._show_all()

    def _focused(self, name: str) -> None:
        self._show_help()
        self._show_preview()

    def on_form_pick_requested(self, event: Form.PickRequested) -> None:
        row = event.row
        picker = OrderPicker if row.kind == "list" else Picker

        def chosen(value: str | None) -> None:
            if value is not None:
                self._edited(row.name, value)

        self.app.push_screen(picker(row.label, row.options, row.value), chosen)

    def on_form_left(self, event: Form.Left) -> None:
        self.action_section(event.direction)

    def on_key(self, event: events.Key) -> None:
        if self._jumping:
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
        self._go_to_field(self.draft.undo(), "nothing to undo")

    def action_redo(self) -> None:
        self._go_to_field(self.draft.redo(), "nothing to redo")

    def action_jump(self) -> None:
        """Show a letter on every row and a number on every section."""
        self._set_jumping(not self._jumping)

    def action_other_pane(self) -> None:
        preview_pane, form = self.query_one(Preview), self.query_one(Form)
        (form if preview_pane.has_focus else preview_pane).focus()

    def action_next_file(self) -> None:
        count = len(self._preview.files)
        self._file = (self._file + 1) % count if count else 0
        self._show_preview()

    def action_zoom(self) -> None:
        self.toggle_class("-zoom")
        self._focus_what_is_seen()

    def action_reveal(self) -> None:
        """Show or hide passwords; showing them is written down."""
        self._reveal = not self._reveal
        if self._reveal:
            try:
                self._session.reveal(self.draft.base)
            except TuiprovError as error:
                self._reveal = False
                self.tell("Passwords stay hidden", error)
                return
        form = self.query_one(Form)
        secrets = {name for name, field in FIELDS.items() if field.secret} | {CONFIRM}
        form.reveal = secrets if self._reveal else set()
        self._show_all()

    def action_leave(self) -> None:
        """Back to the list; what is not saved is asked about."""
        if self._jumping:
            self._set_jumping(False)
        elif self.draft.is_changed:
            question = Dialog(
                "Unsaved changes",
                ["This page has changes that are not saved."],
                [("s", "save"), ("d", "discard"), ("escape", "go on editing")],
            )
            self.app.push_screen(question, self._leave_or_save)
        else:
            self.site.close_page()

    def action_save(self) -> None:
        """Check everything, show the plan; saved is what is then applied."""
        if self.draft.errors:
            self._show_first_error()
            return
        try:
            plan = self._plan()
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if not self.draft.is_changed and not plan:
            self.show_keys(note="Nothing to save: nothing changed, and the files are up to date.")
            return
        self.app.push_screen(PlanScreen(plan, self._replan, self._title()), self._planned)

    # -- saving ---------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        self.draft.generate()
        return self._session.plan_save(self.draft, regenerate=self.draft.regenerate)

    def _replan(self, regenerate: bool) -> Plan:
        self.draft.edit("regenerate", "yes" if regenerate else "no")
        return self._plan()

    def _planned(self, apply: bool | None) -> None:
        if not apply:
            self._show_all()
            return
        try:
            plan = self._session.save(self.draft, regenerate=self.draft.regenerate)
        except Refused as refused:
            self.tell("Not saved", refused)
        except Conflict as conflict:
            self.tell("Not saved", f"{conflict}\nEsc, then open the page again to see it.")
        except PublishError as error:
            self._after_save(f"Saved, but not published: {error}")
            self.tell("Saved, but not published", error)
        except TuiprovError as error:
            self.tell("Not saved", error)
        else:
            self._after_save(f"Saved. Files: {plan.summary()}.")

    def _after_save(self, words: str) -> None:
        self._published = self._session.published(self.draft.base)
        self._show_all()
        self.show_keys(note=words)

    def _leave_or_save(self, answer: str | None) -> None:
        if answer == "s":
            self.action_save()
        elif answer == "d":
            self._session.drop_kept(self.draft.base.extension_id or 0)
            self.site.close_page()

    def _show_first_error(self) -> None:
        for number in self._visible_sections():
            for row in SECTIONS[number].rows(self.draft, {}):
                if row.error:
                    self._go_to_section(number, row.name)
                    count = len(self.draft.errors)
                    self.show_keys(note=f"Not saved: {count} field{'s' * (count > 1)} to mend.")
                    return
        self.tell("Not saved", "\n".join(f"{n}: {why}" for n, why in self.draft.errors.items()))

    # -- moving ---------------------------------------------------------------------------------

    def _visible_sections(self) -> list[int]:
        """Sections of which this viewer sees at least one row."""
        return [n for n, section in enumerate(SECTIONS) if section.rows(self.draft, {})] or [0]

    def _go_to_section(self, number: int, row: str = "", *, last_row: bool = False) -> None:
        self._section = number
        self._show_all()
        rows = SECTIONS[number].rows(self.draft, {})
        if rows:
            self.query_one(Form).go_to(row or rows[-1 if last_row else 0].name)

    def _go_to_field(self, name: str, otherwise: str) -> None:
        if not name:
            self.show_keys(note=otherwise.capitalize() + ".")
            return
        number = next((n for n, s in enumerate(SECTIONS) if name in s.names()), self._section)
        self._go_to_section(number, name)

    def _set_jumping(self, on: bool) -> None:
        self._jumping = on
        self.query_one(Form).show_jump(on)
        self._show_sections()
        self.show_keys(note="Press the letter of a field or the number of a section." if on else "")

    def _jump_to(self, character: str) -> None:
        letters = self.query_one(Form).jump_letters()
        self._set_jumping(False)
        if character in letters:
            self.query_one(Form).go_to(letters[character])
        elif character.isdecimal() and int(character) - 1 in self._visible_sections():
            self._go_to_section(int(character) - 1)

    def _focus_what_is_seen(self) -> None:
        zoomed = self.has_class("-zoom")
        (self.query_one(Preview) if zoomed else self.query_one(Form)).focus()

    # -- what is shown --------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.set_class(self.app.size.width >= _WIDE, "-wide")

    def _show_all(self) -> None:
        """Everything that a keystroke can change, in that keystroke."""
        self._compute_preview()
        notes = {note.field: note.sentence for note in self._preview.notes}
        self.query_one(Form).show(SECTIONS[self._section].rows(self.draft, notes))
        self._show_title()
        self._show_sections()
        self._draw_preview()
        self._show_help()
        if not self._jumping:
            self.show_keys()

    def _compute_preview(self) -> None:
        focus = self.query_one(Form).row
        self._preview = preview(self.draft.page, self._published, focus, reveal=self._reveal)

    def _show_preview(self) -> None:
        self._compute_preview()
        self._draw_preview()

    def _draw_preview(self) -> None:
        files = self._preview.files
        self._file = min(self._file, max(0, len(files) - 1))
        lines: Sequence[PreviewLine] = ()
        if files and not (self._preview.empty and self._file == 0 and len(files) > 1):
            lines = [PreviewLine(ln.text, ln.changed, ln.focused) for ln in files[self._file].lines]
        if self._preview.empty and not lines:
            lines = ()
        self.query_one(Preview).show(lines, empty=self._preview.empty)
        self._show_files(files)
        self._show_notes()

    def _show_files(self, files: Sequence[PreviewFile]) -> None:
        runs: list[Run] = []
        for number, file in enumerate(files):
            sign = _FILE_SIGNS.get(file.state, "")
            name = f" {sign}{visible(file.name)} "
            runs.append((name, "bar--current" if number == self._file else "bar--tab"))
            runs.append((" ", ""))
        if files and files[self._file].state:
            runs.append((files[self._file].state, "bar--dim"))
        self.query_one("#files", Bar).show(runs)

    def _show_notes(self) -> None:
        notes = self._preview.notes
        bar = self.query_one("#notes", Bar)
        room = 3 if self.has_class("-wide") else 1
        lines: list[list[Run]] = [[(f"! {note.sentence}", "bar--note")] for note in notes[:room]]
        if len(notes) > room:
            lines[-1].append((f"  (+{len(notes) - room} more)", "bar--dim"))
        height = len(lines)
        if bar.styles.height is None or bar.styles.height.value != height or not height:
            bar.styles.height = height
            bar.display = bool(height)
        bar.show(*lines)

    def _show_title(self) -> None:
        marks = " *" if self.draft.is_changed else ""
        self.query_one("#title", Bar).show(
            [
                (f"{self._title()}{marks}", "bar--title"),
                (f"  {self._session.viewer.label}", "bar--dim"),
            ]
        )

    def _title(self) -> str:
        name = self.draft.base.values["extension_name"]
        words = f"{name} ({self.draft.base.values['extension']})"
        full = self.has_class("-wide")
        prefix = "Provisioning and SIP Preferences for Extension" if full else "Extension"
        return visible(f"{prefix} {words}")

    def _show_sections(self) -> None:
        runs: list[Run] = []
        wide = self.has_class("-wide")
        for number in self._visible_sections():
            section = SECTIONS[number]
            title = section.title if wide else section.short
            label = f" {number + 1} {title}" if self._jumping else f" {title}"
            style = "bar--current" if number == self._section else "bar--tab"
            runs += [(f"{label}{self._marks(section)} ", style), (" ", "")]
        self.query_one("#sections", Bar).show(runs)

    def _marks(self, section: Section) -> str:
        names = section.names()
        wrong = any(name in self.draft.errors for name in names)
        changed = any(self.draft.is_edited(name) for name in names)
        return f"{'!' if wrong else ''}{'*' if changed else ''}"

    def _show_help(self) -> None:
        self.query_one("#help", Bar).show([(line, "bar--dim") for line in self.help_lines()[-1:]])

    def help_lines(self) -> list[str]:
        field = FIELDS.get(self.query_one(Form).row)
        return [field.label, field.help] if field is not None else []
