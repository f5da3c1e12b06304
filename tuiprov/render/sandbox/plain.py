"""What may be sent to a child: templates of bounded size, and plain data.

Nothing else leaves the parent. A SQLModel object in a sandboxed template was shown to run shell
commands; JSON could not carry it, but it is refused here, by the place it has in the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import bounds
from tuiprov.text import visible

_DEEPEST: Final = 20
_MOST_ENTRIES: Final = 100_000
_LARGEST_NUMBER: Final = 1 << 256
_NAME: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_+@-][A-Za-z0-9_.+@-]*(/[A-Za-z0-9_.+@-]+)*")


def check_values(values: object) -> None:
    """RenderError, with the place, for anything but str, int, bool, None, list and dict with
    text for keys; subclasses and objects that only look like one are refused, too."""
    if not isinstance(values, Mapping):
        raise RenderError(f"a template's values are {_kind(values)} instead of a dict")
    waiting: list[tuple[str, int, Any]] = [("values", 0, dict(values))]
    entries = 0
    while waiting:
        place, depth, value = waiting.pop()
        inner = _inner(place, value)
        entries += len(inner)
        if depth > _DEEPEST or entries > _MOST_ENTRIES:
            raise RenderError(
                f"{visible(place)}: a template's values are nested too deeply or too many"
            )
        waiting += [(where, depth + 1, one) for where, one in inner]


def _inner(place: str, value: Any) -> list[tuple[str, Any]]:
    kind = type(value)
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise RenderError(
                f"{visible(place)}: a template's values have a name that is no plain text"
            )
        return [(f"{place}.{key}", one) for key, one in value.items()]
    if kind is list:
        return [(f"{place}[{number}]", one) for number, one in enumerate(value)]
    if kind is int and not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise RenderError(f"{visible(place)}: the number is too large for a template")
    if kind not in (str, int, bool, type(None)):
        raise RenderError(f"{visible(place)}: templates get plain data only, not {_kind(value)}")
    return []


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"


def source_faults(sources: Mapping[str, str]) -> list[TemplateFault]:
    """What is wrong with templates before anybody reads them as such: name, size, characters."""
    faults = [fault for name, source in sources.items() if (fault := _source_fault(name, source))]
    if not faults and sum(map(_size, sources.values())) > bounds.SOURCES:
        largest = max(sources, key=lambda name: _size(sources[name]))
        reason = f"all templates together are larger than {bounds.SOURCES >> 10} KiB"
        return [TemplateFault(largest, 0, reason)]
    return faults


def _source_fault(name: object, source: object) -> TemplateFault | None:
    if not isinstance(name, str) or len(name) > 200 or not _NAME.fullmatch(name):
        return TemplateFault(
            str(name)[:200], 0, "a template's name has letters, digits and - _ . /"
        )
    if not isinstance(source, str):
        return TemplateFault(name, 0, "is not text")
    if _size(source) > bounds.SOURCE:
        return TemplateFault(name, 0, f"is larger than {bounds.SOURCE >> 10} KiB")
    strange = bounds.STRANGE.search(source)
    if strange:
        line = len(re.findall(r"\r\n|\r|\n", source[: strange.start()])) + 1
        reason = f"holds the character U+{ord(strange[0]):04X}, which no template may hold"
        return TemplateFault(name, line, reason)
    return None


def text_fault(text: str, template: str) -> TemplateFault | None:
    """What is wrong with a rendered text, whatever made it: its size, its characters."""
    if _size(text) > bounds.OUTPUT:
        return TemplateFault(template, 0, bounds.TOO_LARGE)
    strange = bounds.STRANGE.search(text)
    if strange:
        line = text.count("\n", 0, strange.start()) + 1
        reason = f"line {line} of the file it makes holds the character U+{ord(strange[0]):04X}"
        return TemplateFault(template, 0, reason)
    return None


def _size(source: str) -> int:
    return len(source) if source.isascii() else len(source.encode("utf-8", "surrogatepass"))
