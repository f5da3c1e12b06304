"""Other SIP clients that register by an account as its page has it: PJSIP and baresip.

They read no file of tuiprov's: they show that a registrar takes what the page says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.pbx.programs import free_port, program, running, until
from tuiprov.data.page import Page

SECONDS = 20.0


@dataclass(frozen=True)
class Account:
    """What a client is told."""

    username: str
    password: str
    host: str
    port: int


def account_of(page: Page) -> Account:
    """The account of an extension's page, with the registrar of its site."""
    values, site = page.values, page.site
    username = str(values["sip_username"] or values["extension"])
    return Account(username, str(values["sip_password"]), site.sip_server, site.sip_port)


def pjsua2_register(account: Account, timeout: float = SECONDS) -> int:
    """The status of a registration by PJSIP (200: registered), 0 for no answer. In a process of its
    own, as the library ends with a failed assertion. Skips the test where PyPI's pjsua2-python is
    not installed; it has no wheel for Python 3.13, so it is no requirement of the tests."""
    pytest.importorskip("pjsua2", reason="pjsua2-python is not installed")
    given = json.dumps(asdict(account) | {"timeout": timeout})
    ran = subprocess.run(
        [sys.executable, "-c", _PJSUA2],
        input=given.encode(),
        capture_output=True,
        timeout=timeout + 20,
        check=True,
    )
    return int(ran.stdout.split()[-1])


_PJSUA2 = """
import json, os, sys, time
import pjsua2 as pj

told = json.load(sys.stdin)
codes = []

class Phone(pj.Account):
    def onRegState(self, prm):
        codes.append(prm.code)

settings = pj.EpConfig()
settings.logConfig.level = settings.logConfig.consoleLevel = 0
settings.uaConfig.threadCnt, settings.uaConfig.mainThreadOnly = 0, True
endpoint = pj.Endpoint()
endpoint.libCreate()
endpoint.libInit(settings)
transport = pj.TransportConfig()
transport.boundAddress = "127.0.0.1"
endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
endpoint.libStart()
endpoint.audDevManager().setNullDev()
account = pj.AccountConfig()
account.idUri = f"sip:{told['username']}@{told['host']}"
account.regConfig.registrarUri = f"sip:{told['host']}:{told['port']}"
account.sipConfig.authCreds.append(
    pj.AuthCredInfo("digest", "*", told["username"], 0, told["password"])
)
phone = Phone()
phone.create(account)
deadline = time.monotonic() + told["timeout"]
while not codes and time.monotonic() < deadline:
    endpoint.libHandleEvents(50)
print(codes[-1] if codes else 0, flush=True)
os._exit(0)
"""


def baresip_register(account: Account, timeout: float = SECONDS) -> int:
    """The same by baresip. Its file of accounts has no way to write a blank, `;` or `"` in a
    password: ValueError. Skips the test where Debian's baresip-core is not installed."""
    baresip = program("baresip", "baresip-core")
    if re.search(r'[\s;"]', account.password):
        raise ValueError("baresip cannot be told this password")
    with tempfile.TemporaryDirectory(prefix="baresip-") as made:
        directory = Path(made)
        (directory / "config").write_text(_BARESIP.format(port=free_port()))
        aor = f"<sip:{account.username}@{account.host}:{account.port};transport=udp>"
        login = f"auth_user={account.username};auth_pass={account.password}"
        (directory / "accounts").write_text(f"{aor};{login};regint=600\n")
        (directory / "contacts").touch()
        said = directory / "said.txt"
        with running([baresip, "-4", "-f", made], said):
            until(lambda: _status(said.read_text(errors="replace")) > 0, timeout)
            return _status(said.read_text(errors="replace"))


def _status(said: str) -> int:
    """The status that baresip printed of its registration."""
    found = re.search(r"/UDP/v4\} (\d{3}) |reg: sip:\S+: (\d{3}) ", said)
    return int(found[1] or found[2]) if found else 0


_BARESIP = """
sip_listen 127.0.0.1:{port}
module_path /usr/lib/baresip/modules
module_app account.so
module_app menu.so
"""
