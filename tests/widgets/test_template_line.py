from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuiprov.widgets.compat import Run
from tuiprov.widgets.preview import shown
from tuiprov.widgets.template_line import LONGEST_COLOURED, coloured, in_window, restyled

RUNS: list[Run] = [("abc", "x"), ("日本", "y"), ("def", "x")]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{% if a %}", [("{% if a %}", "statement")]),
        ("a = {{ b }}c", [("a ", "key"), ("= ", "text"), ("{{ b }}", "value"), ("c", "text")]),
        ("x.{{ n }}.y = 1", [("x.", "key"), ("{{ n }}", "value"), (".y ", "key"), ("= 1", "text")]),
        ("{{ a }}{# b #}c", [("{{ a }}", "value"), ("{# b #}", "comment"), ("c", "text")]),
        ("{# it goes", [("{# it goes", "comment")]),
        ("on #}{{ a", [("on #}", "comment"), ("{{ a", "value")]),
        ("# {% x %}", [("# ", "comment"), ("{% x %}", "statement")]),
        ("<a>{{ b }}</a>", [("<a>", "tag"), ("{{ b }}", "value"), ("</a>", "tag")]),
        ("\ta=1", [("    a", "key"), ("=1", "text")]),
        ("{ {a} %}", [("{ {a} %}", "text")]),
        ("", []),
    ],
)
def test_a_line_of_a_template_is_taken_apart(text: str, parts: list[Run]) -> None:
    assert [run for run in coloured(text) if run[0]] == parts


@given(st.text(st.sampled_from("{}%# ab=<>\t\x1b日\u0301")))
def test_the_parts_are_the_whole_line(text: str) -> None:
    assert "".join(part for part, _ in coloured(text)) == shown(text)


def test_a_very_long_line_is_left_plain() -> None:
    assert coloured("# " + "x" * LONGEST_COLOURED) == (("# " + "x" * LONGEST_COLOURED, "text"),)


def test_characters_are_restyled_across_the_parts() -> None:
    assert restyled(RUNS, 2, 4, "z") == [
        ("ab", "x"),
        ("c", "z"),
        ("日", "z"),
        ("本", "y"),
        ("def", "x"),
    ]


def test_a_line_that_fits_is_shown_whole() -> None:
    assert in_window(RUNS, 0, 10) == RUNS


@pytest.mark.parametrize(
    ("offset", "room", "seen"),
    [
        (0, 9, "abc日本d…"),
        (0, 5, "abc …"),
        (3, 10, "… 本def"),
        (4, 3, "… …"),
        (4, 4, "…本…"),
        (0, 0, ""),
    ],
)
def test_what_is_cut_off_is_told_by_signs(offset: int, room: int, seen: str) -> None:
    runs = in_window(RUNS, offset, room)
    assert "".join(text for text, _ in runs) == seen


@given(st.text(st.sampled_from("ab日\u0301🇮"), max_size=20), st.integers(0, 30), st.integers(0, 12))
def test_the_window_is_never_wider_than_its_room(text: str, offset: int, room: int) -> None:
    runs = in_window([(text[:5], "x"), (text[5:], "y")], offset, room)
    assert sum(cell_len(part) for part, _ in runs) <= room
