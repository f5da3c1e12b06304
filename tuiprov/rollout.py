"""Applying a plan in waves, opened for one viewer: starting it, driving it to its end, going back.

A phone that does not come back in time ends it: the files of before are published again. It goes on
only while a process drives it (`driving.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.permissions import may_ever
from tuiprov.data.rollouts.waves import (
    NewRollout,
    RolloutRow,
    sole_change,
)
from tuiprov.data.store import Store
from tuiprov.driving import CONSOLE_SECONDS, Driver, OnTold, unheard
from tuiprov.errors import NotAllowed, PublishError
from tuiprov.pbx import contacts as at_pbx
from tuiprov.pbx.console import runner
from tuiprov.publish.plan import Plan, is_of_pbx
from tuiprov.publish.publishing import carry_out
from tuiprov.publish.wave_files import (
    accounts_of,
    standings,
)
from tuiprov.publish.waves import (
    SIZES,
    WAIT_SECONDS,
    Standing,
    cut,
    new_devices,
    parse_sizes,
)


@dataclass(frozen=True, slots=True)
class Choices:
    """How a plan is to be applied in waves."""

    sizes: str = SIZES
    wait_seconds: int = WAIT_SECONDS
    asks: bool = True
    back: str = "all"
    """What goes back when a phone does not come: all waves so far, or the last `wave` alone."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A plan cut into waves, before anything is done. `notes`: what else is worth knowing."""

    waves: Sequence[Sequence[Standing]]
    notes: tuple[str, ...]
    new: NewRollout


@dataclass
class Rollouts:
    """The store and who is looking; the clock is another in tests."""

    store: Store
    viewer: Viewer
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def cut(self, plan: Plan, choices: Choices | None = None, operation: int | None = None) -> Cut:
        """Cut a plan into waves; nothing is done yet. PublishError when it cannot be: no phone's
        file changes, or nobody could see any of its phones come back."""
        choices = choices or Choices()
        sizes = parse_sizes(choices.sizes)
        if not self.viewer.may_provision:
            raise NotAllowed(f"{self.viewer.label} may not provision devices")
        ids = sorted({number for one in plan.changes for number in one.devices})
        if not ids:
            raise PublishError("no phone's file changes: there is nothing to apply in waves")
        registered, note = self._registered()
        with self.store.database.read() as session:
            found = standings(session, ids, registered)
            accounts = accounts_of(session, ids)
            operation = sole_change(session, ids) if operation is None else operation
            served = _extensions_on(session, ids)
        waves = cut(found, sizes, self.now())
        if not any(one.is_seen or one.is_registered for one in found):
            raise PublishError(
                "these phones fetch by TFTP, and no Asterisk says whether they register: nobody "
                "would see whether they come back, so they cannot go in waves"
            )
        site, keys = self.store.site(), self.store.database.keys
        asks = choices.asks and site.resync_by != "none" and may_ever(self.viewer, "devices.resync")
        rest = set(plan.pbx.versions) - served if plan.pbx is not None else set()
        has_rest = sum(map(len, waves)) > sum(size or 0 for size in sizes)
        new = NewRollout(
            sizes=choices.sizes,
            waves=len(waves),
            wait_seconds=choices.wait_seconds,
            asks=asks,
            watches=registered is not None and any(accounts.values()),
            back="wave" if choices.back == "wave" else "all",
            devices=new_devices(waves, plan, keys.digest, self.now(), has_rest=has_rest),
            extensions=sorted(rest),
            operation=operation,
        )
        return Cut(waves, (*self._notes(plan, waves, new), *note), new)

    def start(self, plan: Plan, cut: Cut) -> int:
        """Write it down; gives its id, to be driven. PublishError while another is under way."""
        number = self.store.waves.start(self.viewer, cut.new)
        settled = Plan(settled=plan.settled, failed=plan.failed, names=plan.names, seen=plan.seen)
        carry_out(self.store, self.viewer, settled)
        return number

    def drive(self, rollout_id: int, on_told: OnTold = unheard) -> RolloutRow:
        """Drive a rollout to its end, from wherever it is; gives what it ended as. Conflict when
        another process drives it. What `on_told` raises ends the driving, not the rollout."""
        driver = Driver(self.store, self.viewer, rollout_id, on_told, self.now, self.sleep)
        return driver.drive()

    def resume(self, rollout_id: int, on_told: OnTold = unheard) -> RolloutRow:
        """Go on with a rollout that nobody drives, paused or not; as `drive`."""
        if self.store.waves.row(self.viewer, rollout_id).state == "paused":
            self.store.waves.order(self.viewer, rollout_id, "go")
        return self.drive(rollout_id, on_told)

    def abort(self, rollout_id: int, on_told: OnTold = unheard) -> RolloutRow:
        """Bring the files of before back: tells the process that drives it, or does it itself."""
        if self.store.waves.order(self.viewer, rollout_id, "back"):
            return self.store.waves.row(self.viewer, rollout_id)
        return self.drive(rollout_id, on_told)

    # -- parts ----------------------------------------------------------------------------------

    def _registered(self) -> tuple[set[str] | None, list[str]]:
        """The accounts that Asterisk knows the contact of; None: nobody can be asked, and why."""
        if self.store.site().pbx != "asterisk":
            return None, []
        try:
            return set(at_pbx.contacts(runner(self.store.console, CONSOLE_SECONDS))), []
        except PublishError as error:
            return None, [f"Registrations are not watched: {error}."]

    def _notes(self, plan: Plan, waves: Sequence[Sequence[Standing]], new: NewRollout) -> list[str]:
        first, now = waves[0][0], self.now()
        found = [f"First {first.name} ({first.phone}): {first.words(now)}."]
        if not new.asks:
            found.append("The phones are not asked: each comes when it looks by itself.")
        if any(one.device_id is None and not is_of_pbx(one) for one in plan.changes):
            found.append("Files that phones share go with the last wave: they reach all at once.")
        if not any(one.is_well(now) for wave in waves for one in wave):
            found.append("None of these phones has fetched from tuiprov serve lately.")
        idle = sum(not one.is_awaited for one in new.devices)
        if idle:
            phones = "1 phone is" if idle == 1 else f"{idle} phones are"
            found.append(f"{phones} not waited for: not seen lately, or by TFTP.")
        return found


def _extensions_on(session: Any, device_ids: Sequence[int]) -> set[int]:
    from tuiprov.data.reading import stamps

    return {line[1] for stamp in stamps(session, device_ids).values() for line in stamp[1:]}
