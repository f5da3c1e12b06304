"""Refused rows of an import in a file beside it, to be mended and imported again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tuiprov.data.exchange.export import csv_text
from tuiprov.errors import Refusal, Refused


class RefusedRows:
    """Collects rows in a file that is made with the first of them. It holds passwords: 0600. An
    older file of that name may have been mended by hand, and is left alone."""

    def __init__(self, beside: Path, header: Sequence[str]):
        self._beside, self._header = beside, header
        self.path: Path | None = None
        self._handle = -1

    def add(self, cells: Sequence[str]) -> None:
        """Keep a row; Refused: its file cannot be written."""
        try:
            if self.path is None:
                self._make()
                self._write(self._header)
            self._write(cells)
        except OSError as error:
            raise self._unwritable(error) from None

    def end(self) -> None:
        """Have the disk keep it."""
        if self._handle >= 0:
            try:
                os.fsync(self._handle)
            except OSError as error:
                raise self._unwritable(error) from None

    def drop(self) -> None:
        """Nothing was imported: its rows are where they were."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self.path = None

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _make(self) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        for path in self._names():
            try:
                self._handle = os.open(path, flags, 0o600)
            except FileExistsError:
                continue
            self.path = path
            os.fchmod(self._handle, 0o600)
            return

    def _names(self) -> Iterator[Path]:
        name, number = self._beside.name, 1
        while True:
            again = "" if number == 1 else f"-{number}"
            yield self._beside.with_name(f"{name}.refused{again}.csv")
            number += 1

    def _write(self, cells: Sequence[str]) -> None:
        data = csv_text([cells]).encode()
        while data:
            data = data[os.write(self._handle, data) :]

    def _unwritable(self, error: OSError) -> Refused:
        said = f"the refused rows cannot be written beside it: {error.strerror}"
        return Refused([Refusal("", said, self._beside.name)])


@contextmanager
def refused_rows(beside: Path, header: Sequence[str]) -> Iterator[RefusedRows]:
    """The file is dropped when the block fails: then nothing was imported."""
    rows = RefusedRows(beside, header)
    try:
        yield rows
    except BaseException:
        rows.drop()
        raise
    finally:
        rows.close()
