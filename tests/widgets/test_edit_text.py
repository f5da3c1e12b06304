from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.widgets.edit_line import settled
from tuiprov.widgets.edit_text import CHANGE_KEYS, MOVE_KEYS, EditText, cell_of, column_of


def text(marked: str) -> EditText:
    """`ab\\nc|d` has its caret before the d; from a `¦` on to there it is selected."""
    edit = EditText(marked.replace("|", "").replace("¦", ""))
    edit.go(place_of(marked.replace("¦", ""), "|"))
    if "¦" in marked:
        caret = edit.caret
        edit.go(place_of(marked.replace("|", ""), "¦"))
        edit.go(caret, select=True)
    return edit


def place_of(marked: str, sign: str) -> tuple[int, int]:
    before = marked[: marked.index(sign)]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def marked(edit: EditText) -> str:
    row, column = edit.caret
    lines = list(edit.lines)
    lines[row] = f"{lines[row][:column]}|{lines[row][column:]}"
    return "\n".join(lines)


def pressed(before: str, *keys: str) -> str:
    """The text after these keys, with its caret."""
    edit = text(before)
    for key in keys:
        press(edit, key)
    return marked(edit)


def press(edit: EditText, key: str) -> None:
    plain = key.replace("shift+", "")
    if key in CHANGE_KEYS:
        CHANGE_KEYS[key](edit)
    elif plain in MOVE_KEYS:
        edit.go(MOVE_KEYS[plain](edit), select=plain != key)
    elif plain in ("up", "down"):
        edit.go_lines(-1 if plain == "up" else 1, select=plain != key)
    elif key == "mark":
        edit.set_mark()
    elif key == "copy":
        edit.copy()
    else:
        edit.type(key)


class TestMoving:
    @pytest.mark.parametrize(
        ("before", "key", "after"),
        [
            ("ab\n|cd", "left", "ab|\ncd"),
            ("ab|\ncd", "right", "ab\n|cd"),
            ("|ab", "left", "|ab"),
            ("ab|", "right", "ab|"),
            ("ab\n|cd", "ctrl+left", "ab|\ncd"),
            ("ab|\ncd", "ctrl+right", "ab\n|cd"),
            ("one two|\n", "ctrl+left", "one |two\n"),
            ("a\nb|c\nd", "home", "a\n|bc\nd"),
            ("a\nb|c\nd", "end", "a\nbc|\nd"),
            ("a\nb|c\nd", "ctrl+home", "|a\nbc\nd"),
            ("a\nb|c\nd", "ctrl+end", "a\nbc\nd|"),
            ("abc\nd|ef", "up", "a|bc\ndef"),
            ("a|bc\ndef", "down", "abc\nd|ef"),
            ("a|bc", "up", "a|bc"),
        ],
    )
    def test_a_key_moves_the_caret(self, before: str, key: str, after: str) -> None:
        assert pressed(before, key) == after

    def test_the_caret_comes_back_to_its_cell_after_a_shorter_line(self) -> None:
        assert pressed("abcdef|\nx\nuvwxyz", "down", "down") == "abcdef\nx\nuvwxyz|"

    def test_the_caret_keeps_to_its_cell_under_wide_characters_and_tabs(self) -> None:
        assert pressed("日本|語\nabcdefg", "down") == "日本語\nabcd|efg"
        assert pressed("\ta|b\nabcdefg", "down") == "\tab\nabcde|fg"

    def test_the_caret_never_stands_inside_of_a_character(self) -> None:
        assert pressed("a|bc\ne\u0301\u0300x", "down") == "abc\ne\u0301\u0300|x"

    def test_a_place_beyond_the_text_is_its_end(self) -> None:
        edit = EditText("ab\nc")
        edit.go((9, 9))
        assert edit.caret == (1, 1)
        edit.go((-3, -1))
        assert edit.caret == (0, 0)


