"""A real PostgreSQL for the tests: made in a folder of its own, on a Unix socket, stopped for sure.

`server()` starts it once in a process of tests, or says in a sentence why there is none.
Debian puts the programs where no PATH looks, and they refuse to run as root.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_LONGEST_START = 60
_USER = "tuiprov"
# Nothing in it outlives the tests, so nothing waits for the disk.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
# A server in another language than C is where an order of ours would show that it is not.
_ORDER = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=de-DE")


@dataclass(frozen=True)
class Server:
    """A running server; `databases` made in it are dropped by `forget`."""

    directory: Path
    made: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{_USER}@/{name}?host={self.directory}"

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of `template`; gives its URL."""
        name = f"site{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.made.append(name)
        return self.url(name)

    def create_template(self) -> str:
        """As `create`, but `forget` leaves it; gives its name."""
        name = f"founded{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def forget(self) -> None:
        """Drop what was made, whoever still has a connection to it."""
        while self.made:
            self._run(f"DROP DATABASE {self.made.pop()} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def why_not() -> str:
    """Why there can be no server here, "" when there can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the driver psycopg is not installed"
    if not _PROGRAMS:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    return "" if os.getuid() else _why_no_user()


def _why_no_user() -> str:
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return "" if shutil.which("setpriv") else "PostgreSQL does not run as root without setpriv"


@cache
def server() -> Server:
    """The server of this process; ends with it."""
    directory = Path(tempfile.mkdtemp(prefix="tuiprov-postgresql-"))
    if not os.getuid():
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
    _as_user(["initdb", "-D", _data(directory), "-U", _USER, "--auth=trust", "--no-sync", *_ORDER])
    _start(directory)
    _stop_with_us(directory)
    return Server(directory)


def _stop_with_us(directory: Path) -> None:
    """Have the server stopped and its folder removed when this process ends, however it ends: a
    shell waits for the end of a pipe that only we (and who is forked from us) hold."""
    stop = shlex.join(_words(["pg_ctl", "stop", "-D", _data(directory), "-m", "immediate", "-w"]))
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", f"read _; {stop}; rm -rf {directory}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # Ctrl+C is for us
    )
    owner = os.getpid()

    def stop_now() -> None:
        if os.getpid() == owner and watcher.stdin is not None:
            watcher.stdin.close()
            watcher.wait(_LONGEST_START)

    atexit.register(stop_now)


def _data(directory: Path) -> str:
    return str(directory / "data")


def _start(directory: Path) -> None:
    options = f"{_FAST} -c listen_addresses='' -c unix_socket_directories={directory}"
    log = str(directory / "log")
    waiting = ("-w", "-t", str(_LONGEST_START))
    _as_user(["pg_ctl", "start", "-D", _data(directory), "-l", log, "-o", options, *waiting])


@contextmanager
def stopped(one: Server) -> Iterator[None]:
    """The server is away for a while; what was committed is there again."""
    _as_user(["pg_ctl", "stop", "-D", _data(one.directory), "-m", "fast", "-w"])
    try:
        yield
    finally:
        _start(one.directory)


def _words(words: Sequence[str]) -> list[str]:
    """The command line of one of the server's programs, as the user postgres where we are root."""
    program = str(_PROGRAMS[-1].with_name(words[0]))
    as_other = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    return [*(() if os.getuid() else as_other), program, *words[1:]]


def _as_user(words: Sequence[str]) -> None:
    """Run one of the server's programs. Its words go to no pipe: the server keeps what it inherits
    open."""
    done = subprocess.run(
        _words(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=2 * _LONGEST_START,
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}")
