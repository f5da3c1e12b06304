"""How the command line prints: plans, the catalogue, JSON. Every stored value goes through
`visible`, so that nothing in it can steer the terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from tuiprov.data.catalog import Catalog, PhoneType
from tuiprov.errors import NotFound, Refusal, Refused
from tuiprov.publish.grouping import MANY, groups, settings
from tuiprov.publish.plan import Plan
from tuiprov.text import visible

_MOST_SETTINGS = 12
_SIGNS = {"write": "+", "replace": "~", "delete": "-"}


def say(words: str, *, to_error: bool = False) -> None:
    """One line, to standard output or standard error."""
    print(visible(words), file=sys.stderr if to_error else sys.stdout)


def print_json(value: Any) -> None:
    """JSON in ASCII: a bidi mark or a control character in a value stays an escape."""
    print(json.dumps(value, indent=2))


def print_text(text: str) -> None:
    """A file as it is, line by line, control characters made visible."""
    for line in text.splitlines():
        print(visible(line))


def print_code(text: str) -> None:
    """`text` as a QR code: on a terminal dark on light whatever its colours, in a file with
    characters for what is dark. Refused when the terminal has no room for it."""
    from tuiprov.render.qr import code_for, draws_halves

    in_halves = draws_halves(os.environ.get("TERM", ""), sys.stdout.encoding)
    on_terminal = sys.stdout.isatty()
    room = shutil.get_terminal_size() if on_terminal else os.terminal_size((1000, 1000))
    code = code_for(text, room.columns, room.lines - 1, in_halves=in_halves)
    if code.problem:
        raise Refused([Refusal("", code.problem)])
    for line in code.lines:
        print(_coloured(line, in_halves=in_halves) if on_terminal else line)


_INK, _DARK, _PLAIN = "\x1b[30;47m", "\x1b[30;40m", "\x1b[0m"
"""Of the 16 colours that every terminal has: black on white, black on black, its own."""


def _coloured(line: str, *, in_halves: bool) -> str:
    if in_halves:
        return f"{_INK}{line}{_PLAIN}"
    parts = ("".join(cells) for _, cells in groupby(line, str.isspace))
    return "".join(f"{_INK if part.isspace() else _DARK}{part}" for part in parts) + _PLAIN


def print_plan(plan: Plan, *, with_diff: bool, as_json: bool) -> None:
    """The files of a plan with their signs, its diffs if wanted, and its summary; equal changes
    together when there are many."""
    if as_json:
        print_json(_plan_data(plan))
        return
    if len(plan.changes) > MANY:
        _print_groups(plan, with_diff)
        for setting in settings(plan)[:_MOST_SETTINGS]:
            say(setting.words())
    else:
        _print_changes(plan, with_diff)
    print_summary(plan)


def print_summary(plan: Plan) -> None:
    """What failed, what else is worth knowing, and how many files change."""
    for words in (*plan.refused, *plan.failures()):
        say(f"! {words}", to_error=True)
    for words in plan.notes:
        say(words)
    whose = f"{plan.devices} phones: " if plan.devices > 1 else ""
    say(f"{whose}{plan.summary()}")


def _print_changes(plan: Plan, with_diff: bool) -> None:
    for change in plan.changes:
        say(f"{_SIGNS[change.kind]} {change.path}")
        if with_diff and change.kind != "delete":
            for line in change.diff():
                say(f"    {line}")


def _print_groups(plan: Plan, with_diff: bool) -> None:
    for group in groups(plan):
        if group.held:
            continue
        say(f"{_SIGNS[group.kind]} {group.headline()}")
        if with_diff:
            for line in group.lines:
                say(f"    {line}")


def _plan_data(plan: Plan) -> dict[str, Any]:
    changes = [{"kind": change.kind, "path": change.path} for change in plan.changes]
    return {"changes": changes, "failed": dict(plan.failed)}


def order_data(about: str, plan: Plan, done: str, event_id: int | None) -> dict[str, Any]:
    """What an action on many would do, and has done: `done` is "" when it was only planned;
    `event_id` is its number in the history."""
    said = {"about": about, "notes": list(plan.notes), "refused": list(plan.refused)}
    return {**said, **_plan_data(plan), "done": done, "operation": event_id}


def print_catalog(catalog: Catalog, manufacturer: str, model: str, *, as_json: bool) -> None:
    """All models, one manufacturer's, or all facts of one model."""
    kinds = _chosen(catalog.types(), manufacturer, model)
    if not kinds:
        words = f"{manufacturer} {model}".strip()
        raise NotFound(f"the catalogue has no {words!r}; manufacturers: {_names(catalog)}")
    if model or as_json:
        facts = [_facts(kind) for kind in kinds]
        print_json(facts) if as_json else _print_facts(facts)
        return
    print_table(("MANUFACTURER", "MODEL", "LINES", "KEYS", "FIRMWARE", "EXPANSION"), _rows(kinds))


def _names(catalog: Catalog) -> str:
    return ", ".join(catalog.manufacturers())


def _chosen(kinds: Iterable[PhoneType], manufacturer: str, model: str) -> list[PhoneType]:
    def is_wanted(known: str, wanted: str) -> bool:
        return wanted.lower() in ("", known.lower())

    return [
        k for k in kinds if is_wanted(k.manufacturer, manufacturer) and is_wanted(k.model, model)
    ]


def _rows(kinds: Iterable[PhoneType]) -> list[tuple[str, ...]]:
    """One row per model, its firmware generations together."""
    models: dict[tuple[str, str], list[PhoneType]] = {}
    for kind in kinds:
        models.setdefault((kind.manufacturer, kind.model), []).append(kind)
    return [
        (
            manufacturer,
            model,
            str(found[0].lines),
            str(found[0].keys),
            " ".join(kind.firmware for kind in found),
            found[0].expansion,
        )
        for (manufacturer, model), found in sorted(models.items(), key=lambda item: item[0][0])
    ]


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of text, as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(padded).rstrip())


def _facts(kind: PhoneType) -> dict[str, Any]:
    return {
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
        "lines": kind.lines,
        "keys": kind.keys,
        "expansion": kind.expansion,
        "mac": kind.has_mac,
        "mac_prefixes": kind.mac_prefixes,
        **kind.facts.model_dump(exclude_none=True),
    }


def _print_facts(facts: Sequence[dict[str, Any]]) -> None:
    for one in facts:
        for key, value in one.items():
            if value not in ("", [], {}):
                say(f"{key:<20} {_in_words(value)}")
        print()


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_in_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_in_words, value))
    return str(value)
