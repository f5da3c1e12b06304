"""A plan cut into waves: which phones go first, and what becomes of one that was given its files.

Pure: no disk, clock or database. `wave_files.py` says what a wave does to files, `rollout.py` above
drives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

from tuiprov.data.rollouts.waves import NewDevice, WaveDevice
from tuiprov.errors import Refusal, Refused
from tuiprov.publish.plan import Plan

SIZES: Final = "1,5,all"
WAIT_SECONDS: Final = 600
LATELY: Final = timedelta(days=7)
"""A phone that neither fetched within this time nor is registered is not expected to come."""
_ALL: Final = "all"
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST: Final = 86_400

Contacts = Mapping[str, Mapping[str, str]]
"""What a PBX knows: account → contact → when it ends. A contact that is registered again ends
later."""


def parse_sizes(text: str) -> list[int | None]:
    """`1,5,all` as [1, 5, None]: so many phones, then so many others, then all the rest. Refused
    when it is anything else."""
    words = [word.strip().lower() for word in text.split(",")]
    if words[-1] != _ALL or not all(w.isdecimal() and 0 < int(w) < 10**6 for w in words[:-1]):
        reason = f"{text!r} is none: numbers of phones, then all, such as {SIZES}"
        raise Refused([Refusal("waves", reason)])
    return [*(int(word) for word in words[:-1]), None]


def parse_wait(text: str) -> int:
    """`10m`, `90s`, `1h` or `600` in seconds; Refused when it is anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh]?)", text.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise Refused([Refusal("wait", f"{text!r} is no time such as 90s, 10m or 1h, 24h at most")])
    return seconds


def duration(seconds: int) -> str:
    """`10m`, `90s`, `1h`: as `parse_wait` takes it."""
    unit, size = next(pair for pair in (("h", 3600), ("m", 60), ("s", 1)) if not seconds % pair[1])
    return f"{seconds // size}{unit}"


# -- who goes first -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a device before it gets new files. `is_seen`: its fetches are in the fetch
    log (HTTP). `is_registered`: at a PBX that is asked; None: no PBX is."""

    device_id: int
    name: str
    phone: str
    is_seen: bool
    fetched_at: datetime | None
    is_registered: bool | None

    def is_well(self, now: datetime) -> bool:
        """Is it there: registered where a PBX can say so, and fetched lately?"""
        lately = self.fetched_at is not None and now - self.fetched_at <= LATELY
        return self.is_seen and lately and self.is_registered is not False

    def words(self, now: datetime) -> str:
        """`fetched 3 minutes ago, registered`."""
        words = "never fetched"
        if self.fetched_at is not None:
            words = f"fetched {_ago(now - self.fetched_at)} ago"
        known = {True: ", registered", False: ", not registered", None: ""}
        return words + known[self.is_registered]


def cut(
    found: Iterable[Standing], sizes: Sequence[int | None], now: datetime
) -> list[list[Standing]]:
    """The devices in waves of these sizes. First those that are there, one of each model in turn,
    the model that most phones have first and of each the one that fetched last; so a wave tries as
    many models as it has room for. Phones that fetch by TFTP come last: nobody sees them fetch, and
    the files they share go with the last wave."""
    known = list(found)
    well = [one for one in known if one.is_well(now)]
    others = [one for one in known if one.is_seen and not one.is_well(now)]
    last = [one for one in known if not one.is_seen]
    ordered = [*_in_turn(well), *_in_turn(others)]
    waves: list[list[Standing]] = []
    for size in sizes[:-1]:
        waves.append(ordered[:size])
        ordered = ordered[size:]
    waves.append([*ordered, *last])
    return [wave for wave in waves if wave]


def _in_turn(devices: Sequence[Standing]) -> list[Standing]:
    by_model: dict[str, list[Standing]] = {}
    for one in sorted(devices, key=_order):
        by_model.setdefault(one.phone, []).append(one)
    commonest = sorted(by_model.values(), key=lambda some: (-len(some), some[0].phone))
    return [one for turn in zip_longest(*commonest) for one in turn if one is not None]


def _order(one: Standing) -> tuple[bool, float, int]:
    at = one.fetched_at.timestamp() if one.fetched_at else 0.0
    return one.is_registered is False, -at, one.device_id


def _ago(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"


def new_devices(
    waves: Sequence[Sequence[Standing]],
    plan: Plan,
    digest: Callable[[bytes], str],
    now: datetime,
    *,
    has_rest: bool,
) -> list[NewDevice]:
    """The devices as they are written down. Of a wave with a size of its own every one that can be
    seen has to come back; of the rest those that were there when it began."""
    planned = planned_files(plan, digest)
    found = []
    for number, wave in enumerate(waves, 1):
        is_rest = has_rest and number == len(waves)
        for one in wave:
            able = one.is_seen or bool(one.is_registered)
            expected = one.is_well(now) or bool(one.is_registered)
            awaited = able and (expected or not is_rest)
            files = planned.get(one.device_id, nothing_planned(digest))
            found.append(NewDevice(one.device_id, number, files, awaited, one.is_seen))
    return found


def planned_files(plan: Plan, digest: Callable[[bytes], str]) -> dict[int, str]:
    """Device → a digest of what the plan does to its own files."""
    lines: dict[int, list[str]] = {}
    for one in plan.changes:
        if one.device_id is not None:
            lines.setdefault(one.device_id, []).append(f"{one.kind} {one.path} {digest(one.data)}")
    return {device: digest("\n".join(sorted(some)).encode()) for device, some in lines.items()}


def nothing_planned(digest: Callable[[bytes], str]) -> str:
    """The digest of a device of which only shared files change."""
    return digest(b"")


# -- what becomes of a phone ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a device since its files were published. `due`: how many of them it has to
    fetch; `fetched`: how many of these it was sent whole in this very version, the last one
    `fetched_at`; `is_overtaken`: other files have been published for it since."""

    due: int
    fetched: int = 0
    fetched_at: datetime | None = None
    is_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class AtPbx:
    """What the PBX knows now. `answering`: accounts whose contact answers its questions;
    `problem`: why it could not be asked."""

    contacts: Contacts = field(default_factory=dict)
    answering: frozenset[str] = frozenset()
    problem: str = ""


