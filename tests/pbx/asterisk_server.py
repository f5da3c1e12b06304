"""A real Asterisk on loopback, in a directory of its own, for as long as tests need it.

`running()` starts one and stops it for certain; `Asterisk.load()` gives it other files. It is
found where `.ci/asterisk` unpacks it or on PATH; `missing()` says why there is none.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

STARTS_WITHIN = STOPS_WITHIN = ANSWERS_WITHIN = 30.0
"""Seconds. A free machine needs 0.4 to start, 0.01 to answer."""

MODULES = """
app_dial app_echo app_stack app_verbose bridge_native_rtp bridge_simple chan_pjsip codec_alaw
codec_ulaw func_callerid func_channel func_devstate func_groupcount func_logic func_pjsip_aor
func_pjsip_contact func_pjsip_endpoint func_strings pbx_config res_crypto res_pjproject res_pjsip
res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_caller_id
res_pjsip_dialog_info_body_generator res_pjsip_diversion res_pjsip_dtmf_info res_pjsip_empty_info
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_exten_state
res_pjsip_header_funcs res_pjsip_logger res_pjsip_mwi res_pjsip_mwi_body_generator res_pjsip_nat
res_pjsip_notify res_pjsip_outbound_authenticator_digest res_pjsip_outbound_publish
res_pjsip_outbound_registration res_pjsip_path res_pjsip_pidf_body_generator
res_pjsip_publish_asterisk res_pjsip_pubsub res_pjsip_refer res_pjsip_registrar res_pjsip_rfc3326
res_pjsip_sdp_rtp res_pjsip_session res_pjsip_xpidf_body_generator res_rtp_asterisk
res_sorcery_astdb res_sorcery_config res_sorcery_memory res_srtp res_timing_timerfd
"""
"""Loaded one by one: what phones of ours need, so that it starts at once."""

OWN_FILES = {
    "modules.conf": "[modules]\nautoload=no\n"
    + "".join(f"load={name}.so\n" for name in MODULES.split()),
    "logger.conf": "[general]\ndateformat=%s\n[logfiles]\nfull => notice,warning,error\n",
    "ccss.conf": "[general]\n",
    "indications.conf": "[general]\ncountry=us\n[us]\ndescription=United States\n"
    "ringcadence=2000,4000\ndial=350+440\nbusy=480+620/500,0/500\nring=440+480/2000,0/4000\n"
    "congestion=480+620/250,0/250\n",
    "rtp.conf": "[general]\nrtpstart=20000\nrtpend=29999\n",
    "udptl.conf": "[general]\n",
}
"""What it needs to start without a warning, as far as the given files have none of that name."""

MANAGER = """
[general]
enabled=yes
bindaddr=127.0.0.1
port={port}
[tests]
secret=tests
read=config
write=config
"""

EMPTY = "acl cdr cel extensions features pjproject pjsip pjsip_notify sorcery"
RELOADED = ("acl", "res_pjsip.so", "res_pjsip_notify.so")
"""res_pjsip reads all of pjsip.conf again; the other modules of `pjsip reload` nothing more."""

LINE = re.compile(r"\[\d+\] (\w+)\[\d+\](?:\[[^]]*\])? (.*)")


@cache
def program() -> Path | None:
    """The `asterisk` to run: the one that `.ci/asterisk` unpacked, else the one on PATH."""
    unpacked = Path(os.environ.get("TUIPROV_ASTERISK", "/opt/tuiprov-asterisk")) / "bin"
    found = shutil.which("asterisk", path=f"{unpacked}:{os.environ['PATH']}:/usr/sbin")
    return Path(found).resolve() if found else None


@cache
def missing() -> str:
    """Why there is no Asterisk to be run here, "" when there is one."""
    if (asterisk := program()) is None:
        return "no asterisk here: .ci/asterisk unpacks one"
    if shutil.which("setpriv") is None:
        return "no setpriv here, which stops an asterisk whose test was killed"
    told = subprocess.run([asterisk, "-V"], capture_output=True, text=True, timeout=20)
    return "" if told.returncode == 0 else f"{asterisk} -V fails: {told.stderr.strip()}"


def version() -> tuple[int, ...]:
    """The program's version, such as (22, 10, 1)."""
    told = subprocess.run([str(program()), "-V"], capture_output=True, text=True, timeout=20).stdout
    found = re.search(r"\d+(\.\d+)+", told)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def free_ports(count: int) -> list[int]:
    """So many different numbers that are free now for UDP and TCP on 127.0.0.1."""
    with ExitStack() as held:
        return [_hold_a_port(held) for _ in range(count)]


