"""The programs tuiprov is measured against: as little as possible of what it is made of.

Each is started as `python -m benchmarks.bare_apps NAME`, so that nothing else is imported.
"""

from __future__ import annotations

import os
import sys
import tty

READY = "ready and waiting"
"""What each of them shows when it is there."""


def static() -> None:
    """The smallest Textual app."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(READY)

    Bare().run(mouse=False)


def database() -> None:
    """The same, after it has imported sqlmodel and opened an SQLite database (the argument)."""
    from sqlmodel import create_engine, text

    with create_engine(f"sqlite:///{sys.argv[2]}").connect() as connection:
        connection.execute(text("SELECT 1"))
    static()


def echo() -> None:
    """Every key is sent back: what the pseudo-terminal and the measuring itself cost."""
    tty.setraw(0)
    os.write(1, READY.encode())
    while key := os.read(0, 64):
        os.write(1, key)


if __name__ == "__main__":
    {"static": static, "database": database, "echo": echo}[sys.argv[1]]()
