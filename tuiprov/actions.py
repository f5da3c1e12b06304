"""Every action with its keys, once: bindings, footer, help, palette and docs are drawn from here.

A user's `[keys]` table in the configuration overrides keys by id. Keys that SSH, tmux or a Linux
console cannot send (ctrl+enter, alt+digit, ctrl+i, ctrl+m …) are never the only way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    "history",
    "operation",
    "versions",
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

_LISTS = "list devices accounts templates fetches history"
_PAGES = "page device"
_FORMS = "page device sheet"

ACTIONS: tuple[Action, ...] = (
    Action("open", "Open", "Open what the cursor is on.", _LISTS, "open", "enter"),
    Action(
        "new_device",
        "New",
        "Add a device that serves nobody yet.",
        "devices",
        "new",
        "ctrl+n",
        needs="devices.add",
    ),
    Action(
        "assign",
        "Assign",
        "Put an extension on a free line of the device.",
        "devices",
        "assign",
        "f7",
        needs="devices.assign",
    ),
    Action(
        "clear",
        "Clear",
        "Clear the assignment: no extension and no organization has the device any more.",
        "devices",
        "clear",
        "f8",
        needs="devices.clear",
    ),
    Action(
        "remove_device",
        "Remove",
        "Remove all marked devices, or this one, and their files.",
        "devices",
        "remove",
        "delete,f9",
        needs="devices.remove",
    ),
    Action(
        "go_to_extension",
        "Extension",
        "Go to the page of an extension on this device.",
        "devices fetches",
        "go_to_extension",
        "ctrl+e",
    ),
    Action("sort", "Sort", "Sort by the next column.", "devices", "sort", "f4"),
    Action(
        "leave_list",
        "Quit",
        "Clear the filter, or leave tuiprov when there is none.",
        "list",
        "leave",
        "escape",
    ),
    Action(
        "new_extension",
        "New",
        "Add an extension.",
        "list",
        "new",
        "ctrl+n",
        needs="extensions.add",
    ),
    Action(
        "edit_marked",
        "Edit marked",
        "Change all marked extensions together, as one operation.",
        "list",
        "edit_marked",
        "ctrl+e",
        in_footer=False,
    ),
    Action(
        "act_on_marked",
        "Actions",
        "Choose what to do with all marked rows, or with this one: enable, resync, move, remove …",
        "list devices",
        "act_on_marked",
        "f10",
    ),
    Action(
        "mark",
        "Mark",
        "Mark the row, or take its mark away.",
        "list devices",
        "mark",
        "insert",
        in_footer=False,
    ),
    Action(
        "mark_range",
        "Mark to here",
        "Mark all rows from the nearest marked one to the cursor.",
        "list devices",
        "mark_range",
        "ctrl+t",
        in_footer=False,
    ),
    Action(
        "mark_all",
        "Mark all",
        "Mark all rows that match the filter, or none. Space marks one.",
        "list devices",
        "mark_all",
        "ctrl+a",
        in_footer=False,
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
        "identify",
        "Edit",
        "Change the extension's name, SIP account and number of public calls.",
        "list",
        "identify",
        "f7",
        in_footer=False,
        needs="extensions.identify",
    ),
    Action(
        "remove_extension",
        "Remove",
        "Remove all marked extensions, or this one, with their lines on phones.",
        "list",
        "remove",
        "delete,f9",
        in_footer=False,
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
        "adopt",
        "Adopt",
        "Add the phone that asked to the inventory.",
        "fetches",
        "adopt",
        "f7",
        needs="devices.add",
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
        "new_template",
        "New",
        "Make a template: a copy of the server default.",
        "templates",
        "new",
        "ctrl+n",
        needs="templates.add",
    ),
    Action(
        "copy_template",
        "Copy",
        "Make a template: a copy of this one.",
        "templates",
        "copy",
        "f7",
        needs="templates.add",
    ),
    Action(
        "remove_template",
        "Remove",
        "Remove the template, if no device uses it.",
        "templates",
        "remove",
        "delete,f9",
        needs="templates.remove",
    ),
    Action(
        "export_template",
        "Export",
        "Write the template into a folder.",
        "templates",
        "export",
        "f8",
        needs="templates.see",
    ),
    Action(
        "import_template",
        "Import",
        "Take a template from a folder.",
        "templates",
        "import",
        "f4",
        needs="templates.add",
    ),
    Action(
        "leave_area",
        "Back",
        "Clear the filter, or back to the extensions when there is none.",
        "devices accounts templates fetches history",
        "leave",
        "escape",
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
        "fetches",
        "Requests",
        "What phones asked for, and why they did not get it.",
        _LISTS,
        "area('fetches')",
        "ctrl+f,f12",
        needs="fetches.see",
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
        "history",
        "History",
        "What was done, to be looked at and taken back.",
        _LISTS,
        "area('history')",
        "ctrl+y,f11",
        in_footer=False,
        needs="history.see",
    ),
    Action(
        "take_back",
        "Take back",
        "Undo this operation as a whole.",
        "operation",
        "take_back",
        "f3,u",
        needs="history.undo",
    ),
    Action("leave_operation", "Back", "Back to the history.", "operation", "leave", "escape"),
    Action(
        "enrol",
        "Enrol",
        "Open the device's enrolment window: new links, the first one without secrets.",
        "devices",
        "enrol",
        "ctrl+g",
        in_footer=False,
        needs="devices.edit",
    ),
    Action(
        "versions",
        "Versions",
        "What the device's files were, and bring one back.",
        f"devices {_PAGES}",
        "versions",
        "ctrl+o",
        in_footer=False,
        needs="files.see",
    ),
    Action("older", "Older", "The version before.", "versions", "older", "f5,p"),
    Action("newer", "Newer", "The version after.", "versions", "newer", "f6,n"),
    Action("whole_text", "Whole", "The whole text, or what changed.", "versions", "whole", "f7,w"),
    Action(
        "restore",
        "Bring back",
        "Publish this version again; the plan is shown first.",
        "versions",
        "restore",
        "f2,r",
        needs="files.publish",
    ),
    Action("leave_versions", "Back", "Back to where you were.", "versions", "leave", "escape"),
    Action("save", "Save", "Check, show the plan, then save.", _FORMS, "save", "f2,ctrl+s"),
    Action(
        "leave_page",
        "Cancel",
        "Back to the list; unsaved changes are asked about.",
        _FORMS,
        "leave",
        "escape",
    ),
    Action(
        "next_section",
        "Section",
        "Go to the next section (Tab past the last field does too).",
        _FORMS,
        "section(1)",
        "ctrl+n",
    ),
    Action(
        "previous_section",
        "Section back",
        "Go to the section before.",
        _FORMS,
        "section(-1)",
        "ctrl+b",
        in_footer=False,
    ),
    Action("undo", "Undo", "Take the last edit back.", _FORMS, "undo", "f3"),
    Action(
        "redo",
        "Redo",
        "Do again what undo took back.",
        _FORMS,
        "redo",
        "f4",
        in_footer=False,
    ),
    Action(
        "jump",
        "Jump",
        "A letter on every field and a number on every section: the next key goes there.",
        _FORMS,
        "jump",
        "f5",
    ),
    Action("other_pane", "Pane", "Between the form and the preview.", _PAGES, "other_pane", "f6"),
    Action(
        "reveal",
        "Reveal",
        "Show passwords in form and preview; this is written down.",
        _PAGES,
        "reveal",
        "f7",
        needs="files.publish",
    ),
    Action(
        "next_file",
        "File",
        "The preview's next file, then the link.",
        _PAGES,
        "next_file",
        "f8",
    ),
    Action(
        "take_device",
        "Take",
        "Take a device of the inventory for this extension.",
        "page",
        "take_device",
        "ctrl+t",
        in_footer=False,
        needs="devices.assign",
    ),
    Action(
        "link",
        "Link",
        "The phone's provisioning link, to be copied or read as a QR code.",
        f"devices {_PAGES}",
        "link",
        "ctrl+l",
        in_footer=False,
        needs="files.see",
    ),
    Action(
        "resync",
        "Resync",
        "Ask the phone to fetch its files again.",
        f"devices {_PAGES}",
        "resync",
        "ctrl+r",
        in_footer=False,
        needs="devices.resync",
    ),
    Action(
        "leave_resync",
        "Back",
        "Clear the filter, or back: the rest of the phones is not asked then.",
        "resync",
        "leave",
        "escape",
    ),
    Action(
        "zoom",
        "Zoom",
        "Give the preview the whole screen.",
        _PAGES,
        "zoom",
        "f9",
        in_footer=False,
    ),
    Action(
        "save_template",
        "Save",
        "Show what changes for the phones that use it, then save.",
        "editor",
        "save",
        "f2,ctrl+s",
    ),
    Action(
        "leave_editor",
        "Back",
        "Back to the list; unsaved changes are asked about.",
        "editor",
        "leave",
        "escape",
    ),
    Action("undo_text", "Undo", "Take the last edit back.", "editor", "undo", "f3"),
    Action(
        "redo_text",
        "Redo",
        "Do again what undo took back.",
        "editor",
        "redo",
        "f4",
        in_footer=False,
    ),
    Action(
        "choose_phone",
        "Phone",
        "Choose the phone whose files stand beside the template.",
        "editor",
        "choose_phone",
        "f5",
    ),
    Action(
        "other_side",
        "Pane",
        "Between the template and the phone's files.",
        "editor",
        "other_pane",
        "f6",
    ),
    Action("find", "Find", "Find words in this file.", "editor", "find", "f7,ctrl+f"),
    Action(
        "next_template_file",
        "File",
        "The next file of the template, or of the phone.",
        "editor",
        "next_file",
        "f8",
    ),
    Action(
        "previous_template_file",
        "File back",
        "The file before.",
        "editor",
        "previous_file",
        "ctrl+b",
        in_footer=False,
    ),
    Action(
        "find_again",
        "Find again",
        "Find the same words once more.",
        "editor",
        "find_again",
        "ctrl+g",
        in_footer=False,
    ),
    Action(
        "try_all",
        "Try all",
        "Try the template with every device that uses it.",
        "editor",
        "try_all",
        "ctrl+t,f11",
    ),
    Action(
        "merge",
        "Merge",
        "Take the changes of the server default into this template.",
        "editor",
        "merge",
        "ctrl+r,f12",
    ),
    Action(
        "template_settings",
        "Settings",
        "The template's name and the phones it is for.",
        "editor",
        "settings",
        "ctrl+o",
    ),
    Action(
        "zoom_side",
        "Zoom",
        "Give this pane the whole screen.",
        "editor",
        "zoom",
        "f9",
        in_footer=False,
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
        "ctrl+p",
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
