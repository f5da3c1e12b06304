from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tuiprov.widgets.preview import Preview, PreviewLine, lexed

HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"


class Viewer(App[None]):
    def compose(self) -> ComposeResult:
        yield Preview()

    def on_mount(self) -> None:
        self.preview.focus()

    @property
    def preview(self) -> Preview:
        return self.query_one(Preview)

    @property
    def lines(self) -> list[str]:
        preview = self.preview
        return [preview.render_line(y).text.rstrip() for y in range(preview.size.height)]


def numbered(count: int) -> list[PreviewLine]:
    return [PreviewLine(f"line.{at} = {at}") for at in range(1, count + 1)]


async def test_lines_have_right_aligned_numbers() -> None:
    app = Viewer()
    async with app.run_test():
        app.preview.show(numbered(10))
        assert app.lines[0] == " 1   line.1 = 1"
        assert app.lines[9] == "10   line.10 = 10"


async def test_changed_and_focused_lines_are_marked_by_signs() -> None:
    app = Viewer()
    async with app.run_test():
        app.preview.show([PreviewLine("a"), PreviewLine("b", True), PreviewLine("c", True, True)])
        assert app.lines[:3] == ["1   a", "2 ~ b", "3 ~▌c"]


async def test_an_empty_preview_says_why() -> None:
    app = Viewer()
    async with app.run_test():
        app.preview.show([], empty="This phone gets no file.")
        assert app.lines[0] == "This phone gets no file."


async def test_a_focused_line_is_scrolled_into_view() -> None:
    app = Viewer()
    async with app.run_test(size=(80, 10)):
        lines = numbered(200)
        lines[150] = PreviewLine("here = 1", focused=True)
        app.preview.show(lines)
        assert any("here = 1" in line for line in app.lines)


async def test_the_window_stays_when_other_lines_are_shown() -> None:
    app = Viewer()
    async with app.run_test(size=(80, 10)) as pilot:
        app.preview.show(numbered(200))
        await pilot.press("pagedown", "down")
        before = app.lines[0]
        app.preview.show([*numbered(199), PreviewLine("last")])
        assert app.lines[0] == before


async def test_the_window_ends_with_the_file_that_became_shorter() -> None:
    app = Viewer()
    async with app.run_test(size=(80, 10)) as pilot:
        app.preview.show(numbered(200))
        await pilot.press("end")
        app.preview.show(numbered(20))
        assert app.lines[-1] == "20   line.20 = 20"


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        (["down"], "line.2 "),
        (["down", "down", "up"], "line.2 "),
        (["pagedown"], "line.10 "),
        (["pagedown", "pageup"], "line.1 "),
        (["end"], "line.191 "),
        (["end", "home"], "line.1 "),
    ],
)
async def test_keys_scroll_through_the_lines(keys: list[str], first: str) -> None:
    app = Viewer()
    async with app.run_test(size=(80, 10)) as pilot:
        app.preview.show(numbered(200))
        await pilot.press(*keys)
        assert first in app.lines[0]


async def test_right_and_left_scroll_sideways_and_keep_the_numbers() -> None:
    app = Viewer()
    async with app.run_test(size=(20, 5)) as pilot:
        app.preview.show([PreviewLine("0123456789" * 5)])
        await pilot.press("right")
        assert app.lines[0].startswith("1   89012")
        await pilot.press("left")
        assert app.lines[0].startswith("1   01234")


async def test_sideways_scrolling_cuts_wide_characters_by_cells() -> None:
    app = Viewer()
    async with app.run_test(size=(20, 5)) as pilot:
        app.preview.show([PreviewLine("x" + "日本語" * 10)])
        await pilot.press("right")
        assert app.preview.render_line(0).cell_length == 20
        assert app.lines[0].startswith("1    本語日")


async def test_a_changed_line_marks_only_its_own_cells() -> None:
    app = Viewer()
    async with app.run_test(size=(140, 40)) as pilot:
        lines = numbered(200)
        app.preview.show(lines)
        await pilot.pause()
        app.preview._repaint_regions.clear()
        lines[3] = PreviewLine("line.4 = 9")
        app.preview.show(lines)
        assert {(region.y, region.height) for region in app.preview._repaint_regions} == {(3, 1)}


async def test_hostile_text_comes_out_visible() -> None:
    app = Viewer()
    async with app.run_test(size=(120, 5)):
        app.preview.show([PreviewLine(HOSTILE), PreviewLine(f"<!-- {HOSTILE}", True, True)])
        shown = "".join(app.lines)
        assert shown.isprintable()
        assert shown.count("[@click=app.quit]x[/] \\x1b[31m\\x9b\\u202eabc\\x00日本") == 2
        app.preview.show([], empty=HOSTILE)
        assert "\\x1b[31m" in app.lines[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# note", [("# note", "comment")]),
        ("  ; note", [("  ; note", "comment")]),
        ("<!-- note -->", [("<!-- note -->", "comment")]),
        ("account.1.label = 5", [("account.1.label ", "key"), ("= 5", "text")]),
        ("user_name1$: abc", [("user_name1$", "key"), (": abc", "text")]),
        ("<a>5</a>", [("<a>", "tag"), ("5", "text"), ("</a>", "tag")]),
        ("[general]", [("[general]", "text")]),
        ("\tkey=1", [("    key", "key"), ("=1", "text")]),
        ("", [("", "text")]),
    ],
)
def test_a_line_is_taken_apart(text: str, parts: list[tuple[str, str]]) -> None:
    assert list(lexed(text)) == parts
