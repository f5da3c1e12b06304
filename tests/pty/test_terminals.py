"""The program on the terminals that admins have: size, colours, keys, and how it leaves them."""

from __future__ import annotations

import base64
import itertools
import re

import pytest

from tests.pty.conftest import EXTENSION, NAME, Start, open_device_section
from tests.pty.terminal import Terminal
from tests.render.test_qr import independent, without_margin
from tests.sites import Site
from tuiprov.data.models import Device

TERMS = ["xterm-256color", "screen-256color", "linux"]
SIZES = [(80, 24), (200, 60)]
on_every_terminal = pytest.mark.parametrize("term", TERMS)
in_every_size = pytest.mark.parametrize(("width", "height"), SIZES, ids=["80x24", "200x60"])
COLOURS = re.compile(rb"\x1b\[([0-9;]*)m")


def opened(start: Start, db: str, term: str, width: int = 80, height: int = 24) -> Terminal:
    """tuiprov with its list on the screen."""
    terminal = start(db, term=term, width=width, height=height)
    terminal.wait_for("Extensions", EXTENSION)
    return terminal


@on_every_terminal
@in_every_size
def test_the_list_fills_the_screen(
    start: Start, db: str, term: str, width: int, height: int
) -> None:
    terminal = opened(start, db, term, width, height)
    terminal.wait_for("Esc Quit")
    lines = terminal.text.splitlines()
    assert lines[0].startswith(" Extensions")
    assert "Esc Quit" in lines[height - 1]
    assert all(len(line) == width for line in lines)


@on_every_terminal
@in_every_size
def test_enter_opens_the_page_with_its_preview(
    start: Start, db: str, term: str, width: int, height: int
) -> None:
    terminal = opened(start, db, term, width, height)
    terminal.press("enter")
    terminal.wait_for(f"{NAME} ({EXTENSION})", "Use provisioning", "805ec0000001.cfg")


@on_every_terminal
@in_every_size
def test_f2_shows_the_plan_and_escape_leaves_screen_by_screen(
    start: Start, db: str, term: str, width: int, height: int
) -> None:
    terminal = opened(start, db, term, width, height)
    terminal.press("enter")
    terminal.wait_for("Use provisioning")
    terminal.press("f2")
    terminal.wait_for("Apply")
    terminal.press("escape")
    terminal.wait_for("Use provisioning", "F2 Save")
    terminal.press("escape")
    terminal.wait_for("Extensions", "Esc Quit")
    terminal.press("escape")
    assert terminal.wait_exit() == 0


@on_every_terminal
def test_typing_reaches_the_preview(start: Start, db: str, term: str) -> None:
    terminal = opened(start, db, term, 200, 60)
    open_device_section(terminal)
    terminal.press("ctrl+n")
    terminal.wait_for("Administrator username")
    terminal.type("xyz")
    terminal.wait_until(lambda: terminal.text.count("adminxyz") > 1, 5, "name in the preview")


def test_the_linux_console_is_sent_16_colours_only(start: Start, db: str) -> None:
    terminal = opened(start, db, "linux")
    open_device_section(terminal)
    terminal.press("f5")
    terminal.wait_for("Press the letter")
    terminal.press("escape")
    terminal.wait_for("F2 Save")
    terminal.press("f1")
    terminal.wait_for("Enter close")
    codes = {code for match in COLOURS.finditer(terminal.output) for code in match[1].split(b";")}
    assert codes
    assert not codes & {b"38", b"48"}


@on_every_terminal
def test_without_colour_wanted_the_list_appears_and_can_be_read(
    start: Start, db: str, term: str
) -> None:
    terminal = start(db, term=term, environment={"NO_COLOR": "1"})
    terminal.wait_for("Extensions", EXTENSION, "Esc Quit")
    terminal.settle(0.2)
    assert terminal.text
    cells = [cell for row in terminal._screen.buffer.values() for cell in row.values()]
    unreadable = [cell for cell in cells if cell.data.strip() and cell.fg == cell.bg]
    assert unreadable == []


def test_a_terminal_of_256_colours_is_not_sent_true_colour(start: Start, db: str) -> None:
    terminal = opened(start, db, "screen-256color")
    assert b"38;5;" in terminal.output
    assert b"38;2;" not in terminal.output


@on_every_terminal
def test_a_copied_link_reaches_the_terminal_as_osc_52(start: Start, db: str, term: str) -> None:
    terminal = opened(start, db, term)
    terminal.press("f2")
    terminal.wait_for("Desk01")
    terminal.press("ctrl+l")
    terminal.wait_for("Provisioning link", "C copy")
    terminal.press("c")
    coded = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")
    terminal.wait_until(lambda: coded.search(terminal.output) is not None, 5, "OSC 52")
    found = coded.search(terminal.output)
    assert found is not None
    assert base64.b64decode(found[1]).startswith(b"https://prov.example.com/prov/")


@pytest.mark.parametrize(
    ("term", "environment", "height"),
    [
        ("xterm-256color", {}, 24),
        ("xterm-256color", {"COLORTERM": "truecolor"}, 24),
        ("xterm-256color", {"NO_COLOR": "1"}, 24),
        ("screen-256color", {}, 24),
        ("ansi", {}, 24),
        ("linux", {}, 48),
    ],
)
def test_the_code_is_dark_on_light_in_the_colours_that_the_terminal_is_sent(
    start: Start, site: Site, db: str, term: str, environment: dict[str, str], height: int
) -> None:
    token = site.rows(Device)[0].token
    width = 80 if height == 24 else 128
    terminal = start(db, term=term, environment=environment, width=width, height=height)
    terminal.wait_for("Extensions", EXTENSION)
    terminal.press("f2")
    terminal.wait_for("Desk01")
    terminal.press("ctrl+l")
    terminal.wait_for("Provisioning link", "C copy")
    terminal.settle(0.3)
    link = f"https://prov.example.com/prov/{token}/"
    assert without_margin(cells_of(terminal, term != "linux")) == independent(link)


def cells_of(terminal: Terminal, in_halves: bool) -> list[list[int]]:
    """The modules of the code on the screen by the colours of its cells: 1 for dark."""
    assert terminal.text
    rows: list[list[int]] = []
    for y in range(terminal.height):
        line = [terminal._screen.buffer[y][x] for x in range(terminal.width)]
        shown = list(itertools.takewhile(lambda cell: cell.bg in (*_DARK, *_LIGHT), line))
        shown = shown if any(cell.bg in _LIGHT for cell in shown) else []
        light = [x for x, cell in enumerate(shown) if cell.bg in _LIGHT]
        shown = shown[: light[-1] + 1] if light else []
        for signs in ("▀█#", "▄█#") if in_halves else ("#",):
            row = [int((c.fg if c.data in signs else c.bg) in _DARK) for c in shown]
            rows.append(row if in_halves else row[::2])
    return [row for row in rows if row]


_DARK = ("000000", "black")
_LIGHT = ("ffffff", "white", "brightwhite")
