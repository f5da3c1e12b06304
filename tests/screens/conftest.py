"""The office to sit in, on a terminal with all its colours and signs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.screens.office import an_office
from tests.sites import Site

# Read when the widgets are imported: which signs the terminal's font has.
os.environ["TERM"] = "xterm-256color"


@pytest.fixture(autouse=True)
def _a_usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def office(tmp_path: Path) -> Site:
    """The fixed site of `office.py`, nothing published yet."""
    return an_office(tmp_path)
