"""Asterisk's console: running it, and having Asterisk read its files again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from typing import Final

from tuiprov.errors import PublishError
from tuiprov.text import visible

Run = Callable[[str], str]
"""Gives what the console answers to a command; PublishError when it cannot be asked."""

_RELOADS: Final = ("module reload res_pjsip.so", "dialplan reload")
_LONGEST_SECONDS: Final = 60.0


def runner(command: Sequence[str], longest: float = _LONGEST_SECONDS, option: str = "-rx") -> Run:
    """The console behind a command such as ("sudo", "-n", "asterisk"), which has `longest` seconds
    to answer; `option` stands before the words. No shell is involved: they are one argument."""

    def run(words: str) -> str:
        try:
            ended = subprocess.run(  # noqa: S603  no shell; the words are ours
                [*command, option, words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=longest,
                check=False,
            )
        except FileNotFoundError:
            raise PublishError(f"there is no command {command[0]} on this host") from None
        except subprocess.TimeoutExpired:
            raise PublishError(f"{command[0]} did not answer within {longest:g} seconds") from None
        except OSError as error:
            raise PublishError(f"{command[0]}: {error.strerror}") from None
        if ended.returncode:
            said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
            status = f"{command[0]} ended with status {ended.returncode}"
            raise PublishError(visible(said[0])[:200] if said else status)
        return ended.stdout

    return run


def reload(run: Run) -> None:
    """Have Asterisk read its files again."""
    for words in _RELOADS:
        run(words)
