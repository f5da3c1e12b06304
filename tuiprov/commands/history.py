"""`tuiprov history`, `undo`, `versions` and `restore`: what was done, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from tuiprov.commands.devices import Device, Yes
from tuiprov.commands.progress import progress
from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.history.archive import ChangeRow, EventRow, change_words
from tuiprov.errors import NotFound
from tuiprov.printing import print_json, print_plan, print_table, say
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import carry_out
from tuiprov.publish.timeline import Timeline
from tuiprov.text import for_scripts, local_time

Number = Annotated[int, typer.Argument(help="The operation's number.", min=1, show_default=False)]
VersionNumber = Annotated[
    int, typer.Argument(help="The version's number.", min=1, show_default=False)
]
_MOST = 50


def history(
    words: Annotated[list[str] | None, typer.Argument(help="Who, what or of what.")] = None,
    number: Annotated[int, typer.Option("--show", help="What this operation changed.")] = 0,
    most: Annotated[int, typer.Option("--most", help="How many to list.", min=1)] = _MOST,
    as_json: AsJson = False,
) -> None:
    """Print what was done, the latest first, or what one operation changed."""
    store, viewer = SITE.store()
    if number:
        _print_changes(store.archive.changes(viewer, number), as_json=as_json)
        return
    ids = list(store.archive.ids(viewer, " ".join(words or [])))[:most]
    rows = store.archive.rows(viewer, ids)
    _print_events([rows[id] for id in ids if id in rows], as_json=as_json)


def undo(number: Number, yes: Yes = False) -> None:
    """Take an operation back as a whole: a save, a bulk edit, an import."""
    store, viewer = SITE.store()
    _print_changes(store.archive.changes(viewer, number), as_json=False)
    if not yes and not typer.confirm("Take this back?"):
        say("nothing was done")
        return
    with store.operations.begin():
        with progress("taking back") as on_record:
            devices = store.archive.undo(viewer, number, on_record)
        say("taken back")
        extensions = store.archive.undone(viewer, number)
        if (devices or extensions) and viewer.may_provision:
            with progress("planning") as on_phone:
                ready = plan_devices(store, devices, extensions=extensions, on_phone=on_phone)
            print_plan(ready, with_diff=False, as_json=False)
            if ready and (yes or typer.confirm("Bring the phones' files up to date?")):
                carry_out(store, viewer, ready, f"undo of {number}")
                say("done")


def versions(
    device: Device,
    diff: Annotated[int, typer.Option("--diff", help="What this version changed.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print the versions of a device's files, the latest first."""
    store, viewer = SITE.store()
    timeline = Timeline(store, viewer, store.devices.find(viewer, device))
    known = timeline.versions()
    if diff:
        chosen = next((one for one in known if one.id == diff), None)
        if chosen is None:
            raise NotFound(f"{device} has no version {diff}")
        for line in timeline.diff(chosen, known):
            say(line)
        return
    if as_json:
        print_json([
            {"id": one.id, "path": one.path, "at": for_scripts(one.at), "who": one.who,
             "why": one.why, "deleted": one.is_gone, "current": one.is_current, "size": one.size}
            for one in known
        ])  # fmt: skip
        return
    print_table(
        ("NUMBER", "WHEN", "WHO", "WHY", "FILE", "BYTES", ""),
        [
            (
                str(one.id), local_time(one.at), one.who, one.why, one.path.rpartition("/")[2],
                "deleted" if one.is_gone else str(one.size), "now" if one.is_current else "",
            )
            for one in known
        ],
    )  # fmt: skip


def restore(device: Device, number: VersionNumber, yes: Yes = False) -> None:
    """Bring an earlier version of a device's file back, until it is published again."""
    store, viewer = SITE.store()
    timeline = Timeline(store, viewer, store.devices.find(viewer, device))
    chosen = next((one for one in timeline.versions() if one.id == number), None)
    if chosen is None:
        raise NotFound(f"{device} has no version {number}")
    ready = timeline.plan(chosen)
    print_plan(ready, with_diff=True, as_json=False)
    if ready and (yes or typer.confirm("Apply this plan?")):
        timeline.restore(chosen, ready)
        say("done: the device is stale until its files are published again")


def _print_events(rows: list[EventRow], *, as_json: bool) -> None:
    if as_json:
        print_json([
            {"id": row.id, "at": for_scripts(row.at), "who": row.who, "action": row.action,
             "subject": row.subject, "detail": row.detail, "changes": row.changes,
             "undone_by": row.undone_by}
            for row in rows
        ])  # fmt: skip
        return
    print_table(
        ("NUMBER", "WHEN", "WHO", "WHAT", "OF", "DETAIL"),
        [
            (str(row.id), local_time(row.at), row.who, row.action, row.subject, _detail(row))
            for row in rows
        ],
    )


def _detail(row: EventRow) -> str:
    return f"{row.detail} (taken back)".strip() if row.undone_by else row.detail


def _print_changes(rows: Sequence[ChangeRow], *, as_json: bool) -> None:
    if as_json:
        print_json([
            {"record": one.record, "field": one.label, "before": one.before, "after": one.after}
            for one in rows
        ])  # fmt: skip
        return
    for one in rows:
        say(change_words(one))
