"""A burst of keys does what the same keys do one by one."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from tuiprov.widgets.in_turn import InTurn, type_again


class Pad(Widget, can_focus=True):
    """Takes every letter that reaches it."""

    def __init__(self, name: str, said: list[str]) -> None:
        super().__init__(name=name)
        self._said = said

    def on_key(self, event: events.Key) -> None:
        if event.is_printable:
            event.stop()
            self._said.append(f"{self.name}:{event.key}")

    def on_paste(self, event: events.Paste) -> None:
        self._said.append(f"{self.name}:{event.text}")


class Place(Screen[None]):
    """F2 opens another place, F3 goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "go_on"),
        Binding("f3", "app.pop_screen"),
    ]

    def __init__(self, name: str, said: list[str]) -> None:
        super().__init__(name=name)
        self._said = said

    def compose(self) -> ComposeResult:
        with Vertical(), Vertical():
            yield Pad(self.name or "", self._said)

    def action_go_on(self) -> None:
        self.app.push_screen(Place(f"{self.name}+", self._said))


class Slow(Place):
    """Letters wait until `p`, which opens another place."""

    def __init__(self, name: str, said: list[str]) -> None:
        super().__init__(name, said)
        self._held: list[events.Key] | None = []

    def compose(self) -> ComposeResult:
        yield Vertical()

    def on_key(self, event: events.Key) -> None:
        if self._held is None or not event.is_printable:
            return
        event.stop()
        self._held.append(event)
        if event.key == "p":
            held, self._held = self._held, None
            self.app.push_screen(Place("new", self._said))
            type_again(self, held)


class Host(InTurn):
    def __init__(self, first: type[Place]) -> None:
        super().__init__()
        self.said: list[str] = []
        self._first = first

    def on_mount(self) -> None:
        self.push_screen(self._first("a", self.said))


async def said(first: type[Place], *burst: str | events.Paste) -> list[str]:
    """What became of a burst that arrives before the first of it is handled."""
    app = Host(first)
    async with app.run_test() as pilot:
        await pilot.pause()
        for one in burst:
            letter = one if isinstance(one, str) and len(one) == 1 else None
            app.post_message(events.Key(one, letter) if isinstance(one, str) else one)
        for _ in range(20):
            await pilot.pause()
    return app.said


async def test_letters_behind_a_bound_key_are_for_what_it_opens() -> None:
    assert await said(Place, "x", "f2", "y", "f2", "z") == ["a:x", "a+:y", "a++:z"]


async def test_letters_behind_a_key_that_closes_are_for_what_is_under_it() -> None:
    assert await said(Place, "f2", "x", "f3", "y") == ["a+:x", "a:y"]


async def test_a_paste_keeps_its_place_among_the_keys() -> None:
    burst = ("x", "f2", events.Paste("one two"), "y")
    assert await said(Place, *burst) == ["a:x", "a+:one two", "a+:y"]


@pytest.mark.parametrize("after", ["", "q", "qr"])
async def test_keys_that_were_held_come_before_those_typed_after_them(after: str) -> None:
    assert await said(Slow, *"xyp", *after) == [f"new:{letter}" for letter in f"xyp{after}"]
