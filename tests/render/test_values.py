"""What templates get: plain data of one phone, already in the phone's own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.phones import kind, phone
from tests.render.cases import representatives
from tuiprov.data.site import Site
from tuiprov.render.values import VARIABLES, interval, template_values, term

KINDS = {f"{t.label} {t.firmware}": t for t in representatives()}


def values(*words: str, **options: Any) -> dict[str, Any]:
    return template_values(phone(*words, **options), kind(*words))


FANVIL = ("Fanvil", "X4U", "2.12")


def plain(value: object) -> bool:
    """Is this str, int, bool, None or a list or dict of them: nothing with methods of our own."""
    if isinstance(value, dict):
        return type(value) is dict and all(map(plain, (*value, *value.values())))
    if isinstance(value, list):
        return type(value) is list and all(map(plain, value))
    return value is None or type(value) in (str, int, bool)


@pytest.mark.parametrize("name", KINDS)
def test_templates_get_plain_data_only(name: str) -> None:
    one = KINDS[name]
    options = {"parking_watch_lines": 1} if one.facts.park_keys and one.keys > 1 else {}
    assert plain(values(one.manufacturer, one.model, one.firmware, **options))


def test_every_variable_is_described_and_every_description_is_of_a_variable() -> None:
    found = values(*FANVIL, parking_watch_lines=1, site=Site(time_zone="Europe/Berlin"))
    tops = ("phone", "admin", "update", "site", "local")
    names = {f"{top}.{name}" for top in tops for name in found[top]}
    names |= {f"switch.{name}" for name in found["local"]["dst"]["start"]}
    names |= {"lines", "spare_lines", "park"}
    names |= {f"line.{name}" for name in found["lines"][0]}
    names |= {f"lamp.{name}" for name in found["park"][0]}
    assert names == set(VARIABLES)


def test_lines_are_in_order_and_the_others_are_spare() -> None:
    found = values(*FANVIL, lines=2)
    assert [line["number"] for line in found["lines"]] == [1, 2]
    assert found["spare_lines"] == list(range(3, 13))


def test_a_line_without_a_username_or_name_uses_its_number() -> None:
    (line,) = values(*FANVIL, sip={"sip_username": "", "extension_name": ""})["lines"]
    assert (line["username"], line["name"], line["label"]) == ("0027*001", "0027*001", "001")


def test_a_fixed_ip_does_not_register() -> None:
    assert values(*FANVIL)["lines"][0]["registers"] is True
    assert values(*FANVIL, sip={"fixed_ip": "192.0.2.1"})["lines"][0]["registers"] is False


def test_force_mwi_asks_for_nothing() -> None:
    assert values(*FANVIL)["lines"][0]["subscribes_mwi"] is True
    assert values(*FANVIL, sip={"force_mwi": True})["lines"][0]["subscribes_mwi"] is False


def test_codecs_are_the_phone_s_own_in_the_chosen_order() -> None:
    (line,) = values("Snom", "D765", "10", sip={"codecs": "ulaw,gsm,alaw"})["lines"]
    assert line["codecs"] == ["pcmu", "gsm", "pcma"]


def test_a_password_of_generation_none_is_not_written() -> None:
    found = values(*FANVIL, password_generation="none", admin_password="x")
    assert found["admin"]["password"] == ""


def test_a_fixed_login_name_wins_over_a_typed_one() -> None:
    assert values("Aastra", "6731i", "3.3.1", admin_username="me")["admin"]["username"] == "admin"
    assert values(*FANVIL, admin_username="me")["admin"]["username"] == "me"
    assert values(*FANVIL, admin_username="")["admin"]["username"] == "admin"


def test_an_empty_interval_is_the_catalogue_s_default_and_a_phone_without_one_has_0() -> None:
    facts = kind(*FANVIL).facts
    assert facts.interval is not None
    assert interval({"update_interval": None}, facts) == facts.interval.default
    assert interval({"update_interval": 7}, facts) == 7
    assert interval({"update_interval": 7}, kind("Cisco", "7960", "8.x").facts) == 0


def test_a_value_without_a_term_falls_back_to_the_default_s_term() -> None:
    facts = kind("Snom", "D765", "10").facts
    assert term(facts, "media_encryption", "dtls_srtp") == term(facts, "media_encryption", "none")
    assert term(facts.model_copy(update={"terms": {}}), "media_encryption", "sdes") is None


def test_lamps_take_keys_that_no_line_uses_and_dial_the_slots_of_the_organization() -> None:
    lamps = values(*FANVIL, lines=2, parking_watch_lines=3)["park"]
    assert [lamp["key"] for lamp in lamps] == [3, 4, 5]
    assert [lamp["number"] for lamp in lamps] == ["*0027*21", "*0027*22", "*0027*23"]
    assert [lamp["label"] for lamp in lamps] == ["Park 1", "Park 2", "Park 3"]


def test_a_phone_without_lamp_keys_has_no_lamps() -> None:
    assert values("Cisco", "7960", "8.x", parking_watch_lines=2)["park"] == []


def test_the_update_address_is_taken_apart_for_phones_that_want_it_so() -> None:
    found = values(*FANVIL, site=Site(https_port=8443))["update"]
    assert found["scheme"] == "https"
    assert (found["host"], found["port"]) == ("prov.example.com", 8443)
    assert found["path"] == "/prov/0c383eaabbcc/"
    assert found["url"] == "https://prov.example.com:8443/prov/0c383eaabbcc/"
    assert values("Snom", "D765", "10", update_protocol="tftp")["update"]["path"] == "/"
