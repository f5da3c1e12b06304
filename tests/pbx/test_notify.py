"""Phones asked by way of Asterisk: its configuration, its console, the pace."""

from __future__ import annotations

import configparser
import itertools
import os
import stat
import sys
from pathlib import Path

import pytest

from tuiprov.data.catalog import default_catalog
from tuiprov.pbx.notify import Notice, Pace, by_asterisk, notify_conf, option_of

EVENTS = sorted({kind.facts.resync for kind in default_catalog().types()} - {""})


def notice(endpoint: str = "0027*001", event: str = "check-sync") -> Notice:
    return Notice(1, event, endpoint, endpoint)


@pytest.fixture
def asterisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `asterisk` first on PATH that writes its arguments down, one a line, and says what
    stands in the file beside it."""
    program = tmp_path / "bin" / "asterisk"
    program.parent.mkdir()
    log, says = tmp_path / "called", tmp_path / "says"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        f"with open({str(log)!r}, 'a') as log:\n"
        "    log.write('\\n'.join(sys.argv[1:]) + '\\n')\n"
        f"says = pathlib.Path({str(says)!r})\n"
        "words = says.read_text() if says.exists() else "
        "\"Sending NOTIFY of type 'x' to 'y'\\n\"\n"
        "sys.stdout.write(words)\n"
        "sys.exit(3 if 'status 3' in words else 0)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def ask(*notices: Notice, command: tuple[str, ...] = ("asterisk",)) -> list[str]:
    said: list[str] = []
    by_asterisk(notices, 500, lambda _n, _t, problem: said.append(problem), command=command)
    return said


def called(directory: Path) -> list[str]:
    log = directory / "called"
    return log.read_text().splitlines() if log.exists() else []


class TestConfiguration:
    def test_each_event_of_the_catalogue_has_a_section(self) -> None:
        parsed = configparser.RawConfigParser(
            delimiters=("=>",), comment_prefixes=(";",), strict=True
        )
        parsed.optionxform = str  # type: ignore[assignment,method-assign]
        parsed.read_string(notify_conf())
        found = {name: dict(parsed[name]) for name in parsed.sections()}
        assert found == {option_of(e): {"Event": e.replace(";", "\\;")} for e in EVENTS}

    def test_no_two_events_share_a_section(self) -> None:
        assert len({option_of(event) for event in EVENTS}) == len(EVENTS)

    def test_a_semicolon_would_begin_a_comment_and_is_escaped(self) -> None:
        assert "[tuiprov-check-sync-reboot-true]\nEvent=>check-sync\\;reboot=true" in notify_conf()

    def test_subscription_state_is_left_to_asterisk(self) -> None:
        assert "Subscription-State" not in notify_conf()


class TestConsole:
    def test_it_is_told_in_one_argument_without_a_shell(self, asterisk: Path) -> None:
        assert ask(notice(), notice("0031*005", "check-sync;reboot=true")) == ["", ""]
        assert called(asterisk) == [
            *("-rx", "pjsip send notify tuiprov-check-sync endpoint 0027*001"),
            *("-rx", "pjsip send notify tuiprov-check-sync-reboot-true endpoint 0031*005"),
        ]

    def test_the_command_is_configurable(self, asterisk: Path) -> None:
        assert ask(notice(), command=("env", "X=1", "asterisk", "-C", "/a b")) == [""]
        assert called(asterisk)[:3] == ["-C", "/a b", "-rx"]

    @pytest.mark.parametrize(
        "name",
        ["a b", "a;b", "$(touch x)", "a\nb", "", "-x y", "a'b", "ä", "a" * 81, "a\\;b", "`id`"],
    )
    def test_a_name_with_anything_else_in_it_is_not_passed_on(
        self, asterisk: Path, name: str
    ) -> None:
        (problem,) = ask(notice(name))
        assert "cannot take the name" in problem
        assert called(asterisk) == []

    @pytest.mark.parametrize(
        ("says", "problem"),
        [
            ("Unable to retrieve endpoint 999\nSending\n", "Unable to retrieve endpoint 999"),
            ("Unable to connect to remote asterisk (does /x exist?)\n", "Unable to connect"),
            ("No such command 'pjsip send notify'\n", "No such command"),
            ("Unable to find notify type 'tuiprov-check-sync'\n", "Unable to find notify type"),
            ("status 3\n", "status 3"),
        ],
    )
    def test_what_asterisk_says_against_it_is_the_problem(
        self, asterisk: Path, says: str, problem: str
    ) -> None:
        (asterisk / "says").write_text(says)
        assert ask(notice())[0].startswith(problem)

    def test_what_it_says_is_plain_text(self, asterisk: Path) -> None:
        (asterisk / "says").write_text("Unable \x1b[31m\u202e" + "x" * 5000)
        (problem,) = ask(notice())
        assert problem.isprintable()
        assert len(problem) <= 200

    def test_without_asterisk_it_is_told(self) -> None:
        assert ask(notice(), command=("/nonexistent/asterisk",)) == [
            "there is no command /nonexistent/asterisk on this host"
        ]

    def test_one_that_hangs_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tuiprov.pbx.notify._LONGEST_SECONDS", 0.2)
        (problem,) = ask(notice(), command=("sh", "-c", "sleep 30", "x"))
        assert "did not answer within" in problem


class Clock:
    """A clock that moves when somebody sleeps, and by `work` at each look."""

    def __init__(self, work: float = 0.0) -> None:
        self.now = 100.0
        self.work = work

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class TestPace:
    @pytest.mark.parametrize("per_second", [1, 3, 10, 500])
    def test_so_many_a_second(self, per_second: int, asterisk: Path) -> None:
        clock = Clock()
        times: list[float] = []
        command = ("true",)
        notices = [notice() for _ in range(12)]
        by_asterisk(
            notices,
            per_second,
            lambda _n, at, _p: times.append(at),
            command=command,
            clock=clock,
            sleep=clock.sleep,
        )
        gaps = [later - at for at, later in itertools.pairwise(times)]
        assert gaps == pytest.approx([1 / per_second] * 11)
        assert times[0] == 100.0

    def test_lost_time_is_not_made_up_for_by_a_burst(self) -> None:
        clock = Clock()
        pace = Pace(10, clock)
        pace.start()
        clock.sleep(5)
        starts = []
        for _ in range(4):
            clock.sleep(pace.due_in())
            starts.append(pace.start())
        assert starts == pytest.approx([105.0, 105.1, 105.2, 105.3])
