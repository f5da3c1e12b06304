"""Keys in turn: each is handled to its end before the next one is handed out.

Textual gives a key to the widget in focus and looks for bound keys where it has bubbled up to. Over
a slow line keys arrive in bursts, and then the second one is with the widget before the first one,
which opens another screen, has bubbled up: it would edit what the admin has left already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import cast

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.widget import Widget


class InTurn(App[None]):
    """An app that waits for each key's way up through the queues of the widgets."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        """What waits for one that is on its way."""
        self._is_waiting = False

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_waiting:
            self._typed.append(event)
        else:
            await self._hand_out(event)

    def hand_out_again(self, keys: Iterable[events.Key]) -> None:
        """Hand out keys that were held, before all that was typed after them."""
        again = [events.Key(key.key, key.character) for key in keys]
        self._typed.extendleft(reversed(again))
        if not self._is_waiting:
            self._is_waiting = True
            self.call_later(self._next)

    async def _hand_out(self, event: events.Key | events.Paste) -> None:
        self._is_waiting = True
        first = self.focused or (self.screen if self.screen_stack else self)
        await super().on_event(event)
        self._follow(first)

    def _follow(self, pump: MessagePump | None) -> None:
        """Go the same way behind it; who is gone by now is passed over."""
        while pump is not None and pump is not self:
            above = pump._parent
            if pump.call_later(self._follow, above):
                return
            pump = above
        self.call_later(self._next)

    async def _next(self) -> None:
        self._is_waiting = False
        if self._typed:
            await self._hand_out(self._typed.popleft())


def type_again(widget: Widget, keys: Iterable[events.Key]) -> None:
    """Let the app hand out these keys once more, in order."""
    cast(InTurn, widget.app).hand_out_again(keys)
