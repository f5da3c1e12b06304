"""Many extensions or devices edited at once: the page's sections with what they have in common.

Saving shows who is refused and why, and what changes in the phones' files, before anything is
written; applying is one operation, which the history takes back with one key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, cast

from tuiprov.data.bulk.sheet import EACH_ITS_OWN, MIXED, BulkSheet
from tuiprov.data.draft import Draft
from tuiprov.data.fields import Choice, Codecs, Field, Flag, declared
from tuiprov.data.gates import gate
from tuiprov.data.identity import Identity
from tuiprov.data.page import Page
from tuiprov.data.record import Record
from tuiprov.errors import PublishError, TuiprovError
from tuiprov.orders.order import OnRecord, counted, going_on
from tuiprov.publish.plan import Plan
from tuiprov.screens.device_information import DeviceInformationSection
from tuiprov.screens.device_settings import DeviceSettingsSection
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.provisioning import ProvisioningSection
from tuiprov.screens.section import Options, Section
from tuiprov.screens.sip_preferences import SipPreferencesSection
from tuiprov.screens.virtualization import VirtualizationSection
from tuiprov.session import Session
from tuiprov.widgets.compat import Run
from tuiprov.widgets.form import Row

_YES_NO = (("yes", "yes"), ("no", "no"))


@dataclass(frozen=True)
class _OnePage:
    """As much of a draft as a section asks for the choices of one page."""

    page: Page

    @property
    def base(self) -> Page:
        return self.page

    @property
    def values(self) -> object:
        return self.page.values


class _BulkSection(Section[BulkSheet]):
    """A section of the page, for many extensions."""

    def __init__(self, model: type[Record], short: str, single: Section[Draft] | None) -> None:
        self.model = model
        self.short = short
        self._single = single

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in declared(self.model) if name not in EACH_ITS_OWN)

    def row(self, name: str, sheet: BulkSheet) -> Row:
        row = super().row(name, sheet)
        field = sheet.fields[name]
        if isinstance(field, Flag):
            # Ticked, not ticked, or left as each has it: a box cannot show the third.
            row = replace(row, kind="choice", options=_YES_NO)
        if row.value == MIXED:
            row = replace(row, value="", hint="mixed")
        return row

    def options(self, field: Field, sheet: BulkSheet) -> Options:
        """What every kind of these records can be given."""
        if not isinstance(field, Choice | Codecs):
            return ()
        if self._single is None:
            return field.options if isinstance(field, Choice) else ()
        single = self._single
        able = [page for page in sheet.pages if gate(field.name, page, sheet.viewer).is_open]
        able = able or sheet.pages  # closed for all: the words of its value are still wanted
        each = [single.options(field, cast(Draft, _OnePage(page))) for page in able]
        if not each:
            return ()
        shared = set.intersection(*({value for value, _ in options} for options in each))
        return [option for option in each[0] if option[0] in shared]


def _for_many(*singles: Section[Draft]) -> tuple[_BulkSection, ...]:
    return tuple(_BulkSection(single.model, single.short, single) for single in singles)


_OF_DEVICE = _for_many(DeviceInformationSection(), DeviceSettingsSection())
_SECTIONS: Sequence[_BulkSection] = (
    _BulkSection(Identity, "Extension", None),
    *_for_many(ProvisioningSection()),
    *_OF_DEVICE,
    *_for_many(SipPreferencesSection(), VirtualizationSection()),
)


class Together(Protocol):
    """Many records being edited, and what storing that does: `bulk.Bulk` is one. `on_record` may
    end it until it is stored, `on_phone` only hears."""

    @property
    def sheet(self) -> BulkSheet: ...
    def plan(self, on_phone: OnRecord, /) -> Plan: ...
    def apply(self, on_record: OnRecord, on_phone: OnRecord, /) -> str: ...
    def store_for_waves(self, on_record: OnRecord, on_phone: OnRecord, /) -> Plan: ...


def options_for(name: str, sheet: BulkSheet) -> Options:
    """What a field can be given that every kind of these extensions has."""
    section = next(one for one in _SECTIONS if name in one.names())
    return section.options(sheet.fields[name], sheet)


class BulkScreen(FormScreen[BulkSheet]):
    """Edits many records. Answers True when something was stored."""

    noun: ClassVar[str]

    def __init__(self, session: Session, bulk: Together, sections: Sequence[_BulkSection]) -> None:
        super().__init__(bulk.sheet, sections)
        self._session = session
        self._bulk = bulk
        self.words = ""
        """What was done, for who opened the screen."""

    @property
    def _whom(self) -> str:
        return counted(len(self.sheet.about.ids), self.noun)

    def title_runs(self) -> list[Run]:
        changed = " *" if self.sheet.is_changed else ""
        viewer = f"  {self._session.viewer.label}"
        return [(f"Edit {self._whom}{changed}", "bar--title"), (viewer, "bar--dim")]

    def store(self) -> None:
        names = ", ".join(self.sheet.fields[name].label for name in self.sheet.change)
        whom = f"{names} of {self._whom}"
        plan = PlanScreen(self._bulk.plan, whom, in_waves=lambda _: self._store_for_waves())

        def answered(apply: bool | None) -> None:
            if apply:
                self.work_on(f"Edit {self._whom}", self._store, self._applied, self._failed)

        self.app.push_screen(plan, answered)

    def _store(self, on_record: OnRecord) -> str:
        return self._bulk.apply(on_record, going_on(on_record))

    def _store_for_waves(self) -> None:
        def do(on_record: OnRecord) -> Plan:
            return self._bulk.store_for_waves(on_record, going_on(on_record))

        self.work_on(f"Edit {self._whom}", do, self._show_waves, self._failed)

    def _show_waves(self, plan: Plan) -> None:
        self._applied("Changed; the phones' files are to follow in waves.")
        self.app.call_later(self.navigator.show_waves, plan)

    def _applied(self, words: str) -> None:
        self.words = words
        self.close(True)

    def _failed(self, problem: TuiprovError) -> None:
        if isinstance(problem, PublishError):
            self.words = "Changed, but not published."
            self.close(True)
            self.tell("Changed, but not published", problem)
        else:
            self.show_all()
            self.tell("Not changed", problem)


class BulkExtensions(BulkScreen):
    """Edits many extensions, and their devices with them."""

    noun = "extension"

    def __init__(self, session: Session, bulk: Together) -> None:
        super().__init__(session, bulk, _SECTIONS)


class BulkDevices(BulkScreen):
    """Edits many devices of the inventory, whether they serve somebody or not."""

    noun = "device"

    def __init__(self, session: Session, bulk: Together) -> None:
        super().__init__(session, bulk, _OF_DEVICE)
