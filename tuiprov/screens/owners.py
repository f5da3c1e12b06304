"""Whose a new device is: asked before its page is opened, where there is a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuiprov.data.devices.choices import Candidate
from tuiprov.inventory import Inventory
from tuiprov.screens.base import TuiprovScreen
from tuiprov.widgets.picker import Picker


def choose_owner(screen: TuiprovScreen, inventory: Inventory, then: Callable[[int], None]) -> None:
    """Call `then` with the account that the device is for: oneself, or one below."""

    def chosen(owner_id: str | None) -> None:
        if owner_id is not None:
            then(int(owner_id))

    def found(owners: Sequence[Candidate]) -> None:
        if len(owners) == 1:
            then(owners[0].id)
            return
        options = [(str(owner.id), owner.words) for owner in owners]
        screen.app.push_screen(Picker("Whose device is it?", options, options[0][0]), chosen)

    title = "No device can be added"
    screen.work_on("Look for accounts", lambda _: inventory.owners(), found, title)
