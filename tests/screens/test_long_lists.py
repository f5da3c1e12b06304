"""Lists longer than their first page: there at once, and whole a moment later."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.screens.desk import at_desk
from tests.sites import Site
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.stop import Stop
from tuiprov.data.store import Store
from tuiprov.session import Session
from tuiprov.widgets.table import PAGE

_DEVICES = 3 * PAGE


@dataclass(frozen=True)
class Halting(Session):
    """A session that gives the first rows at once, and all only when `gate` is open."""

    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        """How many extensions there are."""
        return len(super().extension_ids(""))

    def extension_ids(
        self, where: str, most: int | None = None, stop: Stop | None = None
    ) -> Sequence[int]:
        if most is None:
            assert self.gate.wait(20)
        return super().extension_ids(where, most, stop)


@pytest.fixture
def halting(tmp_path: Path) -> Halting:
    database = Database(f"sqlite:///{tmp_path}/many.db")
    make_demo(database, _DEVICES)
    with database.read() as session:
        return Halting(Store(database), administrator(session))


async def test_the_first_rows_do_not_wait_for_the_others(office: Site, halting: Halting) -> None:
    async with at_desk(office) as desk:
        desk.app.use_session(halting)
        await desk.see(f"1 / {PAGE}+")
        halting.gate.set()
        await desk.see(f"1 / {halting.count}")


async def test_all_are_marked_when_all_are_known(office: Site, halting: Halting) -> None:
    async with at_desk(office) as desk:
        desk.app.use_session(halting)
        await desk.see(f"1 / {PAGE}+")
        await desk.press("ctrl+a")
        halting.gate.set()
        await desk.see(f"{halting.count} marked")


async def test_enter_opens_a_first_row_at_once(office: Site, halting: Halting) -> None:
    async with at_desk(office) as desk:
        desk.app.use_session(halting)
        await desk.see(f"1 / {PAGE}+")
        await desk.press("enter")
        await desk.see("Provisioning and SIP Preferences")
        halting.gate.set()


async def test_a_list_read_again_keeps_a_cursor_far_down(office: Site, halting: Halting) -> None:
    halting.gate.set()
    async with at_desk(office) as desk:
        desk.app.use_session(halting)
        await desk.see(f"1 / {halting.count}")
        await desk.press("end")
        await desk.see(f"{halting.count} / {halting.count}")
        desk.app.screen.reload("Read again.")
        await desk.see("Read again.", f"{halting.count} / {halting.count}")


@pytest.mark.parametrize("where", ["", "model:T46S", "-status:disabled anna"])
def test_the_first_rows_are_the_first_of_all(halting: Halting, where: str) -> None:
    halting.gate.set()
    everything = halting.extension_ids(where)
    assert list(halting.extension_ids(where, 20)) == list(everything[:20])
    devices = halting.inventory.ids(where, "name")
    assert list(halting.inventory.ids(where, "name", 20)) == list(devices[:20])
