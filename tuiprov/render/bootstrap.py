"""The file behind a device's first link: where the phone is to fetch from now on, and no secret.

Publishing puts it beside the phone's own files while the enrolment window is open. It is the same
file with every password left out; the links in it are the steady ones.
"""

from __future__ import annotations

from dataclasses import replace

from tuiprov.data.fields import Values
from tuiprov.data.page import Phone
from tuiprov.data.sections import FIELDS
from tuiprov.render.engine import RenderedFile, render


def bootstrap(phone: Phone) -> list[RenderedFile]:
    """The first files of a phone with a first token, none for others. RenderError as `render`."""
    if not phone.first_token or phone.values["update_protocol"] not in ("http", "https"):
        return []
    return [
        file._replace(path=f"http/{phone.first_token}/{file.name}")
        for file in render(_blank(phone))
    ]


def is_bootstrap(file: RenderedFile, phone: Phone) -> bool:
    """Is it one of the phone's first files?"""
    return bool(phone.first_token) and file.path.startswith(f"http/{phone.first_token}/")


def _blank(phone: Phone) -> Phone:
    lines = tuple(replace(line, extension=_without(line.extension)) for line in phone.lines)
    return replace(phone, values=_without(phone.values), lines=lines, http_login=None)


def _without(values: Values) -> Values:
    return {name: "" if FIELDS[name].secret else value for name, value in values.items()}
