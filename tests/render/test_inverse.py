"""What a phone's file says is read back, for every family, without knowing any."""

from __future__ import annotations

import pytest

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Value
from tuiprov.data.site import Site
from tuiprov.errors import RenderError
from tuiprov.render.inverse import (
    Found,
    all_kinds,
    differences,
    kinds_for,
    models_in,
    read,
)
from tuiprov.render.probe import phone_of, probe, rendered_settings, settings_of

SITE = Site(
    publish_root="/srv",
    sip_server="sip.example.com",
    outbound_proxy="edge.example.com",
    provisioning_host="p.example.com",
    codecs_offered="alaw,ulaw,g722,g729",
)
KINDS = list({(kind.templates, kind.firmware): kind for kind in reversed(all_kinds())}.values())
LINE: dict[str, Value] = {
    "extension": "101",
    "extension_name": "Ana Adler",
    "sip_password": "pw123456",
    "media_encryption": "sdes",
    "dtmf_mode": "info",
    "codecs": "ulaw,g722",
}


_PROTOCOL_WORDS = {"http", "https", "tftp", "0", "1", "2", "3", "4", "5"}


def written(kind: PhoneType, lines: dict[int, dict[str, Value]], **device: Value) -> Found:
    """What is read out of the files that we write for these lines."""
    mac = f"{kind.mac_prefixes[0]}:00:00:01"
    said: dict[str, Value] = {
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
    }
    said |= {"mac": mac, "update_protocol": kind.facts.update_protocols[0], **device}
    return read(rendered_settings(phone_of(said, lines, SITE)), kind, SITE, mac)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.templates} {kind.firmware}")
class TestEveryFamily:
    def test_who_the_line_is_and_all_else_that_the_file_says_is_found(
        self, kind: PhoneType
    ) -> None:
        found = written(kind, {1: LINE})
        assert list(found.lines) == [1]
        line = found.lines[1]
        assert (line["extension"], line["sip_username"]) == ("101", "")
        assert (line["extension_name"], line["sip_password"]) == ("Ana Adler", "pw123456")
        assert differences(found, SITE) == []

    def test_the_last_line_is_found_alone(self, kind: PhoneType) -> None:
        last = min(kind.lines, 8)
        found = written(kind, {last: {**LINE, "media_encryption": "none", "codecs": "alaw"}})
        assert list(found.lines) == [last]
        assert differences(found, SITE) == []

    def test_how_and_how_often_it_asks_for_its_files_is_found(self, kind: PhoneType) -> None:
        bounds = kind.facts.interval
        often = bounds.low + 3 if bounds is not None else None
        for protocol in kind.facts.update_protocols:
            found = written(kind, {1: LINE}, update_protocol=protocol, update_interval=often)
            assert found.device["update_protocol"] == protocol
            assert found.device.get("update_interval") == often

    def test_who_does_not_say_how_asks_by_tftp(self, kind: PhoneType) -> None:
        settings = rendered_settings(phone_of({**_equipment(kind)}, {1: LINE}, SITE))
        silent = {name: text for name, text in settings.items() if "p.example.com" not in text}
        silent = {n: t for n, t in silent.items() if t.lower() not in _PROTOCOL_WORDS}
        found = read(silent, kind, SITE, "80:5E:C0:00:00:01")
        assert found.device["update_protocol"] == "tftp"

    def test_a_user_that_is_no_number_stays_a_user(self, kind: PhoneType) -> None:
        found = written(kind, {1: {**LINE, "sip_username": "ana"}})
        assert found.lines[1]["sip_username"] == "ana"
        assert "extension" not in found.lines[1]


def test_the_server_is_found_with_its_port_and_without() -> None:
    kind = default_catalog().find("Snom", "D725", "10")
    assert kind is not None
    assert written(kind, {1: LINE}).site["sip_server"] == "sip.example.com"
    assert written(kind, {1: LINE}).site["outbound_proxy"] == "edge.example.com"


