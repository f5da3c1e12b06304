"""Section Device information: which phone it is."""

from __future__ import annotations

from tuiprov.data.catalog import default_catalog
from tuiprov.data.draft import Draft
from tuiprov.data.fields import Choice, Field
from tuiprov.data.gates import phone_type
from tuiprov.data.sections import DeviceInformation
from tuiprov.screens.section import Options, Section, plain


class DeviceInformationSection(Section[Draft]):
    model = DeviceInformation
    short = "Device"

    def names(self) -> tuple[str, ...]:
        return (*super().names(), "line")

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
            others = [str(line.extension["extension"]) for line in sheet.base.others]
            shared = f"; also serves {', '.join(others)}" if others else ""
            return f"of {kind.lines}{shared}"
        if field.name == "application_version" and kind is not None:
            needed = kind.facts.application_version == "required"
            return "needed by this phone" if needed else ""
        return super().hint(field, sheet)
