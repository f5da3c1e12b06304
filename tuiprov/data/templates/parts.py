"""A provisioning template as plain data: its settings, its files, what they were copied from.

Pure: what it is for, what is wrong with it, and how it takes up a changed server default. The texts
of the server default come from above (`render/defaults.py`), for nothing here renders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Values
from tuiprov.data.page import CustomTemplate, as_custom, names_in
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.sheet import Sheet
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.merging import conflict_lines, merge
from tuiprov.text import in_words, visible

LARGEST_FILE: Final = 64 << 10
LARGEST: Final = 256 << 10
"""Bytes of one file and of all, in UTF-8: what the sandbox takes (`render/sandbox/bounds.py`)."""

_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*")

Texts = Mapping[str, str]
"""Path of a file, as `yealink/phone.cfg.j2` → its text."""


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template as one viewer sees it, stored or not (`id` None). `bases` are the texts of the
    server default that its files were copied from."""

    values: Values
    files: Texts
    bases: Texts
    id: int | None = None
    owner: str = ""
    relation: str = "own"
    version: int = 0
    used_by: int = 0
    taken: frozenset[str] = field(default_factory=frozenset)
    """Names of the other templates."""

    @property
    def name(self) -> str:
        return str(self.values["name"])

    @property
    def is_default(self) -> bool:
        """Is it the server default, which nobody can change?"""
        return self.relation == "default"

    @property
    def custom(self) -> CustomTemplate:
        """The template as phones get it."""
        return as_custom(self.values, self.files)

    @property
    def kinds(self) -> list[PhoneType]:
        """The phones of the catalogue that it is for."""
        return list(default_catalog().types()) if self.is_default else kinds_for(self.values)


def kinds_for(values: Values) -> list[PhoneType]:
    """The phones of the catalogue that a template with these settings is for."""
    models, firmware = names_in(values["models"]), names_in(values["firmware"])
    return [
        kind
        for kind in default_catalog().types()
        if kind.manufacturer == values["manufacturer"]
        and (not models or kind.model in models)
        and (not firmware or kind.firmware in firmware)
    ]


# -- making one -----------------------------------------------------------------------------------


def copied(values: Values, defaults: Texts, source: TemplateView | None = None) -> TemplateView:
    """A new template with these settings: a copy of the server default's files, or of another
    template's with those of the default that it lacks."""
    if source is None or source.is_default:
        return TemplateView(values, defaults, defaults)
    return completed(TemplateView(values, source.files, source.bases), defaults)


def completed(view: TemplateView, defaults: Texts) -> TemplateView:
    """The template with the files of the server default that it has not: its models need them, or
    the files that it extends."""
    missing = {path: text for path, text in defaults.items() if path not in view.files}
    return replace(view, files={**missing, **view.files}, bases={**missing, **view.bases})


# -- a server default that changes ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergedFile:
    """A file for which there is a new default. `conflicts` are marked in `text`."""

    path: str
    text: str
    conflicts: int


def outdated(files: Mapping[str, str], defaults: Texts) -> list[str]:
    """Of the files with these bases, the paths of those whose server default is another now."""
    return [path for path, base in files.items() if defaults.get(path, base) != base]


def merged(view: TemplateView, defaults: Texts) -> tuple[TemplateView, list[MergedFile]]:
    """The template with the changes of the server default made in its files, and which these are.
    Storing it settles the matter: the new default is then what it was copied from."""
    before = completed(view, defaults)
    found = [
        MergedFile(path, done.text, done.conflicts)
        for path in outdated(view.bases, defaults)
        for done in [merge(view.bases[path], view.files[path], defaults[path])]
    ]
    found += [MergedFile(path, before.files[path], 0) for path in before.files.keys() - view.files]
    texts = {one.path: one.text for one in found}
    bases = {path: defaults[path] for path in texts}
    after = replace(before, files={**before.files, **texts}, bases={**before.bases, **bases})
    return after, found


# -- what is wrong with it ------------------------------------------------------------------------


def settings_problems(values: Values, taken: Set[str]) -> dict[str, str]:
    """Field → why a template cannot have these settings."""
    return dict(_settings_problems(values, taken))


def _settings_problems(values: Values, taken: Set[str]) -> Iterator[tuple[str, str]]:
    catalog = default_catalog()
    name, manufacturer = str(values["name"]), str(values["manufacturer"])
    if not name:
        yield "name", "is missing"
    elif name.lower() in {other.lower() for other in (*taken, SERVER_DEFAULT)}:
        yield "name", "there is another template of this name"
    if not manufacturer:
        yield "manufacturer", "is missing"
    elif manufacturer not in catalog.manufacturers():
        yield "manufacturer", f"{manufacturer!r} is not in the catalogue"
    else:
        yield from _equipment_problems(values, manufacturer)


def _equipment_problems(values: Values, manufacturer: str) -> Iterator[tuple[str, str]]:
    catalog = default_catalog()
    known = catalog.models(manufacturer)
    models = names_in(values["models"])
    strange = [model for model in models if model not in known]
    if strange:
        yield "models", f"{manufacturer} has no {in_words(strange)} in the catalogue"
        return
    generations = {g for model in models or known for g in catalog.firmwares(manufacturer, model)}
    strange = [name for name in names_in(values["firmware"]) if name not in generations]
    if strange:
        yield "firmware", f"none of these phones has {in_words(strange)}"
    elif not kinds_for(values):
        yield "firmware", "no phone of the catalogue has it"


def file_problems(view: TemplateView) -> dict[str, str]:
    """File → why a template cannot have it; under "" what is wrong with all of them."""
    found = {
        path: reason
        for path, text in view.files.items()
        if (reason := path_problem(path) or _file_problem(text))
    }
    if sum(map(_size, view.files.values())) > LARGEST:
        found[""] = f"its files together are larger than {LARGEST >> 10} KiB"
    for kind in kinds_for(view.values):
        if not view.custom.fits(kind):
            found[""] = f"it lacks a file of {kind.label} with firmware {kind.firmware}"
    return found


def path_problem(path: str) -> str:
    """Why a file cannot have this path, or ""."""
    return "" if _PATH.fullmatch(path) else "is not the name of a template's file"


def _file_problem(text: str) -> str:
    if _size(text) > LARGEST_FILE:
        return f"is larger than {LARGEST_FILE >> 10} KiB"
    conflicts = conflict_lines(text)
    if conflicts:
        return f"line {conflicts[0] + 1} still marks a conflict of the merge"
    for number, line in enumerate(text.split("\n"), 1):
        seen = line.removesuffix("\r").replace("\t", " ")
        if visible(seen) != seen:
            return f"line {number} holds a character that cannot be seen"
    return ""


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class TemplateSheet(Sheet):
    """A template's settings being edited."""

    def __init__(self, view: TemplateView) -> None:
        self.view = view
        super().__init__(TEMPLATE_FIELDS, view.values)

    def problems(self) -> dict[str, str]:
        return settings_problems(self.values, self.view.taken)

    def follow(self, name: str) -> Values:
        """Another manufacturer has other models."""
        return {"models": "", "firmware": ""} if name == "manufacturer" else {}
