"""An Asterisk that has the files of some pages, and their phones, which are wires alone."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pages import files, pbx
from tests.pbx.wire import Phone
from tuiprov.data.page import Page
from tuiprov.pbx.asterisk import PJSIP_FILE
from tuiprov.pbx.dialplan import FILE

DIALPLAN = """\
[phones]
include => tuiprov-extensions
exten => 600,1,Answer()
 same => n,Echo()
exten => 700,1,Set(TUIPROV_DIALLED=4930123456)
 same => n,Goto(tuiprov-extensions,0027*001,1)
"""
ECHO = "600"
QUIET = 1.0
"""Seconds after which nothing more is waited for; what comes needs a hundredth of one."""


class Office:
    """An Asterisk that has these extensions' files, and their phones."""

    def __init__(self, asterisk: Asterisk, stack: ExitStack, *pages: Page, more: str = "") -> None:
        self.asterisk, self._stack, self._pages = asterisk, stack, pages
        texts = files(*pages)
        asterisk.load(
            {
                "pjsip.conf": asterisk.transports + more + texts[PJSIP_FILE],
                "extensions.conf": DIALPLAN + texts[FILE],
            }
        )
        asterisk.cli("database deltree registrar/contact")  # of the test before
        assert [one for one in asterisk.warnings() if "not reloadable" not in one] == []

    def phone(
        self, number: int = 1, *, address: str = "127.0.0.1", password: str | None = None
    ) -> Phone:
        """The phone of an extension; it has not registered."""
        one = self._pages[number - 1]
        known = str(one.values["sip_password"]) if password is None else password
        host = "::1" if ":" in address else "127.0.0.1"
        made = Phone(self.asterisk.port, pbx().account(one), known, address, host)
        return self._stack.enter_context(made)

    def registered(self, number: int = 1, *, address: str = "127.0.0.1") -> Phone:
        phone = self.phone(number, address=address)
        assert phone.register().status == 200
        return phone


class OfficeOf(Protocol):
    """Makes an office of pages; `more`: sections of pjsip.conf beside theirs."""

    def __call__(self, *pages: Page, more: str = "") -> Office: ...