class TestChanging:
    @pytest.mark.parametrize(
        ("before", "keys", "after"),
        [
            ("a|b", ["x", "y"], "axy|b"),
            ("  ab|cd", ["enter"], "  ab\n  |cd"),
            ("\tab|", ["enter"], "\tab\n\t|"),
            (" |  ab", ["enter"], " \n |  ab"),
            ("ab\n|cd", ["backspace"], "ab|cd"),
            ("ab|\ncd", ["delete"], "ab|cd"),
            ("|ab", ["backspace"], "|ab"),
            ("ab|", ["delete"], "ab|"),
            ("one two|", ["ctrl+w"], "one |"),
            ("one\n|two", ["ctrl+w"], "one|two"),
            ("a|b", ["tab"], "a  |b"),
            ("    a|b", ["shift+tab"], "  a|b"),
            ("\ta|b", ["shift+tab"], "a|b"),
            (" |a", ["shift+tab"], "|a"),
            ("a|b", ["shift+tab"], "a|b"),
            ("a|\n\u0301x", ["delete"], "a\u0301|x"),
        ],
    )
    def test_a_key_changes_the_text(self, before: str, keys: list[str], after: str) -> None:
        assert pressed(before, *keys) == after

    @pytest.mark.parametrize(
        ("pasted", "put_in"),
        [
            ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
            ("a\tb", "a\tb"),
            ("a\x1b[31mb\x00\x7f\x9bc", "a[31mbc"),
            ("a\u2028b\x85c", "a\nb\nc"),
            ("\u202ea\u200b", "\u202ea\u200b"),
        ],
    )
    def test_a_paste_keeps_lines_and_tabs_and_no_other_control(
        self, pasted: str, put_in: str
    ) -> None:
        edit = text("<|>")
        edit.paste(pasted)
        assert edit.text == f"<{put_in}>"

    def test_a_text_is_given_back_as_it_was_opened(self) -> None:
        for opened in ("", "\n", "a\r\nb\r\n", "\ta\x1b\u2028b\x0c\n\n"):
            assert EditText(opened).text == opened


class TestSelecting:
    def test_shift_with_a_move_selects_and_a_move_without_ends_it(self) -> None:
        edit = text("ab\nc|d")
        press(edit, "shift+up")
        assert edit.selection == ((0, 1), (1, 1))
        press(edit, "right")
        assert edit.selection is None

    def test_from_the_mark_every_move_selects(self) -> None:
        edit = text("|abc")
        for key in ("mark", "right", "right"):
            press(edit, key)
        assert edit.selection == ((0, 0), (0, 2))
        press(edit, "mark")
        assert edit.selection is None

    @pytest.mark.parametrize(
        ("before", "key", "after"),
        [
            ("a¦bc\nd|e", "x", "ax|e"),
            ("a¦bc\nd|e", "enter", "a\n|e"),
            ("a|bc\nd¦e", "backspace", "a|e"),
            ("a¦bc\nd|e", "delete", "a|e"),
            ("a¦bc\nd|e", "ctrl+w", "a|e"),
            ("a¦bc\nd|e", "ctrl+k", "a|e"),
            ("a¦bc|d", "tab", "a  |d"),
            ("a¦x|b", "x", "ax|b"),
        ],
    )
    def test_what_is_selected_gives_way(self, before: str, key: str, after: str) -> None:
        edit = text(before)
        press(edit, key)
        assert marked(edit) == after
        assert edit.selection is None

    def test_tab_and_shift_tab_move_all_selected_lines_and_keep_them_selected(self) -> None:
        edit = text("a¦b\n\n  c\n|d")
        press(edit, "tab")
        assert marked(edit) == "  ab\n\n    c\n|d"
        assert edit.selection == ((0, 3), (3, 0))
        press(edit, "shift+tab")
        press(edit, "shift+tab")
        assert marked(edit) == "ab\n\nc\n|d"


class TestCutting:
    def test_ctrl_k_cuts_the_line_and_ctrl_u_puts_it_back(self) -> None:
        assert pressed("a\nb|b\nc", "ctrl+k") == "a\n|c"
        assert pressed("a\nb|b\nc", "ctrl+k", "ctrl+u") == "a\nbb\n|c"

    def test_lines_cut_one_after_the_other_are_put_back_together(self) -> None:
        assert pressed("|a\nb\nc", "ctrl+k", "ctrl+k", "end", "ctrl+u") == "ca\nb\n|"

    def test_a_move_between_two_cuts_begins_anew(self) -> None:
        assert pressed("|a\nb\nc", "ctrl+k", "down", "ctrl+k", "ctrl+u", "ctrl+u") == "b\ncc|"

    def test_the_last_line_is_cut_without_a_break(self) -> None:
        assert pressed("a\nb|", "ctrl+k", "ctrl+u") == "a\nb|"

    def test_an_empty_last_line_does_not_take_the_place_of_what_was_cut(self) -> None:
        assert pressed("|a\n", "ctrl+k", "ctrl+k", "ctrl+u") == "a\n|"

    def test_what_is_copied_can_be_put_in_again(self) -> None:
        assert pressed("¦a\nb|c", "copy", "end", "ctrl+u") == "a\nbca\nb|"


