"""Every figure beside its limit, from one run: `python -m benchmarks [--quick] [--json]`.

Limits are multiples of bare programs that run in turn with tuiprov, so that they hold on any
machine; those in plain milliseconds and bytes are what an admin notices. Exit status 1 when one is
missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import keystrokes, publishing, rendering, startup
from benchmarks.harness import QUICK, THOROUGH, Effort, Figure, table
from tuiprov.data.accounts import administrator
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.store import Store
from tuiprov.publish.publishing import plan_devices, publish

DEVICES = 24


def measure(effort: Effort) -> Iterator[Figure]:
    """All figures, on a site made for this run."""
    with tempfile.TemporaryDirectory(prefix="tuiprov-benchmarks-") as directory:
        site = Path(directory) / "site.db"
        database = Database(f"sqlite:///{site}")
        make_demo(database, DEVICES)
        _publish_all(Store(database))
        database.close()
        yield from startup.measure(site, effort)
        yield from keystrokes.measure(site, effort)
        yield from publishing.measure(Path(directory), effort)
    yield from rendering.measure(effort)


def _publish_all(store: Store) -> None:
    """Published phones are the usual case, and the dearer one: the preview compares."""
    with store.database.read() as session:
        viewer = administrator(session)
    publish(store, viewer, plan_devices(store, store.device_ids(viewer)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    figures = list(measure(QUICK if options.quick else THOROUGH))
    if options.json:
        derived = [{"ratio": figure.ratio, "kept": figure.kept} for figure in figures]
        rows = [asdict(figure) | more for figure, more in zip(figures, derived, strict=True)]
        print(json.dumps(rows, indent=2))
    else:
        print(table(figures))
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
