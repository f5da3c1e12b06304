"""A demo site on disk, and terminals that tuiprov runs on; none of them outlives its test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.pty.terminal import Terminal, tuiprov
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo

FIRST_EXTENSION = "0027*001"
"""The first row of the demo's list: a Yealink T46S named Desk001."""


class Start(Protocol):
    """Starts tuiprov on a database; what it takes besides is `Terminal`'s."""

    def __call__(self, db: str, **terminal: Any) -> Terminal: ...


@pytest.fixture
def db(tmp_path: Path) -> str:
    """The URL of a demo site of six phones."""
    url = f"sqlite:///{tmp_path}/site.db"
    database = Database(url)
    make_demo(database, 6)
    database.close()
    return url


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as terminals:
        yield lambda db, **terminal: terminals.enter_context(
            Terminal(tuiprov("--db", db), **terminal)
        )


def open_device_section(terminal: Terminal) -> None:
    """From the list to the first field of section Device information, the friendly name."""
    terminal.wait_for(FIRST_EXTENSION)
    terminal.press("enter")
    terminal.wait_for("Use provisioning")
    terminal.press("ctrl+n")
    terminal.wait_for("Friendly name")


def type_a_name(terminal: Terminal) -> None:
    """Leave `Desk001typed` unsaved in the friendly name."""
    open_device_section(terminal)
    terminal.type("typed")
    terminal.wait_for("Desk001typed")
