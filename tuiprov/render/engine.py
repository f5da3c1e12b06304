"""Rendering: a phone in, its files out. Pure: no clock, no database, no network, no random numbers.

The screens call it at every keystroke, the plan for every device, the command line for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError

from tuiprov.data.catalog import (
    Charset,
    FileRule,
    FormatName,
    PhoneType,
    catalog_path,
    default_catalog,
)
from tuiprov.data.page import Phone
from tuiprov.errors import RenderError
from tuiprov.render import links
from tuiprov.render.formats import FORMATS, Settings
from tuiprov.render.values import template_values

TEMPLATES = Path(__file__).parent / "templates"


class RenderedFile(NamedTuple):
    """One file a phone will ask for: its exact name, its path inside the publish root, its text. A
    tuple, because those of a fleet come from other processes: a dataclass takes three times as
    long to be read from a pipe."""

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
    """All files of `phone`, device files first. Nothing when it is disabled or its type unknown.
    RenderError when a template fails, an account's own with its line (`TemplateFault`)."""
    if phone.custom is not None:
        (result,) = render_each([phone])
        if isinstance(result, RenderError):
            raise result
        return result
    phone_type = _enabled_type(phone)
    return _files(phone, phone_type, {}) if phone_type is not None else []


def render_each(phones: Iterable[Phone]) -> list[list[RenderedFile] | RenderError]:
    """The files of each of these phones, or why it has none, in order. Those with a template of an
    account are made together, which is how many of them are made in a short time."""
    wanted = [(phone, _enabled_type(phone)) for phone in phones]
    texts = iter(_custom_texts([(p, t) for p, t in wanted if t is not None and p.custom]))
    return [
        [] if kind is None else _files_or_error(phone, kind, next(texts) if phone.custom else {})
        for phone, kind in wanted
    ]


@cache
def fingerprint() -> str:
    """SHA-256 over the catalogue and all templates of this program: files made with another one may
    not be what this one makes."""
    found = hashlib.sha256(catalog_path().read_bytes())
    for path in sorted(TEMPLATES.rglob("*.j2")):
        found.update(f"{path.relative_to(TEMPLATES)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


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


def check(file: RenderedFile) -> None:
    """RenderError when `parse_back` would raise one."""
    try:
        FORMATS[file.format].check(file.data.decode(file.charset))
    except RenderError as error:
        raise RenderError(f"{file.name}: {error}") from None


def _enabled_type(phone: Phone) -> PhoneType | None:
    """The phone's type when it gets any files."""
    return type_of(phone) if phone.values["status"] == "enabled" else None


def _custom_texts(phones: list[tuple[Phone, PhoneType]]) -> list[dict[str, str] | RenderError]:
    if not phones:
        return []
    from tuiprov.render.customised import texts_of  # the sandbox; few sites need it

    return texts_of(phones)


def _files_or_error(
    phone: Phone, phone_type: PhoneType, texts: Mapping[str, str] | RenderError
) -> list[RenderedFile] | RenderError:
    if isinstance(texts, RenderError):
        return texts
    try:
        return _files(phone, phone_type, texts)
    except RenderError as error:
        return error


def _files(phone: Phone, phone_type: PhoneType, texts: Mapping[str, str]) -> list[RenderedFile]:
    """The phone's files; `texts` are those that are made already, by their template."""
    values: dict[str, Any] = {}
    files = []
    for rule in phone_type.facts.files:
        name = links.file_name(rule, phone, phone_type)
        path = f"{phone_type.templates}/{rule.template}"
        if path in texts and rule.scope == "device":
            text = texts[path]
        else:
            values = values or template_values(phone, phone_type)
            text = _text(name, rule, path, values)
        files.append(_file(name, rule, phone, phone_type, text))
    return files


def _text(name: str, rule: FileRule, path: str, values: dict[str, Any]) -> str:
    """The text of a file by our own template."""
    try:
        if rule.scope == "site":
            return _site_text(rule.format, path, tuple(values["site"].items()))
        return _template(rule.format, path).render(values)
    except (TemplateError, TypeError, ValueError, LookupError) as error:
        # A mistake in a template costs its phone a file, never the program.
        raise RenderError(f"{name}: {error}") from None


@lru_cache(maxsize=64)
def _site_text(format_name: FormatName, path: str, site: tuple[tuple[str, Any], ...]) -> str:
    """A shared file sees the site alone, so that it cannot hold anything of one device, and is the
    same for all phones of a plan."""
    return _template(format_name, path).render(site=dict(site))


def _file(
    name: str, rule: FileRule, phone: Phone, phone_type: PhoneType, text: str
) -> RenderedFile:
    return RenderedFile(
        name,
        links.published_path(name, phone),
        text,
        rule.format,
        rule.charset or phone_type.facts.charset,
        rule.scope == "site",
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
