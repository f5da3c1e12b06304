"""The rows of the waves screen: the devices of a cut or of a rollout, and the words about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tuiprov.data.rollouts.waves import RolloutRow, WaveDevice
from tuiprov.data.stop import Stop
from tuiprov.publish.waves import duration
from tuiprov.rollout import Choices, Cut
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.session import Session

_SIGNS: Final = {
    "waiting": "  waiting",
    "published": "+ published",
    "asked": "~ asked",
    "fetched": "= fetched",
    "registered": "= registered",
    "late": "! late",
    "rolled back": "< rolled back",
    "left out": "? left out",
}
NARROW_COLUMNS = (
    Column("wave", "Wave", 4),
    Column("state", "State", 13),
    Column("name", "Device", 14, flex=True),
    Column("seconds", "Time", 6),
    Column("note", "Note", 24, flex=True),
)
WIDE_COLUMNS = (
    *NARROW_COLUMNS[:3],
    Column("phone", "Phone", 22),
    Column("seconds", "Time", 6),
    Column("note", "Note", 40, flex=True),
)


class WavePhones:
    """The list's source: the devices of a cut, or of a rollout."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.cut: Cut | None = None
        self.row: RolloutRow | None = None
        self._devices: Mapping[int, WaveDevice] = {}

    def ids(
        self, words: str, _most: int | None = None, _stop: Stop | None = None, /
    ) -> Sequence[int]:
        """Reads what has become of all of them; gives those whose words match."""
        if self.row is not None:
            store, viewer = self._session.store, self._session.viewer
            self.row = store.waves.row(viewer, self.row.id)
            devices = store.waves.devices(viewer, self.row.id)
        else:
            devices = _proposed(self.cut) if self.cut is not None else []
        self._devices = {one.device_id: one for one in devices}
        wanted = words.lower().split()
        return [n for n, one in self._devices.items() if all(w in _words(one) for w in wanted)]

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        known = self._devices
        return {n: [_cell(known[n], name) for name in columns] for n in ids if n in known}

    def device(self, number: int | None) -> WaveDevice | None:
        return self._devices.get(number or 0)


def _proposed(cut: Cut) -> list[WaveDevice]:
    now = datetime.now(UTC)
    standing = {one.device_id: one for wave in cut.waves for one in wave}
    return [
        WaveDevice(
            device_id=new.device_id,
            name=standing[new.device_id].name,
            phone=standing[new.device_id].phone,
            wave=new.wave,
            state="waiting",
            note=standing[new.device_id].words(now)
            + ("" if new.is_awaited else "; not waited for"),
            planned="",
            is_awaited=new.is_awaited,
            is_seen=new.is_seen,
            contacts={},
            published_at=None,
            asked_at=None,
            fetched_at=None,
            registered_at=None,
            is_over=False,
        )
        for new in cut.new.devices
    ]


def _words(one: WaveDevice) -> str:
    return f"{one.name} {one.phone} wave:{one.wave} {one.state} {one.note}".lower()


def _cell(one: WaveDevice, name: str) -> str:
    if name == "state":
        return _SIGNS.get(one.state, one.state)
    if name == "seconds":
        return _seconds(one)
    return str(getattr(one, name))


def _seconds(one: WaveDevice) -> str:
    """How long it took to come back, or has taken so far."""
    if one.since is None:
        return ""
    came = one.registered_at or one.fetched_at
    if came is None and one.is_over:
        return ""
    return f"{max(0, int(((came or datetime.now(UTC)) - one.since).total_seconds()))} s"


def settings_words(choices: Choices, cut: Cut) -> str:
    """How a cut is to be applied, as a sentence."""
    back = "all waves go" if choices.back == "all" else "its wave goes"
    asked = "is asked to fetch and " if cut.new.asks else ""
    come = "come and register again" if cut.new.watches else "come"
    return (
        f"Waves of {choices.sizes}; each phone {asked}has {duration(choices.wait_seconds)} to "
        f"{come}; if one is late, {back} back."
    )


def waves_words(cut: Cut) -> list[str]:
    """Who is in which wave, a line each."""
    found = []
    for number, wave in enumerate(cut.waves, 1):
        names = ", ".join(one.name for one in wave[:3])
        more = f" and {len(wave) - 3:,} more" if len(wave) > 3 else ""
        found.append(f"Wave {number}: {names}{more}")
    return found
