"""What every command needs: the site that the options before it name, and shared options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from tuiprov import config
from tuiprov.data.accounts.viewers import Viewer, os_viewer
from tuiprov.data.database import Database
from tuiprov.data.filter_words import unfinished
from tuiprov.data.store import Store
from tuiprov.errors import Refusal, Refused


def whole(where: str) -> str:
    """A filter as it was given; Refused when one of its words is not finished."""
    if name := unfinished(where):
        raise Refused([Refusal(name, "says no value to look for", "filter")])
    return where


Where = Annotated[
    str,
    typer.Option(
        "--where",
        help="Filter, e.g. 'model:T46S fetched:>7d -status:disabled'; @saved.",
        callback=whole,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass
class SiteOptions:
    """What the options before the command say."""

    db: str = ""
    config: str = ""

    def database(self) -> Database:
        """The database, which may hold no site yet."""
        return Database.of(config.load(self.db, self.config))

    @property
    def console(self) -> tuple[str, ...]:
        """The command that runs the PBX's console."""
        return config.load(self.db, self.config).asterisk

    def store(self) -> tuple[Store, Viewer]:
        """The site's store and who is looking; StoreError or NotAllowed in one line."""
        settings = config.load(self.db, self.config)
        database = Database.of(settings)
        database.check()
        return Store(database, settings.asterisk), os_viewer(database)


SITE = SiteOptions()
