"""What tests of the PBX share: a real Asterisk, started once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.pbx.asterisk_server import Asterisk, missing, running


class _Running:
    """The Asterisk of this run of the tests; another one when it has ended, so that what one test
    did to it costs that test alone."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._server: Asterisk | None = None

    def server(self) -> Asterisk:
        if self._server is None or not self._server.answers:
            self._stack.close()
            self._server = self._stack.enter_context(running())
        return self._server


@pytest.fixture(scope="session")
def running_asterisk() -> Iterator[_Running]:
    if why := missing():
        pytest.skip(why)
    with ExitStack() as stack:
        yield _Running(stack)


@pytest.fixture
def asterisk(running_asterisk: _Running) -> Asterisk:
    """A running Asterisk that knows nothing; a test begins with `asterisk.load({...})`."""
    return running_asterisk.server()
