"""`tuiprov resync`: ask phones to fetch their files again, and see who came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from tuiprov.commands.site import SITE, Where
from tuiprov.data.resyncs import ResyncRow, Target
from tuiprov.pbx.notify import notify_conf
from tuiprov.printing import print_text, say
from tuiprov.resyncing import Resyncing

_LOOK_SECONDS: Final = 0.5


def resync(
    where: Where = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[
        int,
        typer.Option("--wait", min=0, max=3600, help="Seconds to wait for the phones' fetches."),
    ] = 0,
    asterisk_config: Annotated[
        bool,
        typer.Option("--asterisk-config", help="Print what pjsip_notify.conf needs, and end."),
    ] = False,
) -> None:
    """Ask the phones of the inventory that match to fetch their files again."""
    if asterisk_config:
        print_text(notify_conf())
        return
    store, viewer = SITE.store()
    resyncing = Resyncing(store, viewer, store.console)
    targets = resyncing.matching(where)
    say(resyncing.plan(targets))
    if not targets:
        return
    if not yes and not typer.confirm("Ask them?"):
        say("nothing was done")
        return
    problems = resyncing.ask(targets, _tell)
    came = not wait or _wait(resyncing, targets, wait)
    if any(problems.values()) or not came:
        raise typer.Exit(1)


def _tell(target: Target, problem: str) -> None:
    if problem:
        say(f"! {target.name} ({target.phone}): {problem}", to_error=True)


def _wait(resyncing: Resyncing, targets: Sequence[Target], seconds: int) -> bool:
    """Wait until every phone has fetched, or so long; say how each came. Did all?"""
    deadline = time.monotonic() + seconds
    ids = [one.device_id for one in targets]
    rows = resyncing.of(ids)
    while time.monotonic() < deadline and any(row.fetched_at is None for row in rows.values()):
        time.sleep(_LOOK_SECONDS)
        rows = resyncing.of(ids)
    for target in targets:
        row = rows.get(target.device_id)
        if row is not None:
            say(f"{_in_words(row, seconds):<24} {target.name} ({target.phone})")
    return all(row.fetched_at is not None for row in rows.values())


def _in_words(row: ResyncRow, seconds: int) -> str:
    if row.fetched_at is not None:
        return f"fetched after {(row.fetched_at - row.asked_at).total_seconds():.0f} s"
    state = row.state(datetime.now(UTC), 0)
    return f"not seen after {seconds} s" if state == "not seen" else state
