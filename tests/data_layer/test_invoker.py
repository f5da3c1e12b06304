"""Who called the program: real processes with forged environments, names and parents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tuiprov.data.accounts import invoker
from tuiprov.data.accounts.invoker import Parent, invoking_uid
from tuiprov.errors import NotAllowed

PROJECT = Path(__file__).parents[2]
FORGED = {"USER": "root", "LOGNAME": "root", "SUDO_USER": "root", "HOME": "/root"}
OWN, ALICE, BOB = 900, 1001, 1002

ASK = """
import sys
from tuiprov.data.accounts.invoker import invoking_uid
from tuiprov.errors import NotAllowed
try:
    print(invoking_uid(), flush=True)
except NotAllowed as error:
    print(error, flush=True)
"""
IN_A_SHELL = [sys.executable, "-c", ASK]

RENAMED = f"""
import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
with open("/proc/self/comm") as comm:
    assert comm.read().rstrip("\\n") == sys.argv[1]
subprocess.run([sys.executable, "-c", {ASK!r}])
"""

ORPHAN = f"""
import os, sys, time
parent = os.getppid()
print("started", flush=True)
while os.getppid() == parent:
    time.sleep(0.001)
{ASK}
"""


def ran(words: Sequence[str], **env: str) -> str:
    """What these words print, below a shell of our own user."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **FORGED, **env}
    quoted = " ".join(f'"${n}"' for n in range(1, len(words) + 1))
    ended = subprocess.run(
        ["sh", "-c", f"{quoted}; :", "sh", *words],
        env=known,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.strip()


class TestTheKernelsAnswer:
    """Processes that are really there."""

    def test_without_sudo_it_is_who_runs_the_process(self) -> None:
        assert ran(IN_A_SHELL) == str(os.getuid())

    @pytest.mark.parametrize("uid", ["0", "4321", "99999999999", "-1", "x", " 7", "٧"])
    def test_a_sudo_uid_below_a_shell_of_our_own_is_put_aside(self, uid: str) -> None:
        assert ran(IN_A_SHELL, SUDO_UID=uid) == str(os.getuid())

    @pytest.mark.parametrize("name", ["sudo", "x\nUid:\t4321"])
    def test_the_name_of_the_parent_says_nothing(self, name: str) -> None:
        renamed = [sys.executable, "-c", RENAMED, name]
        assert ran(renamed, SUDO_UID="4321") == str(os.getuid())

    def test_who_has_lost_the_parent_is_whom_sudo_named(self) -> None:
        with subprocess.Popen(
            ["sh", "-c", '"$@" & read line', "sh", sys.executable, "-c", ORPHAN],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "SUDO_UID": "4321"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as shell:
            assert shell.stdout is not None
            assert shell.stdout.readline() == "started\n"
            shell.kill()
            assert shell.stdout.read() == "4321\n"

    def test_a_parent_of_another_session_is_a_reaper(self) -> None:
        alone = ["setsid", "--wait", *IN_A_SHELL]
        assert ran(alone, SUDO_UID="4321") == "4321"


def parent(*uids: int, near: bool = True, sudo: bool = False) -> Parent:
    return Parent(uids * 4 if len(uids) == 1 else uids, near, sudo)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask as user OWN with this SUDO_UID and this parent."""

    def ask(sudo_uid: str, shown: Parent | None) -> int:
        monkeypatch.setattr(os, "getuid", lambda: OWN)
        monkeypatch.setattr(invoker, "parent_process", lambda: shown)
        monkeypatch.setenv("SUDO_UID", sudo_uid)
        return invoking_uid()

    return ask


class TestSudosWord:
    """The kinds of parents there are; OWN is the user that sudo makes of its caller."""

    @pytest.mark.parametrize(
        "shown",
        [
            pytest.param(parent(ALICE, 0, 0, 0, sudo=True), id="sudo"),
            pytest.param(parent(0, sudo=True), id="a sudo that is wholly root"),
            pytest.param(parent(ALICE), id="the caller's shell: sudo replaced itself"),
            pytest.param(parent(0, near=False), id="init: sudo was killed"),
            pytest.param(parent(OWN, near=False), id="a reaper of our own user"),
            pytest.param(parent(OWN, sudo=True), id="a program that changes users"),
            pytest.param(parent(0, OWN, OWN, OWN), id="somebody who has become our user"),
            pytest.param(None, id="hidden"),
        ],
    )
    def test_it_is_believed_unless_a_process_of_our_own_started_us(
        self, called: Any, shown: Parent | None
    ) -> None:
        assert called(str(ALICE), shown) == ALICE

    def test_a_root_shell_is_root(self, called: Any) -> None:
        assert called(str(ALICE), parent(OWN)) == OWN

    @pytest.mark.parametrize("shown", [parent(ALICE, 0, 0, 0, sudo=True), parent(ALICE)])
    def test_it_may_not_name_another_than_sudos_caller(self, called: Any, shown: Parent) -> None:
        with pytest.raises(NotAllowed) as refused:
            called(str(BOB), shown)
        assert str(refused.value) == f"SUDO_UID names user {BOB}, but user {ALICE} called sudo"

    @pytest.mark.parametrize("words", ["alice", "-1", "1 2", "9" * 5000, "٧"])
    def test_what_is_no_user_id_is_refused(self, called: Any, words: str) -> None:
        with pytest.raises(NotAllowed, match="SUDO_UID is not a user id"):
            called(words, parent(ALICE, 0, 0, 0, sudo=True))


def test_a_process_that_is_gone_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 2**22 + 1)
    assert invoker.parent_process() is None


def test_a_parent_that_changes_while_one_looks_is_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([os.getppid(), 1])
    monkeypatch.setattr(os, "getppid", lambda: next(answers))
    assert invoker.parent_process() is None
