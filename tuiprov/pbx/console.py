"""Asterisk's console: having it read its files again, and asking whether it took them.

It refuses a broken object with two lines in its log and keeps the old one, and some mistakes it
does not tell at all (reference: asterisk, §1.4). So after a reload every endpoint is looked for,
and what it holds of the changed ones is compared with what was written.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from tuiprov.errors import PublishError
from tuiprov.text import visible

Run = Callable[[str], str]
"""Gives what the console answers to a command; PublishError when it cannot be asked."""

_RELOADS: Final = ("module reload res_pjsip.so", "dialplan reload")
_LONGEST_SECONDS: Final = 60.0
_SETTLES_WITHIN: Final = 5.0
_MOST_COMPARED: Final = 50
"""Of so many changed extensions every value is compared: each costs three commands."""
_MOST_NAMED: Final = 5
_ENDPOINT: Final = re.compile(r"^ *Endpoint: +(\S+)", re.MULTILINE)
_VALUE: Final = re.compile(r"^ *(\S+) +: ?(.*?) *$", re.MULTILINE)
_NOT_SHOWN: Final = frozenset(
    {"disallow", "deny", "permit", "set_var", "contact", "match", "password_digest", "type"}
)
"""Options that the console shows otherwise than they are written, or not at all."""
_SAME: Final = {"yes": "true", "no": "false"}


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


def wrong(run: Run, text: str, changed: Sequence[str]) -> list[str]:
    """What Asterisk does not hold of the file `text`, in words, the first few of it: every endpoint
    is looked for, and the values of the `changed` accounts are compared. It has a moment's time,
    because a reload goes on after the console has answered."""
    written = _sections(text)
    ends = time.monotonic() + _SETTLES_WITHIN
    while (found := list(_wrong(run, written, changed))) and time.monotonic() < ends:
        time.sleep(0.2)
    return found[:_MOST_NAMED]


def _wrong(
    run: Run, written: Mapping[str, Mapping[str, Mapping[str, str]]], changed: Sequence[str]
) -> Iterator[str]:
    listed = set(_ENDPOINT.findall(run("pjsip list endpoints")))
    names = {name.partition("/")[0] for name in listed}
    for account, kinds in written.items():
        if "endpoint" in kinds and account not in names and not _shown(run, "endpoint", account):
            yield f"it has no endpoint {account}"
    for account in changed[:_MOST_COMPARED]:
        for kind, options in written.get(account, {}).items():
            if kind in ("endpoint", "aor", "auth"):
                yield from _differing(kind, account, options, _shown(run, kind, account))


def _differing(
    kind: str, account: str, options: Mapping[str, str], shown: Mapping[str, str]
) -> Iterator[str]:
    if not shown:
        yield f"it has no {kind} {account}"
        return
    for option, value in options.items():
        if option in _NOT_SHOWN or option not in shown:
            continue
        if _plain(option, value) != _plain(option, shown[option]):
            yield f"{kind} {account} has another {option} than was written"


def _plain(option: str, value: str) -> str:
    """A value as it compares, written or shown."""
    if option == "allow":
        return ",".join(re.split(r"[,|]", value.strip("()")))
    if option == "callerid":
        return value.strip("<>")
    lowered = value.lower()
    return _SAME.get(lowered, lowered) if option != "password" else value


def _shown(run: Run, kind: str, name: str) -> dict[str, str]:
    """`pjsip show KIND NAME` by option; {} when there is none."""
    _, found, table = run(f"pjsip show {kind} {name}").partition("ParameterName")
    return dict(_VALUE.findall(table)[1:]) if found else {}


def _sections(text: str) -> dict[str, dict[str, dict[str, str]]]:
    """Name → type → options of the sections that tuiprov wrote."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    name, options = "", dict[str, str]()
    for line in text.splitlines():
        if line.startswith("["):
            name, options = line[1:].partition("]")[0], {}
        elif line.startswith("type="):
            found.setdefault(name, {})[line[5:]] = options
        elif "=" in line and not line.startswith(";"):
            option, _, value = line.partition("=")
            options[option] = value.removeprefix(">").replace(r"\;", ";")
    return found