def _hold_a_port(held: ExitStack) -> int:
    for _ in range(50):
        tcp = held.enter_context(socket.socket())
        udp = held.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        tcp.bind(("127.0.0.1", 0))
        with suppress(OSError):
            udp.bind(tcp.getsockname())
            return int(tcp.getsockname()[1])
    raise OSError("no port is free for both UDP and TCP")


class Asterisk:
    """A running Asterisk; `port` (UDP and TCP) and `tls_port` of 127.0.0.1 are free to be bound."""

    def __init__(self, directory: Path) -> None:
        self.etc = directory / "etc"
        self.port, self.tls_port, self._manager = free_ports(3)
        self._asterisk = str(program())
        self._full = directory / "log" / "full"
        self._read_to = 0
        self._marks = count(1)
        for name in ("etc", "log", "run", "spool", "db", "lib/keys"):
            (directory / name).mkdir(parents=True)
        (self.etc / "asterisk.conf").write_text(_asterisk_conf(directory, Path(self._asterisk)))

    @property
    def command(self) -> tuple[str, ...]:
        """The words that run its console, without the console's options."""
        return self._asterisk, "-C", str(self.etc / "asterisk.conf")

    @property
    def answers(self) -> bool:
        """Is it still there?"""
        return self._remote("core show uptime").returncode == 0

    @property
    def transports(self) -> str:
        """Sections `t-udp` and `t-tcp` on `port`, ready to stand in pjsip.conf."""
        return "".join(
            f"[t-{kind}]\ntype=transport\nprotocol={kind}\nbind=127.0.0.1:{self.port}\n"
            for kind in ("udp", "tcp")
        )

    def load(self, files: Mapping[str, str | bytes]) -> None:
        """Make it know these files, by their names in /etc/asterisk, and nothing else.

        It forgets first, because an object that is refused on a reload keeps its old settings.
        `log()` then begins with what it says of these files. Old transports go on listening.
        """
        self._write({})
        self.reload()
        self.log()
        self._write(files)
        self.reload()

    def include(self, published: Path, dialplan: str = "") -> None:
        """Make it know what a site published for it, as `docs/pbx.md` has it; `dialplan`: more
        lines of the context where phones' calls begin."""
        ours = published / "pbx"
        phones = f"[phones]\ninclude => tuiprov-extensions\n{dialplan}"
        self.load(
            {
                "pjsip.conf": f'{self.transports}#tryinclude "{ours}/pjsip_tuiprov.conf"\n',
                "extensions.conf": f'{phones}#tryinclude "{ours}/extensions_tuiprov.conf"\n',
            }
        )

    def write(self, name: str, text: str | bytes) -> None:
        """Write one file and leave the others; `reload()` makes it known."""
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def reload(self) -> None:
        """Have it read acl.conf, pjsip.conf, pjsip_notify.conf and extensions.conf again."""
        for module in RELOADED:
            self.cli(f"module reload {module}")
        self.cli("dialplan reload")

    def cli(self, command: str) -> str:
        """What Asterisk's console answers; carriage returns in it are kept."""
        told = self._remote(command)
        assert told.returncode == 0, (command, told.stdout, told.stderr)
        return told.stdout.decode("utf-8", "surrogateescape")

    def log(self) -> list[str]:
        """Lines of NOTICE, WARNING and ERROR since the call before, each once.

        They look like `ERROR config_options.c: Error parsing …`. A reload may read a file twice.
        """
        mark = f"TUIPROV_MARK_{next(self._marks)}"
        self.cli(f"dialplan eval function {mark}()")  # that there is no such function is logged
        ends = time.monotonic() + ANSWERS_WITHIN
        while mark not in (text := self._since()):
            assert time.monotonic() < ends, "the log does not get on"
            time.sleep(0.005)
        self._read_to += len(text.encode("utf-8", "surrogateescape"))
        found = (LINE.fullmatch(line) for line in text.split("\n") if "TUIPROV_MARK_" not in line)
        return list(dict.fromkeys(f"{line[1]} {line[2]}" for line in found if line))

    def warnings(self) -> list[str]:
        """`log()` without the notices."""
        return [line for line in self.log() if not line.startswith("NOTICE")]

    def show(self, kind: str, name: str) -> dict[str, str]:
        """`pjsip show KIND NAME` by option, {} when there is none; KIND is endpoint, aor, …

        What is shown more than once (match, contact) is joined by commas.
        """
        told = self.cli(f"pjsip show {kind} {name}")
        _, found, options = told.partition("ParameterName")
        pairs = [line.partition(" : ") for line in options.split("\n")[2:] if found]
        shown: dict[str, str] = {}
        for name, value in ((one.strip(), two.strip(" ")) for one, colon, two in pairs if colon):
            shown[name] = f"{shown[name]},{value}" if name in shown else value
        return shown

    def config(self, name: str) -> list[tuple[str, list[str]]]:
        """A file of /etc/asterisk as Asterisk reads it: names of sections, and `option=value`s."""
        login = "Action: Login\nUsername: tests\nSecret: tests\n\n"
        asked = f"{login}Action: GetConfig\nFilename: {name}\n\nAction: Logoff\n\n"
        with socket.create_connection(("127.0.0.1", self._manager), ANSWERS_WITHIN) as manager:
            manager.sendall(asked.replace("\n", "\r\n").encode())
            told = b"".join(iter(lambda: manager.recv(65536), b""))
        sections: list[tuple[str, list[str]]] = []
        for line in told.decode("utf-8", "surrogateescape").split("\r\n"):
            key, _, text = line.partition(": ")
            if re.fullmatch(r"Category-\d+", key):
                sections.append((text, []))
            elif re.fullmatch(r"Line-\d+-\d+", key):
                sections[-1][1].append(text)
        return sections

    def _write(self, files: Mapping[str, str | bytes]) -> None:
        for path in self.etc.rglob("*"):
            if path.is_file() and path.name != "asterisk.conf":
                path.unlink()
        own = {f"{name}.conf": "" for name in EMPTY.split()} | OWN_FILES
        own["manager.conf"] = MANAGER.format(port=self._manager)
        for name, text in (own | dict(files)).items():
            self.write(name, text)

    def _since(self) -> str:
        with self._full.open("rb") as file:
            file.seek(self._read_to)
            return file.read().decode("utf-8", "surrogateescape")

    def _remote(self, command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.command, "-rx", command], capture_output=True, timeout=ANSWERS_WITHIN
        )

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + STARTS_WITHIN
        while b"fully booted" not in self._remote("core waitfullybooted").stdout:
            assert process.poll() is None, "asterisk ended: " + (self.etc / "../out").read_text()
            assert time.monotonic() < ends, "asterisk does not start"
            time.sleep(0.02)


