"""Section Device settings: login, update and template; Regenerate is asked at the save."""

from __future__ import annotations

from dataclasses import replace

from tuiprov.data.draft import CONFIRM, REGENERATE, Draft
from tuiprov.data.fields import Choice, Field
from tuiprov.data.gates import phone_type
from tuiprov.data.sections import DeviceSettings
from tuiprov.screens.section import Options, Section, plain
from tuiprov.widgets.form import Row


class DeviceSettingsSection(Section[Draft]):
    model = DeviceSettings
    short = "Settings"

    def names(self) -> tuple[str, ...]:
        names = list(super().names())
        names.insert(names.index("admin_password") + 1, CONFIRM)
        names.insert(names.index("template") + 1, REGENERATE)
        return tuple(names)

    def row(self, name: str, sheet: Draft) -> Row:
        if name == CONFIRM:
            row = super().row("admin_password", sheet)
            return replace(
                row,
                name=CONFIRM,
                label="Confirm password",
                value=sheet.texts[CONFIRM],
                hint="the same again",
                error=sheet.errors.get(CONFIRM, ""),
                note="",
            )
        if name == REGENERATE:
            return self._regenerate(sheet)
        return super().row(name, sheet)

    def options(self, field: Field, sheet: Draft) -> Options:
        kind = phone_type(sheet.page)
        if field.name == "update_protocol":
            names = kind.facts.update_protocols if kind else []
            return [(name, name.upper()) for name in names]
        if field.name == "template":
            return plain(sheet.page.templates)
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, sheet: Draft) -> str:
        kind = phone_type(sheet.page)
        if kind is None:
            return super().hint(field, sheet)
        interval = kind.facts.interval
        if field.name == "update_interval" and interval is not None:
            bounds = f"{interval.low}-{interval.high}"
            return f"{interval.unit} {bounds}, empty: {interval.default}"
        if field.name == "parking_watch_lines" and kind.facts.park_keys:
            free = max(0, kind.keys - sheet.base.lines_used)
            return f"of {free} keys, empty: off"
        if field.name == "admin_password" and kind.facts.admin_login is not None:
            return kind.facts.admin_login.password.in_words()
        return super().hint(field, sheet)

    def _regenerate(self, sheet: Draft) -> Row:
        answer = sheet.gate("template")
        disabled = sheet.values["status"] == "disabled" and sheet.texts[REGENERATE] == "yes"
        return Row(
            REGENERATE,
            "Regenerate provisioning files",
            sheet.texts[REGENERATE],
            kind="flag",
            hint="on save",
            locked="" if answer.is_open else answer.reason,
            note="the device is disabled: nothing is generated" if disabled else "",
        )
