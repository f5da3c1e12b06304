"""What became of each request: a line on standard output at once, a row of the fetch log soon.

Rows wait in a queue that a thread writes every quarter of a second in one transaction: a phone
never waits for the disk. The queue is bounded; when the database cannot be written for long,
refusals are dropped first and all that is dropped is counted. Of the oldest rows, all go but the
last one served of each file, which says when a device last fetched.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import and_, delete, exists, func, insert, not_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from tuiprov.data.database import Database
from tuiprov.data.kept import Fetch
from tuiprov.errors import StoreError
from tuiprov.serve.seen import Asked, catch_up, note
from tuiprov.serve.verdicts import SERVED

EVERY_SECONDS: Final = 0.25
MOST_WAITING: Final = 10_000
KEPT_ROWS: Final = 100_000
_TRIMMED_EVERY: Final = 10_000
_BATCH: Final = 500
_SERVED_TOO: Final = 4
"""How many times MOST_WAITING may wait before served requests are dropped as well: the first
link of a device dies by them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request, as `kept.Fetch` has it."""

    at: datetime
    address: str
    protocol: str
    method: str
    path: str
    agent: str
    device_id: int | None
    file: str
    verdict: str
    status: int
    version_id: int | None
    sent: int


def say(line: str) -> None:
    """Print a line for the journal at once. A journal that is gone is no reason to stop serving."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        pass


def line_of(row: Row, counts: bool) -> str:
    """The journal's line of a request. `provision-miss ip=<address> reason=<word>` is what
    fail2ban looks for (docs/examples): what the asker sends stands behind it, without blanks."""
    kind = "hit" if row.verdict == SERVED else "miss" if counts else "refused"
    return (
        f"provision-{kind} ip={row.address} reason={row.verdict} status={row.status} "
        f"protocol={row.protocol} method={row.method} path={row.path}"
    )


@dataclass
class FetchLog:
    """The log of one running service: `start`, `add` from any thread, `stop`."""

    database: Database
    kept: int = KEPT_ROWS
    most_waiting: int = MOST_WAITING
    speak: Callable[[str], None] = say
    dropped: int = 0
    _waiting: deque[Row] = field(default_factory=deque)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _since_trim: int = _TRIMMED_EVERY
    _failing: str = ""

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="fetch log", daemon=True)
        self._thread.start()

    def add(self, row: Row) -> None:
        """Put a row into the queue, or drop it when too many wait."""
        room = self.most_waiting * (_SERVED_TOO if row.verdict == SERVED else 1)
        if len(self._waiting) < room:
            self._waiting.append(row)
        else:
            self.dropped += 1

    def stop(self, seconds: float) -> None:
        """Write what waits and end; after `seconds` what the database did not take is lost."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(seconds)
        if self._waiting:
            self.speak(f"fetch log: {len(self._waiting)} requests could not be written down")

    def flush(self) -> None:
        """Write what waits. StoreError: it still waits."""
        while rows := list(islice(self._waiting, _BATCH)):
            with self.database.write() as session:
                session.execute(insert(Fetch), [asdict(row) for row in rows])
                note(session, _of_devices(rows))
            for _row in rows:
                self._waiting.popleft()
            self._since_trim += len(rows)

    def trim(self) -> int:
        """Delete the oldest rows beyond `kept`; gives how many."""
        found = list(self._outdated())
        for start in range(0, len(found), _BATCH):
            some = found[start : start + _BATCH]
            with self.database.write() as session:
                session.execute(delete(Fetch).where(col(Fetch.id).in_(some)))
        return len(found)

    def _work(self) -> None:
        with suppress(Exception):  # the first round tells it, and the next start makes up for it
            catch_up(self.database)
        while not self._ending.wait(EVERY_SECONDS):
            self._try()
        self._try()

    def _try(self) -> None:
        """One round; a database that refuses is told once until it takes rows again."""
        try:
            self.flush()
            if self._since_trim >= _TRIMMED_EVERY and not self._ending.is_set():
                self._since_trim = 0
                self.trim()
        except Exception as error:  # whatever it is, the next round may go better
            words = str(error) if isinstance(error, StoreError) else type(error).__name__
            if words != self._failing:
                self.speak(f"fetch log: {words}")
            self._failing = words
        else:
            self._failing = ""
        if self.dropped:
            self.speak(f"fetch log: {self.dropped} requests dropped, too many wait to be written")
            self.dropped = 0

    def _outdated(self) -> Iterator[int]:
        newer = aliased(Fetch)
        served_since = exists().where(
            and_(
                col(newer.device_id) == col(Fetch.device_id),
                col(newer.id) > col(Fetch.id),
                col(newer.file) == col(Fetch.file),
                col(newer.verdict) == SERVED,
            )
        )
        is_last_served = and_(col(Fetch.verdict) == SERVED, not_(served_since))
        with self.database.read() as session:
            newest = session.execute(select(func.max(col(Fetch.id)))).scalar() or 0
            oldest = select(col(Fetch.id)).where(col(Fetch.id) <= newest - self.kept)
            for row in session.execute(oldest.where(not_(is_last_served))):
                yield row[0]


def _of_devices(rows: Iterable[Row]) -> Iterator[Asked]:
    for row in rows:
        if row.device_id is not None:
            yield row.device_id, row.agent, row.verdict == SERVED
