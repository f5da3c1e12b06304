"""The program's entry. Without a command the TUI opens, and nothing is imported for the others."""

from __future__ import annotations

import io
import os
import sys

_OPTIONS_WITH_VALUE = ("--db", "--config")


def main() -> None:
    """Run tuiprov; the exit status is 0 done, 1 refused or failed, 2 wrong usage."""
    os.umask(0o077)
    options = _only_options(sys.argv[1:])
    if options is None:
        from tuiprov.cli import run

        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a letter the terminal lacks is no crash
                stream.reconfigure(errors="backslashreplace")
        sys.exit(run())
    from tuiprov.app import open_site

    sys.exit(open_site(options.get("db", ""), options.get("config", "")))


def _only_options(words: list[str]) -> dict[str, str] | None:
    """`{"db": URL, "config": FILE}` when `words` are only these options, else None: a command, or
    something for the command line's own parser to complain about."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in _OPTIONS_WITH_VALUE or (not equals and not rest):
            return None
        found[name.removeprefix("--")] = value if equals else rest.pop(0)
    return found


if __name__ == "__main__":
    main()
