"""Every action with its keys, once: bindings, footer, help, palette and docs are drawn from here.

A user's `[keys]` table in the configuration overrides keys by id. Keys that SSH, tmux or a Linux
console cannot send (ctrl+enter, alt+digit, ctrl+i, ctrl+m …) are never the only way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal["everywhere", "list", "page", "plan"]


@dataclass(frozen=True, slots=True)
class Action:
    """`id` names it in the configuration; `keys` are Textual's names, the first one is shown."""

    id: str
    words: str
    help: str
    where: Where
    target: str
    keys: str
    in_footer: bool = True
    demo_only: bool = False
    provisioning: bool = False
    """Only for who may provision devices; a forbidden action is absent, not greyed."""

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
}

ACTIONS: tuple[Action, ...] = (
    Action("open", "Open", "Open the extension's page.", "list", "open", "enter"),
    Action(
        "publish",
        "Publish",
        "Show the plan for all listed extensions' phones, then apply it.",
        "list",
        "publish",
        "f8",
        provisioning=True,
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
        "leave_list",
        "Quit",
        "Clear the filter, or leave tuiprov when there is none.",
        "list",
        "leave",
        "escape",
    ),
    Action("save", "Save", "Check, show the plan, then save.", "page", "save", "f2,ctrl+s"),
    Action(
        "leave_page",
        "Cancel",
        "Back to the list; unsaved changes are asked about.",
        "page",
        "leave",
        "escape",
    ),
    Action(
        "next_section",
        "Section",
        "Go to the next section (Tab past the last field does too).",
        "page",
        "section(1)",
        "ctrl+n",
    ),
    Action(
        "previous_section",
        "Section back",
        "Go to the section before.",
        "page",
        "section(-1)",
        "ctrl+b",
        in_footer=False,
    ),
    Action("undo", "Undo", "Take the last edit back.", "page", "undo", "f3"),
    Action("redo", "Redo", "Do again what undo took back.", "page", "redo", "f4", in_footer=False),
    Action(
        "jump",
        "Jump",
        "A letter on every field and a number on every section: the next key goes there.",
        "page",
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
        provisioning=True,
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


def actions_of(where: Where, *, demo: bool, may_provision: bool) -> list[Action]:
    """The actions of one kind of screen that there are for this viewer, its own first."""
    return [
        action
        for action in ACTIONS
        if action.where in (where, "everywhere")
        and (demo or not action.demo_only)
        and (may_provision or not action.provisioning)
    ]
