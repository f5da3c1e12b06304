"""Whether a running Asterisk holds what its file says.

It refuses a broken object with two lines in its log and keeps the old one, a file that it cannot
read leaves all as it was, and some mistakes it does not tell at all (reference: asterisk, §1.4). So
after a reload every endpoint is looked for, none that is gone may be left, and what it holds of the
changed ones is compared with what was written.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tuiprov.pbx.config_reader import Comment, Place
from tuiprov.pbx.console import Run
from tuiprov.pbx.dialplan import LIMIT_VARIABLE
from tuiprov.pbx.effects import ACCESS, CODECS, Pair, counts_once, effects, network_of

_SETTLES_WITHIN: Final = 5.0
_MOST_COMPARED: Final = 50
"""Of so many changed extensions every value is compared: each costs four commands."""
_MOST_NAMED: Final = 5
_ENDPOINT: Final = re.compile(r"^ *Endpoint: +(\S+)", re.MULTILINE)
_VALUE: Final = re.compile(r"^ *(\S+) +: ?(.*?) *$", re.MULTILINE)
_SHOWN: Final = frozenset({"endpoint", "aor", "auth", "identify"})
"""Types of section that are compared."""
_NOT_COMPARED: Final = frozenset({"deny", "permit", "disallow", "webrtc"})
"""Options whose effect is compared, or is shown under other names."""
_AS_WRITTEN: Final = frozenset({"password", "password_digest"})


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the file. `inherits`: it has more options than are written in it."""

    inherits: bool
    options: list[Pair] = field(default_factory=list)


_Written = Mapping[str, Mapping[str, _Section]]
"""Name → type → section."""


def wrong(run: Run, text: str, changed: Sequence[str], before: str = "") -> list[str]:
    """What Asterisk does not hold of the file `text`, in words, the first few of it: every endpoint
    is looked for, and the values of the `changed` accounts are compared. Of the file `before`, if
    one is given, no endpoint may be left that is not in `text`. It has a moment's time, because a
    reload goes on after the console has answered."""
    written = _sections(text)
    earlier = _sections(before)
    gone = [name for name in earlier if "endpoint" in earlier[name] and name not in written]
    ends = time.monotonic() + _SETTLES_WITHIN
    while (found := list(_wrong(run, written, changed, gone))) and time.monotonic() < ends:
        time.sleep(0.2)
    return found[:_MOST_NAMED]


def _wrong(
    run: Run, written: _Written, changed: Sequence[str], gone: Sequence[str]
) -> Iterator[str]:
    told = _ENDPOINT.findall(run("pjsip list endpoints"))  # where long names are cut off
    listed = {name.partition("/")[0] for name in told}
    for account, kinds in written.items():
        if "endpoint" in kinds and account not in listed and not _shown(run, "endpoint", account):
            yield f"it has no endpoint {account}"
    for account in gone[:_MOST_COMPARED]:
        if account in listed or _shown(run, "endpoint", account):
            yield f"it still has the endpoint {account}"
    compared = set(changed[:_MOST_COMPARED])
    for name, kinds in written.items():
        if name.partition("/")[0] in compared:  # `101/former1` is of 101
            for kind in filter(_SHOWN.__contains__, kinds):
                yield from _differing(kind, name, kinds[kind], _shown(run, kind, name))


def _differing(kind: str, account: str, section: _Section, shown: list[Pair]) -> Iterator[str]:
    if not shown:
        yield f"it has no {kind} {account}"
    elif not section.inherits:
        held = dict(shown) | _comparable(kind, _as_options(shown))
        for option, value in sorted(_comparable(kind, section.options).items()):
            if not _is_same(option, value, held.get(option)):
                yield f"{kind} {account} has another {option} than was written"


def _comparable(kind: str, options: Sequence[Pair]) -> dict[str, Any]:
    """What options mean, of those whose meaning is known: not of others that somebody wrote before
    he was taken over, whose words Asterisk may show otherwise."""
    means, known = effects(kind, options), dict[str, Any]()
    for name in {name for name, value in options if value} - _NOT_COMPARED:
        if counts_once(name) or name in ("contact", "match"):
            known[name] = means[name]
    known |= {name: value for name, value in options if name in _AS_WRITTEN and value}
    variables = means.get("set_var", {})
    if LIMIT_VARIABLE in variables:  # each is shown as an option of its own
        known[LIMIT_VARIABLE] = variables[LIMIT_VARIABLE]
    if kind == "endpoint" and means[CODECS]:
        known["allow"] = [name.partition(":")[0] for name in means[CODECS]]
    if kind == "endpoint":
        # That there are networks is shown, but not which.
        known["permit"] = bool(means[ACCESS])
    return known


def _is_same(option: str, meant: Any, held: Any) -> bool:
    if option == "allow":
        return "all" in meant or meant == held
    if option == "contact":  # a phone that registered is shown as one more
        return set(_several(meant)) <= set(_several(held))
    if option == "match":
        networks = {network_of(one) for one in _several(meant)}
        # A name or a port is shown as what Asterisk made of it.
        return any("/" not in one for one in networks) or networks == {
            network_of(one) for one in _several(held)
        }
    return bool(meant == held)


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _shown(run: Run, kind: str, name: str) -> list[Pair]:
    """`pjsip show KIND NAME` as (option, value); nothing when there is none."""
    _, found, table = run(f"pjsip show {kind} {name}").partition("ParameterName")
    return _VALUE.findall(table) if found else []


def _as_options(shown: Sequence[Pair]) -> list[Pair]:
    """What is shown as if it were written."""
    return [
        (name, value.strip("()").replace("|", ",") if name == "allow" else value)
        for name, value in shown
        if name != "disallow"
    ]


def _sections(text: str) -> dict[str, dict[str, _Section]]:
    """The sections of our file; some of them stand there word for word as somebody else wrote."""
    found: dict[str, dict[str, _Section]] = {}
    name, section, comment = "", _Section(inherits=False), Comment()
    for number, line in enumerate(text.splitlines(), 1):
        seen = comment.without(line, Place(Path(), number))
        if seen.startswith("["):
            name, _, bases = seen[1:].partition("]")
            section = _Section(inherits=bool(bases))
            continue
        option, _, value = seen.partition("=")
        pair = option.strip().lower(), value.removeprefix(">").strip()
        if pair[0] == "type":
            found.setdefault(name, {})[pair[1]] = section
        elif pair[0]:
            section.options.append(pair)
    return found
