"""A drawn code holds, module by module, what it was made of."""

from __future__ import annotations

import pytest
import segno

from tuiprov.render.qr import Code, code_for, draws_halves, modules_of

LINK = "https://prov.example.com/prov/0123456789abcdef0123456789abcdef/"
_HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def drawn(code: Code) -> list[list[int]]:
    """The modules of a drawn code, its margin too: 1 for dark."""
    if not code.in_halves:
        return [[int(line[at] != " ") for at in range(0, len(line), 2)] for line in code.lines]
    rows = []
    for line in code.lines:
        rows += [[_HALVES[char][half] for char in line] for half in (0, 1)]
    return rows


def without_margin(rows: list[list[int]]) -> list[list[int]]:
    """The modules between the first and the last dark ones, whichever way one looks."""
    dark = [y for y, row in enumerate(rows) if any(row)]
    columns = [x for row in rows for x, module in enumerate(row) if module]
    return [row[min(columns) : max(columns) + 1] for row in rows[dark[0] : dark[-1] + 1]]


def independent(text: str) -> list[list[int]]:
    """The matrix as segno itself writes it to a text file."""
    import io

    out = io.StringIO()
    segno.make(text, error="l", micro=False).save(out, kind="txt", border=0)
    return [[int(char) for char in line] for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("in_halves", [True, False], ids=["halves", "whole cells"])
@pytest.mark.parametrize("length", [1, 17, 18, 32, 53, 63, 78, 106, 134, 200])
def test_what_is_drawn_is_the_code(length: int, in_halves: bool) -> None:
    text = (LINK * 4)[:length]
    code = code_for(text, 500, 500, in_halves=in_halves)
    assert without_margin(drawn(code)) == independent(text)
    assert [list(row) for row in modules_of(text)] == independent(text)


@pytest.mark.parametrize("in_halves", [True, False])
def test_all_lines_are_of_one_length_with_four_light_modules_around(in_halves: bool) -> None:
    code = code_for(LINK, 500, 500, in_halves=in_halves)
    rows = drawn(code)
    assert {len(line) for line in code.lines} == {code.width}
    margin = [*rows[:4], *rows[-4:], *(row[:4] for row in rows), *(row[-4:] for row in rows)]
    assert not any(any(part) for part in margin)


def test_a_usual_link_fits_80_by_24_beside_its_words() -> None:
    longest = f"https://provisioning.example.com/prov/{'f' * 32}/snomD785-0004130000FF.htm"
    for link in (LINK, longest):
        code = code_for(link, 49, 24, in_halves=True)
        assert not code.problem
        assert len(code.lines) <= 24


def test_a_smaller_window_gets_a_smaller_margin_but_never_less_than_two_modules() -> None:
    size = len(modules_of(LINK))
    for margin in (4, 3, 2):
        width = size + 2 * margin
        code = code_for(LINK, width, 500, in_halves=True)
        assert code.width == width
    assert code_for(LINK, size + 3, 500, in_halves=True).lines == ()


@pytest.mark.parametrize(("width", "height"), [(36, 500), (500, 18), (0, 0)])
def test_where_there_is_no_room_it_says_what_it_takes(width: int, height: int) -> None:
    code = code_for(LINK, width, height, in_halves=True)
    assert code.lines == ()
    assert code.problem == (
        f"A QR code needs 19 lines of 37 characters; here is room for {height} of {width}."
    )


@pytest.mark.parametrize(
    ("term", "encoding", "has"),
    [
        ("xterm-256color", "utf-8", True),
        ("screen", "utf-8", True),
        ("linux", "utf-8", False),
        ("vt220", "utf-8", False),
        ("xterm", "ascii", False),
        ("xterm", "iso8859-15", False),
        ("xterm", "cp437", True),
        ("xterm", "no such encoding", False),
    ],
)
def test_half_blocks_are_drawn_where_the_terminal_has_them(
    term: str, encoding: str, has: bool
) -> None:
    assert draws_halves(term, encoding) is has
