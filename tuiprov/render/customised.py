"""Files of phones that have an account's own template: made in the sandbox, many at a time.

`engine.py` calls it for such phones only, so that nobody else pays for its imports. What belongs to
the site (files that all its phones share) always comes from tuiprov's own templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tuiprov.data.catalog import FileRule, PhoneType
from tuiprov.data.page import CustomTemplate, Phone
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import Job, render_jobs
from tuiprov.render.values import template_values

Texts = dict[str, str]
"""Template of a file → the file's text."""


class CustomFault(TemplateFault):
    """A `TemplateFault` whose words also name the account's template."""

    def __init__(self, name: str, fault: TemplateFault) -> None:
        super().__init__(fault.template, fault.line, fault.reason)
        self._words = str(
            TemplateFault(f"template {name}: {fault.template}", fault.line, fault.reason)
        )

    def __str__(self) -> str:
        return self._words


@dataclass(slots=True)
class _Making:
    """One phone, as far as its files are made."""

    phone: Phone
    custom: CustomTemplate
    values: dict[str, Any]
    rules: list[tuple[FileRule, str]]
    """The files that are the phone's own, and the template of each."""
    texts: Texts = field(default_factory=dict)
    error: RenderError | None = None


def texts_of(phones: Sequence[tuple[Phone, PhoneType]]) -> list[Texts | RenderError]:
    """The texts of the phones' own files, or why a phone has none, in order. Phones with the same
    template are made together, so that one which runs too long is not tried for each of them."""
    made = [_begun(phone, kind) for phone, kind in phones]
    groups: dict[int, list[_Making]] = {}
    for one in made:
        groups.setdefault(id(one.custom), []).append(one)
    for group in groups.values():
        _make(group)
    return [one.texts if one.error is None else one.error for one in made]


def _begun(phone: Phone, kind: PhoneType) -> _Making:
    custom = phone.custom
    assert custom is not None, "only phones with a template of an account come here"  # noqa: S101
    rules = [
        (rule, f"{kind.templates}/{rule.template}")
        for rule in kind.facts.files
        if rule.scope == "device"
    ]
    made = _Making(phone, custom, template_values(phone, kind), rules)
    if not custom.fits(kind):
        made.error = RenderError(
            f"the template {custom.name} is not for {kind.label} with firmware {kind.firmware}"
        )
    return made


def _make(group: Sequence[_Making]) -> None:
    """First file after first file, so that a phone whose first file fails costs no second try."""
    for number in range(max(len(one.rules) for one in group)):
        waiting = [one for one in group if one.error is None and number < len(one.rules)]
        jobs = [
            Job(path, rule.format, one.values)
            for one in waiting
            for rule, path in [one.rules[number]]
        ]
        try:
            results = render_jobs(group[0].custom.files, jobs)
        except RenderError as error:
            for one in waiting:
                one.error = error
            return
        for one, result in zip(waiting, results, strict=True):
            if isinstance(result, TemplateFault):
                one.error = CustomFault(one.custom.name, result)
            else:
                one.texts[one.rules[number][1]] = result
