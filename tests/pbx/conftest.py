"""What tests of the PBX share: a real Asterisk, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pbx.asterisk_server import Asterisk, missing, running


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """A running Asterisk that knows nothing; a test begins with `asterisk.load({...})`."""
    if why := missing():
        pytest.skip(why)
    with running() as server:
        yield server
