"""An admin at a terminal, for tests: presses keys, reads what is on the screen, waits for it.

`async with at_desk(site) as desk` starts the program on the site as it starts on a real terminal;
`await desk.see(words)` waits until the words can be read there. Nothing waits for a fixed time:
after a key its messages are handled, what comes from a thread is waited for by its effect.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from textual import events
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.strip import Strip

from tests.sites import Site
from tuiprov.app import TuiprovApp
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.session import Session

NARROW, WIDE = (80, 24), (140, 40)
PROVISIONING, DEVICE, SETTINGS, SIP, VIRTUALIZATION = range(1, 6)
"""The numbers of the page's sections, as jump mode shows them."""

_LONGEST = 15.0
"""Seconds until a test gives up waiting."""
_HOPS = 4
"""A key's message goes from the app to a widget, from there to the screen and back to the app."""


def reading(app: App[Any], part: str = "") -> list[str]:
    """The screen as its user reads it, line by line; `part`: one widget's region, by its id."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    lines = cast(LayoutUpdate, update).strips
    strips = [Strip.join(list(line)) for line in lines]
    if part:
        region = app.screen.query_one(f"#{part}").region
        strips = [strip.crop(region.x, region.right) for strip in strips[region.y : region.bottom]]
    return [strip.text.rstrip() for strip in strips]


@dataclass
class Desk:
    """Somebody at a terminal with the program running."""

    site: Site
    app: TuiprovApp
    pilot: Pilot[None]

    # -- reading --------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        return "\n".join(reading(self.app))

    @property
    def flat(self) -> str:
        """The screen's words without line ends, gaps and the sides of boxes."""
        return " ".join(self.text.replace("│", " ").split())

    def part(self, name: str) -> str:
        """What one widget shows: title, filter, table, sections, form, files, notes, preview, help,
        keys, summary or changes."""
        return "\n".join(reading(self.app, name))

    @property
    def current(self) -> str:
        """The label of the row with the cursor, as far as it is shown."""
        return _label(self._cursor_line)

    @property
    def _cursor_line(self) -> str:
        lines = self.part("form").splitlines()
        return next((line for line in lines if line.startswith("›")), "")

    def row(self, label: str) -> str:
        """The form's row with this label: what stands beside it."""
        return self._row(label)[0]

    def under(self, label: str) -> str:
        """What stands under the row with this label, up to the next row."""
        return " ".join(self._row(label)[1:])

    def _row(self, label: str) -> list[str]:
        found: list[str] = []
        for line in self.part("form").splitlines():
            if found and (_label(line) or not line):
                break
            if found or _names(label, line):
                found.append(line.strip() if found else _value(line))
        assert found, f"no row {label!r} in\n{self.part('form')}"
        return found

    # -- keys -----------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Press these keys (Textual's names, or single characters), each handled to its end."""
        for key in keys:
            self.app.post_message(key_event(key))
            await self.settle()

    async def type(self, text: str) -> None:
        """Type this text letter by letter."""
        await self.press(*text)

    async def settle(self) -> None:
        """Let the program handle all that it has been told."""
        for _ in range(_HOPS):
            await self.pilot.pause(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, and say what is on the screen when it does not come true."""
        deadline = time.monotonic() + _LONGEST
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; on the screen:\n{self.text}"
            await asyncio.sleep(0.005)
        await self.settle()

    async def see(self, *words: str) -> None:
        """Wait until all these words are on the screen, be they broken into lines."""
        await self.until(lambda: all(word in self.text or word in self.flat for word in words))

    # -- going places, by keys ------------------------------------------------------------------

    async def open(self, number: str, section: int = PROVISIONING) -> None:
        """From the list to the page of an extension, to the first row of one of its sections."""
        await self.type(number)
        await self.until(lambda: self.part("filter").strip().startswith("1 / 1 "))
        await self.press("enter")
        await self.until(lambda: bool(self.app.screen.query("#form")) and bool(self.current))
        await self.section(section)

    async def section(self, number: int) -> None:
        await self.press("f5", str(number))

    async def field(self, label: str) -> None:
        """To the row of this label in the section that is open."""
        await self._press_until_it_stays("pageup")
        before = ""
        while not _names(label, self._cursor_line):
            assert self._cursor_line != before, f"no row {label!r} in\n{self.part('form')}"
            before = self._cursor_line
            rows = [line for line in self.part("form").splitlines() if _label(line)]
            here = rows.index(before)
            found = (at for at, line in enumerate(rows) if at > here and _names(label, line))
            await self.press(*["down"] * max(1, next(found, len(rows) - 1) - here))

    async def _press_until_it_stays(self, key: str) -> None:
        before = None
        while self._cursor_line != before:
            before = self._cursor_line
            await self.press(key)

    async def fill(self, label: str, text: str) -> None:
        """Go to the row of this label and type `text` in place of what is there."""
        await self.field(label)
        await self.press("ctrl+u")
        await self.type(text)

    async def pick(self, label: str, words: str) -> None:
        """Go to the row of this label and choose from the list that Enter opens."""
        await self.field(label)
        await self.press("enter")
        await self.see("type to filter")
        await self.type(words)
        await self.press("enter")
        await self.until(lambda: "type to filter" not in self.text)

    async def tab(self, words: str) -> None:
        """F8 until the preview's tab is one that shows these words."""
        for _ in range(8):
            if words in self.part("preview"):
                return
            await self.press("f8")
        raise AssertionError(f"no tab shows {words!r}: {self.part('files')}")

    async def save(self) -> None:
        """F2, and Enter on the plan."""
        await self.press("f2")
        await self.see("Plan")
        await self.press("enter")
        await self.see("Saved")


def _label(line: str) -> str:
    """The label of a row of the form: it begins in cell 3, messages are indented further."""
    return re.split(r"\s\s", line[3:] + "  ", maxsplit=1)[0]


def _value(line: str) -> str:
    return line[3:].removeprefix(_label(line)).strip()


def _names(label: str, line: str) -> bool:
    """Is this the line of the row with this label, which may be cut?"""
    shown = _label(line)
    return shown == label or (shown.endswith("…") and label.startswith(shown[:-1]))


def key_event(key: str) -> events.Key:
    """A key by Textual's name or as the single character that it types."""
    if len(key) > 1:
        return events.Key(key, None)
    return events.Key(key if key.isalnum() else _character_to_key(key), key)


@asynccontextmanager
async def at_desk(
    site: Site, viewer: Viewer | None = None, *, size: tuple[int, int] = WIDE, **options: Any
) -> AsyncIterator[Desk]:
    """The program, started on `site` and showing the list; as `viewer`, else as administrator."""
    app = TuiprovApp(site.url, **options)
    async with app.run_test(size=size) as pilot:
        desk = Desk(site, app, pilot)
        await sit_down(desk, viewer)
        yield desk


async def sit_down(desk: Desk, viewer: Viewer | None = None) -> None:
    """Wait for the list, and look at it as `viewer`."""
    await desk.until(lambda: "Opening the site" not in desk.text)
    if viewer is not None:
        desk.app.use_session(Session(desk.site.store, viewer))
        await desk.see(viewer.label)
