"""Every line of the catalogue renders, and nothing of one phone gets into a shared file."""

from __future__ import annotations

import pytest

from tests.phones import extension, phone
from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Value
from tuiprov.render.engine import parse_back, render

_TYPES = {f"{t.manufacturer} {t.model} {t.firmware}": t for t in default_catalog().types()}


@pytest.mark.parametrize("name", _TYPES)
def test_every_model_on_every_generation_renders_all_its_lines_and_keys(name: str) -> None:
    phone_type: PhoneType = _TYPES[name]
    lamps: Value = max(0, min(phone_type.keys - phone_type.lines, 9)) or None
    full = phone(
        phone_type.manufacturer,
        phone_type.model,
        phone_type.firmware,
        lines=min(phone_type.lines, 20),
        parking_watch_lines=lamps if phone_type.facts.park_keys else None,
    )
    files = render(full)
    assert files
    names = [file.name for file in files]
    assert len(set(names)) == len(names)
    for file in files:
        assert parse_back(file)


@pytest.mark.parametrize("name", _TYPES)
def test_shared_files_are_the_same_for_every_phone(name: str) -> None:
    phone_type = _TYPES[name]
    words = (phone_type.manufacturer, phone_type.model, phone_type.firmware)
    one = phone(*words)
    mac = f"{phone_type.mac_prefixes[0]}:11:22:33" if phone_type.has_mac else ""
    other = phone(*words, mac=mac, sip=extension(9, sip_password="an0therOne"))
    shared = {file.name: file.text for file in render(one) if file.shared}
    assert shared == {file.name: file.text for file in render(other) if file.shared}
