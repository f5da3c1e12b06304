from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

from tests.pty.terminal import without_escapes
from tuiprov.widgets.compositor import CellCompositor, CellsUpdate


def strip(text: str) -> Strip:
    return Strip([Segment(text)])


def sent(*cells: tuple[tuple[int, int, int], dict[int, Strip | None]]) -> str:
    return CellsUpdate(list(cells)).render_segments(Console(color_system=None))


def test_only_the_cells_of_the_span_are_sent() -> None:
    assert without_escapes(sent(((0, 3, 5), {0: strip("abcdefgh")})).encode()) == "de"


def test_they_are_sent_to_where_they_belong() -> None:
    assert sent(((4, 3, 5), {0: strip("abcdefgh")})).startswith("\x1b[5;4H")


def test_a_span_over_two_widgets_takes_its_part_of_each() -> None:
    strips = {0: strip("left"), 4: strip("right"), 9: None}
    assert without_escapes(sent(((0, 2, 6), strips)).encode()) == "ftri"


def test_half_of_a_wide_character_is_sent_as_a_blank() -> None:
    assert without_escapes(sent(((0, 1, 4), {0: strip("日本")})).encode()) == " 本"


@pytest.mark.parametrize(
    "name", ["_regions_to_spans", "_render_chops", "_get_renders", "render_partial_update"]
)
def test_textual_still_has_what_the_compositor_leans_on(name: str) -> None:
    assert callable(getattr(Compositor, name))


def test_nothing_dirty_sends_nothing() -> None:
    assert CellCompositor().render_partial_update() is None
    assert issubclass(CellsUpdate, ChopsUpdate)
