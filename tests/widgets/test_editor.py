from __future__ import annotations

import random

import pytest
from rich.console import Console
from textual import events
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.screen import Screen

from tuiprov.actions import on_screen
from tuiprov.widgets import template_line
from tuiprov.widgets.compositor import CellCompositor
from tuiprov.widgets.edit_text import CHANGE_KEYS, MOVE_KEYS
from tuiprov.widgets.editor import HELP, Editor

HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"
LONG = "start " + "middle " * 20 + "finish"
WORDS = "There is no variable of this name."


class Owner(App[None]):
    """Shows one text, and notes what it hears."""

    ENABLE_COMMAND_PALETTE = False  # its key would not get as far as the editor

    def __init__(self, text: str = "", *, read_only: bool = False) -> None:
        super().__init__()
        self.opened, self.read_only = text, read_only
        self.edits: list[str] = []
        self.moves: list[int] = []
        self.bubbled: list[str] = []
        self.editor = Editor(self.edited, self.moves.append)

    def compose(self) -> ComposeResult:
        yield self.editor

    def on_mount(self) -> None:
        self.editor.open(self.opened, read_only=self.read_only)
        self.editor.focus()

    def edited(self, text: str) -> None:
        self.edits.append(text)

    def on_key(self, event: events.Key) -> None:
        self.bubbled.append(event.key)

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        editor = self.editor
        return [editor.render_line(y).text.rstrip() for y in range(editor.size.height)]

    @property
    def texts(self) -> list[str]:
        """The same without numbers and signs."""
        return [line[6:] for line in self.lines]

    def drawn(self, part: str) -> str:
        """What is drawn in this component's style, the caret for example."""
        style = self.editor.get_component_rich_style(f"editor--{part}")
        strips = [self.editor.render_line(y) for y in range(self.editor.size.height)]
        return "".join(text for strip in strips for text, drawn, _ in strip if drawn == style)


def numbered(count: int) -> str:
    return "\n".join(f"line.{at} = {at}" for at in range(1, count + 1))


