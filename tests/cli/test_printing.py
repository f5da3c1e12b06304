"""How the command line prints: nothing in a stored value steers the terminal."""

from __future__ import annotations

import json

import pytest

from tuiprov.data.catalog import default_catalog
from tuiprov.errors import NotFound
from tuiprov.printing import print_catalog, print_json, print_plan, print_text, say
from tuiprov.publish.plan import Change, Plan

HOSTILE = "a\x1b[31m\u202eb\x9bc"
SHOWN = "a\\x1b[31m\\u202eb\\x9bc"


def test_a_line_is_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(HOSTILE, to_error=True)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n")


def test_a_file_is_printed_line_by_line_and_made_visible(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_text(f"one\n{HOSTILE}\n")
    assert capsys.readouterr().out == f"one\n{SHOWN}\n"


def test_json_is_ascii_and_holds_the_true_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": HOSTILE, "other": "Müller"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert all(char.isprintable() or char == "\n" for char in out)
    assert json.loads(out) == {"name": HOSTILE, "other": "Müller"}


PLAN = Plan(
    (
        Change("write", "tftp/a", 1, b"x", "", "x = 1"),
        Change("replace", "tftp/b", 2, b"x", "x = 1", "x = 2"),
        Change("delete", "tftp/c", 3),
    ),
    failed={4: f"x.cfg: {HOSTILE}"},
)


def test_a_plan_is_signs_paths_failures_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(PLAN, with_diff=False, as_json=False)
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "+ tftp/a",
        "~ tftp/b",
        "- tftp/c",
        "3 phones: 1 to write, 1 to replace, 1 to delete; 1 phone failed",
    ]
    assert len(said.err.splitlines()) == 1
    assert SHOWN in said.err


def test_the_diff_stands_under_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(PLAN, with_diff=True, as_json=False)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:6] == ["+ tftp/a", "+x = 1", "~ tftp/b", "-x = 1", "+x = 2", "- tftp/c"]


def test_a_plan_as_json_holds_no_content(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(PLAN, with_diff=True, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["changes"][1] == {"kind": "replace", "path": "tftp/b"}
    assert list(found["failed"]) == ["4"]


def test_the_catalogue_s_columns_stand_under_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_catalog(default_catalog(), "Fanvil", "", as_json=False)
    header, *rows = capsys.readouterr().out.splitlines()
    start = header.index("LINES")
    assert all(row[start].isdigit() and row[start - 1] == " " for row in rows)


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(NotFound, match="'Fanvil X99'"):
        print_catalog(default_catalog(), "Fanvil", "X99", as_json=False)
