"""What the tests of the PBX share: an Asterisk with the files of pages, and their phones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.office import Office, OfficeOf


@pytest.fixture
def office_of(asterisk: Asterisk) -> Iterator[OfficeOf]:
    """`office_of(page(1), page(2))`: a real Asterisk that has these; their calls end with it."""
    with ExitStack() as stack:
        yield partial(Office, asterisk, stack)
    asterisk.cli("channel request hangup all")
