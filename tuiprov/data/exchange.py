"""CSV in and out: one row is one line of one device, or an extension without a device.

Headers are the field names, any order, any subset. An empty cell leaves a value as it is (a new
record gets the default), so a device's second line needs its MAC only. `export` → `import` into an
empty site → `export` gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.custom_rows import customs_for
from tuiprov.data.database import Database
from tuiprov.data.fields import Value
from tuiprov.data.founding import first_provider
from tuiprov.data.models import ORGANIZATION, USER, Account, Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.reading import new_values, on_device, page_of, site_of
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import device_values
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS, SERVER_DEFAULT
from tuiprov.data.writer import write_page
from tuiprov.errors import NotFound, Refusal, Refused

_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row as read: `number` counts data rows from 1."""

    number: int
    values: Mapping[str, Value]

    @property
    def where(self) -> str:
        return f"row {self.number}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did (or would do, when dry)."""

    added: int
    changed: int
    unchanged: int


class _Undo(Exception):
    """Rolls a dry run back."""


def import_file(
    database: Database, viewer: Viewer, path: Path, *, dry_run: bool = False
) -> Imported:
    """Store all rows of a CSV file, or none. Refused names every bad cell, of this kind or that."""
    rows, found = parse_csv(_text_of(path), path.name)
    done = [0, 0, 0]
    try:
        with database.write() as session:
            history.record(session, viewer.label, "import", path.name, f"{len(rows)} rows")
            for row in rows:
                try:
                    done[_import_row(session, viewer, row)] += 1
                except Refused as refused:
                    found += [replace(refusal, where=row.where) for refusal in refused.refusals]
                except NotFound:
                    reason = f"{row.values['extension']} is not yours to change"
                    found.append(Refusal("extension", reason, row.where))
            if found or dry_run:
                raise _Undo
    except _Undo:
        if found:
            raise Refused(sorted(found, key=_row_number)) from None
    return Imported(*done)


def parse_csv(text: str, name: str) -> tuple[list[ImportedRow], list[Refusal]]:
    """Rows without a bad cell, and the bad cells of the others. Refused: the header is wrong."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header, name)
        rows, found = [], []
        for number, cells in enumerate((cells for cells in reader if cells), 1):
            row, bad = _parsed(number, header, cells)
            found += bad
            if not bad:
                rows.append(row)
    except csv.Error as error:
        raise Refused([Refusal("", f"line {reader.line_num}: {error}", name)]) from None
    return rows, found


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Refused([Refusal("", "is larger than 64 MiB", path.name)])
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 (byte {error.start})"
        raise Refused([Refusal("", reason, path.name)]) from None
    except OSError as error:
        raise Refused([Refusal("", f"cannot be read: {error.strerror}", str(path))]) from None


def _check_header(header: Sequence[str], name: str) -> None:
    found = [
        Refusal(column, "is not a column tuiprov knows", f"{name}, header")
        for column in header
        if column not in FIELDS
    ]
    twice = {column for column in header if header.count(column) > 1}
    found += [Refusal(column, "stands twice", f"{name}, header") for column in sorted(twice)]
    if "extension" not in header:
        found.append(Refusal("extension", "is missing", f"{name}, header"))
    if found:
        raise Refused(found)


def _parsed(
    number: int, header: Sequence[str], cells: Sequence[str]
) -> tuple[ImportedRow, list[Refusal]]:
    where, values, bad = f"row {number}", {}, []
    if len(cells) != len(header):
        bad.append(Refusal("", f"has {len(cells)} cells, the header {len(header)}", where))
    for name, cell in zip(header, cells, strict=False):
        try:
            if cell:
                values[name] = FIELDS[name].parse(cell)
        except ValueError as error:
            bad.append(Refusal(name, str(error), where))
    if not values.get("extension") and not any(one.field == "extension" for one in bad):
        bad.append(Refusal("extension", "is missing", where))
    return ImportedRow(number, values), bad


def _import_row(session: Session, viewer: Viewer, row: ImportedRow) -> int:
    """Store one row; 0 added, 1 changed, 2 nothing to change."""
    number = str(row.values["extension"])
    known = session.exec(select(Extension.id).where(Extension.extension == number)).first()
    base = page_of(session, viewer, known) if known else _new_page(session, viewer, row)
    page = _on_its_device(session, viewer, base, row)
    if known:
        _check_place(base, row)
    changes = {name: value for name, value in row.values.items() if name not in _PLACES}
    if known and page is base and all(page.values[n] == v for n, v in changes.items()):
        return 2
    write_page(session, viewer, page, changes)
    return 1 if known else 0


_PLACES = ("organization", "user")


def _check_place(page: Page, row: ImportedRow) -> None:
    """An extension stays where it is: a row that names another account is refused, not ignored."""
    found = [
        Refusal(name, f"is {page.values[name]!r} and cannot be changed by an import")
        for name in _PLACES
        if row.values.get(name, page.values[name]) != page.values[name]
    ]
    if found:
        raise Refused(found)


def _new_page(session: Session, viewer: Viewer, row: ImportedRow) -> Page:
    """An empty page for a new extension of the row's user, whose account is made if need be."""
    if not viewer.is_administrator:
        reason = "only the system administrator adds extensions"
        raise Refused([Refusal("extension", reason)])
    missing = [Refusal(name, "is missing for a new extension") for name in _PLACES]
    missing = [refusal for refusal in missing if not row.values.get(refusal.field)]
    if missing:
        raise Refused(missing)
    names = [str(row.values[name]) for name in _PLACES]
    provider = first_provider(session)
    organization = _account(session, ORGANIZATION, names[0], provider)
    user = _account(session, USER, names[1], organization)
    site = site_of(session)
    values = {**new_values(site), "organization": names[0], "user": names[1], "line": 1}
    page = Page(values, site, organization_id=organization, user_id=user)
    owners = (user, organization, provider)
    return replace(page, customs=customs_for(session, viewer, owners, SERVER_DEFAULT))


