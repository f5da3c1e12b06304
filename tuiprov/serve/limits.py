"""How much an address may ask in vain: pure, with the clock passed in (seconds, monotonic).

Ten misses within a minute, or misses under fifty different MAC addresses within an hour, and the
address is banned: for an hour, twice as long each time, 24 hours at most. A day without a ban
forgets the former ones. Only misses are counted, so a phone that is served is never near a limit,
however many share its address.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
MISSES_A_MINUTE = 10
MACS_AN_HOUR = 50
MOST_ADDRESSES = 10_000
"""Addresses remembered; the one that missed longest ago makes room."""
_LOGGED_EVERY = MINUTE


@dataclass(slots=True)
class _Record:
    """What one address did."""

    misses: tuple[float, ...] = ()
    """The last ten; a deque would take ten times the memory, of ten thousand addresses."""
    macs: dict[str, float] = field(default_factory=dict)
    banned_until: float = 0.0
    bans: int = 0
    logged_at: float = float("-inf")


@dataclass(slots=True)
class Limits:
    """The addresses that missed lately; never more than `most`."""

    most: int = MOST_ADDRESSES
    _records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._records)

    def is_banned(self, address: str, now: float) -> bool:
        record = self._records.get(address)
        return record is not None and now < record.banned_until

    def miss(self, address: str, mac: str, now: float) -> bool:
        """Count a request in vain (`mac`: the MAC it named, "" for none); True when it brings a
        ban. What a banned address does is not counted."""
        record = self._record(address)
        if now < record.banned_until:
            return False
        record.misses = (*record.misses, now)[-MISSES_A_MINUTE:]
        if mac:
            record.macs[mac] = now
        if not (_is_often(record, now) or _is_wide(record, now)):
            return False
        _ban(record, now)
        return True

    def is_worth_logging(self, address: str, now: float) -> bool:
        """Of what a banned address does in vain, one request a minute is written down: a flood must
        not push everything else out of the log."""
        record = self._records.get(address)
        if record is None or now >= record.banned_until:
            return True
        if now - record.logged_at < _LOGGED_EVERY:
            return False
        record.logged_at = now
        return True

    def _record(self, address: str) -> _Record:
        record = self._records.setdefault(address, _Record())
        self._records.move_to_end(address)
        if len(self._records) > self.most:
            self._records.popitem(last=False)
        return record


def _is_often(record: _Record, now: float) -> bool:
    return len(record.misses) == MISSES_A_MINUTE and now - record.misses[0] < MINUTE


def _is_wide(record: _Record, now: float) -> bool:
    if len(record.macs) < MACS_AN_HOUR:
        return False
    record.macs = {mac: at for mac, at in record.macs.items() if now - at < HOUR}
    return len(record.macs) >= MACS_AN_HOUR


def _ban(record: _Record, now: float) -> None:
    if now - record.banned_until > DAY:
        record.bans = 0
    record.banned_until = now + min(HOUR * 2**record.bans, DAY)
    record.bans += 1
    record.misses = ()
    record.macs.clear()
