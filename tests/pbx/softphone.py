"""A real softphone that provisions itself: Debian's linphone-daemon, driven by its control socket.

It has a home directory and SIP ports of its own. Nothing is typed into it but the address it
fetches its settings from.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.pbx.programs import free_port, program, running, until

START_SECONDS = 30.0
ANSWER_SECONDS = 10.0

Settings = Mapping[str, Mapping[str, object]]
"""Section → key → value of its linphonerc."""


@dataclass(frozen=True)
class Phone:
    """A running softphone."""

    directory: Path
    control: socket.socket
    """Its control socket: one connection for all commands, as it drops a second one."""

    def get(self, section: str, key: str) -> str:
        """A setting that is there, as the program itself has it. (5.1.65 ends when it is asked for
        one that is not: `has` first.)"""
        return self._value(self.ask(f"config-get {section} {key}"))

    def fetched(self, timeout: float = 20.0) -> bool:
        """Does it apply a file that it fetched within so many seconds?"""
        return until(lambda: "message-Set proxy_0|reg_sendregister = " in self.log(), timeout)

    def has(self, section: str, key: str) -> bool:
        """Is the setting there, by the file that the program keeps?"""
        found = re.search(rf"^\[{re.escape(section)}\]$(.*?)(?=^\[|\Z)", self.kept(), re.M | re.S)
        return found is not None and f"\n{key}=" in found[1]

    def registered(self, timeout: float = 20.0) -> bool:
        """Do all its accounts register within so many seconds? False as soon as one is refused."""
        until(lambda: self._settled(), timeout)
        states = self.states()
        return bool(states) and set(states.values()) == {"Ok"}

    def states(self) -> dict[str, str]:
        """Identity → the state of its registration: `Progress`, `Ok`, `Failed` …"""
        line = r"for identity \[(.*)\] moving from state \[\w+\] to \[LinphoneRegistration(\w+)\]"
        return dict(re.findall(line, self.log()))

    def call(self, address: str) -> None:
        """Call somebody; `call_state` says what becomes of it."""
        assert "Status: Ok" in self.ask(f"call {address}")

    def answer(self) -> None:
        """Take the call that rings."""
        assert "Status: Ok" in self.ask("answer")

    def call_state(self) -> str:
        """`OutgoingRinging`, `IncomingReceived`, `StreamsRunning` … of its call; when it has none
        (any more): the status that refused the last one, "" for none."""
        found = re.search(r"^State: LinphoneCall(\w+)$", self.ask("call-status"), re.MULTILINE)
        if found:
            return found[1]
        refusals = re.findall(r"receiving call response \[([4-6]\d\d)\]", self.log())
        return refusals[-1] if refusals else ""

    def media(self) -> set[str]:
        """The transports of sound that were offered or answered, as SDP has them: `RTP/SAVP`."""
        return set(re.findall(r"^m=audio \d+ (\S+)", self.log(), re.MULTILINE))

    def offered(self) -> list[str]:
        """The payload types of the sound that it offered first, in order: 0 is PCMU, 8 PCMA, 9
        G722 (RFC 3551); from 96 on as its SDP says."""
        found = re.search(r"^m=audio \d+ \S+ ([\d ]+)", self.log(), re.MULTILINE)
        return found[1].split() if found else []

    def log(self) -> str:
        path = self.directory / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def kept(self) -> str:
        """Its linphonerc."""
        return (self.directory / "rc").read_text(encoding="utf-8")

    def ask(self, command: str) -> str:
        """What it answers to one line of its control socket."""
        self.control.sendall(f"{command}\n".encode())
        answer = self.control.recv(65_536).decode()
        assert answer.startswith("Status: "), (command, answer, self.log()[-2000:])
        return answer

    @staticmethod
    def _value(answer: str) -> str:
        found = re.search(r"^Value: (.*)$", answer, re.MULTILINE)
        assert found, answer
        return found[1]

    def _settled(self) -> bool:
        states = set(self.states().values())
        return bool(states) and ("Failed" in states or states == {"Ok"})


@contextmanager
def linphone(
    config_uri: str, *, keep: Path | None = None, settings: Settings | None = None
) -> Iterator[Phone]:
    """A Linphone that fetches its settings from `config_uri` and runs until the block ends. `keep`:
    a directory where it finds what it kept the last time; `settings`: what it has before it
    fetches. Skips the test where linphone-daemon is not installed."""
    daemon = program("linphone-daemon", "linphone-cli")
    directory = keep or Path(tempfile.mkdtemp(prefix="linphone-"))
    directory.mkdir(exist_ok=True)
    # Without this directory 5.1.65 fetches nothing.
    (directory / ".local/share/linphone").mkdir(parents=True, exist_ok=True)
    pipe = Path("/tmp", f"linphone-{secrets.token_hex(4)}")  # where 5.1.65 puts it
    if not (directory / "rc").exists():
        _write(directory / "rc", config_uri, settings or {})
    (directory / "log").unlink(missing_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    command = [daemon, "--config", str(directory / "rc"), "--log", str(directory / "log")]
    command += ["--pipe", pipe.name, "--disable-stats-events"]
    try:
        with running(command, directory / "said.txt", environment) as process:
            said = directory / "said.txt"
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(ANSWER_SECONDS)
                ready = until(
                    lambda: process.poll() is not None or _connected(control, pipe), START_SECONDS
                )
                assert ready, said.read_text()
                assert process.poll() is None, said.read_text()
                yield Phone(directory, control)
                _quit(control, process)
    finally:
        pipe.unlink(missing_ok=True)
        if keep is None:
            shutil.rmtree(directory, ignore_errors=True)


def _connected(control: socket.socket, pipe: Path) -> bool:
    """The socket is there a moment before anybody listens."""
    try:
        control.connect(str(pipe))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


def _quit(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Let it end by itself, as it keeps its settings only then; who does not is ended after it."""
    with suppress(OSError, subprocess.TimeoutExpired):
        control.sendall(b"quit\n")
        process.wait(ANSWER_SECONDS)


def _write(rc: Path, config_uri: str, settings: Settings) -> None:
    own: dict[str, dict[str, object]] = {
        "misc": {"config-uri": config_uri},
        "sip": {
            "bind_address": "127.0.0.1",
            "sip_port": free_port(),
            # 0 and not -2: 5.1.65 would write -2 into its Contact.
            "sip_tcp_port": 0,
            "sip_tls_port": 0,
        },
        "rtp": {"audio_rtp_port": free_port(), "video_rtp_port": free_port()},
    }
    for section, values in settings.items():
        own.setdefault(section, {}).update(values)
    lines = []
    for section, values in own.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in values.items()), ""]
    rc.write_text("\n".join(lines), encoding="utf-8")
