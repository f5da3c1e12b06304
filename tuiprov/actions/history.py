"""Actions on operations of the history, and on the versions of files."""

from __future__ import annotations

from tuiprov.actions.action import Action

_PAGES = "page device"

HISTORY: tuple[Action, ...] = (
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
        f"devices {_PAGES}",
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
)