def judge(
    one: WaveDevice, seen: Seen, pbx: AtPbx | None, now: datetime, wait: timedelta
) -> WaveDevice:
    """What a device that is watched has come to. `pbx` None: nobody asks it. A contact is new when
    it was not known, or did not end as late, before the phone fetched."""
    if seen.is_overtaken:
        return _over(one, "left out", "other files were published for it meanwhile")
    if one.is_seen and not one.fetched_at:
        if not seen.due:
            return _over(one, one.state, "nothing to fetch")
        if seen.fetched < seen.due:
            return _unfetched(one, seen, pbx, now, wait)
        one = replace(one, state="fetched", note="", fetched_at=seen.fetched_at or now)
    if pbx is None or not one.contacts:
        words = "" if one.is_seen else "by TFTP: nobody sees it fetch"
        return _over(one, one.state, one.note or words)
    missing = [account for account in one.contacts if not _is_new(account, one.contacts, pbx)]
    if not missing:
        return replace(one, state="registered", note="", registered_at=now, is_over=True)
    if not _is_late(one, now, wait):
        return one
    if not pbx.problem and all(account in pbx.answering for account in missing):
        words = "did not register again, but answers the PBX"
        return replace(one, state="registered", note=words, registered_at=now, is_over=True)
    return _late(one, pbx.problem or f"did not register again: {', '.join(missing)}")


def _unfetched(
    one: WaveDevice, seen: Seen, pbx: AtPbx | None, now: datetime, wait: timedelta
) -> WaveDevice:
    if _is_late(one, now, wait):
        of = f" ({seen.fetched} of {seen.due} files)" if seen.fetched else ""
        return _late(one, f"did not fetch its new files{of}")
    if pbx is None or pbx.problem:
        return one
    before = {account: dict(pbx.contacts.get(account, {})) for account in one.contacts}
    return one if before == one.contacts else replace(one, contacts=before)


def _is_new(account: str, before: Mapping[str, Any], pbx: AtPbx) -> bool:
    known = before[account]
    return any(known.get(name) != ends for name, ends in pbx.contacts.get(account, {}).items())


def _is_late(one: WaveDevice, now: datetime, wait: timedelta) -> bool:
    return one.since is not None and now - one.since > wait


def _late(one: WaveDevice, words: str) -> WaveDevice:
    words = f"{words}; {one.note}" if one.note else words
    if not one.is_awaited:
        return _over(one, one.state, f"{words}; was not expected to")
    return replace(one, state="late", note=words)


def _over(one: WaveDevice, state: str, note: str) -> WaveDevice:
    return replace(one, state=state, note=note, is_over=True)
