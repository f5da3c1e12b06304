"""Rendering: a phone in, its files out. Pure: no clock, no database, no network, no random numbers.

The screens call it at every keystroke, the plan for every device, the command line for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError

from tuiprov.data.catalog import Charset, FileRule, FormatName, PhoneType, default_catalog
from tuiprov.data.page import Phone
from tuiprov.errors import RenderError
from tuiprov.render import links
from tuiprov.render.formats import FORMATS, Settings
from tuiprov.render.values import template_values

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """One file a phone will ask for: its exact name, its path inside the publish root, its text."""

    name: str
    path: str
    text: str
    format: FormatName
    charset: Charset
    shared: bool
    """Shared files belong to the site and hold nothing of one device."""

    @property
    def data(self) -> bytes:
        """The bytes on disk; RenderError when the text does not fit the phone's character set."""
        try:
            return self.text.encode(self.charset)
        except UnicodeEncodeError as error:
            raise RenderError(f"{self.name}: {error.reason} in {self.charset}") from None


def render(phone: Phone) -> list[RenderedFile]:
    """All files of `phone`, device files first. Nothing when it is disabled or its type unknown."""
    phone_type = type_of(phone)
    if phone_type is None or phone.values["status"] != "enabled":
        return []
    values = template_values(phone, phone_type)
    return [_rendered(rule, phone, phone_type, values) for rule in phone_type.facts.files]


def type_of(phone: Phone) -> PhoneType | None:
    """The catalogue's row for the phone, or None."""
    values = phone.values
    return default_catalog().find(values["manufacturer"], values["model"], values["firmware"])


def parse_back(file: RenderedFile) -> Settings:
    """The settings in a rendered file, read by its format's own rules. RenderError when the file
    is malformed: such a file must never be published."""
    try:
        return FORMATS[file.format].parse(file.data.decode(file.charset))
    except RenderError as error:
        raise RenderError(f"{file.name}: {error}") from None


def _rendered(
    rule: FileRule, phone: Phone, phone_type: PhoneType, values: dict[str, Any]
) -> RenderedFile:
    name = links.file_name(rule, phone, phone_type)
    template = _template(rule.format, f"{phone_type.templates}/{rule.template}")
    # A shared file sees the site alone, so that it cannot hold anything of one device.
    shared = rule.scope == "site"
    try:
        text = template.render({"site": values["site"]} if shared else values)
    except (TemplateError, TypeError, ValueError, LookupError) as error:
        # A mistake in a template costs its phone a file, never the program.
        raise RenderError(f"{name}: {error}") from None
    return RenderedFile(
        name,
        links.published_path(name, phone),
        text,
        rule.format,
        rule.charset or phone_type.facts.charset,
        shared,
    )


@cache
def environment(format_name: FormatName) -> Environment:
    """The template environment of one file format: undefined names fail, every printed value is
    escaped by the format's rule, and the loader reads our own templates only."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=FORMATS[format_name].escape,
        autoescape=False,  # noqa: S701  `finalize` escapes by the file's own format, not HTML's
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _template(format_name: FormatName, path: str) -> Template:
    return environment(format_name).get_template(path)
