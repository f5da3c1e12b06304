"""Section Device settings: login, update and template; Regenerate is asked at the save."""

from __future__ import annotations

from dataclasses import replace

from tuiprov.data.draft import CONFIRM, REGENERATE, Draft
from tuiprov.data.fields import Choice, Field
from tuiprov.data.gates import phone_type
from tuiprov.data.sections import DeviceSettings
from tuiprov.screens.section import Options, Section, plain
from tuiprov.widgets.form import Row


class DeviceSettingsSection(Section):
    model = DeviceSettings
    short = "Settings"

    def names(self) -> tuple[str, ...]:
        names = list(super().names())
        names.insert(names.index("admin_password") + 1, CONFIRM)
        names.insert(names.index("template") + 1, REGENERATE)
        return tuple(names)

    def row(self, name: str, draft: Draft) -> Row:
        if name == CONFIRM:
            row = super().row("admin_password", draft)
            return replace(
                row,
                name=CONFIRM,
                label="Confirm password",
                value=draft.texts[CONFIRM],
                hint="the same again",
                error=draft.errors.get(CONFIRM, ""),
                note="",
            )
        if name == REGENERATE:
            return self._regenerate(draft)
        return super().row(name, draft)

    def options(self, field: Field, draft: Draft) -> Options:
        kind = phone_type(draft.page)
        if field.name == "update_protocol":
            names = kind.facts.update_protocols if kind else []
            return [(name, name.upper()) for name in names]
        if field.name == "template":
            return plain(draft.base.templates)
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, draft: Draft) -> str:
        kind = phone_type(draft.page)
        if kind is None:
            return super().hint(field, draft)
        interval = kind.facts.interval
        if field.name == "update_interval" and interval is not None:
            bounds = f"{interval.low}-{interval.high}"
            return f"{interval.unit} {bounds}, empty: {interval.default}"
        if field.name == "parking_watch_lines" and kind.facts.park_keys:
            free = max(0, kind.keys - len(draft.base.others) - 1)
            return f"of {free} keys, empty: off"
        if field.name == "admin_password" and kind.facts.admin_login is not None:
            return kind.facts.admin_login.password.in_words()
        return super().hint(field, draft)

    def _regenerate(self, draft: Draft) -> Row:
        answer = draft.gate("template")
        disabled = draft.values["status"] == "disabled" and draft.texts[REGENERATE] == "yes"
        return Row(
            REGENERATE,
            "Regenerate provisioning files",
            draft.texts[REGENERATE],
            kind="flag",
            hint="on save",
            locked="" if answer.is_open else answer.reason,
            note="the device is disabled: nothing is generated" if disabled else "",
        )
