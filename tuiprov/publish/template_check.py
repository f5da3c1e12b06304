"""What is wrong with a template: in itself, for one phone as one looks at it, for many phones.

All that a template says or does comes from the sandbox, and what is shown has its secrets masked
before the template runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tuiprov.data.catalog import PhoneType
from tuiprov.data.page import MASK, CustomTemplate, LineUse, Phone
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS
from tuiprov.data.site import Site
from tuiprov.data.templates.merging import conflict_lines
from tuiprov.data.templates.parts import Texts
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render import sandbox
from tuiprov.render.defaults import own_templates, parts_of
from tuiprov.render.engine import RenderedFile, parse_back, render, render_each, type_of
from tuiprov.render.trace import changed_lines

_AT_ONCE: Final = 200
_LINE: Final = re.compile(r"\bline (\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """`file` is a template's path, or a phone's file when that came out malformed; `line` counts
    from 1, 0: unknown. `device` is the phone it happened with, "" for all."""

    file: str
    line: int
    reason: str
    device: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return ": ".join(part for part in (self.device, place, self.reason) if part)


@dataclass(frozen=True, slots=True)
class LookFile:
    """A phone's file with masked secrets; `changed`: numbers (from 0) of the lines that the server
    default would make otherwise; `parts`: the templates it is made of."""

    name: str
    lines: tuple[str, ...]
    changed: frozenset[int]
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Look:
    """A template as one phone would get it: its own files, or what is wrong with the template.
    `malformed`: of which files nothing would be published, and where they are wrong."""

    files: tuple[LookFile, ...] = ()
    faults: tuple[Fault, ...] = ()
    malformed: tuple[Fault, ...] = ()


def faults_in(files: Texts) -> list[Fault]:
    """What is wrong with these files without rendering any. RenderError when there is no sandbox
    to ask."""
    return [Fault(one.template, one.line, one.reason) for one in sandbox.check(files)]


def look(custom: CustomTemplate | None, phone: Phone) -> Look:
    """What `phone` would get by this template; by the server default for None. Takes a few seconds
    at most, whatever the template does."""
    shown = replace(phone.masked(), custom=custom)
    try:
        faults = _conflicts(custom.files) + faults_in(custom.files) if custom is not None else []
        files = [file for file in render(shown) if not file.shared] if not faults else []
    except TemplateFault as fault:
        faults = [Fault(fault.template, fault.line, fault.reason)]
    except RenderError as error:
        faults = [Fault("", 0, str(error))]
    if faults:
        return Look(faults=tuple(faults))
    return Look(tuple(_look_files(shown, files)), malformed=tuple(_malformed(files)))


def _look_files(phone: Phone, files: Sequence[RenderedFile]) -> Iterator[LookFile]:
    usual = {file.name: file.text.splitlines() for file in render(replace(phone, custom=None))}
    kind = type_of(phone)
    for file, path in zip(files, own_templates(kind) if kind else (), strict=True):
        lines = file.text.splitlines()
        changed = frozenset(changed_lines(lines, usual[file.name]))
        yield LookFile(file.name, tuple(lines), changed, parts_of(path))


def _conflicts(files: Texts) -> list[Fault]:
    words = "begins or ends a conflict of the merge: leave what is right, without these marks"
    return [
        Fault(path, number + 1, words)
        for path, text in files.items()
        for number in conflict_lines(text)
    ]


def faults_of(custom: CustomTemplate, phones: Iterable[Phone]) -> Iterator[Fault]:
    """What goes wrong with each of these phones."""
    waiting: list[Phone] = []
    for phone in phones:
        waiting.append(replace(phone, custom=custom))
        if len(waiting) == _AT_ONCE:
            yield from _faults_together(waiting)
            waiting.clear()
    yield from _faults_together(waiting)


def sample_phones(kinds: Iterable[PhoneType], site: Site) -> list[Phone]:
    """Made-up phones, one for each set of files among these phones."""
    chosen: dict[tuple[str, ...], PhoneType] = {}
    for kind in kinds:
        files = tuple(rule.template for rule in kind.facts.files)
        chosen.setdefault((kind.templates, *files), kind)
    return [_sample(kind, site) for kind in chosen.values()]


def device_words(phone: Phone) -> str:
    """A phone in a few words: its name, model and MAC address."""
    values = phone.values
    parts = (values["friendly_name"], values["model"], values["firmware"], values["mac"])
    return " ".join(str(part) for part in parts if part)


def _faults_together(phones: Sequence[Phone]) -> Iterator[Fault]:
    for phone, result in zip(phones, render_each(phones), strict=True):
        device = device_words(phone)
        if isinstance(result, TemplateFault):
            yield Fault(result.template, result.line, result.reason, device)
        elif isinstance(result, RenderError):
            yield Fault("", 0, str(result), device)
        else:
            yield from (replace(fault, device=device) for fault in _malformed(result))


def _malformed(files: Iterable[RenderedFile]) -> Iterator[Fault]:
    for file in files:
        try:
            parse_back(file)
        except RenderError as error:
            found = _LINE.search(str(error))
            reason = str(error).removeprefix(f"{file.name}: ")
            yield Fault(file.name, int(found[1]) if found else 0, reason)


def _sample(kind: PhoneType, site: Site) -> Phone:
    device = {
        "friendly_name": "Sample",
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
        "mac": f"{kind.mac_prefixes[0]}:00:00:01" if kind.has_mac else "",
        "mac_based_provisioning": kind.has_mac,
        "update_protocol": kind.facts.update_protocols[0],
        "admin_username": "admin",
        "password_generation": "manual",
        "admin_password": MASK,
    }
    extension = {
        "extension": "0001*001",
        "extension_name": "Sample",
        "sip_username": "0001*001",
        "sip_password": MASK,
        "use_provisioning": True,
    }
    line = LineUse(1, {name: DEFAULTS[name] for name in EXTENSION_FIELDS} | extension)
    return Phone({name: DEFAULTS[name] for name in DEVICE_FIELDS} | device, (line,), site)
