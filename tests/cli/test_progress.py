"""A command says how far it is on a terminal, and nowhere else."""

from __future__ import annotations

import io

import pytest

from tuiprov.commands import progress as module
from tuiprov.commands.progress import progress


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)


def test_it_counts_in_one_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress("planning") as told:
        told(0)
        told(4300)
    said = terminal.getvalue()
    assert "\n" not in said
    assert said.split("\r")[1:3] == ["planning …", "planning … 4,300"]
    assert said.endswith(f"\r{' ' * len('planning … 4,300')}\r")


def test_it_is_gone_after_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    def work() -> None:
        with progress("planning") as told:
            told(1)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert terminal.getvalue().endswith(" \r")


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("planning") as told:
        told(1)
    assert capsys.readouterr().err == ""


def test_what_is_done_at_once_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 60.0)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress("planning") as told:
        told(1)
    assert terminal.getvalue() == ""
