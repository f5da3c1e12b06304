"""A plan of many devices as an admin can read it: equal changes together, and how many get them.

What is one device's alone in a changed line (its MAC address, its number) is replaced by a sign, so
that the same change of a setting is the same in every file. Secrets are masked already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tuiprov.errors import RenderError
from tuiprov.publish.plan import Change, Kind, Plan
from tuiprov.render.formats import FORMATS

MANY: Final = 5
"""More changes than these are shown in groups."""

_NAMED = 2
"""How many files of a group are named: more do not fit into 80 columns."""
_UNMISTAKABLE = 12
"""From this length on a word is a device's own wherever it stands, e.g. `SIP00070EAABBCC`."""
_PATH = re.compile(r"^(?:[^/\[]+/)+")
_ORDER: Final[dict[Kind, int]] = {"replace": 0, "write": 1, "delete": 2}


@dataclass(frozen=True, slots=True)
class Group:
    """Files with the same change. `lines` are the changed lines, `+` or `-` in front; none for
    files that are new, deleted, or written again as they are."""

    kind: Kind
    lines: tuple[str, ...]
    paths: tuple[str, ...]
    devices: int
    """How many devices read them."""
    held: bool = False

    def headline(self) -> str:
        """`37 phones: 805ec0000001.cfg, 805ec0000002.cfg, …`."""
        names = [path.rpartition("/")[2] for path in self.paths[:_NAMED]]
        files = ", ".join([*names, "…"] if len(self.paths) > _NAMED else names)
        count = f"{self.devices} phone{'s' if self.devices > 1 else ''}"
        if len(self.paths) != self.devices:
            count += f", {len(self.paths)} file{'s' if len(self.paths) > 1 else ''}"
        return f"{count}: {files}"

    @property
    def is_rewritten(self) -> bool:
        """Are these files right already, and written again for their group and mode?"""
        return self.kind == "replace" and not self.lines


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting in the manufacturer's own terms: a key, or an element in XML, by its path where
    two are called the same. So many `devices` change it, and `others` of the plan do not."""

    name: str
    devices: int
    others: int

    def words(self) -> str:
        """`37 phones change voice_mail.number, 212 do not`."""
        rest = f", {self.others} do not" if self.others else ""
        return f"{self.devices} phones change {self.name}{rest}"


def settings(plan: Plan) -> list[SettingChange]:
    """Which settings the replaced files of several phones change, the most frequent first; new and
    deleted files change all of theirs, and are not counted."""
    found: dict[str, set[int]] = {}
    for change in plan.changes:
        for name in _changed_settings(change):
            found.setdefault(name, set()).update(change.devices)
    total, called = len(plan.seen), _called(found)
    changes = [
        SettingChange(called[name], len(devices), max(0, total - len(devices)))
        for name, devices in found.items()
        if len(devices) > 1
    ]
    return sorted(changes, key=lambda one: (-one.devices, one.name))


def _called(names: Iterable[str]) -> dict[str, str]:
    """What each setting is called: an element without the path to it, unless two would then have
    one name. A whole path leaves no room for the counts on 80 columns."""
    last = {name: _PATH.sub("", name) for name in names}
    times = Counter(last.values())
    return {name: short if times[short] == 1 else name for name, short in last.items()}


def _changed_settings(change: Change) -> set[str]:
    """Names of the settings that differ; none where a text is not of its format (any more)."""
    if change.kind != "replace" or change.format is None:
        return set()
    parse = FORMATS[change.format].parse
    try:
        before, after = parse(change.shown_before), parse(change.shown_after)
    except RenderError:
        return set()
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def groups(plan: Plan) -> list[Group]:
    """All changes of a plan in groups: replacements first, the widest first; then what is held."""
    return [*_grouped(plan.changes, held=False), *_grouped(plan.held, held=True)]


def _grouped(changes: Iterable[Change], *, held: bool) -> list[Group]:
    together: dict[tuple[Kind, tuple[str, ...]], list[Change]] = {}
    for change in changes:
        together.setdefault((change.kind, _changed_lines(change)), []).append(change)
    found = [_group(kind, lines, alike, held) for (kind, lines), alike in together.items()]
    return sorted(found, key=lambda group: (_ORDER[group.kind], -group.devices))


def _group(kind: Kind, lines: tuple[str, ...], alike: Sequence[Change], held: bool) -> Group:
    devices = len({number for change in alike for number in change.devices})
    return Group(kind, lines, tuple(change.path for change in alike), devices, held)


def _changed_lines(change: Change) -> tuple[str, ...]:
    if change.kind != "replace":
        return ()
    own = change.own
    return tuple(_without(own, line) for line in change.diff(context=0))


def _without(own: Sequence[tuple[str, str]], line: str) -> str:
    """`line` with the device's own words replaced by their signs."""
    for word, sign in own:
        if word in line:
            pattern = re.escape(word)
            if len(word) < _UNMISTAKABLE:
                pattern = rf"(?<!\w){pattern}(?!\w)"
            line = line[0] + re.sub(pattern, sign, line[1:])
    return line
