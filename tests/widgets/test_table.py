from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult

from tuiprov.widgets.table import PAGE, Column, Table, columns_that_fit

HOSTILE = "[/foo] [@click=app.quit]x[/] \x1b[31m\x9b\u202eabc\x00日本"
COLUMNS = (Column("name", "Name", 10, flex=True), Column("state", "State", 9))


class Source:
    """Rows named after their ids; remembers which were asked for."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = array("q", ids)
        self.asked: list[int] = []

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        self.asked += ids
        return {id: (f"phone {id}", "enabled") for id in ids}


class Hostile(Source):
    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return dict.fromkeys(ids, (HOSTILE, HOSTILE))


class Lister(App[None]):
    def __init__(self, columns: Sequence[Column] = COLUMNS, empty: str = "") -> None:
        super().__init__()
        self.table = Table(columns, empty=empty)
        self.heard: list[tuple[str, int]] = []
        self.bubbled: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    @property
    def lines(self) -> list[str]:
        return [self.table.render_line(y).text.rstrip() for y in range(self.table.size.height)]

    def on_table_moved(self, event: Table.Moved) -> None:
        self.heard.append(("moved", event.id))

    def on_key(self, event: events.Key) -> None:
        self.bubbled.append(event.key)


async def test_the_header_stays_while_the_rows_scroll() -> None:
    app = Lister()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(Source(range(1000)))
        await pilot.press("end")
        assert app.lines[0].split() == ["Name", "State"]
        assert app.lines[-1].split() == ["›", "phone", "999", "enabled"]


async def test_the_row_with_the_cursor_is_marked_by_a_sign() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.show(Source(range(3)))
        await pilot.press("down")
        assert [line[0] for line in app.lines[1:4]] == [" ", "›", " "]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down", "down", "up"], 1),
        (["up"], 0),
        (["pagedown"], 8),
        (["pagedown", "pagedown", "pageup"], 8),
        (["end"], 999),
        (["end", "down"], 999),
        (["end", "home"], 0),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], cursor: int) -> None:
    app = Lister()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(Source(range(1000)))
        await pilot.press(*keys)
        assert app.table.cursor_id == cursor


async def test_letters_are_left_to_the_screen_that_filters() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.show(Source(range(3)))
        await pilot.press("j", "k", "space", "backspace")
    assert app.bubbled == ["j", "k", "space", "backspace"]


async def test_enter_is_left_to_the_owner() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.show(Source([7, 8, 9]))
        await pilot.press("down", "enter")
    assert app.bubbled == ["enter"]
    assert app.table.cursor_id == 8


async def test_moving_in_an_empty_table_tells_nothing() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        await pilot.press("down", "end")
    assert app.heard == []


async def test_the_cursor_tells_where_it_moved() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.show(Source([7, 8, 9]))
        await pilot.press("down")
    assert app.heard == [("moved", 7), ("moved", 8)]


async def test_the_cursor_stays_on_its_id_when_other_rows_come() -> None:
    app = Lister()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(Source(range(1000)))
        await pilot.press("pagedown")
        app.table.show(Source(range(999, -1, -1)))
        assert app.table.cursor_id == 8
        assert any("› phone 8 " in line for line in app.lines)


async def test_the_cursor_stays_near_when_its_row_is_gone() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.show(Source(range(10)))
        await pilot.press("end")
        app.table.show(Source(range(5)))
        assert app.table.cursor_id == 4


async def test_only_the_pages_in_view_are_asked_for() -> None:
    app, source = Lister(), Source(range(100_000))
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(source)
        await pilot.press("down", "end")
    assert set(source.asked) == {*range(128), *range(99_968, 100_000)}
    assert len(source.asked) == 160


async def test_showing_a_source_again_reads_its_cells_anew() -> None:
    app, source = Lister(), Source(range(3))
    async with app.run_test():
        app.table.show(source)
        source.page = lambda ids: dict.fromkeys(ids, ("renamed", ""))  # type: ignore[method-assign]
        app.table.show(source)
        assert "renamed" in app.lines[1]


async def test_the_position_says_where_in_how_many() -> None:
    app = Lister()
    async with app.run_test() as pilot:
        assert app.table.position == "0 / 0"
        app.table.show(Source(range(345)))
        await pilot.press("down")
        assert app.table.position == "2 / 345"


async def test_an_empty_table_says_why() -> None:
    app = Lister(empty="No device matches.")
    async with app.run_test():
        assert app.lines[1].strip() == "No device matches."


async def test_a_row_that_is_gone_meanwhile_is_blank() -> None:
    app, source = Lister(), Source(range(3))
    source.page = lambda ids: {}  # type: ignore[method-assign]
    async with app.run_test():
        app.table.show(source)
        assert app.lines[1].strip() == "›"


async def test_flex_columns_share_the_width() -> None:
    app = Lister()
    async with app.run_test(size=(60, 10)):
        app.table.show(Source(range(3)))
        assert app.lines[1].index("enabled") == 60 - 9


async def test_cells_are_cut_by_their_width_and_say_so() -> None:
    app = Lister((Column("name", "Name", 8),))
    source = Source([1])
    source.page = lambda ids: {1: ("日本語日本語",)}  # type: ignore[method-assign]
    async with app.run_test(size=(60, 10)):
        app.table.show(source)
        assert app.lines[1] == "› 日本語 …"


async def test_a_move_inside_the_window_repaints_two_lines() -> None:
    app = Lister()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(Source(range(100)))
        await pilot.pause()
        app.table._repaint_regions.clear()
        app.table._move_to(1)
        assert {region.y for region in app.table._repaint_regions} == {1, 2}


async def test_hostile_values_come_out_visible() -> None:
    columns = (Column("a", HOSTILE, 70), Column("b", HOSTILE, 70))
    app = Lister(columns, empty=HOSTILE)
    async with app.run_test(size=(150, 10)):
        assert "".join(app.lines).isprintable()
        app.table.show(Hostile(range(5)))
        shown = "".join(app.lines)
        assert shown.isprintable()
        assert shown.count("[@click=app.quit]x[/] \\x1b[31m\\x9b\\u202eabc\\x00日本") == 12


@pytest.mark.parametrize(("follows", "keys", "cursor"), [(True, [], 0), (True, ["down"], 3)])
async def test_a_cursor_at_the_top_stays_there_only_where_the_list_grows_above(
    follows: bool, keys: list[str], cursor: int
) -> None:
    app = Lister()
    async with app.run_test() as pilot:
        app.table.follows_top = follows
        app.table.show(Source([3, 2, 1]))
        await pilot.press(*keys)
        app.table.show(Source([5, 4, 3, 2, 1]))
        assert app.table.cursor == cursor
        app.table.follows_top = False
        app.table.show(Source([6, 5, 4, 3, 2, 1]))
        assert app.table.cursor == cursor + 1


class TestGrowing:
    """A long list is shown by its first page, and the rest is known a moment later."""

    async def test_the_first_rows_are_there_while_the_others_are_still_to_come(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)):
            app.table.show(Source(range(PAGE)), grows=True)
            assert app.table.position == f"1 / {PAGE}+"
            assert any("› phone 0 " in line for line in app.lines)

    async def test_growing_reads_no_cell_again_and_leaves_the_cursor_where_it_is(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(PAGE)), grows=True)
            await pilot.press("down", "down")
            everything = Source(range(100_000))
            app.table.grow(everything)
            assert app.table.position == "3 / 100,000"
            assert app.table.cursor_id == 2
            assert everything.asked == []

    async def test_what_changed_between_the_two_reads_is_shown_as_it_is_now(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(PAGE)), grows=True)
            await pilot.press("down")
            app.table.grow(Source([1000, *range(200)]))
            assert app.table.position == "3 / 201"
            assert any("phone 1000" in line for line in app.lines)

    async def test_the_end_is_waited_for(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(PAGE)), grows=True)
            await pilot.press("end")
            app.table.grow(Source(range(100_000)))
            assert app.table.cursor_id == 99_999

    async def test_a_key_after_end_does_not_wait_for_it_any_more(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(PAGE)), grows=True)
            await pilot.press("end", "home")
            app.table.grow(Source(range(100_000)))
            assert app.table.cursor_id == 0

    async def test_at_rest_the_pages_next_to_the_window_are_read_ahead(self) -> None:
        app, rows = Lister(), Source(range(1000))
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(rows)
            for _ in range(15):
                await pilot.press("pagedown")
            assert app.table.cursor < PAGE
            for _ in range(100):
                if PAGE in rows.asked:
                    return
                await pilot.pause(0.02)
            raise AssertionError("the next page is not read")

    async def test_a_range_goes_from_the_nearest_mark_on_either_side(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(100_000)))
            app.table.marked = {2, 20, 90_000}
            await pilot.press(*["down"] * 14)
            app.table.mark_range()
            assert app.table.marked == {2, *range(14, 21), 90_000}


class TestColumnsThatFit:
    """2 cells for cursor and mark, columns of 10 (at least 6), 9 and 17, a blank between two."""

    THREE = (*COLUMNS, Column("mac", "MAC", 17))

    @pytest.mark.parametrize(
        ("width", "names"),
        [
            (200, ["name", "state", "mac"]),
            (36, ["name", "state", "mac"]),
            (35, ["name", "state"]),
            (18, ["name", "state"]),
            (17, ["name"]),
            (1, ["name"]),
        ],
    )
    def test_those_at_the_right_give_way(self, width: int, names: list[str]) -> None:
        assert [one.name for one in columns_that_fit(self.THREE, width)] == names

    @pytest.mark.parametrize("width", [200, 36, 35, 18])
    async def test_what_fits_is_shown_whole(self, width: int) -> None:
        columns = columns_that_fit(self.THREE, width)
        app = Lister(columns)
        async with app.run_test(size=(width, 10)) as pilot:
            app.table.show(Cells(("日本語の名前", "published", "80:5E:C0:00:00:01")))
            await pilot.pause()
            assert app.lines[1].endswith(("published", "80:5E:C0:00:00:01")[len(columns) - 2])
            assert all(cell_len(line) <= width for line in app.lines)

    @pytest.mark.parametrize(
        "name", ["日本語の名前です", "👩🚒 Ops", "é́́", "ﷺ", "❤️❤️", "한국어", "x" * 40]
    )
    async def test_a_wide_name_moves_no_other_column(self, name: str) -> None:
        app = Lister(self.THREE)
        async with app.run_test(size=(40, 10)) as pilot:
            app.table.show(Cells((name, "stale", "80:5E")))
            await pilot.pause()
            header, row = app.lines[:2]
            assert cell_len(row.partition("stale")[0]) == cell_len(header.partition("State")[0])

    async def test_other_columns_take_the_place_of_those_shown(self) -> None:
        app = Lister()
        async with app.run_test(size=(60, 10)) as pilot:
            app.table.show(Source(range(3)))
            app.table.set_columns((Column("number", "Number", 8),))
            app.table.show(Cells(("12",)))
            await pilot.pause()
            assert app.lines[:2] == ["  Number", "› 12"]


class Cells(Source):
    """One row of these cells."""

    def __init__(self, cells: Sequence[str]) -> None:
        super().__init__([1])
        self.cells = cells

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return {1: self.cells}
