"""A question that is answered with the name of a file; Tab completes it as a shell does."""

from __future__ import annotations

import os
from collections.abc import Sequence

from textual import events

from tuiprov.widgets.ask import Ask
from tuiprov.widgets.edit_line import EditLine

_MOST_NAMED = 6


def completed(text: str) -> tuple[str, Sequence[str]]:
    """`text` as far as one name goes on, and the names that begin with it; directories end with a
    slash. What cannot be listed has none."""
    directory, begun = os.path.split(text)
    try:
        with os.scandir(os.path.expanduser(directory) or ".") as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))
            )
    except OSError:
        return text, ()
    common = os.path.commonprefix(names)  # noqa: RUF071  of one name, letter by letter
    return (os.path.join(directory, common) if len(common) > len(begun) else text), names


class AskPath(Ask):
    """Answers the path that was typed, or None on Escape."""

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__(title, ["Tab completes the name."], text)

    def on_key(self, event: events.Key) -> None:
        if event.key != "tab":
            super().on_key(event)
            return
        event.stop()
        event.prevent_default()
        text, names = completed(self.text)
        named = "  ".join(names[:_MOST_NAMED])
        more = f"  … {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        self.say(0, named + more if len(names) > 1 else "" if names else "There is no such file.")
        self._edit(EditLine.of(text))