def _account(session: Session, kind: str, name: str, parent_id: int) -> int:
    query = select(Account.id).where(
        Account.kind == kind, Account.name == name, Account.parent_id == parent_id
    )
    found = session.exec(query).first()
    if found is not None:
        return found
    account = Account(kind=kind, name=name, parent_id=parent_id)
    session.add(account)
    session.flush()
    return account.id or 0


def _on_its_device(session: Session, viewer: Viewer, page: Page, row: ImportedRow) -> Page:
    """`page` put on the device that another row has defined already: found by MAC, or by friendly
    name among the organization's devices without a MAC. Two devices may share both; then it is the
    one whose line is free and that looks most like the row."""
    if page.device_id is not None or not row.values.get("use_provisioning"):
        return page
    mac, name = row.values.get("mac"), row.values.get("friendly_name")
    query = select(Device).where(Device.organization_id == page.organization_id)
    if mac:
        query = query.where(Device.mac == mac)
    elif name:
        query = query.where(Device.mac == "", Device.friendly_name == name)
    else:
        return page
    lines = _lines_of(session, query)
    taken = row.values.get("line", page.values["line"])
    free = [device for device, used in lines if taken not in used]
    keys = keys_of(session)
    device = min(free, key=lambda one: _differences(device_values(keys, one), row), default=None)
    return page if device is None else on_device(session, viewer, page, device)


def _lines_of(session: Session, query: SelectOfScalar[Device]) -> list[tuple[Device, set[int]]]:
    """The devices that serve an extension, oldest first, with the lines that are in use."""
    devices = session.exec(query.order_by(col(Device.id))).all()
    in_use = select(Line).where(col(Line.device_id).in_([device.id for device in devices]))
    lines: dict[int, set[int]] = {}
    for line in session.exec(in_use) if devices else ():
        lines.setdefault(line.device_id, set()).add(line.number)
    return [(one, lines[one.id]) for one in devices if one.id is not None and one.id in lines]


def _differences(known: Mapping[str, Value], row: ImportedRow) -> int:
    given = [name for name in DEVICE_FIELDS if name in row.values]
    return sum(known[name] != row.values[name] for name in given)


def _row_number(refusal: Refusal) -> int:
    return int(refusal.where.removeprefix("row "))
