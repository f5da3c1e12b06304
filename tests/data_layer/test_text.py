"""The text rules: what may be stored as one line, and how stored text reaches a terminal."""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuiprov.text import for_scripts, in_words, is_one_line, to_charset, visible

STEERING = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def test_no_character_that_steers_a_terminal_or_hides_gets_through_the_output_filter() -> None:
    through = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in STEERING and visible(chr(code)) == chr(code)
    ]
    assert through == []


@given(st.text())
@example("\x1b]0;owned\x07")
@example("a\u202eb\u2066c")
def test_what_the_output_filter_gives_is_one_line_of_visible_characters(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in STEERING for char in shown)
    assert "\n" not in shown


@given(st.text().filter(is_one_line))
def test_a_text_that_may_be_stored_is_shown_as_it_is(text: str) -> None:
    # U+FFFC and U+FFFD are symbols to Unicode; the filter escapes them with their neighbours.
    assert visible(text) == text or {"\ufffc", "\ufffd"} & set(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Müller", "Müller"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb", "a\\x0ab"),
        ("a\u202eb", "a\\u202eb"),
        ("[bold]x[/]", "[bold]x[/]"),
        (7, "7"),
    ],
)
def test_the_output_filter_escapes_what_it_must_and_nothing_else(text: object, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\tb", "\x00", "\x7f", "\x85", "\u200b", "\u2028", "\ud800", "\ufffe"]
)
def test_a_character_that_breaks_or_hides_is_no_line(text: str) -> None:
    assert not is_one_line(text)


@pytest.mark.parametrize("text", ["", "abc", "Ana Núñez", "日本語", "👋", "a b", "'\"<>&#;"])
def test_visible_characters_of_any_script_are_a_line(text: str) -> None:
    assert is_one_line(text)


@pytest.mark.parametrize(
    ("text", "charset", "fitted"),
    [
        ("Müller", "utf-8", "Müller"),
        ("Müller", "latin-1", "Müller"),
        ("Müller", "ascii", "Muller"),
        ("Straße", "ascii", "Strasse"),
        ("Łódź", "latin-1", "Lódz"),
        ("Smørrebrød’s", "ascii", "Smorrebrod's"),
        ("日本", "latin-1", "??"),
    ],
)
def test_a_name_loses_its_accents_before_it_loses_letters(
    text: str, charset: str, fitted: str
) -> None:
    assert to_charset(text, charset) == fitted


@given(st.text().filter(is_one_line), st.sampled_from(["utf-8", "latin-1", "ascii"]))
def test_a_fitted_name_can_be_encoded_and_is_still_one_line(text: str, charset: str) -> None:
    fitted = to_charset(text, charset)
    fitted.encode(charset)
    assert is_one_line(fitted)


@pytest.mark.parametrize(
    ("words", "sentence"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), ("abc", "a, b or c")]
)
def test_a_list_is_said_as_a_sentence_says_it(words: list[str], sentence: str) -> None:
    assert in_words(words) == sentence


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 24, 12, 0),  # as SQLite gives it
        datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 14, 0, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_scripts_get_a_moment_in_utc_whichever_database_it_comes_from(moment: datetime) -> None:
    assert for_scripts(moment) == "2026-11-24T12:00:00+00:00"
