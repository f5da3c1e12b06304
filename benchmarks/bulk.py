"""One change of very many extensions, beside the same rows changed by bare SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

from sqlalchemy import text

from benchmarks.ground import Ground
from benchmarks.harness import Figure
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import apply
from tuiprov.data.store import Store

LIMIT = 4.0
"""Times the bare UPDATE of the same rows with as many history inserts."""
_TURNS = 5
_MODES = ("info", "inband", "auto")

_HISTORY = """
INSERT INTO field_change (event_id, "table", row_id, field, before, after, key)
SELECT (SELECT max(id) FROM event), 'extension', id, 'dtmf_mode', '"rfc2833"', :after, ''
FROM extension
"""


def measure(ground: Ground) -> Iterator[Figure]:
    """A field of all extensions of a fleet changed, validated and written into the history, and
    that operation taken back."""
    for count in ground.effort.fleets:
        yield from _of_fleet(*ground.fleet("bulk", count), count)


def _of_fleet(store: Store, viewer: Viewer, count: int) -> Iterator[Figure]:
    ids = list(store.extension_ids(viewer))
    bare, ours, undone = [], [], []
    for turn in range(_TURNS):
        mode = _MODES[turn % len(_MODES)]
        _all_published(store)
        bare.append(_seconds(lambda: _bare(store, f"bare{turn}")))  # noqa: B023
        done: list[int] = []
        ours.append(_seconds(lambda: done.append(_change(store, viewer, ids, mode))))  # noqa: B023
        undone.append(_seconds(lambda: store.archive.undo(viewer, done[0])))  # noqa: B023
    limit = LIMIT * median(bare) * 1000
    against = f"{LIMIT:g} x bare UPDATE and inserts"
    yield Figure(f"one field of {count:,} extensions", median(ours) * 1000, limit, "ms", against)
    yield Figure(f"taking it back, {count:,}", median(undone) * 1000, limit, "ms", against)


def _all_published(store: Store) -> None:
    """As a change finds them; the bare one has nothing to mark as stale."""
    with store.database.write() as session:
        session.execute(text("UPDATE device SET publish_state = 'published'"))


def _bare(store: Store, mode: str) -> None:
    with store.database.write() as session:
        changed = "UPDATE extension SET dtmf_mode = :mode, version = version + 1"
        session.execute(text(changed), {"mode": mode[:8]})
        session.execute(text(_HISTORY), {"after": f'"{mode}"'})


def _change(store: Store, viewer: Viewer, ids: list[int], mode: str) -> int:
    with store.database.write() as session:
        return apply(session, viewer, ids, {"dtmf_mode": mode}, "all").event_id or 0


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
