"""What went wrong in a template, as file, line and a reason in words an admin understands.

Nothing of a phone's values may get into a reason. So no exception's own text is used, except of
those that speak of the template's source only, and a name is said only when the source says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import FrameType, GeneratorType
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.parser import Parser

from tuiprov.render.sandbox import bounds
from tuiprov.render.sandbox.language import Closed, NotCompiled, Overtime


class TooLarge(Exception):
    """The file grew larger than `bounds.OUTPUT`, while the template stood at `place`."""

    place: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What the parent makes a `TemplateFault` of. `line` 0 = unknown."""

    template: str
    line: int
    reason: str

    def message(self) -> dict[str, Any]:
        return asdict(self)


def while_compiling(error: NotCompiled, sources: Mapping[str, str]) -> Fault:
    """The fault of a template that could not be compiled."""
    name, cause = error.template, error.__cause__
    if isinstance(cause, TemplateSyntaxError):
        return Fault(cause.name or name, cause.lineno, _sentence(cause.message or ""))
    line = _line_in_compiler(cause)
    if isinstance(cause, Overtime):
        return Fault(name, line, bounds.TOO_LONG_TO_COMPILE)
    if isinstance(cause, SyntaxError | RecursionError):
        return Fault(name, line or _deepest_line(sources[name]), "is nested too deeply")
    if isinstance(cause, ValueError):
        return Fault(name, line, "holds a number that is too long")
    return Fault(name, line, _in_words(cause, name, line, sources))


def while_rendering(error: BaseException, name: str, sources: Mapping[str, str]) -> Fault:
    """The fault of an error that rendering the template `name` raised."""
    if isinstance(error, NotCompiled):
        return while_compiling(error, sources)
    place, line = place_of(error) or getattr(error, "place", None) or (name, 0)
    return Fault(place, line, _in_words(error, place, line, sources))


def place_in(running: Any, name: str) -> tuple[str, int]:
    """Template and line at which a template's suspended generator stands."""
    place = (name, 0)
    while isinstance(running, GeneratorType):
        if running.gi_frame is not None:
            place = _in_template(running.gi_frame, running.gi_frame.f_lineno) or place
        running = running.gi_yieldfrom
    return place


def _in_words(error: BaseException | None, name: str, line: int, sources: Mapping[str, str]) -> str:
    text = "\n".join(sources.values())
    if isinstance(error, TemplateNotFound):
        return _named("there is no template {}", error.name, text, "of the name it asks for")
    if isinstance(error, UndefinedError):
        return _undefined(error.message or "", text, _line_of(sources.get(name, ""), line))
    if isinstance(error, Closed):
        return _sentence(error.message or "")
    if isinstance(error, SecurityError):
        return _named("uses {}, which is closed to templates", error.message, text, "an attribute")
    if isinstance(error, TemplateRuntimeError):
        return _runtime(error.message or "", text)
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    return f"failed with a {type(error).__name__}"


_NO_ENTRY = "asks for an entry that is not there"
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (Overtime, bounds.TOO_LONG),
    (MemoryError, bounds.TOO_MUCH_MEMORY),
    (TooLarge, bounds.TOO_LARGE),
    (RecursionError, "calls itself without end, or is nested too deeply"),
    (ZeroDivisionError, "divides by zero"),
    (OverflowError, "makes a number that is too large"),
    (UnicodeError, "makes text of characters that do not exist"),
    (TypeError, "uses a value in a way that its kind does not allow"),
    (ValueError, "uses a value that does not fit there"),
    (LookupError, _NO_ENTRY),
    (OSError, "tried to reach something outside the template"),
    (ImportError, "tried to reach something outside the template"),
)


def _undefined(name: str, text: str, line: str) -> str:
    if not _is_written(name, text):
        return "uses a value that is not defined" if name else _NO_ENTRY
    dotted = re.search(rf"[A-Za-z_][\w.]*\.{name}\b", line)
    return f"'{dotted[0] if dotted else name}' is not defined"


def _runtime(message: str, text: str) -> str:
    unknown = re.fullmatch(r"No (filter|test) named '(\w+)'.*", message)
    if unknown and _is_written(unknown[2], text):
        return f"there is no {unknown[1]} named '{unknown[2]}'"
    if message.startswith("cannot assign attribute"):
        return "sets a part of a value; only a namespace() can be changed"
    return "uses a filter or a test in a way it does not allow"


def _named(words: str, name: object, text: str, otherwise: str) -> str:
    known = isinstance(name, str) and len(name) <= 80 and bool(name) and name in text
    return words.format(f"'{name}'" if known else otherwise)


def _is_written(name: str, text: str) -> bool:
    """Does the source itself say this name? Else it could be a value."""
    if not re.fullmatch(r"[A-Za-z_]\w{0,80}", name):
        return False
    return re.search(rf"\b{name}\b", text) is not None


def _sentence(message: str) -> str:
    return message.strip().rstrip(".")[:300] or "cannot be read"


def _line_of(source: str, number: int) -> str:
    lines = source.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _frames(error: BaseException | None) -> Iterator[tuple[FrameType, int]]:
    step = error.__traceback__ if error is not None else None
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def place_of(error: BaseException) -> tuple[str, int] | None:
    """Template and line of the innermost template the error went through."""
    found = None
    for frame, line in _frames(error):
        found = _in_template(frame, line) or found
    return found


def _in_template(frame: FrameType, line: int) -> tuple[str, int] | None:
    template = frame.f_globals.get("__jinja_template__")
    if template is None:
        return None
    return template.name or "", template.get_corresponding_lineno(line)


def _line_in_compiler(error: BaseException | None) -> int:
    """The line Jinja2's parser or code generator was at."""
    line = 0
    for frame, _ in _frames(error):
        owner, node = frame.f_locals.get("self"), frame.f_locals.get("node")
        if isinstance(owner, Parser) and hasattr(owner, "stream"):
            line = owner.stream.current.lineno
        elif isinstance(node, nodes.Node):
            line = node.lineno or line
    return line


_OPENS = r"\{%[-+]?\s*(end)?(?:for|if|block|macro|call|filter|with|set)\b"


def _deepest_line(source: str) -> int:
    """The line of the most deeply nested statement: where CPython gave up."""
    depth = deepest = line = 0
    for number, text in enumerate(source.split("\n"), 1):
        for tag in re.findall(_OPENS, text):
            depth += -1 if tag else 1
            if depth > deepest:
                deepest, line = depth, number
    return line
