"""The columns that the list of extensions can show: those of its rows and the page's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.extension_columns import available
from tuiprov.data.sections import FIELDS
from tuiprov.widgets.table import Column

_KNOWN: Final = {
    column.name: column
    for column in (
        Column("state", "State", 11),
        Column("extension", "Extension", 12),
        Column("name", "Name", 12, flex=True),
        Column("organization", "Organization", 14, flex=True),
        Column("user", "User", 12, flex=True),
        Column("phone", "Phone", 18),
        Column("line", "Line", 4),
        Column("mac", "MAC address", 17),
        Column("published", "Published at", 16),
        Column("fetched", "Last fetched", 16),
        Column("manufacturer", "Manufacturer", 12),
        Column("model", "Model", 10),
        Column("firmware", "Firmware", 8),
        Column("status", "Status", 8),
        Column("update_protocol", "Protocol", 8),
        Column("template", "Template", 14, flex=True),
        Column("dtmf_mode", "DTMF", 7),
        Column("codecs", "Codecs", 16),
        Column("fixed_ip", "Fixed IP", 15),
    )
}
_WIDTHS: Final = {"flag": 8, "number": 8, "choice": 12}


def choices(viewer: Viewer) -> Sequence[Column]:
    """All columns that this viewer may choose."""
    return [_KNOWN.get(name) or _of_field(name) for name in available(viewer)]


def _of_field(name: str) -> Column:
    field = FIELDS[name]
    width = _WIDTHS.get(field.kind)
    return Column(name, field.label, width or 14, flex=width is None)
