"""Actions on plans, and on what goes in waves."""

from __future__ import annotations

from tuiprov.actions.action import Action

PLANS: tuple[Action, ...] = (
    Action("apply", "Apply", "Save and do what the plan says.", "plan", "apply", "enter"),
    Action(
        "regenerate",
        "Regenerate",
        "Also replace existing files, or leave them.",
        "plan",
        "regenerate",
        "r",
    ),
    Action(
        "in_waves",
        "In waves",
        "Apply to a few phones first, then to others; back when one does not come.",
        "plan",
        "in_waves",
        "w",
        needs="files.publish",
    ),
    Action("waves_go", "Go", "Start the waves, or go on with them.", "waves", "go", "f2"),
    Action(
        "waves_ask",
        "Ask",
        "Ask the phones to fetch, or wait until they look by themselves.",
        "waves",
        "asking",
        "f3",
    ),
    Action("waves_sizes", "Sizes", "How many phones each wave has.", "waves", "sizes", "f4"),
    Action(
        "waves_next",
        "Next now",
        "Begin the next wave; phones of this one still have to come back.",
        "waves",
        "next_wave",
        "f5",
    ),
    Action("waves_pause", "Pause", "Begin no other wave, or go on.", "waves", "pause", "f6"),
    Action("waves_time", "Time", "How long a phone has to come back.", "waves", "time", "f7"),
    Action(
        "waves_back",
        "Roll back",
        "Stop, and publish what the phones had before.",
        "waves",
        "roll_back",
        "f8",
    ),
    Action(
        "waves_scope",
        "Scope",
        "What goes back when a phone is late: all waves so far, or its own.",
        "waves",
        "scope",
        "f9",
    ),
    Action(
        "leave_waves",
        "Back",
        "Clear the filter, or back: the waves go on while tuiprov runs.",
        "waves",
        "leave",
        "escape",
    ),
    Action("leave_plan", "Back", "Nothing is saved.", "plan", "leave", "escape"),
)
