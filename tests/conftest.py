"""What all tests share: a founded site, a real Asterisk, how many values Hypothesis tries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgresql
from tests.pbx.asterisk_server import Asterisk, Running, missing
from tests.sites import BACKEND, Site, a_site

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql", action="store_true", help="make every site of the tests on PostgreSQL"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The tests of a module that says `ON_BOTH = True` run on SQLite and on PostgreSQL, but for
    those that say themselves what they run on."""
    marks = metafunc.definition.iter_markers("parametrize")
    if any(mark.args[0] == "backend" for mark in marks):
        return
    if metafunc.config.getoption("--postgresql"):
        metafunc.parametrize("backend", ["postgresql"], indirect=True)
    elif getattr(metafunc.module, "ON_BOTH", False):
        metafunc.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database the sites of a test are made in."""
    name: str = getattr(request, "param", "sqlite")
    if name == "sqlite":
        yield name
        return
    if why := postgresql.why_not():
        pytest.skip(why)
    chosen = BACKEND.set(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TUIPROV_KEY", raising=False)
        yield name
    BACKEND.reset(chosen)
    os.environ.pop("TUIPROV_KEY", None)
    postgresql.server().forget()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site as `tuiprov init` leaves it."""
    return a_site(tmp_path)


@pytest.fixture
def first_site(tmp_path: Path) -> Site:
    """The sample site: devices of each of the eight families."""
    return a_site(tmp_path, csv="first-site.csv")


@pytest.fixture(scope="session")
def running_asterisk() -> Iterator[Running]:
    if why := missing():
        pytest.skip(why)
    with ExitStack() as stack:
        yield Running(stack)


@pytest.fixture
def asterisk(running_asterisk: Running) -> Asterisk:
    """A running Asterisk that knows nothing; a test begins with `asterisk.load({...})`."""
    return running_asterisk.server()
