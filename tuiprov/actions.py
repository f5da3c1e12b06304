"""Every action with its keys, once: bindings, footer, help, palette and docs are drawn from here.

A user's `[keys]` table in the configuration overrides keys by id. Keys that SSH, tmux or a Linux
console cannot send (ctrl+enter, alt+digit, ctrl+i, ctrl+m …) are never the only way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal[
    "everywhere", "list", "devices", "accounts", "templates", "page", "sheet", "editor", "plan"
]
"""Kinds of screens: `list` is the extensions, `sheet` a form without a preview."""


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

_LISTS = "list devices accounts templates"

ACTIONS: tuple[Action, ...] = (
    Action("open", "Open", "Open what the cursor is on.", _LISTS, "open", "enter"),
    Action(
        "leave_list",
        "Quit",
        "Clear the filter, or leave tuiprov when there is none.",
        "list",
        "leave",
        "escape",
    ),
    Action(
        "publish",
        "Publish",
        "Show the plan for all listed extensions' phones, then apply it.",
        "list",
        "publish",
        "f8",
        needs="files.publish",
    ),
    Action(
        "new_extension",
        "New",
        "Add an extension to a user account.",
        "list",
        "new",
        "ctrl+n",
        needs="extensions.add",
    ),
    Action(
        "devices",
        "Devices",
        "The inventory of SIP devices.",
        _LISTS,
        "area('devices')",
        "f2",
        needs="devices.see",
    ),
    Action(
        "accounts",
        "Accounts",
        "Accounts and their permissions.",
        _LISTS,
        "area('accounts')",
        "f3",
        needs="accounts.see",
    ),
    Action(
        "templates",
        "Templates",
        "Provisioning templates.",
        _LISTS,
        "area('templates')",
        "f5",
        needs="templates.see",
    ),
    Action(
        "preferences",
        "Preferences",
        "Global preferences of the site.",
        _LISTS,
        "area('preferences')",
        "f6",
        needs="site.change",
    ),
    Action(
        "edit_extension",
        "Edit",
        "Number, name and SIP account of the extension.",
        "list",
        "edit",
        "f7",
        needs="extensions.identify",
    ),
    Action(
        "remove_extension",
        "Remove",
        "Remove the extension, after the plan for its phone.",
        "list",
        "remove",
        "delete,f9",
        needs="extensions.remove",
    ),
    Action(
        "look_as",
        "Look as",
        "Look at the site as another account.",
        "list",
        "look_as",
        "f4",
        demo_only=True,
    ),
    Action(
        "new_account",
        "New",
        "Add an account below this one.",
        "accounts",
        "new",
        "ctrl+n",
        needs="accounts.add",
    ),
    Action(
        "remove_account",
        "Remove",
        "Remove the account, if nothing hangs on it.",
        "accounts",
        "remove",
        "delete,f9",
        needs="accounts.remove",
    ),
    Action(
        "leave_area",
        "Back",
        "Clear the filter, or back to the extensions when there is none.",
        "devices accounts templates",
        "leave",
        "escape",
    ),
    Action("save", "Save", "Check, show the plan, then save.", "page sheet", "save", "f2,ctrl+s"),
    Action(
        "leave_page",
        "Cancel",
        "Back to the list; unsaved changes are asked about.",
        "page sheet",
        "leave",
        "escape",
    ),
    Action(
        "next_section",
        "Section",
        "Go to the next section (Tab past the last field does too).",
        "page sheet",
        "section(1)",
        "ctrl+n",
    ),
    Action(
        "previous_section",
        "Section back",
        "Go to the section before.",
        "page sheet",
        "section(-1)",
        "ctrl+b",
        in_footer=False,
    ),
    Action("undo", "Undo", "Take the last edit back.", "page sheet", "undo", "f3"),
    Action(
        "redo",
        "Redo",
        "Do again what undo took back.",
        "page sheet",
        "redo",
        "f4",
        in_footer=False,
    ),
    Action(
        "jump",
        "Jump",
        "A letter on every field and a number on every section: the next key goes there.",
        "page sheet",
        "jump",
        "f5",
    ),
    Action("other_pane", "Pane", "Between the form and the preview.", "page", "other_pane", "f6"),
    Action(
        "reveal",
        "Reveal",
        "Show passwords in form and preview; this is written down.",
        "page",
        "reveal",
        "f7",
        needs="files.publish",
    ),
    Action(
        "next_file", "File", "The preview's next file, then the link.", "page", "next_file", "f8"
    ),
    Action(
        "zoom", "Zoom", "Give the preview the whole screen.", "page", "zoom", "f9", in_footer=False
    ),
    Action("apply", "Apply", "Save and do what the plan says.", "plan", "apply", "enter"),
    Action(
        "regenerate",
        "Regenerate",
        "Also replace existing files, or leave them.",
        "plan",
        "regenerate",
        "r",
    ),
    Action("leave_plan", "Back", "Nothing is saved.", "plan", "leave", "escape"),
    Action(
        "help", "Keys", "All keys, and the field's help.", "everywhere", "help", "f1,question_mark"
    ),
    Action(
        "palette",
        "Commands",
        "Find an action by name.",
        "everywhere",
        "app.command_palette",
        "f10,ctrl+p",
        in_footer=False,
    ),
)


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
