"""A site that cannot be opened: one plain line on the restored terminal, exit status 1."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.pty.conftest import Start
from tests.pty.terminal import Terminal, without_escapes

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


def said_at_the_end(terminal: Terminal) -> str:
    """The one line that is left on the terminal of a start that failed with exit status 1."""
    assert terminal.wait_exit(10) == 1
    sent = bytes(terminal.output)
    left = without_escapes(sent[sent.rindex(LEAVE_ALTERNATE_SCREEN) :])
    assert b"Traceback" not in sent
    lines = left.splitlines()
    assert len(lines) == 1, left
    return lines[0]


def test_no_site_is_told_with_the_command_that_makes_one(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "missing.db"
    line = said_at_the_end(start(f"sqlite:///{path}"))
    assert line == f"{path}: no such file; make a site with: tuiprov init"
    assert not path.exists()


def test_a_file_that_is_no_database_is_told_and_left_alone(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Buy milk.\n" * 100)
    line = said_at_the_end(start(f"sqlite:///{path}"))
    assert line == f"{path}: not a tuiprov database (the file is something else)"
    assert path.read_text() == "Buy milk.\n" * 100


def test_a_database_of_something_else_is_told(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE milk (litres INTEGER)")
    line = said_at_the_end(start(f"sqlite:///{path}"))
    assert line == f"{path}: holds no site; make one with: tuiprov init"


def test_a_newer_schema_is_told_with_what_to_do(start: Start, db: str, tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    line = said_at_the_end(start(db))
    assert line == f"{path}: made by a newer tuiprov (schema 9999); upgrade tuiprov"


def test_a_wrong_url_is_told(start: Start) -> None:
    line = said_at_the_end(start("site.db"))
    assert line == (
        "'site.db' is not a database URL; write sqlite:////path/to/file.db or "
        "postgresql://user@host/database"
    )
