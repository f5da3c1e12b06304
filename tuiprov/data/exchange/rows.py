"""Rows of an import taken in the order of the file: judged like a single save, written by sets."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal

from sqlmodel import Session

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.exchange.batch import Batch, BatchNeighbours, Surroundings, gather, line_use
from tuiprov.data.exchange.csv_reading import ImportedRow
from tuiprov.data.exchange.record_sets import AT_ONCE, DeviceRecord, ExtensionRecord
from tuiprov.data.exchange.writes import Writes, write
from tuiprov.data.page import Page
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS
from tuiprov.data.writer import proposed_page
from tuiprov.errors import Refusal, Refused

Outcome = Literal["added", "changed", "unchanged", "refused"]
_PLACES: Final = ("organization", "user")


def take_rows(
    session: Session, viewer: Viewer, rows: Iterable[ImportedRow]
) -> Iterator[tuple[ImportedRow, Outcome, Sequence[Refusal]]]:
    """Store every row that may be and can be stored; gives what became of each, some hundred at a
    time. Whoever wants all or nothing rolls back."""
    around = Surroundings(session, viewer)
    for some in _batches(rows):
        good = [row for row in some if not row.bad]
        taking = _Taking(session, viewer, gather(around, good))
        results = [taking.take(row) for row in some]
        write(session, taking.batch, taking.writes)
        for row, (outcome, refusals) in zip(some, results, strict=True):
            yield row, outcome, [replace(one, where=row.where) for one in refusals]


def _batches(rows: Iterable[ImportedRow]) -> Iterator[list[ImportedRow]]:
    """Rows in parts in which no extension stands twice, in their order."""
    some: list[ImportedRow] = []
    numbers: set[object] = set()
    for row in rows:
        number = row.values.get("extension")
        if len(some) >= AT_ONCE or (number in numbers and not row.bad):
            yield some
            some, numbers = [], set()
        some.append(row)
        numbers.add(number)
    if some:
        yield some


class _Taking:
    """The rows of one batch, one after the other."""

    def __init__(self, session: Session, viewer: Viewer, batch: Batch):
        self._session, self._viewer = session, viewer
        self.batch, self.writes = batch, Writes()

    def take(self, row: ImportedRow) -> tuple[Outcome, Sequence[Refusal]]:
        if row.bad:
            return "refused", row.bad
        try:
            return self._taken(row), ()
        except Refused as refused:
            return "refused", refused.refusals

    def _taken(self, row: ImportedRow) -> Outcome:
        number = str(row.values["extension"])
        if number in self.batch.strangers:
            raise Refused([Refusal("extension", f"{number} is not yours to change")])
        known = self.batch.extensions.get(number)
        base = self.batch.page(known) if known else self._new_page(row)
        page = self._on_its_device(base, row)
        if known:
            _check_place(base, row)
        changes = {name: value for name, value in row.values.items() if name not in _PLACES}
        for name, value in row.otherwise.items():
            if name not in changes and not page.values[name]:
                changes[name] = value
        if known and page is base and all(page.values[n] == v for n, v in changes.items()):
            return "unchanged"
        neighbours = BatchNeighbours(self.batch, page)
        proposed = proposed_page(self._session, self._viewer, page, changes, neighbours)
        self._accept(known, proposed)
        return "changed" if known else "added"

    def _new_page(self, row: ImportedRow) -> Page:
        if not self._viewer.is_administrator:
            reason = "only the system administrator adds extensions"
            raise Refused([Refusal("extension", reason)])
        missing = [name for name in _PLACES if not row.values.get(name)]
        if missing:
            raise Refused([Refusal(name, "is missing for a new extension") for name in missing])
        return self.batch.new_page(str(row.values["organization"]), str(row.values["user"]))

    def _on_its_device(self, page: Page, row: ImportedRow) -> Page:
        """`page` put on the device that another row has defined already: found by MAC, or by
        friendly name among the organization's devices without a MAC. Two devices may share both;
        then it is the one whose line is free and that looks most like the row."""
        if page.device_id is not None or not row.values.get("use_provisioning"):
            return page
        mac, name = row.values.get("mac"), row.values.get("friendly_name")
        alike = self.batch.by_mac.get(str(mac), ()) if mac else ()
        if not mac and name:
            alike = self.batch.nameless.get(str(name), ())
        line = row.values.get("line", page.values["line"])
        own = [one for one in alike if one.organization_id == page.organization_id and one.lines]
        free = [one for one in own if line not in one.lines]
        device = min(free, key=lambda one: _differences(one, row), default=None)
        return page if device is None else self.batch.on_device(page, device)

    # -- keeping it -----------------------------------------------------------------------------

    def _accept(self, known: ExtensionRecord | None, page: Page) -> None:
        device = self._device(known, page) if page.values["use_provisioning"] else None
        record = known or self._new_record(page)
        if known:
            self.batch.leave(known)
            self.writes.extension_was[known.id] = known.values
        record.values = {name: page.values[name] for name in EXTENSION_FIELDS}
        self.batch.know(record)
        self._place(record, device, int(page.values["line"] or 1))

    def _new_record(self, page: Page) -> ExtensionRecord:
        record = ExtensionRecord(
            id=-len(self.batch.extensions) - 1,
            version=1,
            user_id=page.user_id or 0,
            user=str(page.values["user"]),
            organization_id=page.organization_id or 0,
            organization=str(page.values["organization"]),
            values={},
        )
        self.batch.extensions[str(page.values["extension"])] = record
        self.writes.new_extensions.append(record)
        return record

    def _device(self, known: ExtensionRecord | None, page: Page) -> DeviceRecord:
        """The device the page is on, with the page's values; Refused: it cannot serve it."""
        on_one = known is not None and known.device is not None
        device = self.batch.devices.get(page.device_id or 0)
        device = device or self.batch.spare(page, str(page.values["mac"]))
        if device is None:
            device = self._new_device(page)
        elif not on_one and page.organization_id is not None:
            reason = self.batch.misfit(device, page.organization_id)
            if reason:
                raise Refused([Refusal("mac", reason)])
        self.writes.touch(device)
        device.organization_id = page.organization_id
        device.values = {name: page.values[name] for name in DEVICE_FIELDS}
        self.batch.add(device)
        return device

    def _new_device(self, page: Page) -> DeviceRecord:
        serial = str(page.values["mac"]).replace(":", "").lower()
        if not serial or serial in self.batch.serials:
            serial = secrets.token_hex(8)
        self.batch.serials.add(serial)
        device = DeviceRecord(
            id=-len(self.batch.devices) - 1,
            serial=serial,
            token=secrets.token_hex(16),
            owner_id=self._viewer.account_id,
            organization_id=page.organization_id,
            version=1,
            values={},
        )
        self.batch.within_reach.add(device.id)
        self.writes.new_devices.append(device)
        return device

    def _place(self, record: ExtensionRecord, device: DeviceRecord | None, number: int) -> None:
        """Put an extension on a line, or take it off its device; the device's record stays."""
        before = record.device
        if before is not None and record.line is not None:
            before.lines.pop(record.line, None)
            self.writes.touch(before)
        if before is not None and (device is not before or number != record.line):
            self.writes.moved.append(record)
        elif before is None and device is not None:
            self.writes.new_lines.append(record)
        if device is not None and (device is not before or number != record.line):
            self.writes.rearranged.add(device.id)
        record.device, record.line = device, number if device is not None else None
        if device is not None:
            device.lines[number] = line_use(record, number)


def _check_place(page: Page, row: ImportedRow) -> None:
    """An extension stays where it is: a row that names another account is refused, not ignored."""
    found = [
        Refusal(name, f"is {page.values[name]!r} and cannot be changed by an import")
        for name in _PLACES
        if row.values.get(name, page.values[name]) != page.values[name]
    ]
    if found:
        raise Refused(found)


def _differences(device: DeviceRecord, row: ImportedRow) -> int:
    given = [name for name in DEVICE_FIELDS if name in row.values]
    return sum(device.values[name] != row.values[name] for name in given)
