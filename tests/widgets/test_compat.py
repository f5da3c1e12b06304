from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuiprov.widgets.compat import changed_cells, cut_left, fit, from_cell, scrolled, wrap

BOLD = Style(bold=True)


def strip(text: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style)])


@pytest.mark.parametrize("width", range(12))
def test_a_fitted_text_has_exactly_its_width(width: int) -> None:
    assert cell_len(fit("日本語 desk", width)) == width


def test_a_cut_text_says_so() -> None:
    assert fit("abcdef", 4) == "abc…"


def test_half_of_a_wide_character_becomes_a_space() -> None:
    assert from_cell("日本", 1) == " 本"


def test_a_text_cut_on_its_left_says_so() -> None:
    assert cut_left("abcdef", 2) == "…def"


def test_wrapping_breaks_between_words() -> None:
    assert wrap("one two three", 8, 5) == ("one two", "three")


def test_wrapping_keeps_to_its_limit_of_lines() -> None:
    assert wrap("one two three four", 5, 2) == ("one", "two …")


def test_wrapping_cuts_a_word_that_is_longer_than_the_line() -> None:
    assert wrap("abcdefgh", 3, 5) == ("abc", "def", "gh")


def test_equal_strips_have_no_changed_cells() -> None:
    assert changed_cells(strip("abc"), strip("abc")) is None


def test_only_the_cells_between_the_first_and_the_last_difference_are_sent() -> None:
    assert changed_cells(strip("abcdef"), strip("abXdYf")) == (2, 5)


def test_a_changed_style_is_a_difference() -> None:
    assert changed_cells(strip("abc"), strip("abc", BOLD)) == (0, 3)


def test_a_line_with_wide_characters_is_sent_whole() -> None:
    assert changed_cells(strip("日本語x"), strip("日本語y")) == (0, 7)


def test_a_window_moves_by_half_its_height() -> None:
    assert scrolled(0, 10, 10, 10, 100) == 6


def test_a_window_stays_while_the_line_is_in_it() -> None:
    assert scrolled(5, 14, 14, 10, 100) == 5


@pytest.mark.parametrize("top", [0, 40, 90])
def test_a_window_always_contains_the_line_it_follows(top: int) -> None:
    for at in range(100):
        now = scrolled(top, at, at, 10, 100)
        assert now <= at < now + 10
        assert 0 <= now <= 90


def test_the_linux_console_gets_signs_that_its_font_has() -> None:
    code = "from tuiprov.widgets.compat import SIGNS; print(ascii(SIGNS), str(SIGNS).isascii())"
    environment = {**os.environ, "TERM": "linux"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip().endswith("True")
