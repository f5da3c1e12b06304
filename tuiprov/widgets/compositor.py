"""Painting no more than what changed. Leans on Textual 8.2's private compositor like `compat.py`.

For any dirty cell Textual asks its widget for all lines, and those of every widget between the
first and the last dirty line; then it sends each dirty line from its widget's left edge on. That
was a quarter of the time and half of the bytes of a keystroke in a form with its preview.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

_MOST_SPANS = 24
"""With more dirty lines than this (a scrolled preview) one pass over all widgets is faster."""

Span = tuple[int, int, int]
"""Line, first column, column after the last."""


class CellsUpdate(ChopsUpdate):
    """Some spans and their strips by first column; these may reach beyond their span."""

    def __init__(self, cells: Sequence[tuple[Span, Mapping[int, Strip | None]]]) -> None:
        super().__init__([], [span for span, _ in cells], [])
        self._cells = cells

    def render_segments(self, console: Console) -> str:
        """The control sequences and text that paint the spans."""
        return "".join(
            Control.move_to(max(x, start), y).segment.text
            + strip.crop(max(0, start - x), stop - x).render(console)
            for (y, start, stop), strips in self._cells
            for x, strip in strips.items()
            if strip is not None and x < stop and x + strip.cell_length > start
        )


class CellCompositor(Compositor):
    """A compositor whose partial updates hold the dirty cells only."""

    def render_partial_update(self) -> ChopsUpdate | None:
        spans = list(self._regions_to_spans(self._dirty_regions))
        if not spans or len(spans) > _MOST_SPANS:
            return super().render_partial_update()
        self._dirty_regions.clear()
        return CellsUpdate([(span, self._strips(span)) for span in spans])

    def _strips(self, span: Span) -> Mapping[int, Strip | None]:
        y, start, stop = span
        return self._render_chops(Region(start, y, stop - start, 1), y.__eq__)[y]

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """As Textual's, but of each widget only the line of `crop`, and nothing that is covered."""
        if crop is None or crop.height > 1:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip).intersection(crop)
            if seen:
                line = Region(0, crop.y - region.y, region.width, 1)
                yield Region(region.x, crop.y, region.width, 1), clip, widget.render_lines(line)
            if seen == crop:
                return
