"""What all tests share: a founded site, and how many values Hypothesis tries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.sites import Site, a_site

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("long", settings.get_profile("default"), max_examples=10_000)
settings.load_profile(os.environ.get("TUIPROV_HYPOTHESIS", "default"))


@pytest.fixture(autouse=True)
def _no_site_of_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests never meet the site of the host they run on, nor who called sudo to run them."""
    monkeypatch.delenv("TUIPROV_DB", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site as `tuiprov init` leaves it."""
    return a_site(tmp_path)


@pytest.fixture
def first_site(tmp_path: Path) -> Site:
    """The sample site: devices of each of the eight families."""
    return a_site(tmp_path, csv="first-site.csv")
