"""Pictures of the screens at 80×24 and 140×40, some at 200×60, as each role sees them.

`make snapshots` takes them anew; look at each picture before committing it. What they show of files
is of the families Snom, Aastra, Polycom and Fanvil.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.screens.desk import (
    DEVICE,
    NARROW,
    PROVISIONING,
    SETTINGS,
    SIP,
    VIRTUALIZATION,
    WIDE,
    Desk,
    sit_down,
)
from tests.screens.office import (
    ANA,
    BOARD,
    GATE,
    SALES,
    TOKEN,
    WAREHOUSE,
    publish_all,
)
from tests.sites import Site
from tuiprov.app import TuiprovApp
from tuiprov.data.accounts.viewers import Permission, Role, Viewer
from tuiprov.screens.working import Job, WorkingScreen

Work = Callable[[Desk], Awaitable[None]]

HUGE = (200, 60)
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])


@dataclass(frozen=True)
class Picture:
    """Takes a picture of the screen after `work`, and compares it with the one on record."""

    site: Site
    compare: Callable[..., bool]

    def of(
        self,
        work: Work,
        size: tuple[int, int],
        viewer: Viewer | None = None,
        theme: str = "tuiprov-dark",
    ) -> bool:
        app = TuiprovApp(self.site.url)

        async def run_before(pilot: Pilot[None]) -> None:
            desk = Desk(self.site, app, pilot)
            await sit_down(desk, viewer)
            app.theme = theme
            await work(desk)

        return self.compare(app, terminal_size=size, run_before=run_before)


@pytest.fixture
def picture(
    office: Site, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> Picture:
    """The office with a random token that is always the same."""
    monkeypatch.setattr(secrets, "token_hex", lambda count=16: (TOKEN * 4)[: 2 * count])
    return Picture(office, snap_compare)


async def nothing(_desk: Desk) -> None:
    """The screen as it comes."""


def page(number: str, section: int = PROVISIONING, *keys: str) -> Work:
    """An extension's page with one of its sections open, after these keys."""

    async def work(desk: Desk) -> None:
        await desk.open(number, section)
        await desk.press(*keys)

    return work


@SIZES
class TestScreens:
    def test_list(self, picture: Picture, size: tuple[int, int]) -> None:
        publish_all(picture.site)
        picture.site.save(BOARD, update_interval=7200)
        assert picture.of(nothing, size)

    def test_list_filtered(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.type("organization:acme")
            await desk.see("1 / 5", "acme Ltd")

        assert picture.of(work, size)

    @pytest.mark.parametrize(
        "section",
        [PROVISIONING, DEVICE, SETTINGS, SIP, VIRTUALIZATION],
        ids=["provisioning", "device", "settings", "sip", "virtualization"],
    )
    def test_section(self, picture: Picture, size: tuple[int, int], section: int) -> None:
        assert picture.of(page(SALES, section), size)

    def test_extension_without_a_phone(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(ANA, DEVICE), size)

    def test_changes_errors_and_notes(self, picture: Picture, size: tuple[int, int]) -> None:
        publish_all(picture.site)

        async def work(desk: Desk) -> None:
            await desk.open(SALES, SIP)
            await desk.pick("Media encryption", "DTLS-SRTP")
            await desk.section(DEVICE)
            await desk.fill("Line", "2")
            await desk.section(SETTINGS)
            await desk.fill("Phone update interval", "1800")

        assert picture.of(work, size)

    def test_link(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.open(BOARD, DEVICE)
            await desk.tab("Provisioning link")

        assert picture.of(work, size)

    def test_disabled_phone(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(GATE, DEVICE), size)

    def test_jump_mode(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(SALES, DEVICE, "f5"), size)

    def test_plan_of_new_files(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(WAREHOUSE, PROVISIONING, "f2"), size)

    def test_plan_of_a_replacement(self, picture: Picture, size: tuple[int, int]) -> None:
        publish_all(picture.site)

        async def work(desk: Desk) -> None:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r")

        assert picture.of(work, size)

    def test_help(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(SALES, SETTINGS, "f1"), size)

    def test_picker(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(page(SALES, DEVICE, "down", "enter"), size)

    def test_order_picker(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.open(SALES, SIP)
            await desk.field("Allowed codecs")
            await desk.press("enter", "down", "minus")

        assert picture.of(work, size)

    def test_unsaved_changes(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.open(SALES, DEVICE)
            await desk.fill("Notes", "by the door")
            await desk.press("escape")

        assert picture.of(work, size)

    def test_edit_devices_together(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.press("f2")
            await desk.see("by friendly name")
            await desk.press("ctrl+a", "f10")
            await desk.type("Edit")
            await desk.press("enter")
            await desk.see("Edit 4 devices")
            await desk.section(2)
            await desk.fill("Phone update interval", "77")

        assert picture.of(work, size)


@pytest.mark.parametrize("size", [NARROW, HUGE], ids=["80x24", "200x60"])
class TestWhatTakesLong:
    def test_working(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            job = Job(lambda _: None)  # not begun, so it is at the same count whenever one looks
            about = "Publish: 12,345 files to write, 6,789 to replace, 1,234 to delete"
            desk.app.push_screen(WorkingScreen(f"{about} of 10,000 phones", job))
            await desk.settle()
            assert job.show is not None
            job.show(2_345)
            await desk.see("Working … 2,345")

        assert picture.of(work, size)

    def test_waves(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.press("f8")
            await desk.see("In waves")
            await desk.press("w")
            await desk.see("never fetched", "Waves of")

        assert picture.of(work, size)


ROLES = [
    pytest.param(role, permission, sip, id=f"{role}-{permission}-{'sip' if sip else 'nosip'}")
    for role, permission, sip in (
        ("provider", "modify", True),
        ("organization", "modify", True),
        ("organization", "view", True),
        ("organization", "none", True),
        ("organization", "none", False),
        ("user", "modify", True),
        ("user", "modify", False),
        ("user", "view", True),
        ("user", "none", True),
        ("user", "none", False),
        ("terminal", "modify", True),
        ("terminal", "none", False),
    )
]


@SIZES
class TestAsEachRole:
    @pytest.mark.parametrize(("role", "permission", "sip"), ROLES)
    def test_page(
        self,
        picture: Picture,
        size: tuple[int, int],
        role: Role,
        permission: Permission,
        sip: bool,
    ) -> None:
        viewer = picture.site.viewer(role, permission, sip=sip, extension=SALES)
        section = DEVICE if permission != "none" else SIP
        assert picture.of(page(SALES, section), size, viewer)


class TestThemes:
    @pytest.mark.parametrize("theme", ["tuiprov-light", "tuiprov-16"])
    def test_page(self, picture: Picture, theme: str) -> None:
        assert picture.of(page(SALES, SETTINGS, "down"), WIDE, theme=theme)


def test_pictures_hold_nothing_of_the_host(picture: Picture, tmp_path: Any) -> None:
    """A picture is the same wherever it is taken."""
    app = TuiprovApp(picture.site.url)

    async def take() -> str:
        async with app.run_test(size=WIDE) as pilot:
            desk = Desk(picture.site, app, pilot)
            await sit_down(desk)
            await desk.open(SALES, DEVICE)
            return app.export_screenshot()

    assert str(tmp_path) not in asyncio.run(take())
