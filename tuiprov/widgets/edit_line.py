"""One line of text being edited: the text, the caret, and what each key makes of them.

No screen in here. The form draws an `EditLine`; tests edit one without a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from tuiprov.text import visible

_WORD = re.compile(r"\w+|[^\w\s]+")
_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class EditLine:
    """Text and caret; the caret stands before the character of its index."""

    text: str = ""
    caret: int = 0

    @classmethod
    def of(cls, text: str) -> EditLine:
        """This text with the caret at its end."""
        return cls(text, len(text))

    def insert(self, added: str) -> EditLine:
        return EditLine(
            self.text[: self.caret] + added + self.text[self.caret :], self.caret + len(added)
        )

    def paste(self, pasted: str) -> EditLine:
        """The first line of what was pasted; control characters inside it become spaces."""
        first = pasted.lstrip("\r\n").splitlines()[:1]
        return self.insert(_CONTROL.sub(" ", first[0])) if first else self

    def left(self) -> EditLine:
        return self.at(_step(self.text, self.caret, -1))

    def right(self) -> EditLine:
        return self.at(_step(self.text, self.caret, 1))

    def word_left(self) -> EditLine:
        starts = [word.start() for word in _WORD.finditer(self.text, 0, self.caret)]
        return self.at(max((at for at in starts if at == settled(self.text, at)), default=0))

    def word_right(self) -> EditLine:
        ends = [word.end() for word in _WORD.finditer(self.text)]
        return self.at(min((end for end in ends if end > self.caret), default=len(self.text)))

    def home(self) -> EditLine:
        return self.at(0)

    def end(self) -> EditLine:
        return self.at(len(self.text))

    def backspace(self) -> EditLine:
        return self._cut(self.left().caret, self.caret)

    def delete(self) -> EditLine:
        return self._cut(self.caret, self.right().caret)

    def delete_word(self) -> EditLine:
        return self._cut(self.word_left().caret, self.caret)

    def delete_to_end(self) -> EditLine:
        return self._cut(self.caret, len(self.text))

    def clear(self) -> EditLine:
        return EditLine()

    def at(self, caret: int) -> EditLine:
        return EditLine(self.text, settled(self.text, caret))

    def follow(self, text: str) -> EditLine:
        """The same place in a text that somebody else has changed: the end stays the end."""
        if text == self.text:
            return self
        at_end = self.caret == len(self.text)
        return EditLine(text, len(text) if at_end else min(self.caret, len(text)))

    def around(self, show: Callable[[str], str]) -> tuple[str, str, str]:
        """As drawn by `show`: what is before, under and after the caret."""
        here = self.right().caret
        at = self.text[self.caret : here]
        return show(self.text[: self.caret]), show(at) or " ", show(self.text[here:])

    def _cut(self, start: int, stop: int) -> EditLine:
        return EditLine(self.text[:start] + self.text[stop:], start)


def _step(text: str, caret: int, by: int) -> int:
    """The next place for the caret: never inside of what is seen as one character."""
    caret += by
    while 0 < caret < len(text) and _is_inside(text, caret):
        caret += by
    return max(0, min(caret, len(text)))


def settled(text: str, caret: int) -> int:
    """This place for the caret, or the next one where it may stand."""
    return _step(text, caret - 1, 1)


def _is_inside(text: str, at: int) -> bool:
    """Whether a letter and its accent, or the two halves of a flag, meet here."""
    if "\U0001f1e6" <= text[at] <= "\U0001f1ff":
        before = text[:at]
        return (at - len(before.rstrip(_FLAG_HALVES))) % 2 == 1
    return not cell_len(visible(text[at]))


def scroll_offset(offset: int, caret: int, end: int, room: int) -> int:
    """First cell to show of a text of `end` cells so that the caret's cell is among `room` cells.

    Moves by a quarter of the window when it must: typing at the edge mostly redraws one cell then.
    """
    if end <= room:
        return 0
    if offset < caret < offset + room - 1 or (offset == 0 and caret < room - 1):
        return min(offset, max(0, end - room // 2))
    return max(0, caret - room * 3 // 4)


EDIT_KEYS: Mapping[str, Callable[[EditLine], EditLine]] = {
    "left": EditLine.left,
    "right": EditLine.right,
    "ctrl+left": EditLine.word_left,
    "ctrl+right": EditLine.word_right,
    "home": EditLine.home,
    "end": EditLine.end,
    "backspace": EditLine.backspace,
    "delete": EditLine.delete,
    "ctrl+w": EditLine.delete_word,
    "ctrl+k": EditLine.delete_to_end,
    "ctrl+u": EditLine.clear,
}
