"""Section SIP preferences: how the PBX treats the extension."""

from __future__ import annotations

from tuiprov.data.draft import Draft
from tuiprov.data.fields import Choice, Field
from tuiprov.data.sections import SipPreferences
from tuiprov.screens.section import Options, Section, plain


class SipPreferencesSection(Section[Draft]):
    model = SipPreferences
    short = "SIP"

    def label(self, field: Field, sheet: Draft) -> str:
        network = sheet.base.site.private_network
        if field.name == "on_private_network" and network:
            return f"{field.label} ({network})"
        return field.label

    def options(self, field: Field, sheet: Draft) -> Options:
        if field.name == "codecs":
            return plain(sheet.base.site.offered)
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, sheet: Draft) -> str:
        if field.name == "allowed_networks":
            return "at the widest /24, e.g. 192.0.2.0/24"
        return super().hint(field, sheet)
