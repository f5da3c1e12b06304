"""The program's entry: options alone open the terminal interface, anything else is a command."""

from __future__ import annotations

import os
import sys

import pytest

from tuiprov import __main__ as entry


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--db", "x"], {"db": "x"}),
        (["--db=x=y"], {"db": "x=y"}),
        (["--config", "c", "--db", "x"], {"config": "c", "db": "x"}),
        (["--db"], None),
        (["--db", "x", "plan"], None),
        (["plan"], None),
        (["--help"], None),
        (["--dbx", "y"], None),
    ],
)
def test_only_options_are_told_from_commands(
    words: list[str], options: dict[str, str] | None
) -> None:
    assert entry._only_options(words) == options


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nonsense"], 2)])
def test_the_exit_status_is_the_command_s(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["tuiprov", *arguments])
    before = os.umask(0o022)
    try:
        with pytest.raises(SystemExit) as ended:
            entry.main()
        assert ended.value.code == code
        assert os.umask(0o022) == 0o077  # nothing the program makes is anybody else's to read
    finally:
        os.umask(before)


def test_options_alone_open_the_terminal_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, str]] = []

    def open_site(db: str, config: str) -> int:
        opened.append((db, config))
        return 7

    monkeypatch.setattr("tuiprov.app.open_site", open_site)
    monkeypatch.setattr(sys, "argv", ["tuiprov", "--db", "x", "--config", "c"])
    before = os.umask(0o022)
    try:
        with pytest.raises(SystemExit) as ended:
            entry.main()
    finally:
        os.umask(before)
    assert ended.value.code == 7
    assert opened == [("x", "c")]
