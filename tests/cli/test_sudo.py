"""The program below the real sudo: whose eyes it has, and how one does not get others.

Only root can try this. sudo's configuration is a file of the test's own, mounted over the host's in
a mount namespace of its own; the people are system users that every host has.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.helpers import PROJECT, Ran
from tests.sites import a_site
from tuiprov.data.accounts.viewers import account_named

CALLER, OWNER, OTHER = "games", "daemon", "news"

BELOW_SUDO = """
mount --bind "$1" /etc/sudoers
shift
exec setpriv --reuid "$1" --regid "$1" --clear-groups sh -c '"$@"; exit $?' sh "${@:2}"
"""
"""$1: the rules, $2: who has the shell that calls the rest, as it stands."""

LONELY = """
import os, sys, time
from tuiprov.data.accounts.viewers import os_viewer
from tuiprov.data.database import Database
from tuiprov.errors import NotAllowed
database = Database(sys.argv[1])
parent = os.getppid()
print(parent, flush=True)
while os.getppid() == parent:
    time.sleep(0.001)
try:
    print(os_viewer(database).label, flush=True)
except NotAllowed as error:
    print(error, flush=True)
"""


@dataclass(frozen=True)
class Shared:
    """A host on which CALLER may become OWNER, whose site it is, or root."""

    directory: Path
    python: tuple[str, ...]
    """The interpreter with what it imports, in the reset environment too."""

    @property
    def url(self) -> str:
        return f"sqlite:///{self.directory}/site.db"

    def below_sudo(self, *words: str, who: str = CALLER, rules: str = "") -> list[str]:
        """The words that run `words` (beginning with sudo's own) as `who`, with these rules."""
        sudoers = self.directory / "sudoers"
        sudoers.unlink(missing_ok=True)
        sudoers.write_text(
            f"Defaults env_reset, !lecture\n{CALLER} ALL = (ALL) NOPASSWD: SETENV: ALL\n{rules}\n"
        )
        sudoers.chmod(0o440)
        script = ["bash", "-c", BELOW_SUDO, "bash", str(sudoers), who]
        return ["unshare", "--mount", "--propagation", "private", *script, "sudo", "-n", *words]

    def tuiprov(self, *words: str) -> list[str]:
        return [*self.python, "-m", "tuiprov", "--db", self.url, *words]

    def sudo(
        self, *words: str, to: str = OWNER, rules: str = "", env: dict[str, str] | None = None
    ) -> Ran:
        """CALLER's `sudo -u TO tuiprov …`."""
        command = self.below_sudo("-u", to, *self.tuiprov(*words), rules=rules)
        return ran(command, env or {})


def ran(command: list[str], env: dict[str, str]) -> Ran:
    ended = subprocess.run(
        command,
        cwd="/",
        env={"PATH": os.environ["PATH"], **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def host() -> Iterator[Shared]:
    needed = ("sudo", "unshare", "setpriv", "script", "bash")
    if os.geteuid() != 0 or not all(map(shutil.which, needed)):
        pytest.skip(f"needs root and {', '.join(needed)}")
    directory = Path(tempfile.mkdtemp(prefix="tuiprov-tests-"))
    try:
        directory.chmod(0o755)
        made = Shared(directory, _python_for_all())
        if ran(made.below_sudo("-u", OWNER, "true"), {}).code != 0:
            pytest.skip("sudo does not work here, or nothing can be mounted")
        site = a_site(directory)
        site.add(organization="Acme Ltd", user="anna")
        with site.database.write() as session:
            account_named(session, "organization", "Acme Ltd").os_login = CALLER
        site.database.close()
        for path in directory.glob("site.db*"):
            shutil.chown(path, OWNER, OWNER)
        shutil.chown(directory, OWNER, OWNER)
        yield made
    finally:
        shutil.rmtree(directory)


def _python_for_all() -> tuple[str, ...]:
    """An interpreter of our version that other users can run, with our paths."""
    paths = ":".join([str(PROJECT), *(path for path in sys.path if "site-packages" in path)])
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        words = ("/usr/bin/env", f"PYTHONPATH={paths}", python)
        tried = ["setpriv", "--reuid", CALLER, "--clear-groups", *words, "-c", "import tuiprov.cli"]
        if ran(tried, {}).code == 0:
            return words
    pytest.skip("other users cannot run this interpreter")


def names(shown: Ran) -> list[str]:
    assert shown.code == 0, shown
    return [line[:32].strip() for line in shown.out.splitlines()]


@pytest.mark.parametrize("to", [OWNER, "root"])
@pytest.mark.parametrize(
    "rules",
    ["Defaults !use_pty", "Defaults !use_pty, !pam_session, !pam_setcred"],
    ids=["sudo waits", "sudo replaces itself"],
)
def test_the_caller_of_sudo_looks_as_the_account_of_their_login(
    host: Shared, to: str, rules: str
) -> None:
    assert names(host.sudo("accounts", to=to, rules=rules)) == ["Acme Ltd", "anna"]


def test_with_a_pseudo_terminal_between_it_is_the_same(host: Shared) -> None:
    command = host.below_sudo("-u", OWNER, *host.tuiprov("accounts"), rules="Defaults use_pty")
    at = command.index("sudo")
    inner = " ".join(command[at:])
    shown = ran([*command[:at], "script", "--quiet", "--command", inner, "/dev/null"], {})
    assert "Acme Ltd" in shown.out
    assert "admin" not in shown.out


def test_the_callers_environment_changes_nothing(host: Shared) -> None:
    forged = {"SUDO_UID": "0", "SUDO_USER": "root", "USER": "root", "LOGNAME": "root"}
    assert names(host.sudo("accounts", env=forged)) == ["Acme Ltd", "anna"]


@pytest.mark.parametrize("rules", ["", "Defaults !use_pty, !pam_session, !pam_setcred"])
def test_naming_another_caller_to_sudo_is_refused(host: Shared, rules: str) -> None:
    """With SETENV, which the guide tells not to give."""
    other = pwd.getpwnam(OTHER).pw_uid
    command = host.below_sudo(
        f"SUDO_UID={other}", "-u", OWNER, *host.tuiprov("accounts"), rules=rules
    )
    shown = ran(command, {})
    assert (shown.code, shown.out) == (1, "")
    caller = pwd.getpwnam(CALLER).pw_uid
    assert shown.errors == [f"SUDO_UID names user {other}, but user {caller} called sudo"]


def test_a_login_without_an_account_is_refused_with_one_line(host: Shared) -> None:
    rules = f"{OTHER} ALL = (ALL) NOPASSWD: ALL"
    command = host.below_sudo("-u", OWNER, *host.tuiprov("accounts"), who=OTHER, rules=rules)
    shown = ran(command, {})
    assert (shown.code, shown.out) == (1, "")
    assert shown.errors == [
        f"no account has the login {OTHER!r}; the administrator sets it with: "
        f"tuiprov accounts set ACCOUNT os_login={OTHER}"
    ]


def test_killing_sudo_makes_nobody_the_administrator(host: Shared) -> None:
    lonely = [*host.python, "-c", LONELY, host.url]
    command = host.below_sudo("-u", OWNER, *lonely, rules="Defaults !use_pty")
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, text=True) as sudo:
        assert sudo.stdout is not None
        os.kill(int(sudo.stdout.readline()), signal.SIGKILL)
        assert sudo.stdout.read() == "Organization Acme Ltd\n"


def test_root_in_a_shell_that_sudo_opened_is_the_administrator(host: Shared) -> None:
    shell = ["sh", "-c", '"$@"; :', "sh", *host.tuiprov("accounts")]
    assert names(ran(host.below_sudo(*shell), {}))[0] == "admin"


def test_a_site_of_ones_own_is_not_looked_at_with_sudos_rights(host: Shared) -> None:
    shutil.chown(host.directory / "site.db", CALLER, CALLER)
    shown = host.sudo("accounts", to="root")
    assert (shown.code, shown.out) == (1, "")
    assert len(shown.errors) == 1
    assert shown.errors[0].endswith("site.db: belongs to you; run tuiprov without sudo")