class TestUndo:
    @pytest.mark.parametrize(
        ("before", "keys", "after"),
        [
            ("|", ["a", "b", "tab", "c"], "|"),
            ("abc|", ["backspace", "backspace"], "abc|"),
            ("a\nb|c", ["backspace", "backspace"], "a\n|c"),
            ("|", ["a", "enter"], "a|"),
            ("|", ["a", "left", "b"], "|a"),
            ("|", ["a", "backspace"], "a|"),
            ("¦ab\nc|d", ["x", "y"], "ab\nc|d"),
            ("|a\nb\nc", ["ctrl+k", "ctrl+k"], "|b\nc"),
            ("¦a\nb|", ["tab"], "a\nb|"),
            ("    a|", ["shift+tab", "shift+tab"], "  a|"),
        ],
    )
    def test_undo_takes_one_step_back(self, before: str, keys: list[str], after: str) -> None:
        assert pressed(before, *keys, "ctrl+z") == after

    def test_redo_does_it_again(self) -> None:
        assert pressed("|", "a", "b", "ctrl+z", "ctrl+y") == "ab|"

    def test_a_change_after_undo_leaves_nothing_to_redo(self) -> None:
        edit = text("|")
        for key in ("a", "ctrl+z", "b"):
            press(edit, key)
        assert not edit.redo()

    def test_nothing_done_is_nothing_to_undo(self) -> None:
        edit = text("ab|")
        for key in ("delete", "left", "shift+tab"):
            press(edit, key)
        assert not edit.undo()
        assert edit.last is None


class TestFinding:
    @pytest.mark.parametrize(
        ("before", "words", "back", "after"),
        [
            ("|one\ntwo one", "one", False, "one\ntwo |one"),
            ("one\ntwo |one", "one", False, "|one\ntwo one"),
            ("one\ntwo |one", "one", True, "|one\ntwo one"),
            ("|one\ntwo one", "one", True, "one\ntwo |one"),
            ("|x\nSIP_Server", "sip_s", False, "x\n|SIP_Server"),
            ("ab |ab ab", "AB", True, "|ab ab ab"),
            ("|ab", "ab", False, "|ab"),
            ("|x {{ a.b }}", "{{ a.", False, "x |{{ a.b }}"),
        ],
    )
    def test_the_next_place_is_found(self, before: str, words: str, back: bool, after: str) -> None:
        edit = text(before)
        place = edit.find(words, back=back)
        assert place is not None
        edit.go(place)
        assert marked(edit) == after

    @pytest.mark.parametrize("words", ["", "c", "a.b"])
    def test_what_is_nowhere_is_not_found(self, words: str) -> None:
        assert text("aab|").find(words) is None


def test_the_column_of_a_cell_is_the_character_that_covers_it() -> None:
    line = "a\t日e\u0301\x1bz"
    for column in (0, 1, 2, 3, 5, 6):
        assert column_of(line, cell_of(line, column)) == column
    assert column_of(line, 5) == 2
    assert column_of(line, 99) == len(line)


# Whatever is typed, pasted, cut and undone

ALPHABET = st.sampled_from("ab \t\u0301日🇮🇹\u200d👍\x1b\u202e{%}")
PASTED = st.text(st.sampled_from("ab \t\r\n\u0301日🇮🇹\x1b"), max_size=8)
MOVES = (*MOVE_KEYS, "up", "down")
KEYS = st.sampled_from([*CHANGE_KEYS, *MOVES, *(f"shift+{key}" for key in MOVES), "mark", "copy"])
Step = Callable[[EditText], object]
STEPS = st.lists(
    st.one_of(
        ALPHABET.map(lambda char: lambda edit: edit.type(char)),
        PASTED.map(lambda pasted: lambda edit: edit.paste(pasted)),
        KEYS.map(lambda key: lambda edit: press(edit, key)),
    ),
    max_size=40,
)
TEXTS = st.text(st.one_of(ALPHABET, st.just("\n")), max_size=40)


@given(TEXTS, STEPS)
def test_undoing_all_gives_the_text_as_it_was_and_redoing_all_as_it_became(
    opened: str, steps: list[Step]
) -> None:
    edit = EditText(opened)
    for step in steps:
        step(edit)
    while edit.redo():
        pass
    became = edit.text
    while edit.undo():
        pass
    assert edit.text == opened
    while edit.redo():
        pass
    assert edit.text == became


@given(TEXTS, STEPS)
def test_lines_and_caret_always_fit_together(opened: str, steps: list[Step]) -> None:
    edit = EditText(opened)
    for step in steps:
        before = edit.text
        last = edit.last
        step(edit)
        row, column = edit.caret
        assert edit.text == "\n".join(edit.lines)
        assert edit.text.split("\n") == edit.lines
        assert 0 <= column == settled(edit.lines[row], column) <= len(edit.lines[row])
        assert (edit.last is last) == (edit.text == before)
