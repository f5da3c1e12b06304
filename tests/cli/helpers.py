"""Running the program as a user does: in a process of its own, in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
DATA = PROJECT / "tests" / "data"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines on standard error. A traceback is never among them."""
        assert "Traceback" not in self.err, self.err
        return self.err.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Host:
    """A directory with a site's database `site.db` and the publish root beside it."""

    directory: Path

    @property
    def database(self) -> Path:
        return self.directory / "site.db"

    @property
    def root(self) -> Path:
        return self.directory / "publish"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    def run(self, *arguments: str | bytes, **options: Any) -> Ran:
        """`tuiprov --db <the site> …` as a child process."""
        return run("--db", self.url, *arguments, directory=self.directory, **options)

    def done(self, *arguments: str) -> str:
        """Run a command that must do what it is asked; gives its output."""
        ran = self.run(*arguments)
        assert ran.code == 0, ran
        assert ran.errors == []
        return ran.out


def run(
    *arguments: str | bytes,
    directory: Path,
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Ran:
    """`tuiprov …` as a child process, in a small environment that the test decides."""
    known = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tuiprov", *arguments],
        cwd=directory,
        env=known | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )
    return Ran(ended.returncode, ended.stdout.decode("utf-8"), ended.stderr.decode("utf-8"))
