"""Every family, generation and case renders the reviewed bytes.

After a wanted change: `make goldens`, then review the difference like code.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.render.cases import CASES, representatives
from tuiprov.data.catalog import PhoneType
from tuiprov.render.engine import parse_back, render

GOLDEN = Path(__file__).parent.parent / "golden"
_BY_NAME = {f"{t.manufacturer}/{t.model}-{t.firmware}": t for t in representatives()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", _BY_NAME)
def test_the_files_are_the_reviewed_ones(name: str, case: str) -> None:
    phone_type: PhoneType = _BY_NAME[name]
    phone = CASES[case](phone_type)
    if phone is None:
        pytest.skip(f"{phone_type.label} cannot do this")
    folder = GOLDEN / phone_type.manufacturer / f"{phone_type.model}-{phone_type.firmware}" / case
    rendered = {file.name: file.data for file in render(phone)}
    if os.environ.get("TUIPROV_WRITE_GOLDENS"):
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, data in rendered.items():
            (folder / file_name).write_bytes(data)
    assert rendered == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", _BY_NAME)
def test_the_files_parse_back_by_their_formats_rules(name: str, case: str) -> None:
    phone = CASES[case](_BY_NAME[name])
    if phone is None:
        pytest.skip(f"{name} cannot do this")
    for file in render(phone):
        assert parse_back(file)
