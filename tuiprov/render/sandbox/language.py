"""What a customer's template may use: Jinja2's sandbox, narrowed to what a phone's file needs.

Everything is an allow-list: which attributes each type shows, what may be called, which filters and
functions exist. The sandbox's escapes so far came through `str.format` and the filter `attr`
(CVE-2016-10745, -2019-10906, -2024-56326, -2025-27516): both are gone, and so is everything that
makes Markup, which no format prints. `tests/render/sandbox/` holds the templates that tried.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.meta import find_referenced_templates
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from tuiprov.errors import RenderError
from tuiprov.render.formats import FORMATS

LONGEST_TEXT: Final = 1 << 20
LONGEST_LIST: Final = 100_000
LARGEST_NUMBER_BITS: Final = 256

_TEXT = """capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii
 isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust
 lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit
 rstrip split splitlines startswith strip swapcase title translate upper zfill"""
_LOOP = """changed cycle depth depth0 first index index0 last length nextitem previtem revindex
 revindex0"""
_ATTRIBUTES: Final[dict[type, frozenset[str]]] = {
    kind: frozenset(names.split())
    for kind, names in {
        str: _TEXT,
        dict: "copy get items keys values",
        list: "copy count index",
        tuple: "count index grouper list",
        range: "count index",
        float: "is_integer",
        LoopContext: _LOOP,
        Macro: "arguments caller catch_kwargs catch_varargs name",
        BlockReference: "super",
    }.items()
}
_WITHOUT_FILTERS: Final = frozenset(
    # attributes by computed names; chance; what makes Markup; what costs out of proportion
    (
        *("attr", "random"),
        *("e", "escape", "forceescape", "safe", "striptags", "tojson", "urlize", "xmlattr"),
        *("pprint", "slice", "wordwrap"),
    )
)
_LAZY_FILTERS: Final = frozenset(
    ("batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "unique")
)
_FORMATTING: Final = frozenset(["format", "format_map"])
_CALLABLE: Final = (Macro, BlockReference, LoopContext, Undefined)
_WORDS: Final[dict[type, str]] = {
    bool: "true or false",
    type(None): "none",
    float: "a number with a fraction",
    list: "a list",
    tuple: "a list",
    dict: "a group of values",
    range: "a range of numbers",
    Macro: "a macro that is not called",
}


class Closed(SecurityError):
    """Something a template may not do; the message is the reason in words."""


class Overtime(BaseException):
    """The alarm rang. No template and no filter catches it. `place`: where the template stood, when
    it did not run at that moment."""

    place: tuple[str, int] | None = None


class NotCompiled(Exception):
    """`template` is wrong in itself; the cause says how."""

    def __init__(self, template: str) -> None:
        super().__init__(template)
        self.template = template


class Made(str):
    """Text that a template has rendered: a macro's, a block's, that of `{% set %}…{% endset %}`.
    Its values are escaped already, so printing it must not escape them again."""

    __slots__ = ()


class Function:
    """Something to call: one of our functions, or a method of a value. As text it is its name;
    Python's own text for it would tell where things lie in memory."""

    __slots__ = ("_call", "_name")

    def __init__(self, call: Callable[..., Any], name: str) -> None:
        self._call, self._name = call, name

    def __repr__(self) -> str:
        return self._name


class Lazy:
    """What `map` and its like give: entries that are made while somebody asks for them."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Iterator[Any]) -> None:
        self._entries = entries

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __repr__(self) -> str:
        return "entries"


class Missing(StrictUndefined):
    """A name that is not defined. Its error's message is that name alone, or "" for no name: a
    value must not get into a message, and `faults.py` says the rest."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return self._undefined_name if isinstance(self._undefined_name, str) else ""


