"""A site as CSV: a header line, then one line for each extension, read by whole sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from sqlmodel import col

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.exchange.record_sets import ExtensionRecord, extension_records, in_sets
from tuiprov.data.fields import Value
from tuiprov.data.gates import hides
from tuiprov.data.models import Extension
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.data.store import Store

COLUMNS: Final = tuple(FIELDS)
_OF_DEVICE: Final = frozenset((*DEVICE_FIELDS, "line"))


def export_csv(store: Store, viewer: Viewer, where: str = "") -> Iterator[str]:
    """The site as CSV text in pieces: the header, then some hundred extensions at a time of those
    that the viewer sees and the filter matches. A field that is hidden from the viewer is empty."""
    yield csv_text([COLUMNS])
    hidden = {name for name in COLUMNS if hides(name, viewer)}
    spelled = {name: FIELDS[name].text for name in COLUMNS}
    ids = store.extension_ids(viewer, where)
    with store.database.read() as session:
        for some in in_sets(ids):
            records = extension_records(session, viewer, col(Extension.id).in_(list(some)))
            yield csv_text([_cells(record, hidden, spelled) for record in records])


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines of CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cells(
    record: ExtensionRecord, hidden: Collection[str], spelled: Mapping[str, Callable[[Value], str]]
) -> list[str]:
    known = record.values | {"organization": record.organization, "user": record.user}
    if record.device is not None and known["use_provisioning"]:
        known |= record.device.values | {"line": record.line}
    return [
        spelled[name](known[name]) if name in known and name not in hidden else ""
        for name in COLUMNS
    ]
