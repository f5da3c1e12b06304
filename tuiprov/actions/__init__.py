"""Every action with its keys, once: bindings, footer, help, palette and docs are drawn from here.

A user's `[keys]` table in the configuration overrides keys by id. Keys that SSH, tmux or a Linux
console cannot send (ctrl+enter, alt+digit, ctrl+i, ctrl+m …) are never the only way.
"""

from __future__ import annotations

from collections.abc import Callable

from tuiprov.actions.action import Action, Where
from tuiprov.actions.editor import EDITOR
from tuiprov.actions.history import HISTORY
from tuiprov.actions.lists import LISTS
from tuiprov.actions.pages import PAGES
from tuiprov.actions.plans import PLANS

__all__ = ["ACTIONS", "Action", "Where", "actions_of", "on_screen"]

_EVERYWHERE: tuple[Action, ...] = (
    Action(
        "help", "Keys", "All keys, and the field's help.", "everywhere", "help", "f1,question_mark"
    ),
    Action(
        "palette",
        "Commands",
        "Find an action by name.",
        "everywhere",
        "app.command_palette",
        "ctrl+p",
        in_footer=False,
    ),
)
ACTIONS = (*LISTS, *PAGES, *EDITOR, *HISTORY, *PLANS, *_EVERYWHERE)
"""In the order of the footer."""


def on_screen(where: Where) -> list[Action]:
    """The actions of one kind of screen, its own first."""
    return [one for one in ACTIONS if {where, "everywhere"} & set(one.where.split())]


def actions_of(where: Where, *, demo: bool, may: Callable[[str], bool]) -> list[Action]:
    """Those of them that there are for this viewer; `may` answers for an operation."""
    return [
        action
        for action in on_screen(where)
        if (demo or not action.demo_only) and (not action.needs or may(action.needs))
    ]
