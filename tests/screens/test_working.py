"""What takes long is counted, can be stopped while nothing is written, and holds no key up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.screens.desk import NARROW, Desk, at_desk
from tests.screens.office import SALES, publish_all, published
from tests.screens.test_preferences import TELEPHONY, go
from tests.sites import Site
from tuiprov.data.together.tables import Unfinished
from tuiprov.errors import PublishError
from tuiprov.orders.order import OnRecord, Stopped, going_on
from tuiprov.publish import publishing
from tuiprov.publish.apply import Putting
from tuiprov.screens.base import TuiprovScreen
from tuiprov.session import Session


@dataclass
class Slow:
    """Work that goes on until it is let go, or stopped."""

    gate: threading.Event = field(default_factory=threading.Event)
    counts: int = 0
    to_the_end: bool = False

    def __call__(self, on_record: OnRecord) -> str:
        told: Callable[[int], None] = going_on(on_record) if self.to_the_end else on_record
        deadline = time.monotonic() + 20
        while not self.gate.wait(0.01) and time.monotonic() < deadline:
            self.counts += 1
            told(self.counts)
        return "done"


@pytest.fixture
def slow() -> Iterator[Slow]:
    work = Slow()
    yield work
    work.gate.set()


def begin(desk: Desk, work: Any) -> list[str]:
    """Order this work of the list; gives where its result comes to stand."""
    done: list[str] = []
    screen = desk.app.screen
    assert isinstance(screen, TuiprovScreen)
    screen.work_on("Count the phones", work, done.append)
    return done


class TestWorking:
    async def test_what_is_done_at_once_shows_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            before = desk.text
            assert begin(desk, lambda _: "done") == ["done"]
            assert desk.text == before

    async def test_what_takes_long_is_counted_and_then_gone(self, office: Site, slow: Slow) -> None:
        async with at_desk(office, size=NARROW) as desk:
            done = begin(desk, slow)
            await desk.see("Count the phones", "Working … ", "Esc stop, nothing changed")
            slow.gate.set()
            await desk.until(lambda: done == ["done"])
            assert "Working" not in desk.text

    async def test_escape_stops_it(self, office: Site, slow: Slow) -> None:
        async with at_desk(office) as desk:
            done = begin(desk, slow)
            await desk.see("Working … ")
            await desk.press("escape")
            await desk.see("Stopped: nothing was changed.")
            assert done == []

    async def test_what_is_being_written_goes_on_and_says_so(
        self, office: Site, slow: Slow
    ) -> None:
        slow.to_the_end = True
        async with at_desk(office) as desk:
            done = begin(desk, slow)
            await desk.see("Working … ")
            await desk.press("escape")
            await desk.see("Too late to stop: it is being written")
            assert "Esc stop" not in desk.text
            slow.gate.set()
            await desk.until(lambda: done == ["done"])

    async def test_keys_are_answered_meanwhile(self, office: Site, slow: Slow) -> None:
        async with at_desk(office) as desk:
            begin(desk, slow)
            await desk.see("Working … ")
            began = time.monotonic()
            await desk.press("escape")
            assert "Stopping" in desk.text or "Stopped" in desk.text
            assert time.monotonic() - began < 1.0

    async def test_keys_typed_for_what_comes_of_it_are_not_lost(
        self, office: Site, slow: Slow
    ) -> None:
        async with at_desk(office) as desk:
            begin(desk, slow)
            await desk.type("ana")
            slow.gate.set()
            await desk.until(lambda: "Working" not in desk.text)
            await desk.until(lambda: "ana" in desk.part("filter"))

    async def test_an_error_has_its_title(self, office: Site) -> None:
        def fail(_: OnRecord) -> str:
            raise PublishError("the disk is full")

        async with at_desk(office) as desk:
            begin(desk, fail)
            await desk.see("Not done", "the disk is full")


class TestStopping:
    """Stopped before anything is recorded: as if it had not been begun."""

    @pytest.fixture
    def stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody stops it at the last moment at which that counts."""
        real = publishing._record_wanted

        def record(*arguments: Any) -> None:
            real(*arguments)
            raise Stopped

        monkeypatch.setattr(publishing, "_record_wanted", record)

    async def test_a_publish(self, office: Site, stopped: None) -> None:
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("to write")
            await desk.press("enter")
            await desk.see("Stopped: nothing was changed.")
        assert published(office) == {}
        assert office.rows(Unfinished) == []

    async def test_preferences_that_are_stored_go_on(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish_all(office)
        asked: list[int] = []
        finish = Putting.finish

        def put(*arguments: Any) -> None:
            arguments[-1](1)  # who wants to stop it now is too late
            asked.append(1)
            finish(*arguments)

        monkeypatch.setattr(Putting, "finish", put)
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("to replace")
            await desk.press("enter")
            await desk.see("Saved. Files:")
        assert asked == [1]
        assert any("pbx.acme.test" in text for text in published(office).values())


class TestUnfinished:
    """The session ended between the data and the files: the next one is told."""

    async def break_off(self, office: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        publish_all(office)

        def end(*_: object) -> None:
            raise KeyError  # before the files are on record: what is, the start puts right

        session = Session(office.store, office.admin)
        draft = session.pages.open(office.page(SALES).extension_id or 0)
        draft.edit("dtmf_mode", "info")
        draft.turn_regenerate()
        with monkeypatch.context() as patch:
            patch.setattr(publishing, "_record_wanted", end)
            with pytest.raises(KeyError):
                session.pages.save(draft)

    async def test_it_is_offered_shown_as_a_plan_and_finished(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.break_off(office, monkeypatch)
        async with at_desk(office, size=NARROW) as desk:
            await desk.see("Not finished", "change of DTMF of 0027*004 was stored")
            await desk.see("the files of 1 phone are not written")
            await desk.press("enter")
            await desk.see("Plan")
            await desk.until(lambda: "Planning" not in desk.text)
            await desk.press("enter")
            await desk.see("Files:")
        async with at_desk(office) as desk:
            await desk.until(lambda: office.rows(Unfinished) == [])
            assert "Not finished" not in desk.text

    async def test_later_offers_it_again(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await self.break_off(office, monkeypatch)
        for _ in range(2):
            async with at_desk(office) as desk:
                await desk.see("Not finished")
                await desk.press("escape")
                assert "Not finished" not in desk.text
