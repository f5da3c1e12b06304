"""Which lines of a phone's files come from one field."""

from __future__ import annotations

import pytest

from tests.phones import TOKEN, phone
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site
from tuiprov.render.engine import RenderedFile, render
from tuiprov.render.trace import changed_lines, lines_of


def page(**values: object) -> Page:
    one = phone("Snom", "D765", "10")
    known = {**DEFAULTS, **one.lines[0].extension, **one.values, "line": 1}
    return Page({**known, **values}, Site(), token=TOKEN)


def rendered(a_page: Page) -> list[RenderedFile]:
    assert a_page.phone is not None
    return render(a_page.phone)


def found(field: str, **values: object) -> list[str]:
    """The texts of the lines that `field` makes."""
    a_page = page(**values)
    texts = {file.name: file.text.splitlines() for file in rendered(a_page)}
    return [
        texts[name][number].strip()
        for name, numbers in lines_of(field, a_page, rendered(a_page)).items()
        for number in sorted(numbers)
    ]


def test_a_text_field_makes_the_lines_it_stands_in() -> None:
    assert found("extension_name", extension_name="Zaphod") == [
        '<user_realname idx="1" perm="RW">Zaphod</user_realname>'
    ]


def test_a_choice_makes_the_lines_of_all_its_values() -> None:
    assert [line.split()[0] for line in found("media_encryption")] == ["<user_srtp", "<user_savp"]


def test_the_order_of_codecs_makes_their_line() -> None:
    (line,) = found("codecs", codecs="alaw")
    assert line.startswith("<codec_priority_list")


def test_an_interval_left_to_its_default_is_found() -> None:
    assert any(line.startswith("<settings_refresh_timer") for line in found("update_interval"))
    assert any(
        line.startswith("<settings_refresh_timer")
        for line in found("update_interval", update_interval=3600)
    )


@pytest.mark.parametrize("lamps", [1, 2, 3])
def test_every_lamp_belongs_to_the_parking_field(lamps: int) -> None:
    lines = found("parking_watch_lines", parking_watch_lines=lamps)
    assert len([line for line in lines if "Park " in line]) == lamps


def test_the_mac_address_is_found_although_it_names_the_files_anew() -> None:
    assert any("000413AABBCC" in line for line in found("mac"))


@pytest.mark.parametrize("field", ["manufacturer", "model", "firmware", "status"])
def test_a_field_that_decides_about_the_whole_file_marks_nothing(field: str) -> None:
    assert found(field) == []


@pytest.mark.parametrize("field", ["notes", "ping", "organization", "no such field", ""])
def test_a_field_that_no_phone_takes_marks_nothing(field: str) -> None:
    assert found(field) == []


def test_every_file_has_an_answer() -> None:
    files = rendered(page())
    assert lines_of("notes", page(), files).keys() == {file.name for file in files}


def test_a_value_that_cannot_be_rendered_marks_nothing() -> None:
    good = rendered(page())
    assert not any(lines_of("dtmf_mode", page(extension_name="\x07"), good).values())


@pytest.mark.parametrize(
    ("lines", "others", "changed"),
    [
        ("abc", "abc", set()),
        ("abc", "axc", {1}),
        ("abc", "ac", {1}),
        ("ac", "abc", set()),
        ("abcd", "axyd", {1, 2}),
        ("abc", "", {0, 1, 2}),
        ("", "abc", set()),
        ("xbc", "abc", {0}),
        ("abx", "abc", {2}),
        ("aab", "ab", {1}),
    ],
)
def test_changed_lines_are_those_that_are_not_at_their_place(
    lines: str, others: str, changed: set[int]
) -> None:
    assert changed_lines(list(lines), list(others)) == changed
