"""An import that takes the good rows: the others are named and lie in a file beside."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.sites import Site
from tuiprov.data.exchange.importing import Imported, import_file
from tuiprov.data.models import Account, Device, Extension
from tuiprov.errors import Refused

ON_BOTH = True

HEADER = (
    "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,firmware,mac\n"
)
GOOD = "1*1,Acme,joe,no,,,,,\n"
BAD = "1*2,Elsewhere,eve,yes,Desk01,Nokia,3310,84,80:5E:C0:00:00:01\n"
ODD = '1*3,Acme,"o""dd, 日本",no,,,,,nonsense\n'


def file_with(site: Site, text: str, name: str = "rows.csv") -> Path:
    path = site.directory / name
    path.write_text(text, encoding="utf-8")
    return path


def take(site: Site, path: Path, **options: bool) -> Imported:
    return import_file(site.database, site.admin, path, partial=True, **options)


class TestPartialImport:
    def test_the_good_rows_are_stored_and_each_refused_one_is_named(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + GOOD + BAD + ODD))
        assert (done.added, done.refused_rows) == (1, 2)
        assert [(one.where, one.field) for one in done.refused] == [
            ("row 2", "manufacturer"),
            ("row 3", "mac"),
        ]
        assert [one.extension for one in site.rows(Extension)] == ["1*1"]

    def test_a_refused_row_leaves_neither_account_nor_device(self, site: Site) -> None:
        take(site, file_with(site, HEADER + GOOD + BAD))
        assert {one.name for one in site.rows(Account)} & {"Elsewhere", "eve"} == set()
        assert not site.rows(Device)

    def test_the_refused_rows_stand_in_a_file_beside_word_for_word(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + GOOD + BAD + ODD))
        assert done.left_in == site.directory / "rows.csv.refused.csv"
        assert done.left_in.read_text(encoding="utf-8") == HEADER + BAD + ODD

    def test_that_file_is_its_owners_alone_whatever_the_umask(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + GOOD + BAD))
        assert done.left_in is not None
        assert stat.S_IMODE(done.left_in.stat().st_mode) == 0o600

    def test_mended_it_is_imported_like_any_other(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + GOOD + BAD))
        assert done.left_in is not None
        mended = BAD.replace("Nokia,3310", "Yealink,T46S")
        done.left_in.write_text(HEADER + mended)
        assert take(site, done.left_in).added == 1
        assert site.page("1*2").values["model"] == "T46S"

    def test_a_file_that_is_being_mended_is_not_written_over(self, site: Site) -> None:
        path = file_with(site, HEADER + GOOD + BAD)
        mending = file_with(site, "mine", "rows.csv.refused.csv")
        done = take(site, path)
        assert mending.read_text() == "mine"
        assert done.left_in == site.directory / "rows.csv.refused-2.csv"

    def test_no_link_laid_beside_leads_it_elsewhere(self, site: Site) -> None:
        path = file_with(site, HEADER + GOOD + BAD)
        (site.directory / "rows.csv.refused.csv").symlink_to(site.directory / "elsewhere")
        take(site, path)
        assert not (site.directory / "elsewhere").exists()

    def test_when_they_cannot_be_written_nothing_is_stored(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_arguments: object) -> int:
            raise OSError(28, "No space left on device")

        path = file_with(site, HEADER + GOOD + BAD)
        monkeypatch.setattr("tuiprov.data.exchange.refused_rows.os.write", full)
        with pytest.raises(Refused, match="cannot be written beside it: No space left"):
            take(site, path)
        monkeypatch.undo()
        assert not site.rows(Extension)
        assert not list(site.directory.glob("*refused*"))

    def test_a_dry_run_names_them_and_writes_nothing(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + GOOD + BAD), dry_run=True)
        assert (done.added, done.refused_rows, done.left_in) == (1, 1, None)
        assert not site.rows(Extension)
        assert not list(site.directory.glob("*refused*"))

    def test_without_a_good_row_there_is_no_file_beside(self, site: Site) -> None:
        done = take(site, file_with(site, HEADER + BAD))
        assert (done.added, done.refused_rows, done.left_in) == (0, 1, None)
        assert not list(site.directory.glob("*refused*"))

    def test_who_stops_it_finds_all_as_it_was(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Stopped(Exception):
            pass

        def stop(_count: int) -> None:
            raise Stopped

        monkeypatch.setattr("tuiprov.data.exchange.importing.AT_ONCE", 1)
        path = file_with(site, HEADER + BAD + GOOD)
        with pytest.raises(Stopped):
            import_file(site.database, site.admin, path, partial=True, on_rows=stop)
        assert not site.rows(Extension)
        assert not list(site.directory.glob("*refused*"))