def _asterisk_conf(directory: Path, asterisk: Path) -> str:
    """Its directories: below `directory`, but for the modules and the documentation it has."""
    folders = {name: name for name in ("etc", "log", "run", "spool", "db")}
    folders |= {"varlib": "lib", "key": "lib"}
    lines = [f"ast{name}dir => {directory / folder}" for name, folder in folders.items()]
    for installed in (asterisk.parents[1], Path("/")):
        if (conf := installed / "etc/asterisk/asterisk.conf").is_file():
            lines += re.findall(r"^ast(?:mod|data)dir\s*=>.*", conf.read_text(), re.MULTILINE)
            break
    return "[directories]\n" + "\n".join(lines) + "\n[options]\nnocolor=yes\nhideconnect=yes\n"


@contextmanager
def running(files: Mapping[str, str | bytes] | None = None) -> Iterator[Asterisk]:
    """An Asterisk that has read these files, until the block ends or the test is killed."""
    # Its control socket's name must fit into 107 bytes, so it is not below pytest's directory.
    with tempfile.TemporaryDirectory(prefix="asterisk-") as directory:
        server = Asterisk(Path(directory))
        server._write(files or {})
        command = [*server.command, "-f"]
        with (
            (Path(directory) / "out").open("wb") as out,
            subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            ) as process,
        ):
            try:
                server._wait(process)
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(STOPS_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()


class Running:
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
