"""A session that ends from outside: nothing is left running, nothing typed is lost."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable

import pytest

from tests.pty.conftest import EXTENSION, Start, type_a_name
from tests.pty.terminal import Terminal, tuiprov
from tuiprov.data.accounts.viewers import os_viewer
from tuiprov.data.database import Database
from tuiprov.data.store import Store

OFFER = "Unsaved changes from the last session"
LEAVE_ALTERNATE_SCREEN, SHOW_CURSOR = b"\x1b[?1049l", b"\x1b[?25h"
MOUSE_ON = re.compile(rb"\x1b\[\?(?:9|100[0-35-7]|101[56])h")
MODES_TO_LEAVE = {b"1004": "focus reports", b"2004": "bracketed paste"}

Ending = Callable[[Terminal], None]
ENDINGS: dict[str, Ending] = {
    "dropped": Terminal.drop,
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGHUP": lambda terminal: terminal.signal(signal.SIGHUP),
}
SIGNALS = [signal.SIGTERM, signal.SIGHUP]
ending = pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
hangup = pytest.mark.parametrize("ignored", [False, True], ids=["", "SIGHUP ignored"])


def wait_until_gone(terminal: Terminal) -> int:
    """Nothing of the session is left within five seconds; gives the exit status."""
    status = terminal.wait_exit(5)
    terminal.wait_until(lambda: not terminal.processes(), 5, "end of all processes")
    return status


def kept_texts(db: str) -> dict[str, str] | None:
    database = Database(db)
    kept = Store(database).drafts.kept(os_viewer(database))
    return kept[1] if kept else None


@ending
@hangup
def test_no_process_is_left(start: Start, db: str, end: Ending, ignored: bool) -> None:
    terminal = start(db, hangup_ignored=ignored)
    type_a_name(terminal)
    end(terminal)
    wait_until_gone(terminal)


@ending
@hangup
def test_the_draft_is_offered_at_the_next_start(
    start: Start, db: str, end: Ending, ignored: bool
) -> None:
    terminal = start(db, hangup_ignored=ignored)
    type_a_name(terminal)
    end(terminal)
    wait_until_gone(terminal)
    start(db).wait_for(OFFER)


def test_a_resumed_draft_has_the_typed_text(start: Start, db: str) -> None:
    dropped = start(db)
    type_a_name(dropped)
    dropped.drop()
    wait_until_gone(dropped)

    resumed = start(db)
    resumed.wait_for(OFFER)
    resumed.type("r")
    resumed.wait_for("Extension", "*")
    resumed.press("ctrl+n")
    resumed.wait_for("Desk01typed")


def test_a_discarded_draft_is_not_offered_again(start: Start, db: str) -> None:
    dropped = start(db)
    type_a_name(dropped)
    dropped.drop()
    wait_until_gone(dropped)

    discarding = start(db)
    discarding.wait_for(OFFER)
    discarding.type("d")
    discarding.wait_until(lambda: OFFER not in discarding.text, 5, "end of the question")
    assert kept_texts(db) is None


def test_a_draft_put_off_is_offered_once_more(start: Start, db: str) -> None:
    dropped = start(db)
    type_a_name(dropped)
    dropped.drop()
    wait_until_gone(dropped)

    later = start(db)
    later.wait_for(OFFER)
    later.press("escape")
    later.wait_until(lambda: OFFER not in later.text, 5, "end of the question")
    later.drop()
    wait_until_gone(later)
    start(db).wait_for(OFFER)


def test_a_page_without_changes_leaves_no_draft(start: Start, db: str) -> None:
    terminal = start(db)
    terminal.wait_for(EXTENSION)
    terminal.press("enter")
    terminal.wait_for("Use provisioning")
    terminal.drop()
    wait_until_gone(terminal)
    assert kept_texts(db) is None


def test_a_draft_is_kept_while_its_plan_is_on_the_screen(start: Start, db: str) -> None:
    terminal = start(db)
    type_a_name(terminal)
    terminal.press("f2")
    terminal.wait_for("Apply")
    terminal.drop()
    wait_until_gone(terminal)
    kept = kept_texts(db)
    assert kept is not None
    assert kept["friendly_name"] == "Desk01typed"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_restores_the_terminal(start: Start, db: str, number: signal.Signals) -> None:
    terminal = start(db)
    type_a_name(terminal)
    terminal.signal(number)
    assert wait_until_gone(terminal) == 0
    sent = bytes(terminal.output)
    restored = sent[sent.rindex(LEAVE_ALTERNATE_SCREEN) :]
    assert SHOW_CURSOR in restored
    assert not MOUSE_ON.search(sent)
    for mode, name in MODES_TO_LEAVE.items():
        on, off = (sent.rfind(b"\x1b[?" + mode + switch) for switch in (b"h", b"l"))
        assert off > on, name
    assert b"Traceback" not in sent


@ending
@pytest.mark.parametrize("shown", ["Extensions", EXTENSION])
def test_nothing_is_left_when_it_ends_while_the_site_is_being_opened(
    start: Start, db: str, end: Ending, shown: str
) -> None:
    terminal = start(db, hangup_ignored=True)
    terminal.wait_for(shown)
    end(terminal)
    wait_until_gone(terminal)


def test_nothing_is_left_when_the_connection_drops_before_the_first_frame(
    start: Start, db: str
) -> None:
    terminal = start(db, hangup_ignored=True)
    terminal.drop()
    wait_until_gone(terminal)


@hangup
def test_nothing_is_left_when_the_connection_drops_amid_fast_typing(
    start: Start, db: str, ignored: bool
) -> None:
    """Textual's writer dies with the terminal; what is still being drawn must not wait for it."""
    terminal = start(db, hangup_ignored=ignored)
    type_a_name(terminal)
    terminal.type("x" * 2000)
    terminal.wait_for("xx")
    terminal.drop()
    wait_until_gone(terminal)
    assert "Desk01typedx" in (kept_texts(db) or {})["friendly_name"]


def test_nothing_is_left_under_a_shell_that_ignores_the_hangup(db: str) -> None:
    """The kernel tells only the leader of the session that the terminal is gone."""
    shell = [sys.executable, "-c", _SHELL, *tuiprov("--db", db)]
    with Terminal(shell, hangup_ignored=True) as terminal:
        type_a_name(terminal)
        terminal.drop()
        terminal.wait_until(lambda: not terminal.processes(), 5, "end of all processes")
    kept = kept_texts(db)
    assert kept is not None
    assert kept["friendly_name"] == "Desk01typed"


_SHELL = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
