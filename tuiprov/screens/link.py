"""A phone's provisioning link over the whole screen: to be read, copied, or taken by a camera."""

from __future__ import annotations

import os
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tuiprov.render.links import Offer
from tuiprov.render.qr import Code, code_for, draws_halves
from tuiprov.widgets.code_view import GAP, CodeView
from tuiprov.widgets.compat import Run

_WORDS_WIDTH: Final = 28
"""Cells that the words need beside the code."""
_COPIED: Final = (
    "Sent to the terminal's clipboard (OSC 52). A terminal may refuse that without a word, and "
    "tmux needs `set -s set-clipboard on`: paste it to be sure, or mark the link with the mouse."
)


class LinkScreen(ModalScreen[None]):
    """Shows what `Inventory.link` gave; C copies it."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self._offer = offer
        self._view = CodeView("C copy   Esc close" if offer.url else "Esc close", id="link")
        self._note = ""

    def compose(self) -> ComposeResult:
        yield self._view

    def on_mount(self) -> None:
        self._view.focus()
        self._show()

    def on_resize(self) -> None:
        self._show()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if event.key in ("escape", "enter"):
            self.dismiss(None)
        elif event.key in ("c", "C", "upper_c") and self._offer.url:
            self.app.copy_to_clipboard(self._offer.url)
            self._note = _COPIED
            self._show()
        elif event.key in steps:
            self._view.scroll_lines(steps[event.key])

    def _show(self) -> None:
        code = self._code() if self._offer.url else Code()
        self._view.show(self._words(code), code.lines, in_halves=code.in_halves)

    def _code(self) -> Code:
        room = self.app.size
        in_halves = draws_halves(os.environ.get("TERM", ""))
        width = room.width - GAP - _WORDS_WIDTH - 1
        return code_for(self._offer.url, width, room.height, in_halves=in_halves)

    def _words(self, code: Code) -> list[Run]:
        offer = self._offer
        words: list[Run] = [("Provisioning link", "code--title"), (offer.device, ""), ("", "")]
        if not offer.url:
            return [*words, (offer.problem, "code--error")]
        words += [(offer.url, "code--title"), ("", "")]
        if self._note:
            words += [(self._note, "code--note"), ("", "")]
        if offer.is_secret:
            words += [(_FIRST if offer.is_first else _SECRET, "code--note"), ("", "")]
        if offer.username:
            words += [(f"Login: {offer.username}  {offer.password}", "code--title"), ("", "")]
        words += [(habit(offer), "code--dim")]
        if code.problem:
            words += [("", ""), (code.problem, "code--note")]
        return words


_SECRET: Final = "Keep it to yourself: who has it gets the phone's passwords. This is written down."

_FIRST: Final = (
    "Its first link, while the enrolment window is open: the phone fetches a file without secrets "
    "and goes on to its steady link. Keep it to yourself; this is written down."
)


def habit(offer: Offer) -> str:
    """What the phone does with the link, in words."""
    names = ", ".join(offer.names)
    if offer.is_directory:
        return f"The phone appends its files' names: {names}."
    return f"The whole address of the phone's file; its files: {names}."
