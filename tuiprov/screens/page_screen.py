"""A form with the preview of the phone's files: the page of an extension, and of a device alone.

The frame wires the parts: the form tells every keystroke, the draft says what follows from it, the
preview is rendered in the same keystroke (behind it where an account's template makes the files).
On a narrow screen the preview is below, else beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container

from tuiprov.data.draft import CONFIRM, Draft
from tuiprov.data.page import Page
from tuiprov.data.sections import FIELDS
from tuiprov.data.together.presence import Other
from tuiprov.errors import Conflict, NotFound, PublishError, TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.publish.preview import PagePreview, Published, preview
from tuiprov.publish.tree import tree_of
from tuiprov.screens.behind import Behind
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.preview_pane import PreviewPane
from tuiprov.screens.section import Section
from tuiprov.screens.versions import VersionsScreen
from tuiprov.text import visible
from tuiprov.widgets.compat import Run

if TYPE_CHECKING:
    from tuiprov.session import Session

_SECRETS = {name for name, field in FIELDS.items() if field.secret} | {CONFIRM}


_ONE_MOMENT = "One moment: the template is being tried …"


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a preview is made of."""

    page: Page
    published: Published
    focus: str
    reveal: bool
    follow: bool


class PageScreen(FormScreen[Draft]):
    """Edits a draft beside what it makes of the phone's files. A subclass says what saving is."""

    def __init__(self, session: Session, draft: Draft, sections: Sequence[Section[Draft]]) -> None:
        super().__init__(draft, sections)
        self.session = session
        self._published = _published(draft.base)
        self._pane = PreviewPane()
        self._reveal = False
        self._preview = PagePreview()
        self._behind = Behind(self, self._tried, self._show_tried)

    # -- what a kind of page says for itself ----------------------------------------------------

    def page_title(self) -> str:
        """What the page is about."""
        raise NotImplementedError

    def plan_save(self) -> Plan:
        """What saving would do to the phone's files."""
        raise NotImplementedError

    def save(self) -> Plan:
        """Store the draft and carry its plan out."""
        raise NotImplementedError

    @property
    def is_shared(self) -> bool:
        return True

    def here(self, mine: str) -> tuple[str, Sequence[Other]]:
        return self.session.pages.here(self.sheet.base, mine)

    def left(self, mine: str) -> None:
        self.session.store.presences.leave(mine)

    def compose_body(self) -> ComposeResult:
        with Container(id="body"):
            yield self.form
            yield self._pane

    # -- what the user does ---------------------------------------------------------------------

    def focused_row(self, _name: str) -> None:
        self.show_help()
        self._show_preview(follow=True)

    def action_other_pane(self) -> None:
        (self.form if self._pane.view.has_focus else self._pane.view).focus()

    def action_next_file(self) -> None:
        self._pane.next_tab()

    def action_zoom(self) -> None:
        """Give the preview the whole screen, or take it back."""
        self.toggle_class("-zoom")
        (self._pane.view if self.has_class("-zoom") else self.form).focus()

    def action_reveal(self) -> None:
        """Show or hide passwords; showing them is written down."""
        if not self._reveal:
            try:
                self.session.pages.reveal(self.sheet.base)
            except TuiprovError as error:
                self.tell("Passwords stay hidden", error)
                return
        self._reveal = not self._reveal
        # Nothing that was revealed stays until an account's template has been tried again.
        tabs = tuple(replace(file, lines=()) for file in self._preview.files)
        self._preview = PagePreview(tabs, empty=_ONE_MOMENT)
        self.form.reveal = _SECRETS if self._reveal else set()
        self.show_all()

    def action_versions(self) -> None:
        """Look at the versions of the device's files."""
        page = self.sheet.base
        if page.device_id is None:
            self.tell("There are no versions", "No device is saved here yet.")
            return
        try:
            screen = VersionsScreen(self.session, page.device_id, str(page.values["friendly_name"]))
        except TuiprovError as error:
            self.tell("There are no versions", error)
            return
        self.app.push_screen(screen, self._looked_back)

    def _looked_back(self, restored: bool | None) -> None:
        if restored:
            self._published.forget()
            self.show_all()

    def action_link(self) -> None:
        """Show the device's provisioning link as it is stored."""
        device_id = self.sheet.base.device_id
        if device_id is None:
            self.tell("There is no link", "No device is saved here yet: the link comes with it.")
        else:
            self.show_link(self.session, device_id)

    def action_enrol(self) -> None:
        """Open the device's enrolment window, after a question, and show its first link."""
        base = self.sheet.base
        if base.device_id is None:
            self.tell("This device cannot be enrolled", "No device is saved here yet.")
        elif self.sheet.is_changed:
            self.show_keys(note="Save what you changed first, or leave it: the page begins anew.")
        else:
            name = str(base.values["friendly_name"])
            self.ask_to_enrol(self.session, base.device_id, name, self._enrolled)

    def _enrolled(self) -> None:
        newer = self.newer()
        if newer is not None:
            self.sheet.rebase(newer.record)
            self.rebased()

    def action_resync(self) -> None:
        """Ask the device to fetch its files again."""
        device_id = self.sheet.base.device_id
        try:
            targets = self.session.resyncing.targets([device_id] if device_id else [])
        except TuiprovError as error:
            self.tell("This phone cannot be asked", error)
        else:
            self.plan_resync(self.session, targets)

    def action_leave(self) -> None:
        """Back to the list; what is not saved is asked about."""
        if self.has_class("-zoom") and not self._jumping:
            self.action_zoom()
        else:
            super().action_leave()

    def action_save(self) -> None:
        """Check everything, then show the plan; applying it there is what saves."""
        if self.sheet.errors:
            self.show_first_error()
        else:
            self.meet_others(self._show_plan)

    def _show_plan(self) -> None:
        try:
            plan = self._plan()
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if not (self.sheet.is_changed or plan or plan.held or plan.failed):
            self.show_keys(note="Nothing to save: nothing changed, and the files are up to date.")
            return
        screen = PlanScreen(plan, self.page_title(), self._replan, self.taken_in)
        self.app.push_screen(screen, self._planned)

    # -- saving ---------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        self.sheet.generate()
        return self.plan_save()

    def _replan(self) -> Plan:
        self.sheet.turn_regenerate()
        return self._plan()

    def _planned(self, apply: bool | None) -> None:
        self.show_all()
        if apply:
            self.work_on("Save", lambda _: self.save(), self._saved, self._failed)

    def _saved(self, plan: Plan) -> None:
        words = f"Saved. Files: {plan.in_the_past()}."
        self.begin_anew(words)
        self.offer_resync(self.session, plan, words)

    def _failed(self, error: TuiprovError) -> None:
        if isinstance(error, PublishError):
            self.begin_anew("Saved, but not published.")
            self.tell("Saved, but not published", error)
        elif isinstance(error, Conflict | NotFound):
            self.meet_others(self._show_plan, error)
        else:
            self.tell("Not saved", error)

    def rebased(self) -> None:
        self._published = _published(self.sheet.base)
        super().rebased()

    def begin_anew(self, words: str) -> None:
        """Show what the draft is based on now, and say `words`."""
        self.taken_in.clear()
        self._published = _published(self.sheet.base)
        self.show_all()
        self.show_keys(note=words)

    # -- what is shown --------------------------------------------------------------------------

    def notes(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for note in self._preview.notes:
            before = found.get(note.field)
            found[note.field] = f"{before}; {note.sentence}" if before else note.sentence
        return found

    def follow_size(self) -> None:
        super().follow_size()
        self._pane.notes_room = 3 if self.is_wide else 1

    def show_all(self) -> None:
        self._compute_preview()
        super().show_all()
        self._pane.show(self._preview)

    def _show_preview(self, *, follow: bool = False) -> None:
        self._compute_preview(follow=follow)
        self._pane.show(self._preview, follow=follow)

    def _compute_preview(self, *, follow: bool = False) -> None:
        """The preview of the page as it is now. An account's template may take its time, so that
        it is tried behind the keystroke, and what it made before stays until then."""
        self._behind.forget()
        page = self.sheet.page
        if self.sheet.gate("use_provisioning").state == "hidden":
            self._preview = PagePreview(empty="The phone's files are not shown to this account.")
        elif page.phone is not None and page.phone.custom is not None:
            if not self._preview.files and not self._preview.empty:
                self._preview = PagePreview(empty=_ONE_MOMENT)
            self._behind.ask(_Trial(page, self._published, self.form.row, self._reveal, follow))
        else:
            focus = self.form.row
            self._preview = preview(page, self._published, focus, reveal=self._reveal)

    def _tried(self, trial: _Trial) -> tuple[PagePreview, bool]:
        """In a thread: what an account's template makes of the page."""
        made = preview(trial.page, trial.published, trial.focus, reveal=trial.reveal)
        return made, trial.follow

    def _show_tried(self, made: tuple[PagePreview, bool]) -> None:
        self._preview, follow = made
        super().show_all()
        self._pane.show(self._preview, follow=follow)

    def title_runs(self) -> list[Run]:
        changed = " *" if self.sheet.is_changed else ""
        viewer = f"  {self.session.viewer.label}"
        return [(f"{visible(self.page_title())}{changed}", "bar--title"), (viewer, "bar--dim")]

    def help_lines(self) -> list[str]:
        return [*(f"! {note.sentence}" for note in self._preview.notes), *super().help_lines()]


def _published(page: Page) -> Published:
    """What is published for a page now."""
    return Published(tree_of(page.site))
