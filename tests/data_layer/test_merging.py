"""Three-way merge by lines: nobody's change is lost, and what cannot be decided is marked."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.data.templates.merging import BETWEEN, DEFAULT, YOURS, conflict_lines, merge

OLD = "a\nb\nc\nd\ne\n"
TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "x\n"]), max_size=8).map("".join)


def conflict(yours: str, new: str) -> str:
    return f"{YOURS}\n{yours}{BETWEEN}\n{new}{DEFAULT}\n"


@pytest.mark.parametrize(
    ("yours", "new", "merged"),
    [
        (OLD, OLD, OLD),
        ("a\nB\nc\nd\ne\n", OLD, "a\nB\nc\nd\ne\n"),
        (OLD, "a\nb\nc\nd\nE\n", "a\nb\nc\nd\nE\n"),
        ("a\nB\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "a\nB\nc\nd\nE\n"),
        ("x\na\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\ny\n", "x\na\nb\nc\nd\ne\ny\n"),
        ("b\nc\nd\ne\n", "a\nb\nc\n", "b\nc\n"),
        ("a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n"),
        ("", OLD, ""),
        (OLD, "", ""),
    ],
    ids=[
        "nothing",
        "yours",
        "new",
        "both",
        "added at either end",
        "taken away at either end",
        "the same in both",
        "all of yours taken away",
        "all of the new taken away",
    ],
)
def test_what_one_side_changed_is_taken(yours: str, new: str, merged: str) -> None:
    done = merge(OLD, yours, new)
    assert (done.text, done.conflicts) == (merged, 0)


def test_lines_that_both_changed_are_marked_and_no_others() -> None:
    done = merge(OLD, "a\nB\nc\nd\ne\n", "a\nX\nc\nd\nE\n")
    assert done.text == "a\n" + conflict("B\n", "X\n") + "c\nd\nE\n"
    assert done.conflicts == 1
    assert conflict_lines(done.text) == [1, 5]


def test_what_both_sides_of_a_conflict_begin_and_end_with_is_outside_of_it() -> None:
    done = merge("b\n", "1\nx\n2\n", "1\ny\n2\n")
    assert done.text == "1\n" + conflict("x\n", "y\n") + "2\n"


def test_a_conflict_in_a_last_line_without_an_end_has_its_markers_on_lines_of_their_own() -> None:
    assert merge("a\nz", "a\nx", "a\ny").text == "a\n" + conflict("x\n", "y\n")


def test_each_of_several_conflicts_is_counted() -> None:
    done = merge("a\n-\nb\n", "A\n-\nB\n", "1\n-\n2\n")
    assert done.conflicts == 2


@given(TEXTS, TEXTS)
def test_a_side_that_changed_nothing_gives_way(old: str, other: str) -> None:
    assert merge(old, old, other).text == other
    assert merge(old, other, old).text == other
    assert merge(old, other, other).text == other


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_is_made_up(old: str, yours: str, new: str) -> None:
    done = merge(old, yours, new)
    known = {*yours.splitlines(), *new.splitlines(), YOURS, BETWEEN, DEFAULT}
    assert set(done.text.splitlines()) <= known
    assert (done.conflicts == 0) is (conflict_lines(done.text) == [])


def test_a_template_of_thousands_of_lines_is_merged_at_once() -> None:
    dice = random.Random(1)
    old = [f"line {dice.randrange(400)}\n" for _ in range(3000)]
    yours, new = list(old), list(old)
    for at in range(0, 3000, 100):
        yours[at], new[at + 50] = "mine\n", "theirs\n"
    done = merge(*("".join(lines) for lines in (old, yours, new)))
    assert done.conflicts == 0
    assert (done.text.count("mine"), done.text.count("theirs")) == (30, 30)
