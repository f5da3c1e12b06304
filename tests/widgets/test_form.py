from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import events
from textual.app import App, ComposeResult

from tuiprov.widgets.form import Form, Row

CODECS = (("pcma", "G.711 A-law"), ("pcmu", "G.711 u-law"), ("g722", "G.722"))
MAC = Row("mac", "MAC address", "0015", hint="12 hex digits")
MODEL = Row("model", "Model", "t46", "choice", (("t46", "Yealink T46"), ("d785", "Snom D785")))
ON = Row("on", "Use provisioning", "yes", "flag")
LIST = Row("codecs", "Codecs", "pcma,g722", "list", CODECS)
PASSWORD = Row("password", "Password", "s3cret", "secret")
LOCKED = Row("extension", "Extension", "0027*001", locked="The PBX gives the number.")
HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"


class Owner(App[None]):
    """Keeps the rows as a screen does, and notes what it hears."""

    def __init__(self, *rows: Row) -> None:
        super().__init__()
        self.rows = list(rows)
        self.edits: list[tuple[str, str]] = []
        self.focused_rows: list[str] = []
        self.asked: list[str] = []
        self.left: list[int] = []
        self.bubbled: list[str] = []

    def compose(self) -> ComposeResult:
        yield Form(
            self.edited,
            self.focused_rows.append,
            on_pick=lambda row: self.asked.append(row.name),
            on_leave=self.left.append,
        )

    def on_mount(self) -> None:
        self.form.show(self.rows)
        self.form.focus()

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @property
    def lines(self) -> list[str]:
        form = self.form
        return [form.render_line(y).text.rstrip() for y in range(form.size.height)]

    @property
    def values(self) -> dict[str, str]:
        return {row.name: row.value for row in self.rows}

    def edited(self, name: str, value: str) -> None:
        self.edits.append((name, value))
        self.show([replace(row, value=value) if row.name == name else row for row in self.rows])

    def show(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self.form.show(rows)

    def on_key(self, event: events.Key) -> None:
        self.bubbled.append(event.key)


class TestTyping:
    async def test_a_typed_letter_reaches_the_owner_in_the_keystroke(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("a", "b")
        assert app.edits == [("mac", "0015a"), ("mac", "0015ab")]

    async def test_letters_go_in_at_the_caret(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("home", "right", "x")
        assert app.values["mac"] == "0x015"

    async def test_backspace_and_delete_take_a_character(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("backspace", "home", "delete")
        assert app.values["mac"] == "01"

    async def test_ctrl_u_clears_the_value(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("ctrl+u")
        assert app.values["mac"] == ""

    async def test_a_key_that_moves_the_caret_is_no_edit(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("left", "home", "end", "ctrl+left")
        assert app.edits == []

    async def test_a_paste_puts_in_its_first_line(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            app.form.post_message(events.Paste("65\t11\nsecond\n"))
            await pilot.pause()
        assert app.values["mac"] == "001565 11"

    async def test_the_caret_stays_at_the_end_when_the_owner_rewrites_the_value(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            app.show([replace(MAC, value="00:15:65")])
            await pilot.press("x")
        assert app.values["mac"] == "00:15:65x"

    async def test_an_owner_that_shows_nothing_still_sees_the_typed_text(self) -> None:
        app = Owner(MAC)
        app.edited = lambda name, value: None  # type: ignore[method-assign]
        async with app.run_test() as pilot:
            await pilot.press("x")
            assert "0015x" in app.lines[0]

    async def test_keys_of_the_application_are_left_to_it(self) -> None:
        app = Owner(MAC)
        async with app.run_test() as pilot:
            await pilot.press("f2", "escape", "ctrl+s", "a")
        assert app.bubbled == ["f2", "escape", "ctrl+s"]

    async def test_a_long_value_shows_the_part_around_the_caret(self) -> None:
        app = Owner(Row("note", "Notes", "start " + "middle " * 20 + "finish"))
        async with app.run_test(size=(50, 5)) as pilot:
            assert "finish" in app.lines[0]
            assert "…" in app.lines[0]
            await pilot.press("home")
            assert "start" in app.lines[0]

    async def test_a_long_value_of_wide_characters_keeps_to_the_width(self) -> None:
        app = Owner(Row("note", "Notes", "日本語" * 30), MAC)
        async with app.run_test(size=(41, 5)) as pilot:
            for key in ("left", "down"):
                await pilot.press(key)
                assert app.form.render_line(0).cell_length == 41


class TestMoving:
    async def test_down_and_up_change_the_row(self) -> None:
        app = Owner(MAC, MODEL, ON)
        async with app.run_test() as pilot:
            await pilot.press("down", "down", "up")
            assert app.form.row == "model"
        assert app.focused_rows == ["mac", "model", "on", "model"]

    async def test_enter_on_text_goes_to_the_next_row(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("enter")
            assert app.form.row == "model"

    async def test_tab_past_the_last_row_leaves_the_form(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("tab", "tab")
        assert app.left == [1]

    async def test_shift_tab_before_the_first_row_leaves_the_form(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("shift+tab")
        assert app.left == [-1]

    async def test_down_on_the_last_row_stays(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("down", "down")
            assert app.form.row == "model"
        assert app.left == []

    async def test_go_to_focuses_a_row_by_name(self) -> None:
        app = Owner(MAC, MODEL, ON)
        async with app.run_test():
            app.form.go_to("on")
            assert app.form.row == "on"

    async def test_the_cursor_stays_on_its_row_when_rows_appear_above(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("down")
            app.show([ON, MAC, LOCKED, MODEL])
            assert app.form.row == "model"

    async def test_the_owner_hears_where_the_cursor_went_when_its_row_vanished(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            await pilot.press("down")
            app.show([MAC])
        assert app.focused_rows[-1] == "mac"

    async def test_the_focused_row_and_its_message_are_kept_in_view(self) -> None:
        last = Row("last", "Last", "", error="This one is wrong.")
        app = Owner(*(Row(f"r{at}", f"Row {at}", "") for at in range(30)), last)
        async with app.run_test(size=(60, 8)) as pilot:
            await pilot.press(*["pagedown"] * 6)
            assert app.form.row == "last"
            assert any("This one is wrong." in line for line in app.lines)

    async def test_jump_letters_name_every_row_and_are_left_to_the_screen(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test() as pilot:
            app.form.show_jump(True)
            assert app.form.jump_letters() == {"a": "mac", "b": "model"}
            assert [line[0] for line in app.lines[:2]] == ["a", "b"]
            await pilot.press("b")
        assert app.bubbled == ["b"]
        assert app.edits == []


class TestChoosing:
    async def test_space_and_enter_toggle_a_flag(self) -> None:
        app = Owner(ON)
        async with app.run_test() as pilot:
            await pilot.press("space", "enter", "space")
        assert [value for _, value in app.edits] == ["no", "yes", "no"]

    async def test_right_and_left_cycle_through_the_options(self) -> None:
        app = Owner(MODEL)
        async with app.run_test() as pilot:
            await pilot.press("right", "right", "left")
        assert [value for _, value in app.edits] == ["d785", "t46", "d785"]

    async def test_a_letter_goes_to_the_next_option_that_begins_with_it(self) -> None:
        app = Owner(MODEL)
        async with app.run_test() as pilot:
            await pilot.press("s", "q")
        assert app.values["model"] == "d785"

    async def test_enter_on_a_choice_asks_for_the_picker(self) -> None:
        app = Owner(MODEL, LIST)
        async with app.run_test() as pilot:
            await pilot.press("enter", "down", "space")
        assert app.asked == ["model", "codecs"]

    async def test_an_option_is_shown_in_words(self) -> None:
        app = Owner(MODEL, LIST)
        async with app.run_test():
            assert "Yealink T46 ▾" in app.lines[0]
            assert "G.711 A-law, G.722 ▾" in app.lines[1]

    async def test_a_choice_without_options_ignores_keys(self) -> None:
        app = Owner(replace(MODEL, options=()))
        async with app.run_test() as pilot:
            await pilot.press("right", "x")
        assert app.edits == []


class TestLocked:
    async def test_a_locked_row_takes_no_edit(self) -> None:
        app = Owner(LOCKED, replace(ON, locked="no"), replace(MODEL, locked="no"))
        async with app.run_test() as pilot:
            for _ in range(3):
                await pilot.press("x", "backspace", "space", "right", "ctrl+u", "down")
        assert app.edits == []

    async def test_the_reason_stands_under_the_focused_row(self) -> None:
        app = Owner(LOCKED, MAC)
        async with app.run_test():
            assert "The PBX gives the number." in app.lines[1]

    async def test_the_reason_stands_beside_an_unfocused_row(self) -> None:
        app = Owner(MAC, LOCKED)
        async with app.run_test():
            assert "0027*001" in app.lines[1]
            assert "The PBX gives the number." in app.lines[1]


class TestLooks:
    async def test_the_focused_row_is_marked_by_a_sign(self) -> None:
        app = Owner(MAC, MODEL)
        async with app.run_test():
            assert [line[0] for line in app.lines[:2]] == ["›", " "]

    async def test_a_changed_row_is_marked_by_a_star(self) -> None:
        app = Owner(MAC, replace(MODEL, changed=True))
        async with app.run_test():
            assert app.lines[1].startswith(" * Model")

    async def test_error_and_note_stand_under_the_row_with_their_signs(self) -> None:
        app = Owner(replace(MAC, error="Too short.", note="Used twice."), MODEL)
        async with app.run_test():
            assert app.lines[1].strip() == "! Too short."
            assert app.lines[2].strip() == "· Used twice."
            assert "Model" in app.lines[3]

    async def test_a_long_message_takes_five_lines_at_most(self) -> None:
        app = Owner(replace(MAC, error="word " * 100), MODEL)
        async with app.run_test():
            assert app.lines[5].endswith("…")
            assert "Model" in app.lines[6]

    async def test_a_secret_is_hidden_until_it_is_revealed(self) -> None:
        app = Owner(PASSWORD)
        async with app.run_test():
            assert "●●●●●●" in app.lines[0]
            app.form.reveal.add("password")
            app.show(app.rows)
            assert "s3cret" in app.lines[0]

    async def test_an_edited_secret_stays_hidden(self) -> None:
        app = Owner(PASSWORD)
        async with app.run_test() as pilot:
            await pilot.press("home", "x", "right")
            assert "●" * 7 in app.lines[0]
        assert app.values["password"] == "xs3cret"

    async def test_a_long_label_is_cut_and_says_so(self) -> None:
        app = Owner(replace(MAC, label="A label that is much too long for this width"))
        async with app.run_test(size=(50, 5)):
            assert "A label that is muc…" in app.lines[0]

    async def test_a_hint_stands_beside_the_value(self) -> None:
        app = Owner(MAC)
        async with app.run_test():
            assert app.lines[0].endswith("12 hex digits")

    async def test_an_empty_form_shows_nothing_and_ignores_keys(self) -> None:
        app = Owner()
        async with app.run_test() as pilot:
            await pilot.press("x", "down", "pagedown", "enter")
            assert not any(app.lines)

    async def test_a_form_follows_the_width_of_the_terminal(self) -> None:
        app = Owner(LOCKED, MAC, replace(MODEL, error="word " * 30))
        async with app.run_test(size=(100, 20)) as pilot:
            await pilot.resize_terminal(40, 10)
            await pilot.pause()
            assert all(app.form.render_line(y).cell_length == 40 for y in range(10))


class TestHostileValues:
    async def test_they_come_out_visible_in_every_part_of_every_kind(self) -> None:
        options = ((HOSTILE, HOSTILE), ("b", HOSTILE))
        kinds = ("text", "choice", "flag", "number", "list")
        rows = [
            Row(kind, HOSTILE, HOSTILE, kind, options, HOSTILE, "", HOSTILE, HOSTILE)
            for kind in kinds
        ]
        app = Owner(*rows, replace(rows[0], name="locked", locked=HOSTILE))
        async with app.run_test(size=(200, 40)) as pilot:
            for _ in rows:
                await pilot.press("down")
            shown = "\n".join(app.lines)
        assert shown.replace("\n", "").isprintable()
        assert "\\x1b[31m\\x9b\\u202eabc\\x00日本" in shown
        assert "[@click=app.quit]x[/]" in shown

    async def test_they_can_be_edited_character_by_character(self) -> None:
        app = Owner(Row("note", "Notes", HOSTILE))
        async with app.run_test(size=(50, 5)) as pilot:
            for _ in HOSTILE:
                await pilot.press("backspace")
                assert app.lines[0].isprintable()
        assert app.values["note"] == ""


class TestRepainting:
    async def test_a_typed_letter_marks_only_the_cells_that_differ(self) -> None:
        app = Owner(MAC, MODEL, ON)
        async with app.run_test() as pilot:
            await pilot.pause()
            app.form._repaint_regions.clear()
            app.edited("mac", "0015a")
            marked = app.form._repaint_regions
            assert {region.y for region in marked} == {0}
            assert sum(region.width for region in marked) == 2

    async def test_rows_that_are_the_same_are_not_repainted(self) -> None:
        app = Owner(MAC, MODEL, ON)
        async with app.run_test() as pilot:
            await pilot.pause()
            app.form._repaint_regions.clear()
            app.show(app.rows)
            assert not app.form._repaint_regions
