"""The form of a template's settings: its name and the phones it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tuiprov.data.catalog import default_catalog
from tuiprov.data.fields import Field, Value
from tuiprov.data.page import names_in
from tuiprov.data.templates.fields import TemplateSettings
from tuiprov.data.templates.parts import TemplateSheet, TemplateView
from tuiprov.errors import TuiprovError
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.section import Options, Section, plain
from tuiprov.text import visible
from tuiprov.widgets.compat import Run
from tuiprov.widgets.form import Row

Take = Callable[[dict[str, Value]], None]
"""What is done with the settings when they are right; TuiprovError says why it cannot be."""


class TemplateSection(Section[TemplateSheet]):
    model = TemplateSettings
    short = "Template"

    def row(self, name: str, sheet: TemplateSheet) -> Row:
        row = super().row(name, sheet)
        return replace(row, kind="list") if name in ("models", "firmware") else row

    def options(self, field: Field, sheet: TemplateSheet) -> Options:
        catalog = default_catalog()
        manufacturer = str(sheet.values["manufacturer"])
        if field.name == "manufacturer":
            return plain(catalog.manufacturers())
        models = catalog.models(manufacturer)
        if field.name == "models":
            return plain(models)
        if field.name == "firmware":
            chosen = names_in(sheet.values["models"]) or models
            found = (name for model in chosen for name in catalog.firmwares(manufacturer, model))
            return plain(list(dict.fromkeys(found)))
        return ()

    def hint(self, field: Field, sheet: TemplateSheet) -> str:
        return "empty: all" if field.name in ("models", "firmware") else super().hint(field, sheet)


class TemplateSettingsScreen(FormScreen[TemplateSheet]):
    """Edits a template's settings and hands them to `take`."""

    def __init__(self, view: TemplateView, title: str, take: Take) -> None:
        super().__init__(TemplateSheet(view), (TemplateSection(),))
        self._title = title
        self._take = take

    def title_runs(self) -> list[Run]:
        changed = " *" if self.sheet.is_changed else ""
        return [(visible(f"{self._title}{changed}"), "bar--title")]

    def store(self) -> None:
        try:
            self._take(dict(self.sheet.values))
        except TuiprovError as error:
            self.tell("Not saved", error)
        else:
            self.close(True)
