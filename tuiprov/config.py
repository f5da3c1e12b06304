"""Where the site's database is and how the user wants the program: options, environment, file.

Read before the first frame, so it imports the standard library only.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuiprov.errors import TuiprovError

DEFAULT_FILE = Path("/etc/tuiprov/config.toml")
SERVICE_DIRECTORY = Path("/var/lib/tuiprov")
_KEYS = {"db": str, "key": str, "publish_root": str, "theme": str, "keys": dict, "asterisk": list}


class ConfigError(TuiprovError):
    """The configuration file cannot be used; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Config:
    """`db`: the database's URL. `key`: the file with the site's keys, "" for the usual place.
    `publish_root`: where this host keeps the published files, "" for where the site's settings say;
    with one, several hosts have a tree each and one database. `theme`: a theme's name, "" for the
    terminal's best. `keys`: action id → key, which override the default bindings. `asterisk`: the
    words of the command that runs Asterisk's console, without its options."""

    db: str
    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    asterisk: tuple[str, ...] = ("asterisk",)
    key: str = ""
    publish_root: str = ""


def load(db: str = "", file: str = "") -> Config:
    """The configuration: `--db` before TUIPROV_DB before the file's `db` before the default."""
    path = Path(file) if file else DEFAULT_FILE
    table = _table(path, required=bool(file))
    url = db or os.environ.get("TUIPROV_DB", "") or table.get("db", "") or default_url()
    return Config(
        url,
        table.get("theme", ""),
        table.get("keys", {}),
        _command(path, table),
        _absolute(path, table, "key"),
        _absolute(path, table, "publish_root"),
    )


def _absolute(path: Path, table: Mapping[str, Any], name: str) -> str:
    named: str = table.get(name, "")
    if named and not os.path.isabs(named):
        raise ConfigError(f"{path}: {name}: must be a whole path, such as /var/lib/tuiprov/{name}")
    return named


def _command(path: Path, table: Mapping[str, Any]) -> tuple[str, ...]:
    words = table.get("asterisk", ["asterisk"])
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ConfigError(f'{path}: asterisk: must be words, such as ["sudo", "-n", "asterisk"]')
    return tuple(words)


def default_url() -> str:
    """SQLite in the service user's directory when that is there, else in the platform's."""
    if SERVICE_DIRECTORY.is_dir() and os.access(SERVICE_DIRECTORY, os.R_OK | os.X_OK):
        return f"sqlite:///{SERVICE_DIRECTORY}/tuiprov.db"
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('tuiprov')}/tuiprov.db"


def _table(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: no such file") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{path}: {key}: is not a setting; there are {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]):
            raise ConfigError(f"{path}: {key}: must be a {_KEYS[key].__name__}")
    return table
