"""The files of every phone of a fleet made anew, from the database to the disk, and of some.

The floor is the plainest program that makes the same bytes: on each core a process that renders the
compiled templates with values made beforehand, writes each file beside its place and renames it. It
reads no database, parses nothing back, records nothing and waits for no disk.

What a file costs is the file system's to say: on ext4 without a journal, which few hosts have, it
is several times as much after many were replaced in the last minutes. TMPDIR chooses another.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import text

from benchmarks.ground import Ground
from benchmarks.harness import Figure, median
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.store import Store
from tuiprov.publish.planning import plan_devices, plan_outdated
from tuiprov.publish.publishing import publish
from tuiprov.render.engine import environment, type_of
from tuiprov.render.links import file_name, published_path
from tuiprov.render.values import template_values

SHARE = 0.6
GROWTH_LIMIT = 1.5
"""How much longer the same number of changed phones may take in a fleet ten times as large."""
CHANGED = 1_000
_TURNS = 5

Job = tuple[Callable[..., str], dict[str, object], str]
"""A compiled template, its values, and where the file belongs."""


def measure(ground: Ground) -> Iterator[Figure]:
    """All phones of a fleet, then as many changed phones of a large fleet as of a small one."""
    count = ground.effort.published
    store, viewer = ground.fleet("regenerate", count)
    yield from _all(ground.directory, store, viewer, count)
    sizes = [size for size in ground.effort.fleets if size >= CHANGED][-2:]
    seconds = [_some(*ground.fleet("changed", size), size) for size in sizes]
    yield Figure(
        f"{CHANGED:,} changed of {sizes[-1]:,} devices",
        seconds[-1] * 1000,
        GROWTH_LIMIT * seconds[0] * 1000,
        "ms",
        f"{GROWTH_LIMIT} x of {sizes[0]:,} devices",
    )


def _all(directory: Path, store: Store, viewer: Viewer, count: int) -> Iterator[Figure]:
    ids = store.device_ids(viewer)
    publish(store, viewer, plan_devices(store, ids))
    floors, ours, planning = [], [], []
    for turn in range(_TURNS):
        _change_everything(store, f"Turn {turn}")
        jobs = list(_jobs(store, ids))
        made = len(jobs)
        floors.append(count / _floor(directory / "floor", jobs))
        del jobs
        os.sync()  # what the floor left in memory is not ours to bring to the disk
        started = time.perf_counter()
        plan = plan_devices(store, ids)
        planned = time.perf_counter()
        publish(store, viewer, plan)
        ours.append(count / (time.perf_counter() - started))
        planning.append(count / (planned - started))
        if len(plan.changes) != made:
            raise RuntimeError(f"{len(plan.changes)} files were made, the floor has {made}")
        del plan
    yield _beside(f"all files of {count:,} devices made anew, devices", ours, floors)
    yield _beside("of that, the plan alone", planning, floors)


def _beside(what: str, ours: list[float], floors: list[float]) -> Figure:
    """The median of the turns, each beside its own floor: the machine's pace changes between."""
    floor = median(floors)
    rate = floor * median([one / other for one, other in zip(ours, floors, strict=True)])
    against = f"{SHARE} x templates, write, rename on all cores, {floor:.0f}/s"
    return Figure(what, rate, SHARE * floor, "/s", against, at_least=True)


def _jobs(store: Store, ids: list[int]) -> Iterator[Job]:
    """The files that are a phone's own, as the floor makes them."""
    for phone in store.phones(ids):
        kind = type_of(phone)
        if kind is None:
            continue
        values = template_values(phone, kind)
        for rule in kind.facts.files:
            if rule.scope == "device":
                path = f"{kind.templates}/{rule.template}"
                template = environment(rule.format).get_template(path)
                yield template.render, values, published_path(file_name(rule, phone, kind), phone)


def _floor(root: Path, jobs: list[Job]) -> float:
    """Seconds to make these files on all cores, in place of others; the process that is waited for
    longest counts."""
    for _, _, path in jobs:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    os.sync()
    cores = os.cpu_count() or 1
    started = time.perf_counter()
    children = [_child(root, jobs[number::cores]) for number in range(cores)]
    for child in children:
        os.waitpid(child, 0)
    return time.perf_counter() - started


def _child(root: Path, jobs: list[Job]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        for render, values, path in jobs:
            target = f"{root}/{path}"
            with open(f"{target}.tmp", "w", encoding="utf-8") as file:
                file.write(render(values))
            os.replace(f"{target}.tmp", target)
    finally:
        os._exit(0)


def _some(store: Store, viewer: Viewer, size: int) -> float:
    """Seconds from the database to the disk for so many changed phones of a fleet."""
    every = size // CHANGED
    taken = []
    for turn in range(_TURNS + 1):
        _rename(store, f"Turn {turn}", every)
        started = time.perf_counter()
        publish(store, viewer, plan_outdated(store, viewer))
        taken.append(time.perf_counter() - started)
    return median(taken[1:])  # the first made directories


def _change_everything(store: Store, name: str) -> None:
    """Let each file that is a phone's own have another text: lists of files name the host, or the
    phone's image, and no extension."""
    _rename(store, name, 1)
    word = name.replace(" ", "").lower()
    with store.database.write() as session:
        session.execute(
            text("UPDATE system_settings SET provisioning_host = :host"), {"host": word}
        )
        session.execute(text("UPDATE device SET application_version = :image"), {"image": word})


def _rename(store: Store, name: str, every: int) -> None:
    """Give each so-manyth extension another name, which stands in its phone's files."""
    with store.database.write() as session:
        chosen = f"WHERE id % {every} = 0"
        renamed = f"UPDATE extension SET extension_name = :name, version = version + 1 {chosen}"
        session.execute(text(renamed), {"name": name})
        session.execute(text(f"UPDATE device SET publish_state = 'stale' {chosen}"))
