"""Asking a phone to fetch its files again: a SIP NOTIFY with its manufacturer's event.

Two ways: Asterisk sends it to the phone's registered contact (`by_asterisk`), or tuiprov itself to
the phone's address (`sip.py`). Which event a phone takes is the catalogue's `resync`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tuiprov.data.catalog import Catalog, default_catalog
from tuiprov.errors import PublishError
from tuiprov.pbx.console import runner
from tuiprov.text import visible

COMMAND: Final = ("asterisk",)
"""What runs Asterisk's console; the configuration may name another."""
_LONGEST_SECONDS: Final = 5
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.+*@~-]{1,80}")
"""What may stand in a command of Asterisk's console without a quote around it."""
_UNABLE: Final = re.compile(r"unable|no such|not found|invalid|failed|usage:", re.IGNORECASE)
"""How Asterisk 22 says that it did not send: `Unable to retrieve endpoint 999`."""

Clock = Callable[[], float]
"""Seconds, from anywhere."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One phone to be asked. `endpoint` is what Asterisk calls its first line, `user` that line's
    SIP user name; `address` an IP address, "" when none is known."""

    device_id: int
    event: str
    endpoint: str
    user: str
    address: str = ""
    port: int = 5060


Told = Callable[[Notice, float, str], None]
"""Told of each notice: when it was sent, by the clock that was passed, and what went wrong ("")."""


class Pace:
    """At most so many a second: `due_in` says how long to wait for the next one. Time that was
    lost is not made up for by a burst."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._next = clock()

    def due_in(self) -> float:
        """Seconds until the next one may start."""
        return max(0.0, self._next - self._clock())

    def start(self) -> float:
        """One starts now; gives the time."""
        now = self._clock()
        self._next = now + self._gap
        return now


# -- by Asterisk ----------------------------------------------------------------------------------


def option_of(event: str) -> str:
    """The section of `pjsip_notify.conf` that sends this event."""
    return "tuiprov-" + re.sub(r"[^a-z0-9]+", "-", event.lower()).strip("-")


def notify_conf(catalog: Catalog | None = None) -> str:
    """The sections for Asterisk's `pjsip_notify.conf`, one for each event of the catalogue.

    `;` would begin a comment; Asterisk itself adds Subscription-State (seen on 22.10.1).
    """
    kinds = (catalog or default_catalog()).types()
    events = sorted({kind.facts.resync for kind in kinds} - {""})
    return "\n".join(_sections(events))


def _sections(events: Sequence[str]) -> Iterator[str]:
    yield "; For tuiprov: `tuiprov resync --asterisk-config` prints this."
    for event in events:
        yield f"[{option_of(event)}]"
        yield "Event=>" + event.replace(";", r"\;")
        yield ""


def by_asterisk(
    notices: Iterable[Notice],
    per_second: int,
    told: Told,
    *,
    command: Sequence[str] = COMMAND,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Let Asterisk ask these phones, at most so many a second. No shell is involved: `command` and
    the console's words are arguments of one process for each phone."""
    pace = Pace(per_second, clock)
    for notice in notices:
        sleep(pace.due_in())
        told(notice, pace.start(), _run(notice, command))


def _run(notice: Notice, command: Sequence[str]) -> str:
    """What went wrong, or ""."""
    if not _PLAIN_NAME.fullmatch(notice.endpoint):
        return f"Asterisk's console cannot take the name {notice.endpoint!r}"
    words = f"pjsip send notify {option_of(notice.event)} endpoint {notice.endpoint}"
    try:
        said = runner(command, _LONGEST_SECONDS)(words)[:4096]
    except PublishError as error:
        return str(error)
    return _first_words(said) if _UNABLE.search(said) else ""


def _first_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if _UNABLE.search(line)] or lines
    return visible(telling[0])[:200] if telling else ""