class Language(ImmutableSandboxedEnvironment):
    """The environment of one format. Raises Closed, and whatever Jinja2 and Python raise."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])
    concat = staticmethod(lambda parts: Made("".join(parts)))

    def __init__(self, sources: Mapping[str, str], format_name: str) -> None:
        loader = _Sources(sources)
        super().__init__(
            loader=loader,
            undefined=Missing,
            finalize=_printer(FORMATS[format_name].escape),
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=-1,
            auto_reload=False,
        )
        self.filters = {n: f for n, f in FILTERS.items() if n not in _WITHOUT_FILTERS}
        self.filters.update({name: _lazy(FILTERS[name]) for name in _LAZY_FILTERS})
        self.globals = {
            "range": Function(_range, "range"),
            "namespace": Function(Namespace, "namespace"),
        }
        self.named = loader.named
        self.binop_table.update({"+": _add, "*": _multiply, "**": _power, "%": _modulo})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Is the attribute on the list of its object's type?"""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        if isinstance(obj, Namespace | TemplateModule):
            return True  # they hold what the template itself put there
        return any(isinstance(obj, kind) and attr in names for kind, names in _ATTRIBUTES.items())

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As in Jinja2, with methods made `Function`s."""
        return _without_address(super().getattr(obj, attribute), attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As in Jinja2, with methods made `Function`s."""
        return _without_address(super().getitem(obj, argument), argument)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` stays closed: it reaches attributes by words in a text."""
        if isinstance(value, types.BuiltinMethodType) and value.__name__ in _FORMATTING:
            raise Closed('str.format() is closed to templates; write "%02d" | format(number)')
        return None

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a Function, macro or block, or say that it is none without showing what it is."""
        if isinstance(__obj, Function):
            return __context.call(__obj._call, *args, **kwargs)
        if isinstance(__obj, _CALLABLE):
            return __context.call(__obj, *args, **kwargs)
        raise Closed("calls something that is not a function")


class _Sources(BaseLoader):
    """Finds templates among the sources that were given, and nowhere else. Remembers which of them
    each one names, so that these can be compiled before a phone's values arrive."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self.named: dict[str, list[str]] = {}

    def load(self, environment: Any, name: str, globals: Any = None) -> Template:
        """The template; TemplateNotFound or NotCompiled."""
        if name not in self._sources:
            raise TemplateNotFound(name)
        try:
            tree = environment.parse(self._sources[name], name, name)
            self.named[name] = [other for other in find_referenced_templates(tree) if other]
            code = environment.compile(tree, name, name)
        except BaseException as error:
            raise NotCompiled(name) from error
        return Template.from_code(environment, code, globals or {})


def compiled(language: Language, name: str) -> Template:
    """The template `name` and, with it, all it names. NotCompiled for `name` itself, and for one
    that takes too long; what else is wrong with another is raised where that one is used."""
    template = language.get_template(name)
    waiting, seen = [*language.named[name]], {name}
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting += _named_by(language, other)
    return template


def parsed(language: Language, name: str, source: str) -> nodes.Template:
    """The template's syntax tree. NotCompiled."""
    try:
        return language.parse(source, name, name)
    except BaseException as error:
        raise NotCompiled(name) from error


def _named_by(language: Language, name: str) -> list[str]:
    try:
        language.get_template(name)
    except TemplateNotFound:
        return []
    except NotCompiled as error:
        if isinstance(error.__cause__, Overtime | MemoryError):
            raise
        return []
    return language.named[name]


def unknown_names(
    language: Language, tree: nodes.Template, sources: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Line and reason of each filter, test and template that is named in `tree` but not there.
    Jinja2 finds some of them when it compiles, the others only while it renders."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = ("filter", language.filters)
        if isinstance(node, nodes.Test):
            kind, known = ("test", language.tests)
        if node.name not in known:
            yield node.lineno, f"No {kind} named '{node.name}'"
    for user in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        named = getattr(user, "template", None)
        name = named.value if isinstance(named, nodes.Const) else None
        may_lack = getattr(user, "ignore_missing", False)
        if isinstance(name, str) and name not in sources and not may_lack:
            yield user.lineno, f"there is no template '{name}'"


def _printer(escape: Callable[[Any], str]) -> Callable[[Any], str]:
    def printed(value: Any) -> str:
        if type(value) is Made:
            return value
        if isinstance(value, Undefined):
            return str(value)  # raises, with the name
        if type(value) is not str and type(value) is not int:
            word = next((w for kind, w in _WORDS.items() if isinstance(value, kind)), "an object")
            raise Closed(f"prints {word}; only text and whole numbers can be printed")
        try:
            return escape(value)
        except RenderError as error:
            # What follows a colon could be the value.
            raise Closed(str(error).partition(":")[0]) from None

    return printed


def _without_address(value: Any, name: Any) -> Any:
    if isinstance(value, types.BuiltinMethodType | types.MethodType):
        return Function(value, str(name))
    return value


def _name_of(block: BlockReference) -> str:
    return block.name


# The one other thing that a template can hold and whose text would be an address.
BlockReference.__repr__ = _name_of  # type: ignore[assignment,method-assign]


def _lazy(made_by: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(made_by)  # with the marks by which Jinja2 knows what to pass
    def filtered(*args: Any, **kwargs: Any) -> Any:
        made = made_by(*args, **kwargs)
        return Lazy(made) if isinstance(made, Iterator) else made

    return filtered


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > LONGEST_LIST:
        raise Closed(f"range() gives at most {LONGEST_LIST:,} numbers")
    return numbers


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) is not isinstance(right, str):
        _fail_if_undefined(left, right)
        raise Closed("adds text and something else with +; ~ joins any values as text")
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        _check_length(left, len(left) + len(right))
    return operator.add(left, right)


def _multiply(left: Any, right: Any) -> Any:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | list | tuple) and isinstance(other, int):
            _check_length(one, len(one) * other)
    if isinstance(left, int) and isinstance(right, int):
        _check_number(left.bit_length() + right.bit_length())
    return operator.mul(left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _check_number(left.bit_length() * max(right, 0))
    return operator.pow(left, right)


def _modulo(left: Any, right: Any) -> Any:
    result = operator.mod(left, right)
    if isinstance(result, str):
        _check_length(result, len(result))
    return result


def _check_length(what: str | list[Any] | tuple[Any, ...], length: int) -> None:
    if isinstance(what, str) and length > LONGEST_TEXT:
        raise Closed("makes a text of more than 1 MiB")
    if not isinstance(what, str) and length > LONGEST_LIST:
        raise Closed(f"makes a list of more than {LONGEST_LIST:,} entries")


def _check_number(bits: int) -> None:
    if bits > LARGEST_NUMBER_BITS:
        raise Closed("makes a number that is too large")


def _fail_if_undefined(*values: Any) -> None:
    for value in values:
        if isinstance(value, Undefined):
            str(value)
