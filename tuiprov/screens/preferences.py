"""Global preferences: the settings of the whole site, and what they do to the phones' files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuiprov.data.catalog import default_catalog
from tuiprov.data.fields import Choice, Field
from tuiprov.data.record import Record
from tuiprov.data.site import (
    ACCESS_FIELDS,
    SITE_FIELDS,
    License,
    NewDevices,
    Service,
    Serving,
    Telephony,
    TimeAndLanguage,
)
from tuiprov.data.site_sheet import SiteSheet
from tuiprov.data.together.meeting import Newer
from tuiprov.errors import Conflict, PublishError, TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.section import Options, Section, plain
from tuiprov.widgets.compat import Run

if TYPE_CHECKING:
    from tuiprov.session import Session


class SiteSection(Section[SiteSheet]):
    """One section of the preferences, drawn from its fields."""

    def __init__(self, model: type[Record], short: str) -> None:
        self.model = model
        self.short = short

    def options(self, field: Field, sheet: SiteSheet) -> Options:
        if field.name == "codecs_offered":
            return plain(default_catalog().codecs)
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, sheet: SiteSheet) -> str:
        if field.name == "register_expiry":
            return "seconds"
        return super().hint(field, sheet)


SECTIONS = (
    SiteSection(Service, "Provisioning"),
    SiteSection(Telephony, "Telephony"),
    SiteSection(TimeAndLanguage, "Time"),
    SiteSection(NewDevices, "New devices"),
    SiteSection(License, "License"),
    SiteSection(Serving, "Serving"),
)


class PreferencesScreen(FormScreen[SiteSheet]):
    """Edits the settings of the site; a save shows first what it does to all phones' files."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.preferences.sheet(), SECTIONS)
        self._session = session

    def title_runs(self) -> list[Run]:
        changed = " *" if self.sheet.is_changed else ""
        place = f"  {self._session.place}  {self._session.viewer.label}"
        return [(f"Global preferences{changed}", "bar--title"), (place, "bar--dim")]

    def store(self) -> None:
        """Show the plan of all devices under the new settings; applying it there is what saves."""
        planner = partial(self._session.preferences.plan, self.sheet.changes)
        screen = PlanScreen(
            planner, "Global preferences", taken_in=self.taken_in, in_waves=self._save_for_waves
        )
        self.app.push_screen(screen, lambda apply: self._save(screen.plan) if apply else None)

    @property
    def is_shared(self) -> bool:
        return True

    def newer(self) -> Newer | None:
        return self._session.preferences.newer(self.sheet)

    def _save(self, plan: Plan) -> None:
        work = partial(self._session.preferences.apply, self.sheet, plan)
        self.work_on("Save and publish", work, lambda _: self._saved(plan), self._failed)

    def _save_for_waves(self, plan: Plan) -> None:
        """Store the settings; their files follow in waves."""
        at_once = sorted({*ACCESS_FIELDS, "publish_root"} & self.sheet.changes.keys())
        if at_once:
            names = " and ".join(SITE_FIELDS[name].label for name in at_once)
            self.tell("Not in waves", f"{names}: this is changed for all files at once.")
            return
        try:
            self._session.preferences.save(self.sheet)
        except TuiprovError as error:
            self._failed(error)
            return
        self._begin_anew()
        self.show_keys(note="Saved; the phones' files are to follow in waves.")
        self.navigator.show_waves(plan)

    def _saved(self, plan: Plan) -> None:
        self._begin_anew()
        words = f"Files: {plan.in_the_past()}."
        self.offer_resync(self._session, plan, words)
        self.show_keys(note=f"Saved. {words}")

    def _failed(self, error: TuiprovError) -> None:
        if isinstance(error, Conflict):
            self.meet_others(self.store, error)
        elif isinstance(error, PublishError):
            self._begin_anew()
            self.show_keys(note="Saved. Not published.")
            self.tell("Saved, but not published", error)
        else:
            self.tell("Not saved", error)

    def _begin_anew(self) -> None:
        self.taken_in.clear()
        self.show_all()

    def close(self, stored: bool) -> None:
        self.navigator.close_area()
