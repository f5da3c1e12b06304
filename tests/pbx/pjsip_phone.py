"""A real softphone (PJSIP, by `pjsua2-python`) that registers with an account and says how it went.

It runs in a process of its own, `python -m tests.pbx.pjsip_phone`: the library keeps threads and
fails assertions when it is taken down.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

ANSWERS_WITHIN = 20.0
"""Seconds; a registrar on this machine needs 0.1."""
STAYS_FOR = 120.0
"""Seconds at most; who started it ends it before."""


@dataclass(frozen=True)
class Account:
    """What a phone has to know; `address` is the one that it sends from."""

    user: str
    password: str
    port: int
    host: str = "127.0.0.1"
    transport: str = "udp"
    address: str = "127.0.0.1"
    auth_user: str = ""


def missing() -> str:
    """Why there is no softphone, "" when there is one."""
    return "" if find_spec("pjsua2") else "pjsua2-python has no wheel for this Python or machine"


def register(account: Account) -> str:
    """ "ok", "refused: 401" (or another status), "no answer"."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.pbx.pjsip_phone"],
        input=json.dumps(asdict(account)),
        capture_output=True,
        text=True,
        timeout=ANSWERS_WITHIN + 10,
    )
    _, found, result = told.stdout.partition("RESULT ")  # after lines of PJSIP's own
    assert found, told.stdout + told.stderr
    return result.strip()


@contextmanager
def registered(account: Account) -> Iterator[None]:
    """A phone that stays registered, and is then unplugged without a word to the registrar."""
    command = [sys.executable, "-m", "tests.pbx.pjsip_phone", "stay"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        giving_up = threading.Timer(ANSWERS_WITHIN + 10, process.kill)
        giving_up.start()
        try:
            process.stdin.write(json.dumps(asdict(account)))
            process.stdin.close()
            said = next((line for line in process.stdout if "RESULT " in line), "")
            assert said.strip().endswith("RESULT ok"), said
            giving_up.cancel()
            yield
        finally:
            giving_up.cancel()
            process.kill()


def _registered(account: Account, *, stays: bool = False) -> str:
    pjsua2: Any = import_module("pjsua2")  # only in this process

    status: list[int] = []

    class Registering(pjsua2.Account):  # type: ignore[misc]
        def onRegState(self, prm: Any) -> None:
            status.append(int(prm.code))

    endpoint = pjsua2.Endpoint()
    endpoint.libCreate()
    settings = pjsua2.EpConfig()
    settings.logConfig.level = settings.logConfig.consoleLevel = 0
    # With threads of its own one may wait for Python's lock while it holds PJSIP's: for ever.
    settings.uaConfig.threadCnt, settings.uaConfig.mainThreadOnly = 0, True
    endpoint.libInit(settings)
    endpoint.audDevManager().setNullDev()
    local = pjsua2.TransportConfig()
    local.boundAddress, local.publicAddress = account.address, account.address
    tcp = account.transport == "tcp"
    endpoint.transportCreate(
        pjsua2.PJSIP_TRANSPORT_TCP if tcp else pjsua2.PJSIP_TRANSPORT_UDP, local
    )
    endpoint.libStart()
    config = pjsua2.AccountConfig()
    config.idUri = f"sip:{account.user}@{account.host}"
    config.regConfig.registrarUri = (
        f"sip:{account.host}:{account.port};transport={account.transport}"
    )
    config.sipConfig.authCreds.append(
        pjsua2.AuthCredInfo("digest", "*", account.auth_user or account.user, 0, account.password)
    )
    phone = Registering()
    phone.create(config)
    ends = time.monotonic() + ANSWERS_WITHIN
    while not status and time.monotonic() < ends:
        endpoint.libHandleEvents(50)
    if not status:
        return "no answer"
    result = "ok" if status[0] // 100 == 2 else f"refused: {status[0]}"
    if stays:
        print("RESULT", result, flush=True)
        ends = time.monotonic() + STAYS_FOR
        while time.monotonic() < ends:
            endpoint.libHandleEvents(50)
    return result


if __name__ == "__main__":
    asked = Account(**json.load(sys.stdin))
    print("RESULT", _registered(asked, stays="stay" in sys.argv), flush=True)
    os._exit(0)  # without taking PJSIP down
