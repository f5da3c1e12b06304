from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App
from textual.screen import ModalScreen

from tuiprov.widgets.picker import OptionBox, OrderPicker, Picker

HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"
MODELS = [(f"t{at}", f"Yealink T{at}") for at in range(300)]
CODECS = [("pcma", "G.711 A-law"), ("pcmu", "G.711 u-law"), ("g722", "G.722")]


class Host(App[None]):
    """Opens one picker and keeps its answers."""

    def __init__(self, picker: ModalScreen[str | None]) -> None:
        super().__init__()
        self.picker = picker
        self.answers: list[str | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.picker, self.answers.append)

    @property
    def lines(self) -> list[str]:
        box = self.screen.query_one(OptionBox)
        return [box.render_line(y).text.rstrip() for y in range(box.size.height)]


async def answers(picker: ModalScreen[str | None], keys: Sequence[str]) -> list[str | None]:
    app = Host(picker)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press(*keys)
    return app.answers


class TestPicker:
    async def test_it_opens_on_the_current_value_and_marks_it(self) -> None:
        app = Host(Picker("Model", MODELS, "t250"))
        async with app.run_test(size=(60, 20)):
            assert any(line.startswith("›* Yealink T250") for line in app.lines)

    async def test_enter_answers_the_option_under_the_cursor(self) -> None:
        assert await answers(Picker("Model", MODELS, "t250"), ["down", "enter"]) == ["t251"]

    async def test_escape_answers_nothing(self) -> None:
        assert await answers(Picker("Model", MODELS, "t250"), ["down", "escape"]) == [None]

    async def test_typing_narrows_the_list(self) -> None:
        app = Host(Picker("Model", MODELS, "t250"))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.press(*"t29")
            assert app.lines[1] == "filter: t29_   11 of 300"
            await pilot.press("enter")
        assert app.answers == ["t29"]

    async def test_every_typed_word_counts_in_any_order(self) -> None:
        keys = [*"299", "space", *"YEA", "enter"]
        assert await answers(Picker("Model", MODELS, "t1"), keys) == ["t299"]

    async def test_backspace_widens_the_list_again(self) -> None:
        app = Host(Picker("Model", MODELS, ""))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.press("x", "backspace")
            assert app.lines[1] == "filter: _   300 of 300"

    async def test_the_cursor_stays_on_its_option_while_it_matches(self) -> None:
        keys = ["down", "2", "5", "enter"]
        assert await answers(Picker("Model", MODELS, "t250"), keys) == ["t251"]

    async def test_enter_does_nothing_when_nothing_matches(self) -> None:
        app = Host(Picker("Model", MODELS, ""))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.press("x", "enter")
            assert app.lines[2] == "nothing matches"
        assert app.answers == []

    @pytest.mark.parametrize(
        ("keys", "value"), [(["end"], "t299"), (["end", "home"], "t0"), (["pagedown"], "t15")]
    )
    async def test_keys_move_through_a_long_list(self, keys: list[str], value: str) -> None:
        assert await answers(Picker("Model", MODELS, "t0"), [*keys, "enter"]) == [value]

    async def test_its_keys_are_shown(self) -> None:
        app = Host(Picker("Model", MODELS, "t0"))
        async with app.run_test(size=(60, 20)):
            assert app.lines[-1] == "type to filter   Enter choose   Esc cancel   ▾ 285 more"

    async def test_it_fits_a_terminal_that_is_too_small(self) -> None:
        app = Host(Picker("Model", MODELS, "t250"))
        async with app.run_test(size=(20, 8)):
            assert app.screen.query_one(OptionBox).outer_size == (20, 8)


class TestOrderPicker:
    async def test_ticked_options_stand_first_in_their_order(self) -> None:
        app = Host(OrderPicker("Codecs", CODECS, "g722,pcma"))
        async with app.run_test(size=(60, 20)):
            assert app.lines[1:4] == [
                "› [x] 1. G.722",
                "  [x] 2. G.711 A-law",
                "  [ ]    G.711 u-law",
            ]

    async def test_enter_answers_the_ticked_ones(self) -> None:
        assert await answers(OrderPicker("Codecs", CODECS, "g722, pcma"), ["enter"]) == [
            "g722,pcma"
        ]

    async def test_space_ticks_and_unticks(self) -> None:
        keys = ["space", "up", "space", "enter"]
        assert await answers(OrderPicker("Codecs", CODECS, "g722,pcma"), keys) == ["pcma,pcmu"]

    @pytest.mark.parametrize("key", ["ctrl+down", "alt+down", "minus", "greater_than_sign"])
    async def test_a_ticked_one_moves_down(self, key: str) -> None:
        assert await answers(OrderPicker("Codecs", CODECS, "g722,pcma"), [key, "enter"]) == [
            "pcma,g722"
        ]

    @pytest.mark.parametrize("key", ["ctrl+up", "alt+up", "plus", "less_than_sign"])
    async def test_a_ticked_one_moves_up(self, key: str) -> None:
        keys = ["down", key, "enter"]
        assert await answers(OrderPicker("Codecs", CODECS, "g722,pcma"), keys) == ["pcma,g722"]

    async def test_ctrl_u_unticks_all(self) -> None:
        keys = ["ctrl+u", "end", "space", "enter"]
        assert await answers(OrderPicker("Codecs", CODECS, "g722,pcma"), keys) == ["g722"]

    async def test_one_that_is_not_ticked_does_not_move(self) -> None:
        keys = ["end", "plus", "enter"]
        assert await answers(OrderPicker("Codecs", CODECS, "g722,pcma"), keys) == ["g722,pcma"]

    async def test_escape_answers_nothing(self) -> None:
        assert await answers(OrderPicker("Codecs", CODECS, "g722"), ["space", "escape"]) == [None]

    async def test_a_value_that_is_no_option_stays_until_it_is_unticked(self) -> None:
        app = Host(OrderPicker("Codecs", CODECS, "speex,pcma"))
        async with app.run_test(size=(60, 20)) as pilot:
            assert app.lines[1] == "› [x] 1. speex"
            await pilot.press("enter")
        assert app.answers == ["speex,pcma"]

    async def test_nothing_ticked_answers_an_empty_list(self) -> None:
        assert await answers(OrderPicker("Codecs", CODECS, "pcma"), ["space", "enter"]) == [""]


@pytest.mark.parametrize("kind", [Picker, OrderPicker])
async def test_hostile_options_come_out_visible(kind: type[Picker] | type[OrderPicker]) -> None:
    app = Host(kind(HOSTILE, [(HOSTILE, HOSTILE), ("b", HOSTILE)], HOSTILE))
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.press("down", "space", "[", "]")
        assert "".join(app.lines).isprintable()
        assert "[@click=app.quit]x[/] \\x1b[31m\\x9b\\u202eabc\\x00日本" in app.lines[0]
