"""`cli("plan", "--json")`: a command run in this process on the test's own site."""

from __future__ import annotations

from typing import Protocol

import pytest

from tests.cli.helpers import Ran
from tests.sites import Site
from tuiprov.cli import run


class Cli(Protocol):
    """`cli("plan", "--json")`."""

    def __call__(self, *arguments: str, db: str = ...) -> Ran: ...


@pytest.fixture
def cli(site: Site, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run one command on `site` (or on the database `db`) and look at how it ended."""

    def called(*arguments: str, db: str = site.url) -> Ran:
        capsys.readouterr()
        code = run(["--db", db, *arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return called
