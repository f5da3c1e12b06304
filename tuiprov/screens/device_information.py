"""Section Device information: which phone it is."""

from __future__ import annotations

from dataclasses import replace

from tuiprov.data.catalog import default_catalog
from tuiprov.data.draft import Draft
from tuiprov.data.fields import Choice, Field
from tuiprov.data.gates import phone_type
from tuiprov.data.sections import DeviceInformation
from tuiprov.screens.section import Options, Section, plain
from tuiprov.text import in_words
from tuiprov.widgets.form import Row


class DeviceInformationSection(Section[Draft]):
    model = DeviceInformation
    short = "Device"

    def names(self) -> tuple[str, ...]:
        return (*super().names(), "line")

    def row(self, name: str, sheet: Draft) -> Row:
        row = super().row(name, sheet)
        if name == "line" and sheet.values["use_provisioning"]:
            return replace(row, note=_shared(sheet))
        return row

    def options(self, field: Field, sheet: Draft) -> Options:
        catalog, values = default_catalog(), sheet.values
        manufacturer, model = str(values["manufacturer"]), str(values["model"])
        if field.name == "manufacturer":
            return plain(catalog.manufacturers())
        if field.name == "model":
            return plain(catalog.models(manufacturer))
        if field.name == "firmware":
            return plain(catalog.firmwares(manufacturer, model))
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, sheet: Draft) -> str:
        kind = phone_type(sheet.page)
        if field.name == "mac":
            return "XX:XX:XX:XX:XX:XX"
        if field.name == "line" and kind is not None:
            return f"of {kind.lines}"
        if field.name == "application_version" and kind is not None:
            needed = kind.facts.application_version == "required"
            return "needed by this phone" if needed else ""
        return super().hint(field, sheet)


def _shared(sheet: Draft) -> str:
    """Which line this extension has, and who shares the device."""
    kind, others = phone_type(sheet.page), sheet.base.others
    if kind is None or not others:
        return ""
    names = in_words((f"{one.extension['extension']} (line {one.number})" for one in others), "and")
    return f"line {sheet.texts['line'] or '?'} of {kind.lines}; shared with {names}"
