"""One process driving one rollout: wave by wave, to its end or back.

Each wave is published, its phones are asked to fetch, and then watched until each has fetched its
new files and, where an Asterisk is attached, has registered again. Every step is in the database,
so that another process can go on or back; it is asked before each whether this one still drives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.history import events as history
from tuiprov.data.resyncs import Target
from tuiprov.data.rollouts.waves import RolloutRow, WaveDevice, devices_of, driven, mark
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, TuiprovError
from tuiprov.pbx import contacts as at_pbx
from tuiprov.pbx.console import runner
from tuiprov.publish.publishing import carry_out, mark_restored
from tuiprov.publish.reconcile import at_start
from tuiprov.publish.wave_files import (
    Watch,
    accounts_of,
    forget_pbx,
    plan_back,
    plan_wave,
    remember,
    settle,
)
from tuiprov.publish.waves import AtPbx, duration, judge, nothing_planned
from tuiprov.resyncing import OnAsked, Resyncing

LOOK_SECONDS: Final = 1.0
CONSOLE_SECONDS: Final = 10.0
"""How long Asterisk's console has to answer."""
_BEAT: Final = timedelta(seconds=10)
_NEVER: Final = timedelta.max
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened: to a device of a wave, or (`device` "") to the rollout."""

    at: datetime
    wave: int
    device: str
    state: str
    words: str


OnTold = Callable[[Told], None]


def unheard(_told: Told) -> None:
    """For who looks at the database instead."""


class _Broken(Exception):
    """Ends the asking of phones: the rollout goes elsewhere."""


@dataclass
class Driver:
    """One process driving one rollout."""

    store: Store
    viewer: Viewer
    rollout_id: int
    on_told: OnTold = unheard
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    _watch: Watch = field(default_factory=Watch)
    _queued: set[int] = field(default_factory=set)
    """Devices that are still to be asked."""
    _attempts: int = 0
    _heard: datetime = _LONG_AGO
    _asked: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What was done of asking, and is not written down yet."""

    def drive(self) -> RolloutRow:
        self.store.waves.take(self.viewer, self.rollout_id)
        try:
            self._pick_up()
            while (row := self._row()).is_open:
                self._step(row)
            return row
        finally:
            self.store.waves.leave(self.viewer, self.rollout_id)

    # -- one step -------------------------------------------------------------------------------

    def _step(self, row: RolloutRow) -> None:
        if row.state == "going back" or row.order == "back":
            self._go_back(row, row.reason or "rolled back by hand")
            return
        if row.order in ("pause", "go") or (row.state == "paused" and row.order):
            self._set(row, state="paused" if row.order == "pause" else "running")
            self._tell(row, "paused" if row.order == "pause" else "running", "")
            return
        devices = self._devices(row)
        waiting = [one for one in devices if one.wave == row.wave and one.state == "waiting"]
        if waiting and row.state == "running":
            self._publish(row, waiting)
            return
        self._ask(row, devices)
        if self._look_and_stop(row):
            return
        if row.state == "running" and not waiting:
            watched = any(not one.is_over for one in self._devices(row))
            if row.order == "next" or not watched:
                self._next(row)
                return
        self.sleep(LOOK_SECONDS)

    def _publish(self, row: RolloutRow, waiting: Sequence[WaveDevice]) -> None:
        if not any(one.state != "waiting" for one in waiting):
            count = f"{len(waiting)} phone{'s' if len(waiting) != 1 else ''}"
            self._tell(row, f"wave {row.wave} of {row.waves}", count)
        made, left = plan_wave(self.store, row, waiting)
        self._leave_out(row, waiting, left)
        chosen = [one for one in waiting if one.device_id not in left]
        if not chosen:
            return
        before = self._contacts_of(row, chosen)
        with self.store.database.write() as session:
            driven(session, self.rollout_id)
            remember(session, self.rollout_id, row.wave, made)
            mark(session, self.rollout_id, before)
        problem = ""
        try:
            why = f"wave {row.wave} of {row.waves}"
            if made.changes:
                carry_out(self.store, self.viewer, made, why)
        except PublishError as error:
            problem = str(error)
        published = self._settle(row, chosen, is_done=not problem)
        missing = [one for one in chosen if one.device_id not in published]
        if problem and (published or self._attempts):
            self._go_back(self._row(), problem)
        elif problem:
            self._attempts += 1  # somebody may have saved between plan and publish
        elif missing:
            words = "changed while it was published: plan it again"
            self._leave_out(row, chosen, {one.device_id: words for one in missing})

    def _settle(self, row: RolloutRow, chosen: Sequence[WaveDevice], *, is_done: bool) -> set[int]:
        """Write down which of these devices have their files now."""
        at = self.now()
        with self.store.database.write() as session:
            driven(session, self.rollout_id)
            published = settle(session, self.rollout_id, row.wave)
            if is_done:  # those of which only shared files changed
                none = nothing_planned(self.store.database.keys.digest)
                published |= {one.device_id for one in chosen if one.planned == none}
            changes = {
                one.device_id: {"state": "published", "published_at": at}
                for one in chosen
                if one.device_id in published
            }
            mark(session, self.rollout_id, changes)
            self._watch.follow(session, self.rollout_id, range(1, row.wave + 1))
        for one in chosen:
            if one.device_id in published:
                self._tell(row, "published", "", one)
        self._queued |= published if row.asks else set()
        return published

    def _ask(self, row: RolloutRow, devices: Sequence[WaveDevice]) -> None:
        """Ask the phones that have not been, at the site's pace, with an eye on the others."""
        wanted = [one for one in devices if one.device_id in self._queued and not one.is_over]
        self._queued.clear()
        if not wanted:
            return
        by_id = {one.device_id: one for one in wanted}
        resyncing = Resyncing(self.store, self.viewer, self.store.console)
        try:
            targets = resyncing.targets(list(by_id))
            self._queued = {one.device_id for one in targets}
            unable = by_id.keys() - self._queued
            words = "cannot be asked: it comes when it looks by itself"
            self._mark({number: {"note": words} for number in unable})
            if targets:
                resyncing.ask(targets, self._on_asked(row, by_id))
        except _Broken:
            pass
        except TuiprovError as error:
            self._tell(row, "asking", str(error))
        finally:
            self._queued.clear()
            self._keep_asked()

    def _keep_asked(self) -> None:
        kept, self._asked = self._asked, {}
        self._mark(kept)

    def _on_asked(self, row: RolloutRow, by_id: Mapping[int, WaveDevice]) -> OnAsked:
        looked = self.now()

        def on_asked(target: Target, problem: str) -> None:
            nonlocal looked
            self._queued.discard(target.device_id)
            device = by_id[target.device_id]
            values: dict[str, Any] = {"note": problem}
            if not problem:
                values |= {"state": "asked", "asked_at": self.now()}
            self._asked[target.device_id] = values
            self._tell(row, "asked" if not problem else "not asked", problem, device)
            if (self.now() - looked).total_seconds() >= LOOK_SECONDS:
                looked = self.now()
                self._keep_asked()
                if self._row().order or self._look_and_stop(row):
                    raise _Broken

        return on_asked

    # -- watching -------------------------------------------------------------------------------

    def _look_and_stop(self, row: RolloutRow) -> bool:
        """Look at all phones that are watched; gives whether one is late, and all goes back."""
        watched = [one for one in self._devices(row) if not one.is_over and one.published_at]
        if not watched:
            return False
        with self.store.database.read() as session:
            self._watch.look(session)
        pbx, wait = self._at_pbx(row, watched), timedelta(seconds=row.wait_seconds)
        late: list[WaveDevice] = []
        changes: dict[int, dict[str, Any]] = {}
        for one in watched:
            patience = _NEVER if one.device_id in self._queued else wait
            found = judge(one, self._watch.seen(one.device_id), pbx, self.now(), patience)
            if found != one:
                changes[one.device_id] = _differing(one, found)
            if found.state != one.state:
                self._tell(row, found.state, found.note, found)
            if found.state == "late":
                late.append(found)
        self._mark(changes)
        if late:
            self._go_back(self._row(), _late_words(late, row.wait_seconds))
        return bool(late)

    def _at_pbx(self, row: RolloutRow, watched: Sequence[WaveDevice]) -> AtPbx | None:
        if not row.watches:
            return None
        if not any(one.contacts for one in watched):
            return AtPbx()
        run = runner(self.store.console, CONSOLE_SECONDS)
        try:
            return AtPbx(at_pbx.contacts(run), at_pbx.answering(run))
        except PublishError as error:
            return AtPbx(problem=str(error))

    def _contacts_of(
        self, row: RolloutRow, devices: Sequence[WaveDevice]
    ) -> dict[int, dict[str, Any]]:
        """Device → the column of its accounts that are registered now, each with its contacts."""
        if not row.watches:
            return {}
        try:
            known = at_pbx.contacts(runner(self.store.console, CONSOLE_SECONDS))
        except PublishError as error:
            self._tell(row, "PBX", str(error))
            return {}
        with self.store.database.read() as session:
            accounts = accounts_of(session, [one.device_id for one in devices])
        return {
            device: {"contacts": {one: known[one] for one in own if one in known}}
            for device, own in accounts.items()
        }

    # -- the ways it goes on --------------------------------------------------------------------

    def _next(self, row: RolloutRow) -> None:
        if row.wave < row.waves:
            self._set(row, wave=row.wave + 1)
            self._attempts = 0
            return
        if any(not one.is_over for one in self._devices(row)):
            self._set(row)  # there is no next one: what is left is waited for
            return
        self._end(row, "done", "")

    def _go_back(self, row: RolloutRow, reason: str) -> None:
        self._set(row, state="going back", reason=reason[:1024])
        self._tell(row, "going back", reason)
        waves = range(1, row.wave + 1) if row.back == "all" else [row.wave]
        back = plan_back(self.store, self.rollout_id, waves)
        if back.plan.changes:
            carry_out(self.store, self.viewer, back.plan, f"waves taken back: {reason}"[:128])
        mark_restored(self.store, back.devices, f"rolled back: {reason}")
        with self.store.database.write() as session:
            driven(session, self.rollout_id)
            forget_pbx(session, back.extensions)
            gone = {"state": "rolled back", "is_over": True}
            kept = {n: {"note": why, "is_over": True} for n, why in back.left.items()}
            mark(session, self.rollout_id, {**dict.fromkeys(back.devices, gone), **kept})
        for one in self.store.waves.devices(self.viewer, self.rollout_id):
            if one.device_id in back.devices:
                self._tell(row, "rolled back", "", one)
            elif one.device_id in back.left:
                self._tell(row, "left as it is", back.left[one.device_id], one)
        self._ask_back(row, back.devices)
        self._end(row, "rolled back", reason)

    def _ask_back(self, row: RolloutRow, devices: Collection[int]) -> None:
        """Have the phones fetch the files of before; one that is not there gets them later."""
        if not row.asks:
            return
        resyncing = Resyncing(self.store, self.viewer, self.store.console)
        try:
            targets = resyncing.targets(sorted(devices))
            if targets:
                resyncing.ask(targets)
        except TuiprovError as error:
            self._tell(row, "asking", str(error))

    def _end(self, row: RolloutRow, state: str, reason: str) -> None:
        self._set(row, state=state, reason=reason[:1024], ended_at=self.now())
        with self.store.database.write() as session:
            words = f"in waves of {row.sizes}: {reason}" if reason else f"in waves of {row.sizes}"
            history.record(session, self.viewer, "waves", state, words)
        self._tell(row, state, "")

    # -- what a killed process left -------------------------------------------------------------

    def _pick_up(self) -> None:
        """Finish what was broken off between two steps."""
        at_start(self.store)
        row = self._row()
        devices = self._devices(row)
        waiting = [one for one in devices if one.wave == row.wave and one.state == "waiting"]
        self._settle(row, waiting, is_done=False)
        if row.asks:
            self._queued |= {
                one.device_id
                for one in devices
                if one.published_at and not one.asked_at and not one.is_over
            }

    # -- the rows -------------------------------------------------------------------------------

    def _row(self) -> RolloutRow:
        """As it is now. Conflict when another process drives it by now."""
        row = self.store.waves.row(self.viewer, self.rollout_id)
        if self.now() - self._heard >= _BEAT or not row.is_mine:
            with self.store.database.write() as session:
                driven(session, self.rollout_id)
            self._heard = self.now()
        return row

    def _devices(self, row: RolloutRow) -> list[WaveDevice]:
        """Those of the waves so far that are not over."""
        with self.store.database.read() as session:
            return devices_of(session, self.rollout_id, open_up_to=row.wave)

    def _set(self, row: RolloutRow, **values: Any) -> None:
        """Set columns; the order that stood in `row` is done with, one given since stands."""
        with self.store.database.write() as session:
            one = driven(session, self.rollout_id)
            if one.order == row.order:
                one.order = ""
            for name, value in values.items():
                setattr(one, name, value)

    def _mark(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        if changes:
            with self.store.database.write() as session:
                driven(session, self.rollout_id)
                mark(session, self.rollout_id, changes)

    def _leave_out(
        self, row: RolloutRow, devices: Sequence[WaveDevice], left: Mapping[int, str]
    ) -> None:
        out = {"state": "left out", "is_over": True}
        self._mark({number: {**out, "note": why} for number, why in left.items()})
        for one in devices:
            if one.device_id in left:
                self._tell(row, "left out", left[one.device_id], one)

    def _tell(
        self, row: RolloutRow, state: str, words: str, device: WaveDevice | None = None
    ) -> None:
        name = device.name if device is not None else ""
        wave = device.wave if device is not None else row.wave
        self.on_told(Told(self.now(), wave, name, state, words))


def _differing(before: WaveDevice, after: WaveDevice) -> dict[str, Any]:
    names = WaveDevice.__dataclass_fields__
    return {n: getattr(after, n) for n in names if getattr(before, n) != getattr(after, n)}


def _late_words(late: Sequence[WaveDevice], seconds: int) -> str:
    named = "; ".join(f"{one.name} {one.note}" for one in late[:_MOST_NAMED])
    more = f" and {len(late) - _MOST_NAMED} more" if len(late) > _MOST_NAMED else ""
    return f"{named}{more} within {duration(seconds)}"
