"""`tuiprov keys`: the key that seals the site's secrets, and rotating it."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE
from tuiprov.errors import NotAllowed
from tuiprov.printing import say


def keys(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Seal everything with a new key.")
    ] = False,
) -> None:
    """Say which key seals the site's secrets, or change it. Keep a copy of the key file apart from
    the database's backup: without it no secret can be read."""
    from tuiprov.data.rotation import rotate as seal_anew

    store, viewer = SITE.store()
    if not viewer.is_administrator:
        raise NotAllowed("only the system administrator handles the site's key")
    known = store.database.keys
    if rotate:
        done = seal_anew(store.database)
        say(f"sealed {done} records with a new key")
    say(f"{known.path}: {known.current} seals")
