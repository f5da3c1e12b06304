"""The server default: tuiprov's own templates as texts, for accounts to copy and change.

Only files that are a phone's own; those that all phones of a site share are never an account's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from jinja2 import meta

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.render.engine import TEMPLATES, environment

Sources = dict[str, str]
"""Path of a template, as `yealink/phone.cfg.j2` → its text."""

_ANY_FORMAT: Final = "equals"
"""What a template names does not depend on the format of its file."""


def default_files(kinds: Iterable[PhoneType]) -> Sources:
    """The templates of these phones' own files, and all that these extend, include or import."""
    found: Sources = {}
    waiting = [
        f"{kind.templates}/{rule.template}"
        for kind in kinds
        for rule in kind.facts.files
        if rule.scope == "device"
    ]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = _source(path)
            waiting += _named_in(path)
    return dict(sorted(found.items()))


def all_default_files() -> Sources:
    """The templates of all phones of the catalogue."""
    return default_files(default_catalog().types())


@cache
def _source(path: str) -> str:
    return (TEMPLATES / path).read_text(encoding="utf-8")


@cache
def _named_in(path: str) -> tuple[str, ...]:
    """The templates that a template names. Ours name each other by constant names only."""
    tree = environment(_ANY_FORMAT).parse(_source(path), path, path)
    named = tuple(meta.find_referenced_templates(tree))
    if None in named:
        raise ValueError(f"{path} names a template by a value; accounts could not copy it")
    return tuple(name for name in named if name is not None)
