"""What one viewer does with templates: the store, the server default and the sandbox together.

The templates screens and `tuiprov templates` both work through it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.fields import Values
from tuiprov.data.page import CustomTemplate, Phone
from tuiprov.data.permissions import may
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.store import Store
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.folder import read_folder, write_folder
from tuiprov.data.templates.library import DEFAULT_ID, Candidate, TemplateRow
from tuiprov.data.templates.parts import (
    MergedFile,
    TemplateView,
    completed,
    copied,
    file_problems,
    kinds_for,
    merged,
    settings_problems,
)
from tuiprov.errors import NotFound, PublishError, Refusal, Refused
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import OnPhone, plan_devices, plan_template, telling, unheard
from tuiprov.publish.publishing import mark_failed, publish
from tuiprov.publish.template_check import Fault, Look, faults_in, faults_of, look, sample_phones
from tuiprov.render.defaults import all_default_files, default_files, own_templates, parts_of
from tuiprov.render.engine import type_of


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of trying a template with `checked` phones; `is_sample`: made-up ones, because no
    device uses it."""

    checked: int
    faults: tuple[Fault, ...]
    is_sample: bool = False


class TemplateWork:
    """The templates of a site, for one viewer."""

    def __init__(self, store: Store, viewer: Viewer) -> None:
        self._store = store
        self._viewer = viewer

    # -- looking --------------------------------------------------------------------------------

    def rows(self, where: str = "") -> list[TemplateRow]:
        return self._store.templates.rows(self._viewer, all_default_files(), where)

    def open(self, template_id: int) -> TemplateView:
        """A template by its id; the server default by `DEFAULT_ID`."""
        if template_id == DEFAULT_ID:
            return server_default()
        return self._store.templates.open(self._viewer, template_id)

    def named(self, name: str) -> TemplateView:
        """A template by its name, the server default too; NotFound."""
        return self.open(self._store.templates.find(self._viewer, name))

    def may_change(self, view: TemplateView) -> bool:
        """May this viewer store changes to it?"""
        return may(self._viewer, "templates.edit", view.relation)

    def candidates(self, view: TemplateView) -> list[Candidate]:
        """Real devices to look at the template with, those that use it first."""
        return self._store.templates.candidates(self._viewer, view)

    def phone(self, view: TemplateView, device_id: int | None) -> Phone:
        """A device to look at the template with; a made-up one when none is named or it is gone."""
        phone = self._store.phone(self._viewer, device_id) if device_id is not None else None
        kinds = view.kinds or default_catalog().types()
        return phone or sample_phones(kinds, self._store.site())[0]

    def main_path(self, view: TemplateView, phone: Phone) -> str:
        """The template that has most of what this phone gets; any, where it gets nothing by it."""
        kind = type_of(phone)
        own = own_templates(kind) if kind is not None else []
        parts = sorted({part for path in own for part in parts_of(path)} & view.files.keys())
        return max(parts or view.files, key=lambda path: len(view.files[path]))

    def look(self, view: TemplateView, phone: Phone) -> Look:
        """What this phone would get by the template as it is now; secrets are masked."""
        return look(None if view.is_default else view.custom, phone)

    def validate(self, view: TemplateView, on_phone: OnPhone = unheard) -> Validation:
        """Try the template with every device that uses it, or with made-up phones if none does."""
        faults = faults_in(view.files)
        if faults:
            return Validation(0, tuple(faults))
        ids = self._store.templates.users(self._viewer, view.id) if view.id else []
        if ids:
            phones = telling(self._store.phones(ids), on_phone)
            return Validation(len(ids), tuple(faults_of(view.custom, phones)))
        samples = sample_phones(view.kinds, self._store.site())
        return Validation(len(samples), tuple(faults_of(view.custom, samples)), is_sample=True)

    # -- making and changing --------------------------------------------------------------------

    def fresh(self, source: TemplateView | None = None) -> TemplateView:
        """The settings of a template to be made, to be filled in; like `source` if there is one."""
        values = dict.fromkeys(TEMPLATE_FIELDS, "")
        if source is not None and not source.is_default:
            values |= {name: str(value) for name, value in source.values.items()} | {"name": ""}
        taken = self._store.templates.taken_names(self._viewer)
        return TemplateView(values, {}, {}, taken=taken)

    def copy(self, values: Values, source: TemplateView | None = None) -> int:
        """Store a new template: a copy of the server default for the phones that `values` say, or
        of another template. Gives its id; Refused says what is wrong."""
        problems = settings_problems(values, self._store.templates.taken_names(self._viewer))
        if problems:
            raise Refused([Refusal(name, reason) for name, reason in problems.items()])
        defaults = default_files(kinds_for(values))
        return self._store.templates.add(self._viewer, copied(values, defaults, source))

    def settled(self, view: TemplateView, values: Values) -> TemplateView:
        """The template with other settings, and with the files that these ask for."""
        return completed(replace(view, values=values), default_files(kinds_for(values)))

    def plan(self, view: TemplateView, on_phone: OnPhone = unheard) -> Plan:
        """What saving would do to the files of the devices that use it; nothing is stored. Refused
        when a file is wrong in itself: such a template is never stored."""
        self._refuse_faults(view)
        ids = self._store.templates.users(self._viewer, view.id) if view.id else []
        return plan_template(self._store, ids, view.custom, on_phone)

    def save(
        self, view: TemplateView, *, publish_too: bool = True, on_phone: OnPhone = unheard
    ) -> tuple[TemplateView, Plan]:
        """Store a changed template, and bring the files of its devices up to date. Raises Refused,
        Conflict or PublishError; after a PublishError it is stored and the devices are failed."""
        self._refuse_faults(view)
        if not publish_too:
            return self._store.templates.save(self._viewer, view), Plan()
        with self._store.operations.begin():
            return self._save(view, on_phone)

    def _save(self, view: TemplateView, on_phone: OnPhone) -> tuple[TemplateView, Plan]:
        saved = self._store.templates.save(self._viewer, view)
        ids = self._store.templates.users(self._viewer, saved.id or 0)
        try:
            plan = plan_devices(self._store, ids, on_phone=on_phone)
        except PublishError as error:
            mark_failed(self._store, ids, error)
            raise
        publish(self._store, self._viewer, plan, on_phone)
        return saved, plan

    def remove(self, template_id: int) -> str:
        """Remove a template that no device uses; gives its name."""
        if template_id == DEFAULT_ID:
            raise Refused([Refusal("", f"{SERVER_DEFAULT} is built in and stays")])
        return self._store.templates.remove(self._viewer, template_id)

    # -- a server default that changed ----------------------------------------------------------

    def merged(self, view: TemplateView) -> tuple[TemplateView, Sequence[MergedFile]]:
        """The template with the changes of the server default made in its files, and which these
        are; nothing is stored."""
        everything = all_default_files()
        kept = {path: everything[path] for path in view.files if path in everything}
        return merged(view, kept | default_files(kinds_for(view.values)))

    # -- folders --------------------------------------------------------------------------------

    def export(self, view: TemplateView, folder: Path) -> None:
        """Write a template into a folder that is new or empty."""
        write_folder(folder, view)

    def import_folder(self, folder: Path, name: str = "") -> tuple[str, bool]:
        """Store the template in a folder, under its own name or this one: a new one, or the files
        and settings of one that is there. Gives its name, and whether it is new."""
        read = read_folder(folder, all_default_files().keys())
        values = {**read.values, **({"name": name} if name else {})}
        known = self._known(str(values["name"]))
        bases = {**(known.bases if known else {}), **read.bases}
        wanted = replace(known or self.fresh(), values=values, files=read.files, bases=bases)
        problems = settings_problems(values, wanted.taken)
        if problems:
            raise Refused([Refusal(field, reason) for field, reason in problems.items()])
        wanted = _with_bases(completed(wanted, default_files(kinds_for(values))))
        if known is None:
            self._refuse_faults(wanted)
            self._store.templates.add(self._viewer, wanted)
        else:
            self.save(wanted, publish_too=False)
        return str(values["name"]), known is None

    def _refuse_faults(self, view: TemplateView) -> None:
        """Refused when a file is wrong in itself."""
        problems = [Refusal(path, reason) for path, reason in file_problems(view).items()]
        if problems:
            raise Refused(problems)
        samples = sample_phones(view.kinds, self._store.site())
        faults = faults_in(view.files) or _unknown_names(view.custom, samples)
        if faults:
            raise Refused([_refusal(fault) for fault in faults])

    def _known(self, name: str) -> TemplateView | None:
        try:
            view = self.named(name)
        except NotFound:
            return None
        return None if view.is_default else view


def server_default() -> TemplateView:
    """The server default as a template that nobody can change."""
    values: Mapping[str, str] = dict.fromkeys(TEMPLATE_FIELDS, "") | {"name": SERVER_DEFAULT}
    files = all_default_files()
    return TemplateView(values, files, files, DEFAULT_ID, relation="default")


def _with_bases(view: TemplateView) -> TemplateView:
    """The template with a base for each of its files: the server default of today where it came
    without, and for no file that it has not."""
    defaults = all_default_files()
    bases = {
        path: view.bases.get(path, defaults.get(path, text)) for path, text in view.files.items()
    }
    return replace(view, bases=bases)


def _unknown_names(custom: CustomTemplate, phones: Sequence[Phone]) -> list[Fault]:
    """Variables that no phone has: found by rendering, for reading does not find those of a part
    that is included. What else goes wrong with a made-up phone may be right for a real one."""
    found = (replace(one, device="") for one in faults_of(custom, phones))
    return list(dict.fromkeys(one for one in found if one.reason.endswith("is not defined")))


def _refusal(fault: Fault) -> Refusal:
    return Refusal(fault.file, f"line {fault.line}: {fault.reason}" if fault.line else fault.reason)
