"""A whole site by CSV: out, into an empty one, and out again with the same bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fleets import make_fleet
from benchmarks.harness import Effort, Figure
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.database import Database
from tuiprov.data.exchange.export import export_csv
from tuiprov.data.exchange.importing import import_file
from tuiprov.data.founding import found_site
from tuiprov.data.store import Store

EXPORT_MS, IMPORT_MS = 0.3, 0.9
"""For each extension: 100,000 in half a minute and in a minute and a half."""


def measure(directory: Path, effort: Effort) -> Iterator[Figure]:
    """Export and import of the largest fleet; the second export must be the first one's bytes."""
    count = effort.fleets[-1]
    whole = directory / "exchange"
    whole.mkdir()
    first = make_fleet(whole / "first.db", count)
    exported, out = _export(first, whole / "first.csv")
    first.close()
    second = Database(f"sqlite:///{whole}/second.db")
    found_site(second, str(whole / "publish"))
    with second.read() as session:
        viewer = administrator(session)
    started = time.perf_counter()
    import_file(second, viewer, exported)
    taken = time.perf_counter() - started
    again, _ = _export(second, whole / "second.csv")
    second.close()
    if exported.read_bytes() != again.read_bytes():
        raise SystemExit("an export of what was imported is not the export it was imported from")
    yield Figure(f"export of {count:,} extensions", out * 1000, EXPORT_MS * count, "ms")
    yield Figure(f"import of {count:,} extensions", taken * 1000, IMPORT_MS * count, "ms")


def _export(database: Database, path: Path) -> tuple[Path, float]:
    store = Store(database)
    with database.read() as session:
        viewer = administrator(session)
    started = time.perf_counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(export_csv(store, viewer))
    return path, time.perf_counter() - started
