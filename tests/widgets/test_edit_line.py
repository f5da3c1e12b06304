from __future__ import annotations

import pytest

from tuiprov.widgets.edit_line import EDIT_KEYS, EditLine, scroll_offset


def line(marked: str) -> EditLine:
    """`ab|cd` is the text abcd with the caret before the c."""
    return EditLine(marked.replace("|", ""), marked.index("|"))


def marked(edit: EditLine) -> str:
    return f"{edit.text[: edit.caret]}|{edit.text[edit.caret :]}"


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("ab|cd", "left", "a|bcd"),
        ("|abcd", "left", "|abcd"),
        ("ab|cd", "right", "abc|d"),
        ("abcd|", "right", "abcd|"),
        ("ab|cd", "home", "|abcd"),
        ("ab|cd", "end", "abcd|"),
        ("ab|cd", "backspace", "a|cd"),
        ("|abcd", "backspace", "|abcd"),
        ("ab|cd", "delete", "ab|d"),
        ("abcd|", "delete", "abcd|"),
        ("sip.example.com|", "ctrl+left", "sip.example.|com"),
        ("|sip.example", "ctrl+right", "sip|.example"),
        ("one two|", "ctrl+w", "one |"),
        ("ab|cd", "ctrl+k", "ab|"),
        ("ab|cd", "ctrl+u", "|"),
    ],
)
def test_a_key_edits_the_line_as_everywhere(before: str, key: str, after: str) -> None:
    assert marked(EDIT_KEYS[key](line(before))) == after


def test_the_caret_does_not_stop_between_a_letter_and_its_accent() -> None:
    assert marked(line("e\u0301|x").left()) == "|e\u0301x"


def test_a_word_ends_behind_its_last_accent() -> None:
    assert marked(line("|cafe\u0301 x").word_right()) == "cafe\u0301| x"


def test_a_word_does_not_begin_with_the_accent_of_the_one_before() -> None:
    assert marked(line("cafe\u0301|").word_left()) == "|cafe\u0301"


def test_the_caret_does_not_stop_between_the_halves_of_a_flag() -> None:
    assert marked(line("|🇮🇹🇩🇪").right()) == "🇮🇹|🇩🇪"
    assert marked(line("🇮🇹🇩🇪|").left()) == "🇮🇹|🇩🇪"


def test_a_place_inside_of_a_character_is_the_one_behind_it() -> None:
    assert line("|e\u0301x").at(1).caret == 2


def test_backspace_takes_a_letter_with_its_accent() -> None:
    assert line("ne\u0301|").backspace() == EditLine("n", 1)


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("001565\n", "001565"),
        ("one\ntwo", "one"),
        ("\r\none\r\n", "one"),
        ("a\tb\x1b[31mc", "a b [31mc"),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_paste_gives_its_first_line_without_control_characters(pasted: str, text: str) -> None:
    assert EditLine().paste(pasted).text == text


def test_a_caret_at_the_end_stays_there_when_the_text_is_changed_by_others() -> None:
    assert EditLine.of("001565").follow("00:15:65") == EditLine.of("00:15:65")


def test_a_caret_inside_stays_within_a_text_that_became_shorter() -> None:
    assert line("abcde|f").follow("ab") == EditLine("ab", 2)


@pytest.mark.parametrize("offset", [0, 30, 90])
def test_the_caret_is_always_in_the_window(offset: int) -> None:
    for caret in range(101):
        start = scroll_offset(offset, caret, 101, 20)
        assert start <= caret < start + 20


def test_a_text_that_fits_is_not_scrolled() -> None:
    assert scroll_offset(15, 10, 20, 20) == 0
