"""Every family, generation and case renders the reviewed bytes.

After a wanted change: `make goldens`, then review the difference like code.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.render.cases import CASES, representatives
from tuiprov.data.page import Phone
from tuiprov.render.engine import parse_back, render

GOLDEN = Path(__file__).parent.parent / "golden"
_BY_NAME = {f"{t.manufacturer}/{t.model}-{t.firmware}": t for t in representatives()}
_POSSIBLE = [
    (name, case)
    for name, phone_type in _BY_NAME.items()
    for case, build in CASES.items()
    if build(phone_type) is not None
]


def _phone(name: str, case: str) -> Phone:
    phone = CASES[case](_BY_NAME[name])
    assert phone is not None
    return phone


@pytest.mark.parametrize(("name", "case"), _POSSIBLE)
def test_the_files_are_the_reviewed_ones(name: str, case: str) -> None:
    folder = GOLDEN / name / case
    rendered = {file.name: file.data for file in render(_phone(name, case))}
    if os.environ.get("TUIPROV_WRITE_GOLDENS"):
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, data in rendered.items():
            (folder / file_name).write_bytes(data)
    assert rendered == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("name", "case"), _POSSIBLE)
def test_the_files_parse_back_by_their_formats_rules(name: str, case: str) -> None:
    for file in render(_phone(name, case)):
        assert parse_back(file)


def test_no_golden_is_left_of_what_is_no_longer_rendered() -> None:
    folders = {str(path.parent.relative_to(GOLDEN)) for path in GOLDEN.glob("*/*/*/*")}
    assert folders == {f"{name}/{case}" for name, case in _POSSIBLE}
