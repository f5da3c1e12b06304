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
    paths = {path for kind in kinds for path in own_templates(kind)}
    parts = {part for path in paths for part in parts_of(path)}
    return {path: _source(path) for path in sorted(parts)}


def own_templates(kind: PhoneType) -> list[str]:
    """The templates of the files that are this phone's own, in the order of the catalogue."""
    rules = (rule for rule in kind.facts.files if rule.scope == "device")
    return [f"{kind.templates}/{rule.template}" for rule in rules]


@cache
def parts_of(path: str) -> frozenset[str]:
    """A template, and all that it extends, includes or imports."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += _named_in(part)
    return frozenset(found)


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
