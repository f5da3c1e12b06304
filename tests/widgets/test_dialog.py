from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App

from tuiprov.widgets.dialog import HARD_BLANK, Dialog, MessageBox

HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"
CHOICES = [("s", "Save"), ("enter", "Keep editing"), ("escape", "Cancel")]


class Host(App[None]):
    def __init__(self, dialog: Dialog) -> None:
        super().__init__()
        self.dialog = dialog
        self.answers: list[str | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.answers.append)

    @property
    def lines(self) -> list[str]:
        box = self.screen.query_one(MessageBox)
        return [box.render_line(y).text.rstrip() for y in range(box.size.height)]


async def answers(keys: Sequence[str]) -> list[str | None]:
    app = Host(Dialog("Unsaved", ["Two changes."], CHOICES))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press(*keys)
    return app.answers


@pytest.mark.parametrize(
    ("key", "answer"), [("s", "s"), ("S", "s"), ("enter", "enter"), ("escape", None)]
)
async def test_a_key_gives_its_answer(key: str, answer: str | None) -> None:
    assert await answers([key]) == [answer]


async def test_any_other_key_gives_no_answer() -> None:
    assert await answers(["x", "space", "tab", "f2"]) == []


async def test_it_shows_title_lines_and_keys() -> None:
    app = Host(Dialog("Unsaved", ["Two changes.", "", "They are lost."], CHOICES))
    async with app.run_test(size=(60, 20)):
        assert app.lines == [
            "Unsaved",
            "Two changes.",
            "",
            "They are lost.",
            "s Save   Enter Keep editing   Esc Cancel",
        ]


async def test_long_lines_are_wrapped() -> None:
    app = Host(Dialog("Unsaved", ["word " * 40], CHOICES))
    async with app.run_test(size=(60, 20)):
        assert len(app.lines) == 2 + 4


async def test_more_lines_than_fit_scroll_and_the_keys_stay() -> None:
    app = Host(Dialog("Unsaved", [f"line {at}" for at in range(50)], CHOICES))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press(*["pagedown"] * 20)
        assert app.lines[-2] == "line 49"
        assert app.lines[-1].startswith("s Save")


async def test_hostile_text_comes_out_visible() -> None:
    app = Host(Dialog(HOSTILE, [HOSTILE, HOSTILE], [("s", HOSTILE)]))
    async with app.run_test(size=(120, 20)):
        assert "".join(app.lines).isprintable()
        assert sum("[@click=app.quit]x[/] \\x1b[31m" in line for line in app.lines) == 4


async def test_words_beside_a_column_leave_it_free() -> None:
    columns = f"F2{HARD_BLANK * 3}"
    app = Host(Dialog("Keys", [f"{columns}save what was typed here"], [("enter", "close")]))
    async with app.run_test(size=(24, 20)):
        assert app.lines[1:-1] == ["F2\u00a0\u00a0\u00a0save what was", "     typed here"]


async def test_a_box_says_how_many_lines_are_below() -> None:
    app = Host(Dialog("Keys", [f"line {n}" for n in range(20)], [("enter", "close")]))
    async with app.run_test(size=(40, 12)) as pilot:
        assert app.lines[-1] == "Enter close   ▾ 12 more"
        await pilot.press("pagedown")
        assert app.lines[-1] == "Enter close   ▾ 4 more"
        await pilot.press("pagedown")
        assert app.lines[-1] == "Enter close"
