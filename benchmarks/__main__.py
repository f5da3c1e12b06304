"""Every figure beside its limit, from one run: `python -m benchmarks [PART…] [--quick] [--json]`.

Limits are multiples of bare programs that run in turn with tuiprov, so that they hold on any
machine; those in plain milliseconds and bytes are what an admin notices. Exit status 1 when one is
missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from benchmarks import (
    bulk,
    exchanging,
    keystrokes,
    lists,
    publishing,
    regenerate,
    rendering,
    serving,
    startup,
)
from benchmarks.ground import Ground
from benchmarks.harness import QUICK, THOROUGH, Figure, table

PARTS: Final[Mapping[str, Callable[[Ground], Iterator[Figure]]]] = {
    "start": lambda ground: startup.measure(ground.site, ground.effort),
    "keys": keystrokes.measure,
    "lists": lists.measure,
    "serving": lambda ground: serving.measure(ground.site, ground.effort),
    "plans": publishing.measure_plans,
    "publish": publishing.measure_publish,
    "bulk": bulk.measure,
    "regenerate": regenerate.measure,
    "exchange": lambda ground: exchanging.measure(ground.directory, ground.effort),
    "rendering": lambda ground: rendering.measure(ground.effort),
}


def measure(ground: Ground, parts: Iterable[str]) -> Iterator[Figure]:
    """The figures of these parts."""
    for part in parts:
        yield from PARTS[part](ground)


def main() -> int:
    options = _options()
    effort = QUICK if options.quick else THOROUGH
    if options.fleets:
        effort = replace(effort, fleets=tuple(map(int, options.fleets.split(","))))
    if options.published:
        effort = replace(effort, published=options.published)
    with tempfile.TemporaryDirectory(prefix="tuiprov-benchmarks-") as directory:
        figures = list(measure(Ground(Path(directory), effort), options.parts or PARTS))
    if options.json:
        derived = [{"ratio": figure.ratio, "kept": figure.kept} for figure in figures]
        rows = [asdict(figure) | more for figure, more in zip(figures, derived, strict=True)]
        print(json.dumps(rows, indent=2))
    else:
        print(table(figures))
    return 0 if all(figure.kept for figure in figures) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--fleets", metavar="N,N…", help="sizes of fleets, the smallest first")
    parser.add_argument(
        "--published", type=int, metavar="N", help="devices whose files are all made anew"
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
