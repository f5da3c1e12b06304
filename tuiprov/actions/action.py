"""One action: its words, its keys, and on which kinds of screens it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal[
    "everywhere",
    "list",
    "devices",
    "accounts",
    "templates",
    "fetches",
    "resync",
    "page",
    "device",
    "sheet",
    "editor",
    "plan",
    "waves",
    "history",
    "operation",
    "versions",
    "import",
]
"""Kinds of screens: `list` is the extensions, `page` one of them, `device` the page of a device
alone, `sheet` a form without a preview, `operation` one of the history, `versions` those of a
device's files."""


@dataclass(frozen=True, slots=True)
class Action:
    """`id` names it in the configuration; `keys` are Textual's names, the first one is shown."""

    id: str
    words: str
    help: str
    where: str
    """Words of `Where`: the kinds of screens it is on."""
    target: str
    keys: str
    in_footer: bool = True
    demo_only: bool = False
    needs: str = ""
    """An operation of `data/permissions.py`: only for who may do it on something at all; a
    forbidden action is absent, not greyed."""

    def shown_key(self, overrides: Mapping[str, str]) -> str:
        """The key as a person reads it: `F2`, `Ctrl+N`, `Esc`."""
        key = overrides.get(self.id, self.keys).partition(",")[0]
        return _KEY_WORDS.get(key, "+".join(part.capitalize() for part in key.split("+")))


_KEY_WORDS = {
    "question_mark": "?",
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
}