def test_an_administrator_s_password_is_found_and_known_for_a_secret() -> None:
    kind = default_catalog().find("Yealink", "T46S", "84")
    assert kind is not None
    login: dict[str, Value] = {"password_generation": "manual", "admin_password": "s3cret"}
    found = written(kind, {1: LINE}, admin_username="root", **login)
    assert (found.device["admin_username"], found.device["admin_password"]) == ("root", "s3cret")
    assert probe(kind).is_secret("static.security.user_password")
    assert not probe(kind).is_secret("account.1.user_name")


def test_what_ours_does_not_say_and_says_otherwise_is_named() -> None:
    kind = default_catalog().find("Yealink", "T46S", "84")
    assert kind is not None
    settings = rendered_settings(phone_of({**_equipment(kind)}, {1: LINE}, SITE))
    settings |= {"phone_setting.ring_type": "Ring2.wav", "account.1.dtmf.type": "77"}
    del settings["account.1.label"]
    found = read(settings, kind, SITE, "80:5E:C0:00:00:01")
    named = {(one.sign, one.name) for one in differences(found, SITE)}
    assert named >= {
        ("-", "phone_setting.ring_type"),
        ("~", "account.1.dtmf.type"),
        ("+", "account.1.label"),
    }


def _equipment(kind: PhoneType) -> dict[str, Value]:
    return {
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
        "mac": "80:5E:C0:00:00:01",
        "update_protocol": kind.facts.update_protocols[0],
    }


class TestWhichPhone:
    @pytest.mark.parametrize(
        ("model", "firmware"), [("T46S", "84"), ("T46G", "80"), ("T28P", "70"), ("W70B", "87")]
    )
    def test_a_whole_file_is_known_by_its_settings(self, model: str, firmware: str) -> None:
        kind = default_catalog().find("Yealink", model, firmware)
        assert kind is not None
        settings = rendered_settings(phone_of(_equipment(kind), {1: LINE}, SITE))
        found = kinds_for(settings, [k for k in all_kinds() if k.manufacturer == "Yealink"], ())
        assert kind in found
        assert {one.templates for one in found} == {kind.templates}

    def test_a_model_that_a_comment_names_is_taken(self) -> None:
        settings, _ = settings_of("account.1.user_name = 1\n", "equals")
        kinds = [kind for kind in all_kinds() if kind.manufacturer == "Yealink"]
        found = kinds_for(settings, kinds, models_in("# SIP-T53 of the hall\n", kinds))
        assert {kind.model for kind in found} == {"T53"}

    def test_a_file_of_something_else_is_no_phone_s(self) -> None:
        assert kinds_for({"colour": "red"}, all_kinds(), ["T46S"]) == []


class TestHostile:
    def test_a_document_type_is_not_read(self) -> None:
        bomb = '<!DOCTYPE a [<!ENTITY b "cccc">]><settings>&b;</settings>'
        with pytest.raises(RenderError, match="document type"):
            settings_of(bomb, "xml")

    def test_of_a_setting_that_stands_twice_the_last_counts(self) -> None:
        settings, wrong = settings_of("a = 1\na = 2\n", "equals")
        assert (settings, wrong) == ({"a": "2"}, 0)

    def test_lines_that_are_none_are_counted(self) -> None:
        settings, wrong = settings_of("a = 1\nb = 2\n[section]\n", "equals")
        assert (settings, wrong) == ({"a": "1", "b": "2"}, 1)

    @pytest.mark.parametrize("text", ["one\ntwo\n", "<html>", "\x00\x01"])
    def test_prose_is_no_list_of_settings(self, text: str) -> None:
        with pytest.raises(RenderError):
            settings_of(text, "equals")

    def test_a_very_long_value_costs_no_time(self) -> None:
        kind = default_catalog().find("Snom", "D725", "10")
        assert kind is not None
        long = ":" * 500_000
        names = list(probe(kind).patterns)
        assert probe(kind).texts(dict.fromkeys(names, long)) is not None
