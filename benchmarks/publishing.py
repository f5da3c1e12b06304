"""Planning follows the changed phones, not the fleet; publishing keeps up with the disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from benchmarks.ground import Ground
from benchmarks.harness import Figure, median
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.store import Store
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import plan_devices, plan_outdated
from tuiprov.publish.publishing import publish

PLAN_LIMIT_MS = 2_000.0
"""For a hundredth of 100,000 devices."""
GROWTH_LIMIT = 1.5
"""How much longer a changed phone of the largest fleet may take than one of the smallest."""
APPLY_SHARE = 0.6
_TURNS = 3


def measure_plans(ground: Ground) -> Iterator[Figure]:
    """Plans of fleets of growing size, of each a hundredth has changed."""
    each = {}
    for count in ground.effort.fleets:
        store, viewer = ground.fleet("plans", count)
        seconds, changed = _plan_of_a_hundredth(store, viewer)
        each[count] = seconds / changed
        words = f"plan, {changed} changed of {count:,} devices"
        yield Figure(words, seconds * 1000, PLAN_LIMIT_MS, "ms", "for 100,000 devices")
    smallest, largest = ground.effort.fleets[0], ground.effort.fleets[-1]
    yield Figure(
        "a changed phone's plan, largest fleet",
        each[largest] * 1000,
        GROWTH_LIMIT * each[smallest] * 1000,
        "ms",
        f"{GROWTH_LIMIT} x of {smallest:,} devices, here {largest:,}",
    )


def measure_publish(ground: Ground) -> Iterator[Figure]:
    """The files of many devices, from a plan to the disk."""
    devices = ground.effort.published
    yield _apply(ground.directory, *ground.fleet("publish", devices), devices)


def _plan_of_a_hundredth(store: Store, viewer: Viewer) -> tuple[float, int]:
    """Seconds to plan every hundredth device, which has its files and a new name, and how many."""
    _outdate(store)
    publish(store, viewer, plan_outdated(store, viewer))
    with store.database.write() as session:
        session.execute(text("UPDATE extension SET extension_name = 'New' WHERE id % 100 = 0"))
    _outdate(store)
    started = time.perf_counter()
    plan = plan_outdated(store, viewer)
    return time.perf_counter() - started, plan.count("replace")


def _outdate(store: Store) -> None:
    with store.database.write() as session:
        session.execute(text("UPDATE device SET publish_state = 'stale' WHERE id % 100 = 0"))


def _apply(directory: Path, store: Store, viewer: Viewer, devices: int) -> Figure:
    """Files a second of a publish, its records in the database among them, beside the bare loop
    over the same bytes in the same directories, which runs in turn with it; medians."""
    ids = store.device_ids(viewer)[:devices]
    publish(store, viewer, plan_devices(store, ids))
    bare, ours = [], []
    for turn in range(_TURNS):
        with store.database.write() as session:
            session.execute(text(f"UPDATE extension SET extension_name = 'Turn {turn}'"))
        plan = plan_devices(store, ids)
        bare.append(_bare_loop(directory / "bare", plan))
        started = time.perf_counter()
        publish(store, viewer, plan)
        ours.append(time.perf_counter() - started)
    files = len(plan.changes)
    least = APPLY_SHARE * files / median(bare)
    against = f"{APPLY_SHARE} x write, fsync, rename one by one, {files / median(bare):.0f}/s"
    what = f"publish of {files:,} files"
    return Figure(what, files / median(ours), least, "/s", against, at_least=True)


def _bare_loop(root: Path, plan: Plan) -> float:
    """Seconds of the plainest writer that tears no file: a temporary, fsync, rename over the
    target.

    The targets are there before, as a publish finds them: giving back the blocks of the replaced
    file is a part of the price. It does not sync the directories, so its renames may be undone by
    a power failure, and it records nothing; a publish does both, and is measured with both. With
    them the loop would be a third slower: what a publish has to reach is the harder figure.
    """
    for change in plan.changes:
        (root / change.path).parent.mkdir(parents=True, exist_ok=True)
        (root / change.path).write_bytes(change.data[::-1])
    os.sync()
    started = time.perf_counter()
    for change in plan.changes:
        target = root / change.path
        with open(f"{target}.tmp", "wb") as file:
            file.write(change.data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{target}.tmp", target)
    seconds = time.perf_counter() - started
    shutil.rmtree(root)
    return seconds
