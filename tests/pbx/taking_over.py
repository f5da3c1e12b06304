"""Configurations taken over in one call each, for the tests of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pbx.configs import STYLES
from tuiprov.data.site import Site
from tuiprov.pbx.config_reader import Config, read_config
from tuiprov.pbx.takeover import Adopted, Taken, Takeover, take_over

EVERY_STYLE = pytest.mark.parametrize("style", STYLES)


def written(directory: Path, files: dict[str, str]) -> Path:
    """The path of the pjsip.conf among these files."""
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory / "pjsip.conf"


def taken_over(path: Path, site: Site | None = None, **taken: Any) -> tuple[Config, Takeover, Site]:
    config = read_config(path)
    found = take_over(config, site or Site(), Taken(**taken))
    return config, found, (site or Site()).model_copy(update=found.settings)


def kept(one: Adopted) -> set[tuple[str, str]]:
    return {(option.name, option.value) for option in one.own}


def read_text(directory: Path, text: str) -> Config:
    path = directory / "text.conf"
    path.write_text(text)
    return read_config(path)
