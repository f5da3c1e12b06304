"""A site on disk, and terminals that tuiprov runs on; none of them outlives its test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from tests.pty.terminal import Terminal, tuiprov
from tests.sites import PHONE, Site

EXTENSION, NAME = "0027*001", "John Smith"
"""The one row of the list; its phone is named Desk01."""


class Start(Protocol):
    """Starts tuiprov on a database; what it takes besides is `Terminal`'s."""

    def __call__(self, db: str, **terminal: Any) -> Terminal: ...


@pytest.fixture
def db(site: Site) -> str:
    """The URL of a site with one extension and a phone on it."""
    login = {"admin_username": "admin", "password_generation": "auto"}
    site.add(EXTENSION, extension_name=NAME, **PHONE, **login)
    site.database.close()
    return site.url


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as terminals:
        yield lambda db, **terminal: terminals.enter_context(
            Terminal(tuiprov("--db", db), **terminal)
        )


def open_device_section(terminal: Terminal) -> None:
    """From the list to the first field of section Device information, the friendly name."""
    terminal.wait_for(EXTENSION)
    terminal.press("enter")
    terminal.wait_for("Use provisioning")
    terminal.press("ctrl+n")
    terminal.wait_for("Friendly name")


def type_a_name(terminal: Terminal) -> None:
    """Leave `Desk01typed` unsaved in the friendly name."""
    open_device_section(terminal)
    terminal.type("typed")
    terminal.wait_for("Desk01typed")
