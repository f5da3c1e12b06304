"""CSV files as rows of values: which column is which field, and every bad cell by row and column.

A file is read as it goes, so that its size is not held in memory. Blank lines are no rows.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tuiprov.data.fields import Value
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refusal, Refused

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one file. 100,000 extensions with all their fields are about 25 MiB, three times that with
long notes; what is larger is not a list of phones."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row as read: `number` counts data rows from 1; `cells` are its texts as they stood."""

    number: int
    values: dict[str, Value] = field(default_factory=dict)
    cells: Sequence[str] = ()
    bad: Sequence[Refusal] = ()
    """Its bad cells; then `values` holds the others only."""
    otherwise: Mapping[str, Value] = field(default_factory=dict)
    """Values for fields that are empty even with `values`."""

    @property
    def where(self) -> str:
        return f"row {self.number}"


Texts = dict[str, str]
"""Texts by field name."""
Translate = Callable[[Sequence[str]], tuple[Texts, Texts]]
"""The cells of a row → what it says, and what goes where there is nothing after that."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An open file: its header, and its rows to come."""

    header: Sequence[str]
    rows: Iterator[Sequence[str]]


@contextmanager
def opened_csv(path: Path) -> Iterator[CsvFile]:
    """The rows of a file without its blank lines. Refused: it cannot be read, or is no CSV (said
    where it stops to be, while the rows are read)."""
    try:
        if path.stat().st_size > MOST_BYTES:
            too_large = f"is larger than {MOST_BYTES // 1024 // 1024} MiB"
            raise Refused([Refusal("", too_large, path.name)])
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                header = next(reader, [])
                yield CsvFile(header, (cells for cells in reader if cells))
            except csv.Error as error:
                said = f"line {reader.line_num}: {error}"
                raise Refused([Refusal("", said, path.name)]) from None
    except UnicodeDecodeError:
        said = f"is not UTF-8 (byte {_first_bad_byte(path)})"
        raise Refused([Refusal("", said, path.name)]) from None
    except OSError as error:
        raise Refused([Refusal("", f"cannot be read: {error.strerror}", str(path))]) from None


def _first_bad_byte(path: Path) -> int:
    """Where a file stops to be UTF-8: a file read in parts does not say it of the whole."""
    decoder, done = codecs.getincrementaldecoder("utf-8")(), 0
    with path.open("rb") as file:
        while True:
            some = file.read(65_536)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(some, final=not some)
            except UnicodeDecodeError as error:
                return done - kept + error.start
            if not some:
                return done
            done += len(some)


def check_header(header: Sequence[str], name: str) -> None:
    """Refused names every column that is none of ours, or stands twice."""
    where = f"{name}, header"
    found = [
        Refusal(column, "is not a column tuiprov knows", where)
        for column in header
        if column not in FIELDS
    ]
    twice = {column for column in header if header.count(column) > 1}
    found += [Refusal(column, "stands twice", where) for column in sorted(twice)]
    if "extension" not in header:
        found.append(Refusal("extension", "is missing", where))
    if found:
        raise Refused(found)


def parsed_rows(file: CsvFile, translate: Translate) -> Iterator[ImportedRow]:
    """The rows of a file with the values of their cells. An empty cell says nothing."""
    parse = _Parser().parse
    for number, cells in enumerate(file.rows, 1):
        where, values, bad = f"row {number}", dict[str, Value](), list[Refusal]()
        if len(cells) != len(file.header):
            counted = f"has {len(cells)} cells, the header {len(file.header)}"
            bad.append(Refusal("", counted, where))
        texts, rest = translate(cells)
        for name, text in texts.items():
            try:
                if text:
                    values[name] = parse(name, text)
            except ValueError as error:
                bad.append(Refusal(name, str(error), where))
        otherwise = {name: parse(name, text) for name, text in rest.items() if text}
        if not values.get("extension") and not any(one.field == "extension" for one in bad):
            bad.append(Refusal("extension", "is missing", where))
        yield ImportedRow(number, values, cells, bad, otherwise)


class _Parser:
    """Texts of one column are often the same: those of a field with few values are read once."""

    _MOST: Final = 1000

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Value] = {}

    def parse(self, name: str, text: str) -> Value:
        key = name, text
        if key in self._known:
            return self._known[key]
        value = FIELDS[name].parse(text)
        if len(self._known) < self._MOST and name not in _OF_EACH:
            self._known[key] = value
        return value


_OF_EACH: Final = frozenset(
    ("extension", "extension_name", "sip_username", "sip_password", "mac", "admin_password")
)
"""Fields that differ from row to row."""
