"""The page's fields: each declared once, with everything the form, CSV and docs draw from it."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel

from tuiprov.data.models import Device, Extension
from tuiprov.data.sections import (
    DEFAULTS,
    DEVICE_FIELDS,
    EXTENSION_FIELDS,
    FIELDS,
    PAGE_SECTIONS,
    SECTIONS,
    title,
)
from tuiprov.data.site import SITE_FIELDS, Site

ORDER_OF_THE_PAGE = {
    "Provisioning": "use_provisioning",
    "Device information": "friendly_name manufacturer model firmware application_version mac "
    "mac_based_provisioning status notes",
    "Device settings": "admin_username password_generation admin_password update_interval "
    "update_protocol template parking_watch_lines",
    "SIP preferences": "media_encryption dtmf_mode pbx_connected ping allow_reinvite "
    "on_private_network publishes_state force_mwi codecs fixed_ip fixed_port fixed_auth "
    "signaling_transport allowed_networks equipment_description",
    "Extension virtualization": "allow_virtualization secret_code",
}


def test_the_page_has_its_five_sections_with_their_fields_in_order() -> None:
    found = {
        title(section): " ".join(n for n, f in FIELDS.items() if f.section == section.__name__)
        for section in PAGE_SECTIONS
    }
    assert found == ORDER_OF_THE_PAGE


def test_around_the_page_are_the_account_and_its_place() -> None:
    around = [
        n for n in FIELDS if not any(n in part.split() for part in ORDER_OF_THE_PAGE.values())
    ]
    assert around == [
        *("extension", "extension_name", "sip_username", "sip_password"),
        *("max_public_concurrent_calls", "organization", "user", "line"),
    ]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_has_a_label_and_a_sentence_of_help(name: str) -> None:
    assert FIELDS[name].name == name
    assert FIELDS[name].label
    assert FIELDS[name].help.endswith(".")


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_is_a_value_the_field_itself_takes(name: str) -> None:
    assert FIELDS[name].parse(FIELDS[name].text(DEFAULTS[name])) == DEFAULTS[name]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_declared_in_one_section_only(name: str) -> None:
    assert [s.__name__ for s in SECTIONS if name in s.model_fields] == [FIELDS[name].section]


def test_the_defaults_are_those_of_the_page() -> None:
    assert {name: DEFAULTS[name] for name in FIELDS if DEFAULTS[name] not in ("", None, False)} == {
        "status": "enabled",
        "password_generation": "none",
        "template": "Server default",
        "media_encryption": "none",
        "dtmf_mode": "rfc2833",
        "codecs": "alaw,ulaw",
        "fixed_auth": "required",
        "signaling_transport": "udp",
    }


def test_only_passwords_and_the_secret_code_are_secrets() -> None:
    secret = [name for name, field in FIELDS.items() if field.secret]
    assert secret == ["sip_password", "admin_password", "secret_code"]


@pytest.mark.parametrize(
    ("table", "names"), [(Device, DEVICE_FIELDS), (Extension, EXTENSION_FIELDS)]
)
def test_a_table_has_a_column_for_each_of_its_fields(
    table: type[SQLModel], names: tuple[str, ...]
) -> None:
    assert set(names) <= set(table.model_fields)


@pytest.mark.parametrize("name", [*DEVICE_FIELDS, *EXTENSION_FIELDS])
def test_no_text_is_longer_than_its_column(name: str) -> None:
    table = Device if name in DEVICE_FIELDS else Extension
    length = getattr(inspect(table).columns[name].type, "length", None)
    longest = getattr(FIELDS[name], "longest", 0)
    if length is None or FIELDS[name].kind == "choice":
        return
    assert longest <= length


@pytest.mark.parametrize("name", SITE_FIELDS)
def test_a_fresh_sites_setting_is_one_its_field_takes(name: str) -> None:
    value = getattr(Site(), name)
    assert SITE_FIELDS[name].parse(SITE_FIELDS[name].text(value)) == value


def test_a_fresh_site_takes_the_sample() -> None:
    fresh = Site()
    assert fresh.sip_trunking_channels == 10
    assert fresh.infrastructure_type == "none"
    assert fresh.offered == ("alaw", "ulaw", "g722", "g729", "opus", "gsm")
