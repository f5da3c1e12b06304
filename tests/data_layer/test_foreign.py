"""CSV files of other programs: known by their headers, read by their words, never guessed at."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.sites import Site
from tuiprov.data.exchange.foreign import (
    EQUIPMENT,
    OWN,
    TARGETS,
    ColumnMap,
    formats,
    map_for,
    mapped,
)
from tuiprov.data.exchange.importing import Imported, first_rows, import_file
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refused

FUSIONPBX = (
    "device_mac_address,device_label,device_vendor,device_template,device_enabled,"
    "device_description,line_number,display_name,user_id,password,sip_transport\n"
    "805ec0000001,Front desk!,yealink,yealink/t46s,true,in the hall,1,Ana,101,secretpw1,tls\n"
    "00-0B-82-11-22-33,,grandstream,grandstream/gxp2135,false,,1,Ben,102,secretpw2,udp\n"
)
FREEPBX = (
    "extension,name,description,voicemail,tech,devicetype,secret,dtmfmode,media_encryption,allow\n"
    "1001,Ana,Ana,novm,pjsip,fixed,secretpw1,rfc4733,sdes,ulaw&alaw\n"
    "1002,Ben,Desk of Ben,novm,pjsip,fixed,secretpw2,auto_info,no,\n"
)
FREEPBX_BOTH = (
    "extension,password,name,voicemail,id,tech,dial,devicetype,user,description,allow,canreinvite,"
    "dtmfmode,encryption,mailbox,secret,sipdriver,transport,media_encryption,direct_media,"
    "mwi_subscription,max_contacts\n"
    "1001,,Ana,novm,1001,sip,SIP/1001,fixed,1001,Ana,,nonat,"
    'shortinfo,yes,1001@device,secretpw1,chan_sip,"udp,tcp,tls",,,,\n'
    "1002,,Ben,novm,1002,pjsip,PJSIP/1002,fixed,1002,Ben,ulaw&g722,,"
    "auto,,1002@device,secretpw2,chan_pjsip,0.0.0.0-udp,dtls,no,unsolicited,1\n"
)
"""As FreePBX 13 and later write it, with a device of either driver."""
YEASTAR_P = (
    "Vendor,Model,MAC Address,Template,Provisioning Method,Hot Desking Phone,Assign Extension\n"
    "Yealink,SIP-T46S,80:5E:C0:00:00:0A,YSDP_YealinkT4,pnp,0,1001\n"
)
YEASTAR_S = (
    "Manufacturer,Phonetype,Mac Address,Template,Extension,Label,Active\n"
    "Snom,D725,000413112233,Default,1001,Ana,1\n"
)
ENDPOINTS = "mac,brand,model,extension,line\n00:04:13:11:22:33,Snom,D725,1001,1\n"

PLACE = {"organization": "Acme", "user": "u{extension}"}


def file_with(site: Site, text: str) -> Path:
    path = site.directory / "foreign.csv"
    path.write_text(text, encoding="utf-8")
    return path


def columns_of(path: Path) -> ColumnMap:
    return first_rows(path, 0)[0]


def take(site: Site, text: str, changes: dict[str, str] | None = None, **options: bool) -> Imported:
    path = file_with(site, text)
    columns = mapped(columns_of(path), changes or {}).with_given(PLACE)
    return import_file(site.database, site.admin, path, columns=lambda _header: columns, **options)


class TestRecognised:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            (FUSIONPBX, "fusionpbx"),
            (FUSIONPBX.replace("device_mac_address", "device_address"), "fusionpbx"),
            (FREEPBX, "freepbx"),
            (FREEPBX_BOTH, "freepbx"),
            (ENDPOINTS, "freepbx-endpoints"),
            (YEASTAR_P, "yeastar"),
            (YEASTAR_S, "yeastar-s"),
            ("extension,mac,model\n", OWN),
            ("colour,size\n", OWN),
        ],
    )
    def test_a_file_is_known_by_its_header(self, text: str, name: str) -> None:
        header = next(csv.reader(io.StringIO(text)))
        assert map_for(header).format.name == name

    def test_a_site_s_own_export_is_ours(self, first_site: Site) -> None:
        header = next(csv.reader(io.StringIO(first_site.export())))
        assert map_for(header).is_own

    def test_every_column_of_every_format_is_a_field_of_ours(self) -> None:
        for one in formats().values():
            assert set(one.columns.values()) <= set(TARGETS), one.name
            assert "extension" in one.columns.values(), one.name

    def test_a_format_nobody_knows_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(Refused, match="'3cx' is no format: write auto, tuiprov, fusionpbx"):
            map_for(["extension"], "3cx")


class TestFusionPbx:
    def test_its_words_are_ours_afterwards(self, site: Site) -> None:
        assert take(site, FUSIONPBX).added == 2
        values = site.page("101").values
        expected = {
            "mac": "80:5E:C0:00:00:01",
            "friendly_name": "Frontdesk",
            "manufacturer": "Yealink",
            "model": "T46S",
            "firmware": "84",
            "status": "enabled",
            "notes": "in the hall",
            "sip_password": "secretpw1",
            "user": "u101",
        }
        assert {name: values[name] for name in expected} == expected
        assert site.page("102").values["status"] == "disabled"

    def test_a_device_without_a_name_gets_one_of_its_model_and_mac(self, site: Site) -> None:
        take(site, FUSIONPBX)
        assert site.page("102").values["friendly_name"] == "GXP2135112233"

    def test_a_name_and_a_firmware_that_are_there_stay(self, site: Site) -> None:
        take(site, FUSIONPBX)
        site.save("102", friendly_name="Mine")
        assert take(site, FUSIONPBX).unchanged == 2
        assert site.page("102").values["friendly_name"] == "Mine"

    def test_a_model_that_is_not_in_the_catalogue_is_refused_by_its_column(
        self, site: Site
    ) -> None:
        with pytest.raises(Refused) as refused:
            take(site, FUSIONPBX.replace("yealink/t46s", "yealink/t99"))
        (only,) = refused.value.refusals
        assert str(only) == (
            "row 1, model (device_template): Yealink 't99' is not in the catalogue"
        )

    def test_columns_that_are_not_taken_are_named(self, site: Site) -> None:
        assert columns_of(file_with(site, FUSIONPBX)).left_out == ["sip_transport"]


class TestFreePbx:
    def test_extensions_come_without_devices(self, site: Site) -> None:
        assert take(site, FREEPBX).added == 2
        values = site.page("1001").values
        assert (values["dtmf_mode"], values["media_encryption"]) == ("rfc2833", "sdes")
        assert (values["codecs"], values["extension_name"]) == ("ulaw,alaw", "Ana")
        assert site.page("1001").device_id is None
        assert site.page("1002").values["dtmf_mode"] == "auto"

    def test_devices_of_both_its_drivers_stand_in_one_file(self, site: Site) -> None:
        names = ("dtmf_mode", "media_encryption", "allow_reinvite", "force_mwi", "codecs")
        assert take(site, FREEPBX_BOTH).added == 2
        of_sip, of_pjsip = site.page("1001").values, site.page("1002").values
        assert [of_sip[name] for name in names[:4]] == ["info", "sdes", True, False]
        assert [of_pjsip[name] for name in names] == ["auto", "dtls_srtp", False, True, "ulaw,g722"]
        assert of_sip["sip_password"] == "secretpw1"
        assert of_sip["extension_name"] == "Ana"

    def test_its_endpoints_are_put_on_the_extensions_that_are_there(self, site: Site) -> None:
        take(site, FREEPBX)
        assert take(site, ENDPOINTS).changed == 1
        assert site.page("1001").values["model"] == "D725"

    def test_a_word_that_is_not_known_is_refused_not_dropped(self, site: Site) -> None:
        with pytest.raises(Refused, match=r"row 1, dtmf_mode \(dtmfmode\): must be"):
            take(site, FREEPBX.replace("rfc4733", "telepathy"))


class TestYeastar:
    @pytest.mark.parametrize("text", [YEASTAR_P, YEASTAR_S], ids=["P", "S"])
    def test_phones_are_put_on_the_extensions_that_are_there(self, site: Site, text: str) -> None:
        take(site, FREEPBX)
        assert take(site, text).changed == 1
        assert site.page("1001").values["model"] in ("T46S", "D725")


class TestMapping:
    def test_a_column_is_mapped_to_another_field_or_to_none(self, site: Site) -> None:
        changes = {"device_description": "equipment_description", "password": ""}
        take(site, FUSIONPBX, changes)
        values = site.page("101").values
        assert (values["equipment_description"], values["notes"]) == ("in the hall", "")
        assert values["sip_password"] not in ("", "secretpw1")

    def test_any_file_at_all_can_be_mapped(self, site: Site) -> None:
        text = "Nebenstelle;x,Wer,Gerät\n77,Ana,yealink/T46S\n"
        changes = {"Nebenstelle;x": "extension", "Wer": "extension_name", "Gerät": EQUIPMENT}
        done = take(site, text, changes, partial=True)
        assert [one.field for one in done.refused] == ["mac"]

    def test_a_column_or_a_field_that_is_not_there_is_refused(self, site: Site) -> None:
        with pytest.raises(Refused) as refused:
            take(site, FUSIONPBX, {"colour": "mac", "password": "colour"})
        assert [str(one) for one in refused.value.refusals] == [
            "--map, colour: is no column of this file",
            "--map, colour: is not a field tuiprov knows",
        ]

    def test_without_an_extension_column_it_is_refused(self, site: Site) -> None:
        with pytest.raises(Refused, match="extension: no column is mapped to it"):
            take(site, FUSIONPBX, {"user_id": ""})

    @pytest.mark.parametrize("name", ["colour", "status"])
    def test_a_given_value_is_checked_like_a_cell(self, site: Site, name: str) -> None:
        with pytest.raises(Refused, match=f"--set, {name}"):
            columns_of(file_with(site, FUSIONPBX)).with_given({name: "no such"})

    def test_refused_rows_keep_the_foreign_header(self, site: Site) -> None:
        text = FUSIONPBX.replace("grandstream/gxp2135", "x/y").replace("grandstream,", "x,")
        done = take(site, text, partial=True)
        assert done.left_in is not None
        assert done.left_in.read_text().splitlines()[0] == text.splitlines()[0]
        assert columns_of(done.left_in).format.name == "fusionpbx"


def test_every_field_can_be_a_target() -> None:
    assert set(FIELDS) < set(TARGETS)
