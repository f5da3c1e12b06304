"""`tuiprov publish --waves` and `tuiprov waves`: a plan applied to a few phones first, and what
became of it."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any, Final

import typer

from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.rollouts.waves import RolloutRow, WaveDevice
from tuiprov.data.store import Store
from tuiprov.driving import OnTold, Told
from tuiprov.errors import Conflict, NotFound
from tuiprov.printing import print_json, say
from tuiprov.publish.plan import Plan
from tuiprov.publish.waves import SIZES, parse_sizes, parse_wait
from tuiprov.rollout import Choices, Cut, Rollouts
from tuiprov.text import for_scripts, local_time, on_this_clock

_TICK_SECONDS: Final = 0.1

app = typer.Typer(
    help="Plans that are applied in waves: list, go on, roll back.", no_args_is_help=False
)

Waves = Annotated[
    str, typer.Option("--waves", help=f"Apply to a few phones first, then others: {SIZES}.")
]
Wait = Annotated[
    str, typer.Option("--wait", help="How long a phone of a wave has to come back: 90s, 10m, 1h.")
]
Resync = Annotated[
    bool, typer.Option("--resync/--no-resync", help="Ask the phones of a wave to fetch.")
]
Back = Annotated[
    str, typer.Option("--back", help="What goes back when a phone is late: all waves, or its wave.")
]


def choices(waves: str, wait: str, back: str, *, resync: bool) -> Choices:
    """The options of the command line; Refused names the one that is wrong."""
    if back not in ("all", "wave"):
        raise typer.BadParameter("is all or wave", param_hint="--back")
    parse_sizes(waves or SIZES)
    return Choices(waves or SIZES, parse_wait(wait), resync, back)


def rollouts(store: Store, viewer: Viewer) -> Rollouts:
    """Those that this process drives until it is told to end."""
    return Rollouts(store, viewer, sleep=_sleep)


def publish_in_waves(
    opened: Rollouts, plan: Plan, chosen: Choices, *, yes: bool, as_json: bool, dry_run: bool
) -> None:
    """Show the waves, ask, and drive them to their end. Exit 1: rolled back."""
    cut = opened.cut(plan, chosen)
    if not as_json:
        _say_cut(cut)
    if dry_run or (as_json and not yes):
        return
    if not yes and not typer.confirm("Apply this plan in waves?"):
        say("nothing was done")
        return
    number = opened.start(plan, cut)
    _drive(opened.drive, number, as_json=as_json)
    if plan.failed:
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def list_waves(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the waves that are under way, or were the last."""
    if context.invoked_subcommand is not None:
        return
    store, viewer = SITE.store()
    rows = store.waves.rows(viewer)
    if as_json:
        print_json([_as_data(one) for one in rows])
        return
    for one in rows:
        driver = f"  driven by {one.driver}" if one.is_driven else ""
        say(f"{local_time(one.started_at)}  {one.who}  {one.sizes}  {one.words()}{driver}")
    if rows and rows[0].is_open:
        for device in store.waves.devices(viewer, rows[0].id):
            say(_line_of(device))
        if not rows[0].is_driven:
            say("nobody drives these waves: tuiprov waves resume, or tuiprov waves abort")


@app.command()
def resume(as_json: AsJson = False) -> None:
    """Go on with waves whose process has ended."""
    opened, row = _open_one()
    _drive(opened.resume, row.id, as_json=as_json)


@app.command()
def abort(as_json: AsJson = False) -> None:
    """Stop the waves and bring the phones' files of before back."""
    opened, row = _open_one()
    with _ends_quietly():
        ended = opened.abort(row.id, _teller(as_json=as_json))
    if ended.is_open:
        say(f"told {ended.driver}, which drives these waves, to roll them back")


# -- parts ----------------------------------------------------------------------------------------


def _open_one() -> tuple[Rollouts, RolloutRow]:
    store, viewer = SITE.store()
    row = store.waves.open_one(viewer)
    if row is None:
        raise NotFound("no waves are under way")
    return rollouts(store, viewer), row


def _drive(drive: Callable[[int, OnTold], RolloutRow], number: int, *, as_json: bool) -> None:
    with _ends_quietly():
        ended = drive(number, _teller(as_json=as_json))
    if ended.state != "done":
        if ended.operation is not None and not as_json:
            say(f"the data stays as it is; to take it back too: tuiprov undo {ended.operation}")
        raise Conflict(f"{ended.state}: {ended.reason}")


class _Stopped(Exception):
    """The process is told to end."""


@dataclass
class _Ending:
    """Whether the process is told to end. A signal sets it, and the driver meets it where it waits
    or tells of something: nothing is broken off amid a publish."""

    is_told: bool = False

    def meet(self) -> None:
        if self.is_told:
            raise _Stopped


_ENDING = _Ending()


def _sleep(seconds: float) -> None:
    """What a driver of the command line waits by."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        _ENDING.meet()
        time.sleep(min(left, _TICK_SECONDS))


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """Ctrl+C and SIGTERM end the driving between two steps; the rollout stays as it is."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        _ENDING.is_told = True

    _ENDING.is_told = False
    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except _Stopped:
        raise Conflict(
            "nobody drives these waves any more, what is published stays: tuiprov waves resume "
            "goes on, tuiprov waves abort rolls back"
        ) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _teller(*, as_json: bool) -> OnTold:
    return _tell_json if as_json else _tell


def _tell(told: Told) -> None:
    _ENDING.meet()
    at = on_this_clock(told.at).strftime("%H:%M:%S")
    subject = f"{told.device}: {told.state}" if told.device else told.state
    say(f"{at}  {subject}{f': {told.words}' if told.words else ''}")
    sys.stdout.flush()  # into a journal or a pipe each line goes when it is true


def _tell_json(told: Told) -> None:
    _ENDING.meet()
    known = {"wave": told.wave, "device": told.device, "state": told.state, "words": told.words}
    print(json.dumps({"at": for_scripts(told.at), **known}), flush=True)


def _say_cut(cut: Cut) -> None:
    for number, wave in enumerate(cut.waves, 1):
        names = ", ".join(one.name for one in wave[:5])
        more = f" and {len(wave) - 5} more" if len(wave) > 5 else ""
        say(f"wave {number}: {len(wave)} phone{'s' if len(wave) > 1 else ''}: {names}{more}")
    for note in cut.notes:
        say(note)


def _line_of(one: WaveDevice) -> str:
    note = f"  {one.note}" if one.note else ""
    return f"  wave {one.wave}  {one.state:<11} {one.name} ({one.phone}){note}"


def _as_data(one: RolloutRow) -> dict[str, Any]:
    moments = {
        name: for_scripts(at) if (at := getattr(one, name)) else None
        for name in ("started_at", "ended_at")
    }
    names = ("id", "who", "state", "reason", "sizes", "waves", "wave", "wait_seconds", "is_driven")
    return {**{n: getattr(one, n) for n in names}, **moments, "counts": dict(one.counts)}
