"""A real registrar: kamailio on loopback, with digest authentication and calls between its phones.

It knows each account by the digest of its password (RFC 2617's HA1), made here and not by tuiprov.
"""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import string
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.pbx.programs import free_port, program, running, until

START_SECONDS = 30.0
HOST = "127.0.0.1"
REALM = "registrar.test"
PASSWORDS = {
    "signs of XML, SIP and ini files": """p<&>"';x""",
    "blanks inside": "correct  horse battery",
    "signs of templates and escapes": r"{{ 7 }}%41\n#[x]=$y;//",
    "64 random characters": "".join(
        random.Random(64).choices(string.ascii_letters + string.digits + string.punctuation, k=64)
    ),
}
"""Passwords that are hard to carry, all of which a page takes."""

_CONFIGURATION = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=2
auto_aliases=no
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "ctl.so"
modparam("ctl", "binrpc", "unix:{socket}")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_contacts", 0)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{ loose_route(); t_relay(); exit; }}
    if (is_method("CANCEL")) {{ t_relay(); exit; }}
    if (is_method("REGISTER")) {{
        route(AUTHENTICATE);
        save("location");
        exit;
    }}
    if (is_method("INVITE")) {{
        record_route();
        if (!lookup("location")) {{ sl_send_reply("404", "Not Here"); exit; }}
        t_relay();
        exit;
    }}
    sl_send_reply("405", "Method Not Allowed");
}}

route[AUTHENTICATE] {{
    $var(ha1) = "";
{accounts}
    if ($var(ha1) == "" || !pv_www_authenticate("{realm}", "$var(ha1)", "1")) {{
        www_challenge("{realm}", "0");
        exit;
    }}
    consume_credentials();
}}
"""


@dataclass(frozen=True)
class Registrar:
    """A running registrar."""

    host: str
    port: int
    socket: Path

    def contacts(self) -> dict[str, list[str]]:
        """User name → the addresses it is registered at."""
        command = [program("kamcmd", "kamailio"), "-s", f"unix:{self.socket}", "ul.dump"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        found: dict[str, list[str]] = {}
        user = ""
        for name, value in re.findall(r"^\s*(AoR|Address): (.*)$", ran.stdout, re.MULTILINE):
            if name == "AoR":
                user = value.partition("@")[0]
            else:
                found.setdefault(user, []).append(value)
        return found


@contextmanager
def registrar(accounts: Mapping[str, str], port: int = 0) -> Iterator[Registrar]:
    """A registrar that takes these accounts (user name → password) until the block ends, on a free
    port unless one is given. Skips the test where kamailio is not installed."""
    kamailio = program("kamailio", "kamailio")
    directory = Path(tempfile.mkdtemp(prefix="registrar-"))  # a socket's path must be short
    made = Registrar(HOST, port or free_port(), directory / "ctl")
    configuration, said = directory / "kamailio.cfg", directory / "said.txt"
    configuration.write_text(
        _CONFIGURATION.format(
            host=made.host,
            port=made.port,
            socket=made.socket,
            realm=REALM,
            accounts="\n".join(map(_account, accounts, accounts.values())),
        )
    )
    command = [kamailio, "-f", str(configuration), "-DD", "-E", "-m", "32", "-M", "4"]
    try:
        with running([*command, "-Y", str(directory), "-w", str(directory)], said) as process:
            ready = until(lambda: process.poll() is not None or _answers(made), START_SECONDS)
            assert ready, said.read_text()
            assert process.poll() is None, said.read_text()
            yield made
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _account(user: str, password: str) -> str:
    assert re.fullmatch(r"[\w.*+~-]+", user), user
    digest = hashlib.md5(f"{user}:{REALM}:{password}".encode()).hexdigest()
    return f'    if ($au == "{user}") {{ $var(ha1) = "{digest}"; }}'


def _answers(made: Registrar) -> bool:
    try:
        made.contacts()
    except subprocess.SubprocessError:
        return False
    return True
