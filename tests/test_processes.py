"""Work for all cores: the same answers in the same order, whatever becomes of the processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.children import children
from tuiprov import processes
from tuiprov.processes import beside

NUMBERS = list(range(1_001))


@pytest.fixture(autouse=True)
def _two_cores_and_one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(processes, "cores", lambda: 2)
    monkeypatch.setattr(processes, "may_fork", lambda: True)
    before = children()
    yield
    assert children() <= before, "nobody is left behind"


def _process_and_square(number: int) -> tuple[int, int]:
    return os.getpid(), number * number


def test_answers_come_in_order_from_processes_beside() -> None:
    with beside(_process_and_square, NUMBERS, least=1) as answers:
        found = list(answers)
    assert [square for _, square in found] == [number * number for number in NUMBERS]
    assert len({process for process, _ in found} - {os.getpid()}) == 2


def test_few_are_answered_here() -> None:
    with beside(_process_and_square, NUMBERS, least=1_002) as answers:
        assert {process for process, _ in answers} == {os.getpid()}


def test_beside_other_threads_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    until = threading.Event()
    other = threading.Thread(target=until.wait)
    other.start()
    try:
        assert not processes.may_fork()
    finally:
        until.set()
        other.join()


def test_what_a_killed_process_left_undone_is_done_here() -> None:
    with beside(_process_and_square, NUMBERS, least=1) as answers:
        first, _ = next(answers)
        os.kill(first, signal.SIGKILL)
        found = [square for _, square in answers]
    assert found == [number * number for number in NUMBERS[1:]]


def test_an_error_is_the_callers() -> None:
    def fragile(number: int) -> int:
        if number == 700:
            raise ValueError("700")
        return number

    taken = []
    with beside(fragile, NUMBERS, least=1) as answers, pytest.raises(ValueError, match="700"):
        taken.extend(answers)


def test_without_processes_to_be_had_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refused)
    with beside(_process_and_square, NUMBERS, least=1) as answers:
        assert {process for process, _ in answers} == {os.getpid()}


def test_who_breaks_off_waits_for_nobody() -> None:
    def slow(number: int) -> int:
        if number:
            signal.pause()
        return number

    with beside(slow, NUMBERS, least=1):
        pass