class TestTyping:
    async def test_a_typed_letter_reaches_the_owner_in_the_keystroke(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("x", "down", "y")
        assert app.edits == ["xone\ntwo", "xone\ntywo"]

    async def test_what_is_typed_is_on_the_screen(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            await pilot.press("x", "enter")
            assert app.texts[:2] == ["x", "one"]
            assert app.editor.text == "x\none"

    async def test_keys_that_only_move_are_no_edit(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("down", "end", "ctrl+left", "shift+up", "ctrl+@", "ctrl+home")
        assert app.edits == []

    async def test_a_question_mark_and_braces_are_typed(self) -> None:
        app = Owner()
        async with app.run_test() as pilot:
            await pilot.press("?", "{", "%", " ")
        assert app.editor.text == "?{% "

    async def test_a_letter_with_alt_is_not_typed(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            app.editor.post_message(events.Key("alt+x", "x"))
            await pilot.pause()
        assert app.editor.text == "one"

    async def test_lines_are_cut_and_put_in_elsewhere(self) -> None:
        app = Owner("one\ntwo\nthree")
        async with app.run_test() as pilot:
            await pilot.press("ctrl+k", "ctrl+k", "ctrl+end", "enter", "ctrl+u")
        assert app.editor.text == "three\none\ntwo\n"

    async def test_what_is_selected_is_copied_and_put_in(self) -> None:
        app = Owner("one two")
        async with app.run_test() as pilot:
            await pilot.press(*["shift+right"] * 4, "ctrl+c", "end", "ctrl+u")
        assert app.editor.text == "one twoone "
        assert app.bubbled == []

    async def test_what_was_cut_from_one_text_can_be_put_into_another(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("ctrl+k")
            app.editor.open("three")
            await pilot.press("ctrl+u")
        assert app.editor.text == "one\nthree"

    async def test_many_pasted_lines_go_in_at_once(self) -> None:
        app = Owner("[]")
        async with app.run_test() as pilot:
            await pilot.press("right")
            app.editor.post_message(events.Paste("a\r\n\tb\x1b\rc"))
            await pilot.pause()
        assert app.edits == ["[a\n\tb\nc]"]

    async def test_undo_and_redo_are_told_to_the_owner(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            await pilot.press("x", "y")
            assert app.editor.undo()
            assert app.editor.redo()
            assert not app.editor.redo()
            await pilot.press("ctrl+z", "ctrl+y", "ctrl+underscore")
        assert app.edits[2:] == ["one", "xyone", "one", "xyone", "one"]

    async def test_another_text_begins_at_its_start_and_without_undo(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("down", "x")
            app.editor.open("three\nfour")
            assert app.editor.caret == (0, 0)
            assert not app.editor.undo()
        assert app.editor.text == "three\nfour"


class TestKeysOfTheScreen:
    @pytest.mark.parametrize(
        "key",
        [
            key
            for action in (*on_screen("page"), *on_screen("editor"))
            for key in action.keys.split(",")
            if key not in ("enter", "question_mark") and len(key) > 1
        ],
    )
    async def test_they_are_left_to_it(self, key: str) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("shift+down", key)
        assert app.bubbled == [key]
        assert app.edits == []

    async def test_ctrl_c_with_nothing_selected_is_left_to_it(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            await pilot.press("ctrl+c")
        assert app.bubbled == ["ctrl+c"]

    def test_every_key_of_the_editor_is_in_its_help(self) -> None:
        named = " ".join(keys + words for keys, words in HELP)
        for key in (*CHANGE_KEYS, *MOVE_KEYS):
            shown = "+".join(part.capitalize() for part in key.split("+"))
            shown = shown.replace("Underscore", "_")
            if shown not in ("Left", "Right"):
                assert shown in named


class TestMoving:
    async def test_the_owner_hears_of_another_line_only(self) -> None:
        app = Owner("one\ntwo\nthree")
        async with app.run_test() as pilot:
            await pilot.press("right", "down", "end", "ctrl+end", "up", "up", "up", "enter")
        assert app.moves == [1, 2, 1, 0, 1]

    async def test_a_page_is_the_height_of_the_window(self) -> None:
        app = Owner(numbered(100))
        async with app.run_test(size=(60, 11)) as pilot:
            await pilot.press("pagedown", "pagedown", "pageup")
            assert app.editor.caret == (10, 0)

    @pytest.mark.parametrize("keys", [["ctrl+end"], ["pagedown"] * 9, ["down"] * 50])
    async def test_the_line_of_the_caret_is_kept_in_view(self, keys: list[str]) -> None:
        app = Owner(numbered(60))
        async with app.run_test(size=(60, 8)) as pilot:
            await pilot.press(*keys, "end")
            row = app.editor.caret[0] + 1
            assert f"{row:>3}   line.{row} = {row}" in app.lines

    async def test_go_to_puts_the_caret_there(self) -> None:
        app = Owner(numbered(60))
        async with app.run_test(size=(60, 8)) as pilot:
            app.editor.go_to(40, 5)
            await pilot.press("x")
            assert "line.x41 = 41" in app.texts
        assert app.moves == [40]

    async def test_find_goes_on_from_place_to_place_and_round(self) -> None:
        app = Owner("Server\nx server\nend")
        async with app.run_test():
            assert app.editor.find("SERVER")
            assert app.editor.caret == (1, 2)
            assert app.editor.find("SERVER")
            assert app.editor.caret == (0, 0)
            assert app.editor.find("end", back=True)
            assert app.editor.caret == (2, 0)
            assert not app.editor.find("nowhere")
            assert app.editor.caret == (2, 0)

    async def test_a_long_line_shows_the_part_around_the_caret(self) -> None:
        app = Owner(f"{LONG}\n{LONG}")
        async with app.run_test(size=(50, 5)) as pilot:
            assert app.texts[0].startswith("start")
            assert app.texts[0].endswith("…")
            await pilot.press("end")
            assert app.texts[0].startswith("…")
            assert app.texts[0].endswith("finish")
            assert app.texts[1].startswith("start")
            await pilot.press("down", "home")
            assert [text[:5] for text in app.texts[:2]] == ["start", "start"]

    @pytest.mark.parametrize("seed", range(5))
    async def test_the_caret_is_always_seen(self, seed: int) -> None:
        """Whatever keys are pressed in whatever text, and no line is wider than the window."""
        chance = random.Random(seed)
        lines = ["日本語" * 15, "e\u0301" * 60, "🇮🇹👍" * 10, "", "\t" * 12, HOSTILE * 2, LONG]
        app = Owner("\n".join(chance.choices(lines, k=12)))
        keys = ["left", "right", "up", "down", "end", "ctrl+right", "backspace", "x", "日", "enter"]
        async with app.run_test(size=(40, 5)):
            app.editor.show_faults({2: WORDS})
            for key in chance.choices(keys, k=300):
                app.editor.on_key(events.Key(key, None))
                assert app.drawn("caret")
                assert {app.editor.render_line(y).cell_length for y in range(5)} == {40}
                assert all(line.isprintable() for line in app.lines)


class TestReadOnly:
    async def test_nothing_is_changed(self) -> None:
        app = Owner("one\ntwo", read_only=True)
        keys = [*CHANGE_KEYS, "x"]
        async with app.run_test() as pilot:
            for key in keys:
                app.editor.focus()
                await pilot.press("shift+right", key)
            app.editor.post_message(events.Paste("three"))
            await pilot.pause()
            assert not app.editor.undo()
        assert app.editor.text == "one\ntwo"
        assert app.edits == []
        assert app.bubbled == keys

    async def test_the_caret_moves_and_selects_and_what_is_selected_is_copied(self) -> None:
        app = Owner("one\ntwo", read_only=True)
        async with app.run_test() as pilot:
            await pilot.press("shift+down", "shift+right")
            assert app.drawn("selected") == "one t"
            await pilot.press("ctrl+c")
            app.editor.open("")
            await pilot.press("ctrl+u")
        assert app.editor.text == "one\nt"


class TestLooks:
    async def test_lines_have_right_aligned_numbers(self) -> None:
        app = Owner(numbered(10))
        async with app.run_test():
            assert app.lines[0] == "  1   line.1 = 1"
            assert app.lines[9] == " 10   line.10 = 10"

    async def test_numbers_get_wider_with_the_thousandth_line(self) -> None:
        app = Owner(numbered(999))
        async with app.run_test() as pilot:
            await pilot.press("enter")
            assert app.lines[1] == "   2   line.1 = 1"

    async def test_the_caret_is_drawn_while_the_editor_has_the_focus(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            assert app.drawn("caret") == "o"
            await pilot.press("end")
            assert app.drawn("caret") == " "
            app.screen.set_focus(None)
            await pilot.pause()
            assert app.drawn("caret") == ""

    async def test_the_caret_covers_a_whole_character(self) -> None:
        app = Owner("🇮🇹e\u0301\x1b\t日")
        async with app.run_test() as pilot:
            seen = []
            for _ in range(6):
                seen.append(app.drawn("caret"))
                await pilot.press("right")
        assert seen == ["🇮🇹", "e\u0301", "\\x1b", "   ", "日", " "]

    async def test_what_is_selected_is_reversed_with_its_breaks_and_a_bar(self) -> None:
        app = Owner("one\n\ntwo\nthree")
        async with app.run_test() as pilot:
            await pilot.press("right", *["shift+down"] * 2)
            assert app.drawn("selected") == "ne  t"
            assert app.drawn("selecting") == "w"
            assert [line[4:5] for line in app.lines[:4]] == ["▌", "▌", "▌", " "]

    async def test_the_caret_is_seen_behind_what_is_selected(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            await pilot.press("shift+end")
            assert app.lines[0] == "  1 ▌ one_"

    async def test_the_language_of_the_template_is_coloured(self) -> None:
        app = Owner("\n# note\n{% if a %}\nkey = {{ value }}\n<tag>")
        async with app.run_test():
            assert "# note" in app.drawn("comment")
            assert app.drawn("statement") == "{% if a %}"
            assert "{{ value }}" in app.drawn("value")

    async def test_hostile_text_comes_out_visible(self) -> None:
        app = Owner(f"{HOSTILE}\n# {HOSTILE}\n{{{{ {HOSTILE} }}}}")
        async with app.run_test(size=(200, 8)) as pilot:
            app.editor.show_faults({1: HOSTILE})
            app.editor.post_message(events.Paste(f"{HOSTILE}\x07\x1b]0;x\x07\n"))
            await pilot.press("shift+down", "shift+right")
            shown = app.lines
        assert all(line.isprintable() for line in shown)
        visible = "[/foo] [@click=app.quit]x[/] \\x1b[31m\\x9b\\u202eabc\\x00日本"
        assert [line.count(visible) for line in shown[1:4]] == [1, 2, 1]

    async def test_an_editor_follows_the_size_of_the_terminal(self) -> None:
        app = Owner(numbered(60))
        async with app.run_test(size=(100, 20)) as pilot:
            await pilot.press(*["down"] * 15)
            await pilot.resize_terminal(40, 6)
            await pilot.pause()
            assert app.drawn("caret") == "l"
            assert {app.editor.render_line(y).cell_length for y in range(6)} == {40}


class TestFaults:
    async def test_a_wrong_line_has_a_sign_and_words_beside_it(self) -> None:
        app = Owner("one\ntwo\nthree")
        async with app.run_test():
            app.editor.show_faults({1: "Not\ngood."})
            assert app.lines[:3] == ["  1   one", "  2 ! two     ! Not good.", "  3   three"]

    async def test_faults_that_are_shown_take_the_place_of_the_ones_before(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test():
            app.editor.show_faults({1: "Not good."})
            app.editor.show_faults({0: "Bad."})
            assert app.lines[:2] == ["  1 ! one     ! Bad.", "  2   two"]

    async def test_a_fault_beyond_the_end_is_one_of_the_last_line(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test():
            app.editor.show_faults({7: "Bad."})
            assert app.lines[1] == "  2 ! two     ! Bad."

    async def test_another_text_has_no_faults(self) -> None:
        app = Owner("one")
        async with app.run_test():
            app.editor.show_faults({0: "Bad."})
            app.editor.open("two")
            assert app.lines[0] == "  1   two"

    async def test_the_words_stand_still_while_one_types(self) -> None:
        app = Owner("one")
        async with app.run_test() as pilot:
            app.editor.show_faults({0: "Bad."})
            before = app.lines[0].index("! Bad.")
            await pilot.press("a", "b", "c")
            assert app.lines[0].index("! Bad.") == before

    async def test_words_without_room_are_told_below_while_the_caret_is_on_the_line(self) -> None:
        app = Owner(f"one\n{LONG}\nthree\n" + numbered(10))
        async with app.run_test(size=(50, 8)) as pilot:
            app.editor.show_faults({1: WORDS + " Did you mean another one?"})
            before = app.lines
            assert before[1].startswith("  2 ! start")
            assert not any("variable" in line for line in before)
            await pilot.press("down")
            assert app.lines[:6] == before[:6]
            assert app.lines[6:] == [
                "    ! There is no variable of this name. Did you",
                "      mean another one?",
            ]
            await pilot.press("down")
            assert app.lines == before

    async def test_they_are_told_above_when_the_caret_is_at_the_lower_edge(self) -> None:
        app = Owner(numbered(5) + f"\n{LONG}")
        async with app.run_test(size=(50, 6)) as pilot:
            app.editor.show_faults({5: WORDS})
            await pilot.press("ctrl+end")
            assert app.lines[0] == f"    ! {WORDS}"
            assert app.lines[5].startswith("  6 ! …")

    async def test_words_that_are_cut_beside_the_line_are_told_whole_below(self) -> None:
        app = Owner("one")
        async with app.run_test(size=(40, 6)):
            app.editor.show_faults({0: WORDS})
            assert app.lines[0] == "  1 ! one     ! There is no variable of…"
            assert app.lines[4:] == ["    ! There is no variable of this", "      name."]

    async def test_a_window_of_one_line_shows_the_line(self) -> None:
        app = Owner(LONG)
        async with app.run_test(size=(40, 1)):
            app.editor.show_faults({0: WORDS})
            assert app.lines[0].startswith("  1 ! start")

    async def test_a_fault_goes_with_its_line_until_others_are_shown(self) -> None:
        app = Owner("one\ntwo\nthree")
        async with app.run_test() as pilot:
            app.editor.show_faults({0: "A.", 2: "B."})
            await pilot.press("down", "enter", "enter")
            assert [line[4:5].strip() for line in app.lines[:5]] == ["!", "", "", "", "!"]
            await pilot.press("ctrl+z", "ctrl+z", "ctrl+k")
            assert [line[4:5] for line in app.lines[:2]] == ["!", "!"]

    async def test_faults_shown_by_the_owner_in_the_keystroke_are_what_counts(self) -> None:
        app = Owner("one")
        app.edited = lambda text: app.editor.show_faults({0: "Bad."})  # type: ignore[method-assign]
        app.editor = Editor(lambda text: app.edited(text))
        async with app.run_test() as pilot:
            await pilot.press("x")
            assert app.lines[0] == "  1 ! xone    ! Bad."


class Counting(CellCompositor):
    """Counts the bytes that it would send to a terminal of all colours."""

    sent = 0

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        if update is not None:
            console = Console(color_system="truecolor", force_terminal=True, legacy_windows=False)
            self.sent += len(update.render_segments(console).encode())
        return update


class CountingScreen(Screen[None]):
    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._compositor = self.counting = Counting()
        self._editor = editor

    def compose(self) -> ComposeResult:
        yield self._editor


class TestRepainting:
    async def test_a_typed_letter_marks_only_the_cells_that_differ(self) -> None:
        app = Owner("one\ntwo")
        async with app.run_test() as pilot:
            await pilot.press("end")
            await pilot.pause()
            app.editor._repaint_regions.clear()
            app.editor._change(lambda text: text.type("x"))
            marked = app.editor._repaint_regions
            assert {region.y for region in marked} == {0}
            assert sum(region.width for region in marked) == 2

    async def test_a_typed_letter_takes_apart_no_line_but_its_own(self) -> None:
        app = Owner(numbered(2000))
        async with app.run_test(size=(200, 60)) as pilot:
            app.editor.go_to(1000, 5)
            await pilot.pause()
            before = template_line._coloured.cache_info().misses
            await pilot.press("Z")
            assert template_line._coloured.cache_info().misses == before + 1

    @pytest.mark.parametrize("size", [(80, 24), (200, 60)])
    async def test_a_typed_letter_in_a_long_text_sends_little(self, size: tuple[int, int]) -> None:
        lines = ["account.{{ line.number }}.label = 1"] * 2000
        app = Owner()
        async with app.run_test(size=size) as pilot:
            screen = CountingScreen(Editor(app.edited))
            await app.push_screen(screen)
            screen._editor.open("\n".join(lines))
            screen._editor.focus()
            screen._editor.go_to(1000, 10)
            await pilot.pause()
            for key in ("x", "{", "backspace"):
                screen.counting.sent = 0
                await pilot.press(key)
                await pilot.pause()
                assert 0 < screen.counting.sent <= 1024
