"""Names of files are completed as far as they are alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiprov.widgets.ask_path import completed


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("phones a.csv", "phones b.csv", ".hidden", "日本.csv"):
        (tmp_path / name).touch()
    (tmp_path / "lists").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "text", "count"),
    [
        ("ph", "phones ", 2),
        ("phones a", "phones a.csv", 1),
        ("li", "lists/", 1),
        ("", "", 4),
        (".h", ".hidden", 1),
        ("日", "日本.csv", 1),
        ("x", "x", 0),
        ("nowhere/x", "nowhere/x", 0),
    ],
)
def test_a_name_is_completed(directory: Path, typed: str, text: str, count: int) -> None:
    found, names = completed(f"{directory}/{typed}")
    assert (found, len(names)) == (f"{directory}/{text}", count)


def test_a_tilde_stays_a_tilde(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(directory))
    assert completed("~/phones a") == ("~/phones a.csv", ["phones a.csv"])
