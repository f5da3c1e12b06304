"""Very many phones are examined on all cores, and nobody can tell but by the time."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.publish.helpers import desk, plan_of, put, tftp_phone
from tests.serve.helpers import wait_until
from tuiprov.data.page import Phone
from tuiprov.errors import PublishError
from tuiprov.publish import crew
from tuiprov.publish.plan import Plan, plan
from tuiprov.publish.tree import Tree

PHONES = 120


@pytest.fixture(params=["forked", "started"], autouse=True)
def crew_of_two(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for any number of phones, on any machine."""
    monkeypatch.setattr(crew, "FORKED_FROM", 1)
    monkeypatch.setattr(crew, "STARTED_FROM", 1)
    monkeypatch.setattr(crew, "may_fork", lambda: request.param == "forked")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def fleet(name: str = "Alice") -> list[Phone]:
    """Phones of two kinds; those of one of them share a file."""
    found = []
    for number in range(1, PHONES + 1):
        last = f"{number:02X}"
        if number % 3:
            found.append(tftp_phone(last, name))
        else:
            found.append(desk(name, mac=f"0C:38:3E:00:00:{last}"))
    return [
        Phone(*(one.values, one.lines, one.site, f"{number:032x}", number))
        for number, one in enumerate(found, 1)
    ]


def alone(root: Path, phones: list[Phone], monkeypatch: pytest.MonkeyPatch) -> Plan:
    with monkeypatch.context() as only:
        only.setattr(os, "sched_getaffinity", lambda _: {0})
        return plan_of(root, phones)


def processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the processes that are begun from now on."""
    begun = []

    def noted(begin: Callable[[], crew._Process]) -> Callable[[], crew._Process]:
        def beginning() -> crew._Process:
            process = begin()
            begun.append(process.number)
            return process

        return beginning

    for name in ("_forked", "_started"):
        monkeypatch.setattr(crew, name, noted(getattr(crew, name)))
    return begun


def is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_plan_is_the_same_as_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, *fleet()[: PHONES // 2])
    phones = fleet("Bob")
    begun = processes(monkeypatch)
    together = plan_of(tmp_path, phones)
    assert len(begun) == 2
    assert together == alone(tmp_path, phones, monkeypatch)
    assert together.count("replace") >= PHONES // 2
    assert together.changes[0].diff()


@pytest.mark.parametrize("is_on", [True, False])
def test_garbage_is_collected_afterwards_as_before(tmp_path: Path, is_on: bool) -> None:
    (gc.enable if is_on else gc.disable)()
    try:
        plan_of(tmp_path, fleet())
        assert gc.isenabled() == is_on
    finally:
        gc.enable()


def test_two_files_of_one_name_are_found_wherever_they_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = fleet()
    twin = Phone(phones[0].values, phones[0].lines, phones[0].site, "f" * 32, PHONES + 1)
    other = Phone(twin.values, fleet("Eve")[0].lines, twin.site, "f" * 32, PHONES + 2)
    together = plan_of(tmp_path, [*phones, twin, other])
    assert set(together.failed) == {PHONES + 2}
    assert together == alone(tmp_path, [*phones, twin, other], monkeypatch)


def test_a_process_that_dies_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(begin: Callable[[], crew._Process]) -> Callable[[], crew._Process]:
        def beginning() -> crew._Process:
            process = begin()
            os.kill(process.number, signal.SIGKILL)
            return process

        return beginning

    for name in ("_forked", "_started"):
        monkeypatch.setattr(crew, name, dying(getattr(crew, name)))
    assert plan_of(tmp_path, fleet()) == alone(tmp_path, fleet(), monkeypatch)


def test_what_cannot_be_read_is_told_as_ever(tmp_path: Path) -> None:
    phones = fleet()
    done = put(tmp_path, *phones)
    path = tmp_path / done.changes[-1].path
    path.unlink()
    path.mkdir()
    with pytest.raises(PublishError, match="is not a plain file"):
        plan_of(tmp_path, phones)


def test_who_breaks_off_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = processes(monkeypatch)

    def broken_off() -> Iterator[Phone]:
        yield from fleet()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan(broken_off(), {}, Tree(tmp_path))
    assert len(begun) == 2
    assert not any(map(is_there, begun))


ENDLESS = """
import itertools, os, sys, time
from pathlib import Path
from tests.publish.helpers import desk
from tuiprov.publish import crew
from tuiprov.publish.tree import Tree
crew.FORKED_FROM = crew.STARTED_FROM = 1
crew.may_fork = lambda: sys.argv[1] == "forked"
os.sched_getaffinity = lambda _: {0, 1}
for name in ("_forked", "_started"):
    begin = getattr(crew, name)
    def noted(begin=begin):
        process = begin()
        print(process.number, flush=True)
        return process
    setattr(crew, name, noted)
for _ in crew.ahead(itertools.repeat(desk()), Tree(Path(sys.argv[2])), rewrite=False):
    pass
"""


def test_a_program_that_is_killed_leaves_no_process(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    how = request.node.callspec.params["crew_of_two"]
    command = [sys.executable, "-c", ENDLESS, how, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        begun = [int(program.stdout.readline()) for _ in range(2)]
        time.sleep(0.2)
        program.kill()
        program.wait()
        wait_until(lambda: not any(map(is_there, begun)), seconds=20)
