"""What a key orders of a whole list is read behind the keys: no keystroke waits for a fleet."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tests.screens.desk import Desk, at_desk
from tests.screens.office import publish_all
from tests.sites import Site
from tuiprov.data.accounts.tree import Accounts
from tuiprov.data.devices.inventory import Devices
from tuiprov.data.resyncs import Resyncs
from tuiprov.data.store import Store


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The threads in which the ids of a whole list are read, or the phones of many."""
    found: set[int] = set()

    def watch(owner: Any, name: str, *, is_of_many: bool = False) -> None:
        read = getattr(owner, name)

        def watched(self: Any, viewer: Any, *args: Any) -> Any:
            if not is_of_many or len(args[0]) > 1:
                found.add(threading.get_ident())
            return read(self, viewer, *args)

        monkeypatch.setattr(owner, name, watched)

    watch(Store, "extension_ids")
    watch(Devices, "ids")
    watch(Resyncs, "targets", is_of_many=True)
    watch(Accounts, "rows")
    watch(Devices, "owners")
    watch(Devices, "extensions")
    return found


async def devices(desk: Desk) -> None:
    await desk.press("f2")
    await desk.see("by friendly name", "1 / 4")


class TestWhereItIsRead:
    @pytest.mark.parametrize(
        ("keys", "seen"),
        [
            (["f10"], "What to do with 1 extension"),
            (["ctrl+a", "f10"], "What to do with 8 extensions"),
            (["ctrl+a", *"anna", "f10"], "What to do with 8 extensions"),
            (["ctrl+a", *"anna", "delete"], "Remove 8 extensions"),
            (["ctrl+a", *"anna", "ctrl+e"], "Edit 8 extensions"),
        ],
    )
    async def test_marked_extensions_in_a_thread(
        self, office: Site, readers: set[int], keys: Sequence[str], seen: str
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press(*keys)
            await desk.see(seen)
        assert readers
        assert threading.get_ident() not in readers

    @pytest.mark.parametrize(
        ("keys", "seen"),
        [
            (["ctrl+a", "f10"], "What to do with 4 devices"),
            (["ctrl+a", *"sales", "f10"], "What to do with 4 devices"),
            (["ctrl+a", *"sales", "delete"], "Remove 4 devices"),
        ],
    )
    async def test_marked_devices_in_a_thread(
        self, office: Site, readers: set[int], keys: Sequence[str], seen: str
    ) -> None:
        async with at_desk(office) as desk:
            await devices(desk)
            await desk.press(*keys)
            await desk.see(seen)
        assert readers
        assert threading.get_ident() not in readers

    async def test_all_phones_that_are_listed_in_a_thread(
        self, office: Site, readers: set[int]
    ) -> None:
        publish_all(office).configure(resync_by="sip", resync_per_second=500)
        async with at_desk(office) as desk:
            await devices(desk)
            await desk.press("ctrl+r")
            await desk.see("Whom to ask?", "all 4 listed")
            await desk.press("a")
            await desk.see("3 phones by a SIP message")
            await desk.press("escape", "ctrl+a")
            await desk.press("f10")
            await desk.see("What to do with 4 devices")
            await desk.type("Resync")
            await desk.press("enter")
            await desk.see("3 phones by a SIP message")
        assert readers
        assert threading.get_ident() not in readers

    async def test_for_whom_something_is_added_in_a_thread(
        self, office: Site, readers: set[int]
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+n")
            await desk.see("Add an extension for")
            await desk.press("escape")
            await devices(desk)
            await desk.press("ctrl+n")
            await desk.see("Whose device is it?")
            await desk.press("escape", "f7")
            await desk.see("Assign Board01 to")
        assert readers
        assert threading.get_ident() not in readers


class TestWhatIsActedUpon:
    async def test_marks_that_the_filter_hides_count_in_the_order_of_the_list(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Sequence[int]] = []
        monkeypatch.setattr(
            "tuiprov.screens.marked_devices.MarkedDevices.choose",
            lambda marked: asked.append(list(marked.ids)),
        )
        async with at_desk(office) as desk:
            await devices(desk)
            await desk.press("f4")  # by another column
            await desk.see("by state")
            await desk.press("end", "space", "home", "space")
            await desk.press("f10")
            await desk.until(lambda: len(asked) == 1)
            await desk.type("model:nobody")
            await desk.see("No device matches")
            await desk.press("f10")
            await desk.until(lambda: len(asked) == 2)
        order = list(office.store.devices.ids(office.admin, "", "state"))
        assert asked == [[order[0], order[-1]]] * 2

    async def test_marks_on_what_somebody_removed_are_said_to_be_gone(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space")
            desk.app.screen.table.marked = {987654}  # type: ignore[attr-defined]
            await desk.press("f10")
            await desk.see("None of the marked rows is there any more")
