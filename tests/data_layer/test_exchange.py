"""CSV in and out: the whole file or nothing, every bad cell by row and column, the same bytes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.sites import DATA, PHONE, Site, a_site
from tuiprov.data.exchange.export import COLUMNS
from tuiprov.data.models import Account, Device, Extension
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refused

ON_BOTH = True

PLACES = "extension,organization,user"


def cells(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(site: Site, text: str | bytes) -> list[str]:
    """What an import of `text` is told, after making sure that it changed nothing."""
    before = site.export()
    with pytest.raises(Refused) as refusal:
        site.import_text(text)
    assert site.export() == before
    return [str(one) for one in refusal.value.refusals]


class TestFirstSite:
    def test_it_is_taken_whole(self, site: Site) -> None:
        done = site.import_csv("first-site.csv")
        assert (done.added, done.changed, done.unchanged) == (len(cells("first-site.csv")), 0, 0)

    def test_every_cell_that_says_something_is_the_stored_value(self, first_site: Site) -> None:
        for row in cells("first-site.csv"):
            values = first_site.page(row["extension"]).values
            for name, cell in row.items():
                if cell:
                    assert FIELDS[name].text(values[name]) == cell, (row["extension"], name)

    def test_two_extensions_of_one_mac_are_two_lines_of_one_device(self, first_site: Site) -> None:
        for one, other in (("0027*002", "0027*003"), ("0031*001", "0031*002")):
            first, second = first_site.page(one), first_site.page(other)
            assert first.device_id == second.device_id
            assert (first.values["line"], second.values["line"]) == (1, 2)
            assert second.values["model"] == first.values["model"] != ""

    def test_an_extension_without_a_device_has_none(self, first_site: Site) -> None:
        assert first_site.page("0031*006").device_id is None
        assert first_site.page("0031*007").device_id is None

    def test_an_automatic_password_was_made_where_asked(self, first_site: Site) -> None:
        password = str(first_site.page("0027*005").values["admin_password"])
        assert password.isdecimal()  # this phone takes digits only

    def test_its_accounts_are_made_once_each(self, first_site: Site) -> None:
        names = [a.name for a in first_site.rows(Account) if a.kind == "organization"]
        assert names == ["Acme Ltd", "Praxis Müller"]

    def test_a_second_import_has_nothing_to_do(self, first_site: Site) -> None:
        before = first_site.export()
        done = first_site.import_csv("first-site.csv")
        assert (done.added, done.changed) == (0, 0)
        assert first_site.export() == before

    def test_a_dry_run_tells_the_same_and_stores_nothing(self, site: Site) -> None:
        done = site.import_csv("first-site.csv", dry_run=True)
        assert done.added == len(cells("first-site.csv"))
        assert site.rows(Extension) == []
        assert not [a for a in site.rows(Account) if a.kind == "organization"]


class TestBrokenSite:
    BAD = (
        *("mac", "friendly_name", "friendly_name", "update_interval", "update_interval", "model"),
        *("update_protocol", "line", "allowed_networks", "pbx_connected", "fixed_port"),
        *("fixed_ip", "dtmf_mode", "codecs", "admin_password", "extension_name", "extension"),
        "status",
    )
    """The bad cell of each row, in order."""

    def test_every_bad_cell_is_named_once_by_row_and_column_and_nothing_else(
        self, site: Site
    ) -> None:
        with pytest.raises(Refused) as refusal:
            site.import_csv("broken.csv")
        found = [(one.where, one.field) for one in refusal.value.refusals]
        assert found == [(f"row {n}", column) for n, column in enumerate(self.BAD, 1)]
        assert len(found) == 18
        assert all(one.reason for one in refusal.value.refusals)

    def test_nothing_of_it_is_stored(self, site: Site) -> None:
        with pytest.raises(Refused):
            site.import_csv("broken.csv")
        assert site.rows(Extension) == []
        assert site.rows(Device) == []
        assert {a.kind for a in site.rows(Account)} == {"system", "provider"}

    def test_a_site_that_is_there_stays_as_it_was(self, first_site: Site) -> None:
        before = first_site.export()
        with pytest.raises(Refused):
            first_site.import_csv("broken.csv")
        assert first_site.export() == before

    def test_a_dry_run_tells_the_same(self, site: Site) -> None:
        with pytest.raises(Refused) as refusal:
            site.import_csv("broken.csv", dry_run=True)
        assert len(refusal.value.refusals) == 18


class TestRoundTrip:
    def again(self, site: Site, directory: Path) -> tuple[str, str]:
        """The export, and the export of an empty site that imported it."""
        exported = site.export()
        (directory / "again").mkdir()
        other = a_site(directory / "again")
        other.import_text(exported)
        return exported, other.export()

    def test_the_first_site_comes_back_byte_by_byte(self, first_site: Site, tmp_path: Path) -> None:
        exported, again = self.again(first_site, tmp_path)
        assert again == exported
        assert len(exported.splitlines()) == len(cells("first-site.csv")) + 1

    def test_all_columns_stand_in_the_header(self, site: Site) -> None:
        assert site.export() == ",".join(COLUMNS) + "\n"

    def test_what_is_kept_behind_closed_fields_comes_back(self, site: Site, tmp_path: Path) -> None:
        site.add(
            **PHONE | {"update_protocol": "tftp"},
            mac_based_provisioning=True,
            password_generation="auto",
        )
        site.save(allow_virtualization=True, secret_code="4321")
        site.save(allow_virtualization=False)
        exported, again = self.again(site, tmp_path)
        assert again == exported

    def test_hostile_texts_come_back(self, site: Site, tmp_path: Path) -> None:
        site.add(
            **PHONE,
            notes="\"quoted\", comma; 'x' =1+1 <b>&amp; {{ 7 }} \\ ]]>",
            equipment_description="=cmd|' /C calc'!A0",
            extension_name="日本 👋 Ünï",
        )
        exported, again = self.again(site, tmp_path)
        assert again == exported

    def test_two_devices_of_one_name_without_a_mac_stay_two(
        self, site: Site, tmp_path: Path
    ) -> None:
        spare = {**PHONE, "mac": "", "status": "disabled", "friendly_name": "Spare"}
        site.add("0027*001", **spare, notes="one")
        site.add("0027*002", **spare, notes="two")
        exported, again = self.again(site, tmp_path)
        assert again == exported

    def test_two_devices_of_one_mac_stay_two(self, site: Site, tmp_path: Path) -> None:
        site.add("0027*001", **PHONE, notes="one")
        site.add("0027*002", **PHONE, notes="two")
        exported, again = self.again(site, tmp_path)
        assert again == exported

    def test_a_filter_exports_what_it_matches(self, first_site: Site) -> None:
        rows = first_site.export(where="organization:acme").splitlines()
        assert len(rows) == 1 + 6


class TestHeader:
    def test_an_unknown_column_is_named(self, site: Site) -> None:
        said = refused(site, "extension,colour,mac\n1*1,red,\n")
        assert said == ["rows.csv, header, colour: is not a column tuiprov knows"]

    def test_a_column_twice_is_named(self, site: Site) -> None:
        said = refused(site, "extension,mac,mac\n1*1,,\n")
        assert said == ["rows.csv, header, mac: stands twice"]

    def test_a_missing_extension_column_is_named(self, site: Site) -> None:
        assert refused(site, "mac\n\n") == ["rows.csv, header, extension: is missing"]

    def test_all_of_its_errors_are_told_at_once(self, site: Site) -> None:
        assert len(refused(site, "mac,mac,colour\n")) == 3

    def test_any_order_and_any_subset_will_do(self, site: Site) -> None:
        site.import_text("user,extension_name,extension,organization\njoe,Joe,1*1,Acme\n")
        assert site.page("1*1").values["extension_name"] == "Joe"

    def test_an_empty_file_has_no_extension_column(self, site: Site) -> None:
        assert refused(site, "") == ["rows.csv, header, extension: is missing"]

    def test_a_header_alone_adds_nothing(self, site: Site) -> None:
        assert site.import_text(PLACES + "\n").added == 0


class TestRows:
    @pytest.mark.parametrize(("cells", "count"), [("1*1,Acme,joe,x", 4), ("1*1,Acme", 2)])
    def test_too_many_or_too_few_cells_are_counted(
        self, site: Site, cells: str, count: int
    ) -> None:
        said = refused(site, f"{PLACES}\n{cells}\n")
        assert said[0] == f"row 1: has {count} cells, the header 3"

    def test_a_missing_extension_is_named(self, site: Site) -> None:
        assert refused(site, f"{PLACES}\n,Acme,joe\n") == ["row 1, extension: is missing"]

    def test_a_new_extension_needs_its_organization_and_user(self, site: Site) -> None:
        assert refused(site, "extension\n1*1\n") == [
            "row 1, organization: is missing for a new extension",
            "row 1, user: is missing for a new extension",
        ]

    def test_bad_cells_of_several_kinds_are_told_together_in_order(self, site: Site) -> None:
        header = f"{PLACES},use_provisioning,friendly_name,ping"
        said = refused(site, f"{header}\n1*1,Acme,joe,yes,,\n1*2,Acme,joe,no,,maybe\n")
        assert said[-1] == "row 2, ping: must be yes or no"
        assert said[0] == "row 1, friendly_name: is missing: 3 to 32 letters and digits"

    def test_blank_lines_are_no_rows(self, site: Site) -> None:
        assert site.import_text(f"{PLACES}\n\n1*1,Acme,joe\n\n1*2,Acme,joe\n").added == 2

    def test_an_empty_cell_leaves_a_value_as_it_is(self, site: Site) -> None:
        site.add("1*1", equipment_description="a phone")
        site.import_text("extension,equipment_description,ping\n1*1,,yes\n")
        assert site.page("1*1").values["equipment_description"] == "a phone"
        assert site.page("1*1").values["ping"] is True

    def test_an_extension_named_in_another_organization_is_refused_not_ignored(
        self, site: Site
    ) -> None:
        site.add("1*1")
        assert refused(site, f"{PLACES}\n1*1,Other Ltd,eve\n") == [
            "row 1, organization: is 'Acme Ltd' and cannot be changed by an import",
            "row 1, user: is 'john.smith' and cannot be changed by an import",
        ]

    def test_a_third_extension_on_a_line_that_is_taken_is_refused(self, site: Site) -> None:
        header = f"{PLACES},use_provisioning,line,mac,friendly_name,manufacturer,model,firmware"
        row = "Acme,joe,yes,1,80:5E:C0:00:00:01,Desk01,Yealink,T46S,84"
        text = f"{header},update_protocol\n1*1,{row},tftp\n1*2,{row},tftp\n"
        assert refused(site, text)[0].startswith("row 2, mac: This MAC address is already used")


class TestFile:
    ROW = f"{PLACES},extension_name\n1*1,Acme,joe,Jürgen\n"

    @pytest.mark.parametrize(
        "data",
        [
            ROW.encode("utf-8-sig"),
            ROW.replace("\n", "\r\n").encode(),
            ROW.rstrip("\n").encode(),
            '"extension","organization","user","extension_name"\n"1*1","Acme","joe","Jürgen"\n'.encode(),
        ],
        ids=["byte order mark", "CRLF", "no last newline", "everything quoted"],
    )
    def test_what_spreadsheets_write_is_read(self, site: Site, data: bytes) -> None:
        assert site.import_text(data).added == 1
        assert site.page("1*1").values["extension_name"] == "Jürgen"

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
    def test_what_is_not_utf8_is_refused_in_one_line(self, site: Site, encoding: str) -> None:
        said = refused(site, self.ROW.encode(encoding))
        assert len(said) == 1
        assert said[0].startswith("rows.csv: is not UTF-8 (byte ")

    def test_a_missing_file_is_named(self, site: Site, tmp_path: Path) -> None:
        with pytest.raises(Refused, match=r"nowhere\.csv: cannot be read: No such file"):
            site.import_csv(tmp_path / "nowhere.csv")

    def test_a_directory_is_no_file(self, site: Site, tmp_path: Path) -> None:
        with pytest.raises(Refused, match="cannot be read: Is a directory"):
            site.import_csv(tmp_path)

    def test_an_open_quote_is_told_with_its_line(self, site: Site) -> None:
        said = refused(site, f'{PLACES}\n1*1,"Acme,joe\n')
        assert len(said) == 1
        assert said[0].startswith("rows.csv: line ")

    def test_a_control_character_is_refused_by_its_cell(self, site: Site) -> None:
        said = refused(site, f"{PLACES}\n1*1,Ac\x00me,joe\n")
        assert said == ["row 1, organization: must be one line of visible characters"]

    def test_a_second_line_in_a_quoted_cell_is_refused_by_its_cell(self, site: Site) -> None:
        said = refused(site, f'{PLACES}\n1*1,"Ac\nme",joe\n')
        assert said == ["row 1, organization: must be one line of visible characters"]


class TestRoles:
    def test_only_the_administrator_adds_extensions(self, site: Site) -> None:
        site.add()
        viewer = site.viewer("organization", "modify", sip=True)
        with pytest.raises(Refused, match="only the system administrator adds extensions"):
            site.import_text(f"{PLACES}\n1*2,Acme,joe\n", viewer=viewer)

    def test_a_cell_the_role_may_not_change_is_refused_by_row_and_column(self, site: Site) -> None:
        site.add(**PHONE)
        viewer = site.viewer("user", "view", sip=True)
        with pytest.raises(Refused) as refusal:
            site.import_text("extension,notes,ping\n0027*001,mine,yes\n", viewer=viewer)
        assert [(r.where, r.field) for r in refusal.value.refusals] == [("row 1", "notes")]

    def test_an_extension_out_of_reach_is_refused_by_its_row(self, site: Site) -> None:
        site.add("0027*001")
        site.add("0031*001", organization="Praxis", user="doc")
        viewer = site.viewer("organization", "modify", sip=True, name="Praxis")
        with pytest.raises(Refused) as refusal:
            site.import_text("extension,ping\n0031*001,yes\n0027*001,yes\n", viewer=viewer)
        assert [(r.where, r.field) for r in refusal.value.refusals] == [("row 2", "extension")]
        assert site.page("0031*001").values["ping"] is False

    def test_a_hidden_field_is_not_exported(self, site: Site) -> None:
        site.add(**PHONE, allow_virtualization=True, secret_code="4321", ping=True)
        viewer = site.viewer("user", "none", sip=False)
        row = dict(zip(COLUMNS, site.export(viewer).splitlines()[1].split(","), strict=True))
        shown = {name for name, cell in row.items() if cell}
        assert not shown & {"mac", "friendly_name", "admin_password", "secret_code", "ping"}
